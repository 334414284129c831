// The page keeps itself up to date. The live stream says that something changed; the page then
// fetches its parts, at most twice a second, and patches what differs.

import { localise, written } from "./moments.js";
import { patch } from "./patch.js";

const STREAM = "/api/v1/stream";
const APART = 500; // between two fetches
const CALM = 10_000; // fetch at least this often: durations grow without any event
const LONGEST_WAIT = 15_000; // between two tries to connect

const pulse = document.querySelector("[data-pulse]");
const state = {
  contact: null, // when the server last answered
  lost: null, // since when it does not
  fetching: false,
  again: false, // something changed while fetching
  leaving: false, // a form was sent: what is answered from now on is not for this page
  last: 0,
  tries: 0,
};
let stream = null;
let timer = 0;

export function start(address) {
  const refresh = () => fetchSoon(address);
  connect(refresh);
  refresh();
  setInterval(showPulse, 1000);
  setInterval(() => !document.hidden && Date.now() - state.last > CALM && refresh(), 1000);
  document.addEventListener("visibilitychange", () => {
    // A hidden page lets go of its connection: a browser has only six for one host.
    if (document.hidden) disconnect();
    else connect(refresh), refresh();
  });
  window.addEventListener("online", refresh);
  document.addEventListener("orderwatch:refresh", () => { state.last = 0; refresh(); });
  document.addEventListener("submit", () => { state.leaving = true; disconnect(); });
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
}

function connect(refresh) {
  disconnect();
  stream = new EventSource(STREAM);
  stream.onopen = () => { state.tries = 0; touch(); refresh(); };
  stream.addEventListener("resync", () => { touch(); refresh(); });
  stream.addEventListener("orders", (message) => { touch(); if (concerns(message.data)) refresh(); });
  stream.addEventListener("incidents", () => { touch(); refresh(); refreshRail(); });
  stream.onerror = () => {
    refresh(); // does anybody answer? The pulse shows it.
    if (stream?.readyState !== EventSource.CLOSED) return;
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** state.tries++);
    setTimeout(() => document.hidden || connect(refresh), wait);
  };
}

// How many incidents go on stands on every page, beside the parts that are its own.
async function refreshRail() {
  const answer = await fetch("/live/rail").catch(() => null);
  if (answer?.ok && !state.leaving) show(await answer.text());
}

// The page of one order waits for news of that order; more than are named may be it, too.
function concerns(data) {
  const wanted = document.body.dataset.order;
  if (document.body.dataset.moves === "incidents") return false; // orders alone change nothing there
  const { orders, more } = JSON.parse(data);
  return wanted === undefined || more > 0 || orders.some((one) => one.order_id === wanted);
}

function disconnect() {
  stream?.close();
  stream = null;
}

function fetchSoon(address) {
  if (state.leaving) return;
  if (state.fetching) { state.again = true; return; }
  clearTimeout(timer);
  timer = setTimeout(() => fetchNow(address), Math.max(0, state.last + APART - Date.now()));
}

async function fetchNow(address) {
  state.fetching = true;
  state.last = Date.now();
  try {
    const asked = document.body.dataset.liveFrom ?? address; // a page may come to ask for more
    const answer = await fetch(asked, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(8000) });
    if (state.leaving) return;
    if (answer.status === 401) { location.reload(); return; } // the server leads to the sign-in
    if (answer.status >= 500) throw new Error(`the server answered ${answer.status}`);
    if (answer.ok) show(await answer.text());
    touch();
  } catch {
    if (!state.leaving) lose();
  } finally {
    state.fetching = false;
  }
  if (state.leaving) return;
  if (state.again) { state.again = false; fetchSoon(address); }
  else if (document.querySelector("[data-busy]")) fetchSoon(address); // a job is at work
  else if (state.lost) timer = setTimeout(() => fetchNow(address), 2000);
}

function show(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  localise(next);
  for (const part of next.querySelectorAll("[data-live]")) {
    const here = document.querySelector(`[data-live="${part.dataset.live}"]`);
    if (here) patchOrHold(here, document.adoptNode(part));
  }
  document.dispatchEvent(new Event("orderwatch:shown"));
}

// Nothing moves under the pointer: a list that is being read keeps its rows, and says what waits.
// What waits for its page's own script is handed to it.
function patchOrHold(here, there) {
  if ("wait" in here.dataset) {
    document.dispatchEvent(new CustomEvent("orderwatch:part", { detail: { here, there } }));
    return;
  }
  const button = here.querySelector("[data-news]");
  const fresh = newKeys(here, there);
  const read = here.matches(":hover") || here.contains(document.activeElement);
  if (!("hold" in here.dataset) || !button || !read || !fresh) { patch(here, there); return; }
  button.textContent = `${fresh} new`;
  button.hidden = false;
  const release = () => { patch(here, there); here.onmouseleave = button.onclick = null; };
  here.onmouseleave = () => here.contains(document.activeElement) || release();
  button.onclick = release;
}

function newKeys(here, there) {
  const keys = (part) => [...part.querySelectorAll("[data-key]")].map((each) => each.dataset.key);
  const known = new Set(keys(here));
  return keys(there).filter((one) => !known.has(one)).length;
}

function touch() {
  state.contact = Date.now();
  if (state.lost) { state.lost = null; say("Live again."); }
  showPulse();
}

function lose() {
  if (!state.lost) {
    state.lost = state.contact ?? Date.now();
    say("The connection is lost. What you see may be old. Trying again.");
  }
  showPulse();
}

function showPulse() {
  const age = state.contact === null ? null : (Date.now() - state.contact) / 1000;
  const stale = state.lost !== null || (age !== null && age > 3 * CALM / 1000 && !document.hidden);
  const since = new Date(state.lost ?? state.contact ?? Date.now());
  if (stale) setPulse("stale", `no connection since ${written(since, "clock")}, retrying`);
  else if (age !== null) setPulse("live", `live, ${age < 10 ? age.toFixed(1) : Math.round(age)} s ago`);
}

function setPulse(name, text) {
  if (pulse.dataset.pulse !== name) pulse.dataset.pulse = name;
  pulse.querySelector("[data-pulse-text]").textContent = text;
}

function say(text) {
  document.querySelector("[data-pulse-said]").textContent = text;
}
