// The page keeps itself up to date. The live stream says that something changed; htmx then fetches
// the parts named by `hx-get` of the body, at most twice a second, and idiomorph changes what differs.

import { localise, written } from "./moments.js";
import { morph } from "./morph.js";
import { said } from "./said.js";

const STREAM = "/api/v1/stream";
const APART = 500; // between two fetches
const CALM = 10_000; // fetch at least this often: durations grow without any event
const LONGEST_WAIT = 15_000; // between two tries to connect

const NEWS = "orderwatch:news";

const { body } = document;
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

export function start() {
  listen();
  connect();
  refresh();
  setInterval(showPulse, 1000);
  setInterval(() => !document.hidden && Date.now() - state.last > CALM && refresh(), 1000);
  document.addEventListener("visibilitychange", () => {
    // A hidden page lets go of its connection: a browser has only six for one host.
    if (document.hidden) disconnect();
    else connect(), refresh();
  });
  window.addEventListener("online", refresh);
  document.addEventListener("orderwatch:refresh", () => { state.last = 0; refresh(); });
  document.addEventListener("submit", () => { state.leaving = true; disconnect(); });
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
}

function connect() {
  disconnect();
  stream = new EventSource(STREAM);
  stream.onopen = () => { state.tries = 0; touch(); refresh(); };
  stream.addEventListener("resync", () => { touch(); refresh(); });
  stream.addEventListener("orders", (message) => { touch(); if (concerns(message.data)) refresh(); });
  stream.addEventListener("incidents", () => { touch(); refresh(); htmx.trigger(body, "orderwatch:incidents"); });
  stream.onerror = () => {
    refresh(); // does anybody answer? The pulse shows it.
    if (stream?.readyState !== EventSource.CLOSED) return;
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** state.tries++);
    setTimeout(() => document.hidden || connect(), wait);
  };
}

// The page of one order waits for news of that order; more than are named may be it, too.
function concerns(data) {
  const wanted = body.dataset.order;
  if (body.dataset.moves === "incidents") return false; // orders alone change nothing there
  const { orders, more } = JSON.parse(data);
  return wanted === undefined || more > 0 || orders.some((one) => one.order_id === wanted);
}

function disconnect() {
  stream?.close();
  stream = null;
}

function refresh() {
  if (state.leaving) return;
  if (state.fetching) { state.again = true; return; }
  clearTimeout(timer);
  timer = setTimeout(() => htmx.trigger(body, NEWS), Math.max(0, state.last + APART - Date.now()));
}

// What htmx tells of the page's own request. Others, such as the rail's, take care of themselves.
function own(name, act) {
  body.addEventListener(`htmx:${name}`, (event) => event.detail.elt === body && act(event));
}

function listen() {
  // How an answer is put into the page (`hx-swap="parts"`): each of its parts into that of its name.
  htmx.defineExtension("parts", {
    isInlineSwap: (style) => style === "parts",
    handleSwap: (style, _target, answer) => style === "parts" && show(answer),
  });
  own("configRequest", ({ detail }) => { detail.path = body.getAttribute("hx-get"); }); // it may come to ask for more
  own("beforeRequest", (event) => {
    if (state.leaving) { event.preventDefault(); return; }
    state.fetching = true;
    state.last = Date.now();
  });
  own("beforeSwap", ({ detail }) => {
    const language = detail.xhr.getResponseHeader("content-language");
    if (detail.xhr.status === 200 && language !== document.documentElement.lang) {
      location.reload(); // another language was chosen in another tab
      state.leaving = true;
    }
    detail.shouldSwap &&= !state.leaving;
  });
  own("afterRequest", ({ detail }) => answered(detail.xhr.status));
}

function answered(status) {
  state.fetching = false;
  if (state.leaving) return;
  if (status === 401) { location.reload(); return; } // the server leads to the sign-in
  if (status === 0 || status >= 500) lose();
  else touch();
  if (state.again) { state.again = false; refresh(); }
  else if (document.querySelector("[data-busy]")) refresh(); // a job is at work
  else if (state.lost) timer = setTimeout(() => htmx.trigger(body, NEWS), 2000);
}

function show(answer) {
  localise(answer);
  const shown = [];
  for (const there of answer.querySelectorAll("[data-live]")) {
    const here = document.querySelector(`[data-live="${there.dataset.live}"]`);
    if (here) { morphOrHold(here, there); shown.push(here); }
  }
  document.dispatchEvent(new Event("orderwatch:shown"));
  return shown;
}

// Nothing moves under the pointer: a list that is being read keeps its rows, and says what waits.
// What waits for its page's own script is handed to it.
function morphOrHold(here, there) {
  if ("wait" in here.dataset) {
    document.dispatchEvent(new CustomEvent("orderwatch:part", { detail: { here, there } }));
    return;
  }
  const button = here.querySelector("[data-news]");
  const fresh = newKeys(here, there);
  const read = here.matches(":hover") || here.contains(document.activeElement);
  if (!("hold" in here.dataset) || !button || !read || !fresh) { morph(here, there); return; }
  button.textContent = said("%(n)s new", { n: fresh });
  button.hidden = false;
  const release = () => { morph(here, there); here.onmouseleave = button.onclick = null; };
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
  if (state.lost) { state.lost = null; say(said("Live again.")); }
  showPulse();
}

function lose() {
  if (!state.lost) {
    state.lost = state.contact ?? Date.now();
    say(said("The connection is lost. What you see may be old. Trying again."));
  }
  showPulse();
}

function showPulse() {
  const age = state.contact === null ? null : (Date.now() - state.contact) / 1000;
  const stale = state.lost !== null || (age !== null && age > 3 * CALM / 1000 && !document.hidden);
  const since = new Date(state.lost ?? state.contact ?? Date.now());
  if (stale) setPulse("stale", said("no connection since %(time)s, retrying", { time: written(since, "clock") }));
  else if (age !== null) setPulse("live", said("live, %(n)s s ago", { n: age.toFixed(age < 10 ? 1 : 0) }));
}

function setPulse(name, text) {
  if (pulse.dataset.pulse !== name) pulse.dataset.pulse = name;
  pulse.querySelector("[data-pulse-text]").textContent = text;
}

function say(text) {
  document.querySelector("[data-pulse-said]").textContent = text;
}
