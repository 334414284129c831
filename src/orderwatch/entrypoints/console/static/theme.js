// Before anything is painted: the theme chosen here earlier. Without one the system's is followed.
try {
  const chosen = localStorage.getItem("orderwatch-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is forbidden in this browser; the system's theme will do.
}
