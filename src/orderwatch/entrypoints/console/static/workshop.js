// Dead letters and settings: choosing rows, taking back in time, and who goes where in the flow.

import { said } from "./said.js";

const until = (button) => Math.ceil((new Date(button.dataset.until) - Date.now()) / 1000);

function countDown() {
  for (const button of document.querySelectorAll("[data-until]")) {
    const left = until(button);
    if (left > 0) button.textContent = said("Undo (%(n)s)", { n: left });
    else button.closest("form").hidden = true;
  }
}
countDown();
setInterval(countDown, 500);
document.addEventListener("orderwatch:shown", () => {
  countDown();
  for (const form of document.querySelectorAll("[data-picks]")) countPicked(form);
});

function countPicked(form) {
  const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
  const picked = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-pick-all]");
  const count = form.querySelector("[data-picked]");
  if (count) count.textContent = picked;
  if (!all) return;
  all.checked = picked > 0 && picked === boxes.length;
  all.indeterminate = picked > 0 && picked < boxes.length;
}

document.addEventListener("change", (event) => {
  const target = event.target;
  const form = target.closest("form");
  if (form?.matches("[data-send-on-change]")) form.requestSubmit();
  if (!form?.matches("[data-picks]")) return;
  if (target.matches("[data-pick-all]")) {
    for (const box of form.querySelectorAll("tbody input[type=checkbox]")) box.checked = target.checked;
  }
  countPicked(form);
});
for (const form of document.querySelectorAll("[data-picks]")) countPicked(form);

// One question at a time; Escape, or a click beside it, takes it away.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.ask[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.(".ask-card input")) {
    event.preventDefault(); // the button beside it is meant, not the first one of the form
    event.target.closest(".ask-card").querySelector("button").click();
    return;
  }
  const open = event.key === "Escape" && document.querySelector("details.ask[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details.ask[open]")) event.target.querySelector("input[required]")?.focus();
}, true);

const machine = document.querySelector("[data-machine]");

function light(name) {
  machine.classList.toggle("asked", name !== undefined);
  for (const step of machine.querySelectorAll("[data-start]")) {
    step.classList.toggle("lit", step.dataset.start === name || (name !== undefined && step.dataset.end === name));
  }
}

machine?.addEventListener("pointerover", (event) => light(event.target.closest("[data-status]")?.dataset.status));
machine?.addEventListener("pointerleave", () => light(undefined));
