// The editor of a template or of alert rules: line numbers, and beside each line what is wrong with it. The server
// decides what is wrong; it is asked whenever the typing rests.

import { said } from "./said.js";

const REST = 350;

const editor = document.querySelector("[data-editor]");
const CHECK = editor.dataset.editor;
const area = editor.querySelector("textarea");
const says = document.querySelector("[data-editor-says]");
const gutter = Object.assign(document.createElement("ol"), { className: "gutter" });
const margin = Object.assign(document.createElement("div"), { className: "margin" });
gutter.setAttribute("aria-hidden", "true");
margin.setAttribute("aria-hidden", "true"); // the same is said in words by the form
editor.prepend(gutter);
editor.append(margin);
editor.classList.add("ready");

const height = () => parseFloat(getComputedStyle(area).lineHeight);
const paper = document.createElement("canvas").getContext("2d");
let problems = [];
let timer = 0;
let asked = 0;

function number() {
  const lines = area.value.split("\n").length;
  while (gutter.childElementCount < lines) {
    gutter.append(Object.assign(document.createElement("li"), { textContent: gutter.childElementCount + 1 }));
  }
  while (gutter.childElementCount > lines) gutter.lastChild.remove();
  const tall = height();
  for (const line of gutter.children) line.style.height = line.style.lineHeight = `${tall}px`;
}

function draw() {
  const lines = area.value.split("\n");
  const style = getComputedStyle(area);
  paper.font = `${style.fontSize} ${style.fontFamily}`;
  const begins = parseFloat(style.paddingLeft);
  const byLine = Map.groupBy ? Map.groupBy(problems, (one) => one.line) : grouped(problems);
  [...gutter.children].forEach((line, index) => line.classList.toggle("wrong", byLine.has(index + 1)));
  margin.replaceChildren(...[...byLine].map(([line, found]) => {
    const note = document.createElement("p");
    const { message } = found[0];
    const more = found.length - 1;
    const text = more ? said("%(message)s (and %(n)s more)", { message, n: more }) : message;
    note.textContent = `◆ ${text}`;
    note.dataset.line = line;
    const wide = paper.measureText(lines[line - 1] ?? "").width;
    note.style.left = `${begins + wide + 18}px`;
    return note;
  }));
  place();
}

function grouped(found) {
  const map = new Map();
  for (const one of found) map.set(one.line, [...(map.get(one.line) ?? []), one]);
  return map;
}

function place() {
  const top = parseFloat(getComputedStyle(area).paddingTop);
  gutter.scrollTop = area.scrollTop;
  for (const note of margin.children) {
    note.style.top = `${top + (note.dataset.line - 1) * height() - area.scrollTop}px`;
    note.style.translate = `${-area.scrollLeft}px 0`;
  }
}

async function check() {
  const mine = ++asked;
  try {
    const answer = await fetch(CHECK, { method: "POST", body: new URLSearchParams({ source: area.value }) });
    if (!answer.ok || mine !== asked) return;
    problems = await answer.json();
  } catch {
    return; // the button asks again
  }
  draw();
  const [first] = problems;
  says.textContent = first
    ? said("%(n)s wrong; line %(line)s: %(message)s", {
        n: problems.length, line: first.line, message: `${first.field} ${first.message}`.trim(),
      })
    : said("Nothing is wrong with it");
  says.classList.toggle("state", Boolean(first));
  says.classList.toggle("failed", Boolean(first));
}

area.addEventListener("scroll", place);
area.addEventListener("input", () => {
  number();
  clearTimeout(timer);
  timer = setTimeout(check, REST);
});
area.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
  if (area.selectionStart !== area.selectionEnd) return;
  event.preventDefault();
  area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input"));
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-go-to]");
  if (!link) return;
  event.preventDefault();
  goTo(Number(link.dataset.goTo));
});

function goTo(line) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((length, one) => length + one.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  area.scrollTop = Math.max(0, (line - 8) * height());
  area.scrollIntoView({ block: "nearest" });
}

new ResizeObserver(draw).observe(area);
number();
check();
