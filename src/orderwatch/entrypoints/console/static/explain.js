// What a system on the map is about, in a small panel beside it, while it is pointed at or focused.

const MARGIN = 10;

document.addEventListener("pointerover", (event) => show(event.target));
document.addEventListener("focusin", (event) => show(event.target));
document.addEventListener("focusout", () => hide());
document.addEventListener("orderwatch:shown", () => current && show(current));

let current = null;

function show(target) {
  const node = target.closest?.("[data-explained]") ?? null;
  if (!node) { hide(); return; }
  const card = node.closest(".flow-card");
  const panel = [...(card?.querySelectorAll("[data-explains]") ?? [])].find(
    (one) => one.dataset.explains === node.dataset.explained,
  );
  if (!panel) return;
  if (current !== node) hide();
  current = node;
  panel.hidden = false;
  place(panel, node.getBoundingClientRect(), card.getBoundingClientRect());
}

// Below the system if there is room, else above it; never beyond the card or the window.
function place(panel, node, card) {
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = node.bottom + MARGIN + height <= innerHeight;
  const top = below ? node.bottom + MARGIN : node.top - MARGIN - height;
  const left = Math.min(node.left, card.right - MARGIN - width);
  panel.style.left = `${Math.max(MARGIN, left - card.left)}px`;
  panel.style.top = `${top - card.top}px`;
}

function hide() {
  for (const panel of document.querySelectorAll("[data-explains]:not([hidden])")) panel.hidden = true;
  current = null;
}
