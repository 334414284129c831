// The list of orders: rows that stay where they are, one order open beside them, and the keys.

import { morph } from "./morph.js";
import { zone } from "./moments.js";
import { said } from "./said.js";

const list = document.querySelector(".rows");
const news = document.querySelector("[data-rows-news]");
const beside = document.querySelector(".beside");
const wide = matchMedia("(min-width: 1200px)");
const rows = () => [...list.querySelectorAll("tr.row")];
const keyOf = (row) => row.dataset.key;

// Rows. What is shown is kept up to date where it stands; what is new waits to be asked for.

let waiting = null;
let further = null; // the way to the next page, from rows that wait as well
const paging = document.querySelector(".paging");

document.addEventListener("orderwatch:part", ({ detail: { here, there } }) => {
  if (here === list) mend(there);
  else if (here === paging && waiting) further = there;
  else if (here === paging) morph(paging, there);
  else if (here === beside && there.dataset.asked === opened()) morph(beside, there);
});

function mend(there) {
  const others = there.querySelector("[data-others]");
  others?.remove();
  const bodies = [there, others].filter(Boolean);
  const now = new Map(bodies.flatMap((one) => [...one.querySelectorAll("tr.row")]).map((row) => [keyOf(row), row]));
  const shown = new Set(rows().map(keyOf));
  const fresh = [...there.querySelectorAll("tr.row")].filter((row) => !shown.has(keyOf(row))).length;
  if (!shown.size) { morph(list, there); listen(); return; }
  for (const row of rows()) {
    const next = now.get(keyOf(row));
    if (next) morph(row, next.cloneNode(true));
  }
  waiting = fresh ? there : null;
  news.hidden = !fresh;
  const text = said("%(n)s new", { n: fresh });
  if (news.textContent !== text) news.textContent = text;
}

news.addEventListener("click", () => {
  if (!waiting) return;
  morph(list, waiting);
  if (further) morph(paging, further);
  waiting = further = null;
  news.hidden = true;
  list.scrollTop = 0;
  listen();
});

// From now on the page asks for what moved among the rows it shows.
function listen() {
  const query = new URLSearchParams(location.search);
  for (const row of rows()) query.append("shown", keyOf(row));
  document.body.setAttribute("hx-get", `/live/orders?${query}`);
}

// One order beside the list, where there is room.

const opened = () => new URLSearchParams(location.search).get("beside") ?? "";

function addressWith(name, value) {
  const url = new URL(location.href);
  if (value) url.searchParams.set(name, value);
  else url.searchParams.delete(name);
  return url.pathname + url.search;
}

function open(id, how = "pushState") {
  if (id === opened() && how !== "none") return;
  if (how !== "none") history[how](null, "", addressWith("beside", id));
  for (const row of rows()) row.classList.toggle("chosen", keyOf(row) === id);
  if (!id) { beside.replaceChildren(); delete beside.dataset.order; }
  else if (beside.dataset.order !== id) announce(id);
  beside.dataset.asked = id;
  listen();
  document.dispatchEvent(new Event("orderwatch:refresh"));
}

// At once what the row knows already; the rest is on its way.
function announce(id) {
  const row = rows().find((one) => keyOf(one) === id);
  const bar = document.createElement("header");
  bar.className = "bar";
  const state = row?.querySelector(".c-state .state")?.cloneNode(true);
  const mark = row?.querySelector(".mark")?.cloneNode(true);
  const name = document.createElement("p");
  name.className = "id";
  name.append(Object.assign(document.createElement("b"), { textContent: id }));
  if (state && mark) { state.prepend(mark, " "); bar.append(state); }
  bar.append(name);
  const soon = Object.assign(document.createElement("p"), { className: "soon", textContent: said("Loading…") });
  beside.replaceChildren(bar, soon);
  beside.dataset.order = id;
  beside.scrollTop = 0;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) { event.preventDefault(); open(""); return; }
  const row = event.target.closest("tr.row");
  if (!row || event.defaultPrevented || event.button !== 0) return;
  const link = event.target.closest("a");
  const apart = event.ctrlKey || event.metaKey || event.shiftKey;
  if (apart) { if (!link) tab(row, event); return; }
  if (!link && (event.target.closest("button") || getSelection().toString())) return;
  event.preventDefault();
  enter(row);
});
document.addEventListener("auxclick", (event) => {
  const row = event.target.closest("tr.row");
  if (row && event.button === 1 && !event.target.closest("a")) tab(row, event);
});

function tab(row, event) {
  event.preventDefault();
  window.open(row.dataset.open, "_blank", "noopener");
}

// Beside the list first; the second time, and where there is no room, on its own page.
function enter(row) {
  if (wide.matches && keyOf(row) !== opened()) open(keyOf(row));
  else location.assign(row.dataset.open);
}

const listOf = (search) => {
  const query = new URLSearchParams(search);
  query.delete("beside");
  return query.toString();
};
let listed = listOf(location.search);
window.addEventListener("popstate", () => {
  if (listOf(location.search) !== listed) location.reload();
  else open(opened(), "none");
});

// Keys.

let settle = 0;

function move(by) {
  const all = rows();
  const at = all.findIndex((row) => row.contains(document.activeElement) || (row.classList.contains("chosen") && !list.contains(document.activeElement)));
  const row = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  if (!row) return;
  row.querySelector("a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (!opened()) return;
  clearTimeout(settle);
  settle = setTimeout(() => open(keyOf(row), "replaceState"), 80);
}

const follow = (selector) => document.querySelector(selector)?.click();
const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  n: () => follow(".paging [rel=next]"),
  p: () => follow(".paging [rel=prev]"),
  f: () => { const pop = document.querySelector("[data-pop=filter]"); pop.open = true; pop.querySelector("select, input:not([type=hidden])").focus(); },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], dialog, summary")) return;
  const arrow = event.key.startsWith("Arrow");
  if (arrow && !list.contains(document.activeElement)) return; // arrows scroll, until a row has the focus
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  const pop = document.querySelector("details.pop[open]");
  if (pop) { pop.open = false; pop.querySelector("summary").focus(); }
  else if (opened() && !document.querySelector("dialog[open]") && event.target.id !== "q") {
    const row = rows().find((one) => keyOf(one) === opened());
    open("");
    row?.querySelector("a").focus({ preventScroll: true });
  }
});

// What opens closes when something else is clicked, or opened.

document.addEventListener("click", (event) => {
  for (const pop of document.querySelectorAll("details.pop[open]")) {
    if (!pop.contains(event.target)) pop.open = false;
  }
});

// Columns: chosen here for this browser, and in the address where that names them.

const root = document.documentElement;
const sheet = document.querySelector("[data-columns-sheet]");

function showColumns(names, kept) {
  root.dataset.columns = ["order", ...names].join(" ");
  for (const box of sheet.querySelectorAll("input")) box.checked = names.includes(box.value);
  if (kept === undefined) return;
  try {
    if (kept) localStorage.setItem("orderwatch-columns", root.dataset.columns);
    else localStorage.removeItem("orderwatch-columns");
  } catch {
    // The choice holds for this page alone.
  }
  if (new URLSearchParams(location.search).has("columns")) {
    history.replaceState(null, "", addressWith("columns", kept ? names.join(",") : ""));
    listed = listOf(location.search);
    listen();
  }
  shareColumns();
}

const shownColumns = () => root.dataset.columns.split(" ").filter((name) => name !== "order");

sheet.addEventListener("change", () => {
  showColumns([...sheet.querySelectorAll("input:checked")].map((box) => box.value), true);
});
sheet.querySelector("[data-columns-usual]").addEventListener("click", () => showColumns(sheet.dataset.usual.split(" "), false));

// Whoever gets the link, or opens the view, sees the same columns.
function shareColumns() {
  const own = shownColumns().join(" ") !== sheet.dataset.usual;
  for (const element of document.querySelectorAll("[data-with-columns]")) {
    const link = element.dataset.copyLink;
    const query = new URLSearchParams(link ? new URL(link, location.href).search : element.value);
    if (own) query.set("columns", shownColumns().join(","));
    else query.delete("columns");
    const text = query.toString();
    if (link) element.dataset.copyLink = text ? `/orders?${text}` : "/orders";
    else element.value = text;
  }
}

// Forms leave out what was not filled in; times are the viewer's, and travel with their offset.

const two = (number) => String(Math.abs(number)).padStart(2, "0");

function local(at) {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

function withOffset(text) {
  const offset = -new Date(text).getTimezoneOffset();
  return `${text}:00${offset < 0 ? "-" : "+"}${two(Math.trunc(offset / 60))}:${two(offset % 60)}`;
}

for (const input of document.querySelectorAll("input[data-at]")) {
  if (input.dataset.at) input.value = local(new Date(input.dataset.at));
}
for (const form of document.querySelectorAll("form[data-sieve]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      const time = form.querySelector(`input[type=datetime-local][name="${name}"]`);
      if (value.trim()) query.append(name, time ? withOffset(value) : value.trim());
    }
    location.assign(`/orders?${query}`);
  });
}
for (const link of document.querySelectorAll("a[data-zoned]")) {
  const url = new URL(link.href);
  url.searchParams.set("zone", zone());
  link.href = url.href;
}

// Coming back, the list is where it was left.

const place = () => `orderwatch-place ${listOf(location.search)}`;
addEventListener("pagehide", () => {
  try {
    sessionStorage.setItem(place(), String(list.scrollTop));
  } catch {
    // Then it begins at its top.
  }
});
try {
  const [visit] = performance.getEntriesByType("navigation");
  if (visit?.type !== "navigate") list.scrollTop = Number(sessionStorage.getItem(place()) ?? 0);
} catch {
  // As above.
}

const told = new URL(location.href);
if (told.searchParams.has("said")) {
  told.searchParams.delete("said");
  told.searchParams.delete("view");
  history.replaceState(null, "", told.pathname + told.search);
  listed = listOf(location.search);
}
showColumns(shownColumns());
shareColumns();
listen();
