// Every page: times in the viewer's zone, `/` to search, copying, the theme, and the live parts.

import { start } from "./live.js";
import { localise, zone } from "./moments.js";
import { said } from "./said.js";

localise(document);
setInterval(() => document.hidden || localise(document), 5000); // "12 s ago" grows
for (const element of document.querySelectorAll("[data-zone]")) element.textContent = zone();

if (document.body.hasAttribute("hx-get")) {
  // Without the libraries the page stays as it came, and says so.
  if (window.htmx && window.Idiomorph) start();
  else document.querySelector("[data-pulse-text]").textContent = "not live";
}
if ("tryAgain" in document.body.dataset) setTimeout(() => location.reload(), 3000);

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  const search = document.querySelector("#q");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && search) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?" && !typing) {
    document.querySelector("[data-keys]")?.showModal();
  } else if (event.key === "Escape" && event.target === search) {
    search.blur();
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = (button.dataset.label ??= button.textContent);
  const link = button.dataset.copyLink; // the page's own address, as the viewer reaches it
  const text = [button.dataset.copy, link && new URL(link, location.href).href];
  button.textContent = (await copied(text.filter(Boolean).join("\n"))) ? said("Copied") : said("Select it");
  button.dataset.copied = "";
  setTimeout(() => { button.textContent = label; delete button.dataset.copied; }, 1600);
});

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // only pages of this machine, or over TLS, may write the clipboard
  }
}

const toggle = document.querySelector("[data-theme-toggle]");
const root = document.documentElement;
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);

function nameTheme() {
  toggle.querySelector("[data-theme-name]").textContent = isDark() ? said("Light") : said("Dark");
  toggle.setAttribute("aria-label", isDark() ? said("Light theme") : said("Dark theme"));
}

if (toggle) {
  nameTheme();
  systemDark.addEventListener("change", nameTheme);
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("orderwatch-theme", root.dataset.theme);
    } catch {
      // The choice holds for this page alone.
    }
    nameTheme();
  });
}
