// Incidents by keyboard: j and k walk the list, Enter opens, a acknowledges.

const rows = () => [...document.querySelectorAll("tr[data-open]")];
let at = null; // the key of the row that is meant

function mark() {
  for (const row of rows()) row.classList.toggle("at", row.dataset.key === at);
}

function walk(step) {
  const all = rows();
  if (!all.length) return;
  const here = all.findIndex((row) => row.dataset.key === at);
  const next = all[Math.min(all.length - 1, Math.max(0, here < 0 ? 0 : here + step))];
  at = next.dataset.key;
  mark();
  next.scrollIntoView({ block: "nearest" });
}

const meant = () => rows().find((row) => row.dataset.key === at);

const KEYS = {
  j: () => walk(1),
  k: () => walk(-1),
  Enter: () => { const row = meant(); if (row) location.href = row.dataset.open; },
  a: () => (rows().length ? meant() : document)?.querySelector("[data-acknowledge]")?.click(),
};

document.addEventListener("keydown", (event) => {
  const busy = event.target.closest?.("input, textarea, select, button, a, summary, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
  if (busy && (event.key === "Enter" || busy.matches("input, textarea, select, dialog"))) return;
  event.preventDefault();
  KEYS[event.key]();
});
document.addEventListener("orderwatch:shown", mark);
