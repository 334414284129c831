// One part of the page becomes like another by idiomorph: no flicker, no lost focus, no jump. Here
// stands what a morph must respect: children with `data-key` keep their element when they move, and
// what the viewer opened, ticked or typed stays.

/** Make `here` like `there`. Both are the same kind of element. */
export function morph(here, there) {
  const live = here.closest("[data-live]")?.dataset.live ?? "";
  name(here, live);
  name(there, live);
  if (here.id) there.id = here.id;
  window.Idiomorph.morph(here, there, { morphStyle: "outerHTML", ignoreActiveValue: true, callbacks });
}

// Idiomorph knows elements by their ids. A key is one within its part, and below its keyed parent.
function name(part, live) {
  for (const each of part.querySelectorAll("[data-key]")) {
    const above = each.parentElement.closest("[data-key]")?.dataset.key ?? "";
    each.id ||= `${live}/${above}/${each.parentElement.localName}/${each.dataset.key}`;
  }
}

const flashing = new WeakSet();

const callbacks = {
  beforeNodeMorphed(here, there) {
    if (here.nodeType !== Node.ELEMENT_NODE) return true;
    if ("copied" in here.dataset || isFilledIn(here)) return false; // it says so for a moment; the viewer's
    if ("plot" in here.dataset) return drawn(here, there);
    const { flash } = here.dataset;
    if (flash !== undefined && flash !== there.dataset.flash) flashing.add(here);
    return true;
  },
  afterNodeMorphed(here) {
    if (flashing.delete(here)) flash(here);
  },
  // What the viewer opened stays open.
  beforeAttributeUpdated: (name, _here, how) => name !== "open" || how !== "remove",
};

function isFilledIn(element) {
  if (element.matches("input")) return element.value !== element.defaultValue || element.checked !== element.defaultChecked;
  return element.matches("textarea") && element.value !== element.defaultValue;
}

// What is inside was drawn here, from the data; charts.js draws it anew.
function drawn(here, there) {
  here.dataset.plot = there.dataset.plot;
  return false;
}

function flash(element) {
  element.classList.remove("flash");
  void element.getBoundingClientRect(); // so that a second change flashes again
  element.classList.add("flash");
  element.addEventListener("animationend", () => element.classList.remove("flash"), { once: true });
}
