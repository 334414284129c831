// The wall: the screen stays on, the clock goes, and the page is loaded anew once a day.

import { written } from "./moments.js";

const A_DAY = 24 * 3600 * 1000;
const clock = document.querySelector("[data-clock]");

function tick() {
  clock.textContent = written(new Date(), "hour");
}
tick();
setInterval(tick, 1000);

// Where the browser can: it gives the lock back whenever the page is hidden, so it is asked again.
async function stayAwake() {
  if (document.hidden || !("wakeLock" in navigator)) return;
  try {
    await navigator.wakeLock.request("screen");
    document.body.dataset.awake = "";
  } catch {
    delete document.body.dataset.awake; // low on power, or not allowed: the screen decides
  }
}
stayAwake();
document.addEventListener("visibilitychange", stayAwake);

// A page that is never left still gets a new version, when the server can give it one.
setInterval(async () => {
  const there = await fetch("/healthz").catch(() => null);
  if (there?.ok) location.reload();
}, A_DAY);
