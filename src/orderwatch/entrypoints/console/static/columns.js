// Before anything is painted: the columns chosen here earlier, unless the address names its own.
try {
  const named = new URLSearchParams(location.search).has("columns");
  const chosen = localStorage.getItem("orderwatch-columns");
  if (chosen && !named) document.documentElement.dataset.columns = chosen;
} catch {
  // Storage is forbidden in this browser; the usual columns will do.
}
