// Make one part of the page like another, touching only what differs: no flicker, no lost focus,
// no jump. Children with `data-key` keep their element when they move.

const MINE = new Set(["open"]); // what the viewer changes, such as an opened <details>

/** Make `here` like `there`. Both are the same kind of element. */
export function patch(here, there) {
  if ("copied" in here.dataset) return; // it says so for a moment
  patchAttributes(here, there);
  const keyed = new Map([...here.children].filter(key).map((child) => [key(child), child]));
  let place = here.firstChild;
  for (const next of [...there.childNodes]) {
    const match = matching(place, next, keyed);
    if (!match) {
      here.insertBefore(next, place);
      continue;
    }
    if (match === place) place = place.nextSibling;
    else here.insertBefore(match, place);
    if (match.nodeType === Node.ELEMENT_NODE) patch(match, next);
    else if (match.data !== next.data) match.data = next.data;
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

const key = (node) => node.dataset?.key;

function matching(place, next, keyed) {
  if (key(next)) return keyed.get(key(next));
  const alike = place && place.nodeName === next.nodeName && !key(place);
  return alike ? place : null;
}

function patchAttributes(here, there) {
  const flashes = here.dataset.flash !== undefined && here.dataset.flash !== there.dataset.flash;
  for (const { name, value } of [...there.attributes]) {
    if (here.getAttribute(name) !== value) here.setAttribute(name, value);
  }
  for (const { name } of [...here.attributes]) {
    if (!there.hasAttribute(name) && !MINE.has(name)) here.removeAttribute(name);
  }
  if (flashes) flash(here);
}

function flash(element) {
  element.classList.remove("flash");
  void element.getBoundingClientRect(); // so that a second change flashes again
  element.classList.add("flash");
  element.addEventListener("animationend", () => element.classList.remove("flash"), { once: true });
}
