// Time series, drawn by uPlot from the data each carries in `data-plot`, in place when it changes.
// Times are the viewer's, colours those of the style, and the words are the server's.

import { spoken, written } from "./moments.js";

const HEIGHT = 194;
const DAY = 86_400;
const DURATIONS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 43_200, DAY, 2 * DAY,
];
const COUNTS = [1, 2, 5].flatMap((digit) => [0, 1, 2, 3, 4, 5, 6].map((power) => digit * 10 ** power)).sort((a, b) => a - b);
const COLOURS = {
  failed: "--failed-area", overdue: "--overdue-area", waiting: "--waiting-area", success: "--success-area",
  tail: "--accent", half: "--waiting", allowed: "--overdue-area", "allowed words": "--overdue", words: "--ink-soft", lines: "--line", base: "--line-strong",
};

// Colours as the theme has them now: a canvas cannot follow a variable by itself.
const probe = document.createElement("i");
let known = {};
function colour(name) {
  if (!(name in known)) {
    probe.style.color = `var(${COLOURS[name]})`;
    document.body.append(probe);
    known[name] = getComputedStyle(probe).color;
    probe.remove();
  }
  return known[name];
}

const plots = new Map(); // of each place: what it shows, from which text

function drawAll() {
  for (const [place, { chart }] of plots) {
    if (!place.isConnected) { chart.destroy(); plots.delete(place); }
  }
  for (const place of document.querySelectorAll("[data-plot]")) {
    const shown = plots.get(place);
    if (shown?.text === place.dataset.plot) continue;
    const text = place.dataset.plot;
    const said = JSON.parse(text);
    if (shown) { Object.assign(shown, { text, said }); shown.chart.setData(values(said)); }
    else plots.set(place, begin(place, text, said));
  }
}

// uPlot paints what comes later over what came before: the highest sum first.
function values({ kind, t, rows }) {
  const all = Object.values(rows);
  if (kind !== "orders") return [t, ...all];
  const sums = all.map((_row, to) => t.map((_at, n) => all.slice(0, to + 1).reduce((sum, row) => sum + row[n], 0)));
  return [t, ...sums.reverse()];
}

const names = ({ kind, rows }) => (kind === "orders" ? Object.keys(rows).reverse() : Object.keys(rows));

function begin(place, text, said) {
  const shown = { text, said };
  const words = Object.assign(document.createElement("p"), { className: "plot-said", hidden: true });
  const isOrders = said.kind === "orders";
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { font, stroke: () => colour("words"), ticks: { show: false } };
  shown.chart = new window.uPlot({
    width: place.clientWidth,
    height: HEIGHT,
    padding: [14, 0, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: !isOrders }, y: false },
    scales: {
      x: { time: true, range: () => [shown.said.t[0], shown.said.t.at(-1) + shown.said.step] },
      y: { range: (_chart, _least, most) => [0, Math.max(most ?? 0, shown.said.allowed ?? 0, isOrders ? 1 : 0.1) * 1.04] },
    },
    axes: [
      { ...axis, size: 26, gap: 6, space: 72, grid: { show: false }, border: { show: true, stroke: () => colour("base"), width: 1 }, values: times },
      { ...axis, size: isOrders ? 40 : 62, gap: 8, space: 34, incrs: isOrders ? COUNTS : DURATIONS, grid: { stroke: () => colour("lines"), width: 1 }, values: isOrders ? counts : lengths },
    ],
    series: [{}, ...names(said).map((name) => (isOrders ? bars(name) : line(name)))],
    hooks: {
      draw: [(chart) => mark(chart, shown.said, font)],
      setCursor: [(chart) => explain(chart, shown.said, words)],
    },
  }, values(said), place);
  shown.chart.over.append(words);
  return shown;
}

const bars = (name) => ({
  fill: () => colour(name),
  width: 0,
  points: { show: false },
  paths: window.uPlot.paths.bars({ size: [0.78, 40], align: 1 }),
});
const line = (name) => ({ stroke: () => colour(name), width: 2, points: { show: true, filter: alone, size: 7, width: 1, fill: () => colour(name) } });

// A value between two gaps has no line to be seen by.
function alone({ data }, series) {
  const row = data[series];
  return [...row.keys()].filter((at) => row[at] !== null && (row[at - 1] ?? null) === null && (row[at + 1] ?? null) === null);
}

// None so near to the right edge that it would be cut off.
const times = (chart, splits, _axis, _space, apart) =>
  splits.map((at) => (chart.width && chart.valToPos(at, "x") > chart.over.clientWidth - 16 ? "" : written(new Date(at * 1000), apart >= DAY ? "day" : "hour")));
const lengths = (_chart, splits) => splits.map((seconds) => (seconds ? spoken(seconds * 1000).replace(".0 ", " ") : ""));
const counts = (_chart, splits) => splits.map((n) => (n ? short(n) : ""));

function short(n) {
  for (const [size, letter] of [[1_000_000, "M"], [1000, "k"]]) {
    if (n >= size) return `${Number((n / size).toFixed(n >= 10 * size ? 0 : 1))}${letter}`;
  }
  return String(n);
}

// Deadlines that passed, how long it may take, and what is said where there is nothing to draw.
function mark({ ctx, bbox, valToPos }, said, font) {
  const scale = devicePixelRatio;
  ctx.save();
  ctx.font = font.replace("12px", `${12 * scale}px`);
  ctx.textBaseline = "bottom";
  (said.marks ?? []).forEach((passed, n) => passed && triangle(ctx, valToPos(said.t[n] + said.step * 0.39, "x", true), bbox.top - 12 * scale, Math.min(4.5, 2 + passed ** 0.5 / 2) * scale, scale));
  if (said.allowed !== null) {
    const y = valToPos(said.allowed, "y", true);
    ctx.strokeStyle = colour("allowed");
    ctx.fillStyle = colour("allowed words");
    ctx.lineWidth = 1.4 * scale;
    ctx.setLineDash([6 * scale, 4 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.textAlign = "right";
    ctx.fillText(said.allowed_said, bbox.left + bbox.width, y - 3 * scale);
  }
  if (said.empty) {
    ctx.fillStyle = colour("words");
    ctx.textAlign = "center";
    ctx.fillText(said.empty, bbox.left + bbox.width / 2, bbox.top + bbox.height / 2);
  }
  ctx.restore();
}

function triangle(ctx, x, y, half, scale) {
  ctx.fillStyle = colour("overdue");
  ctx.beginPath();
  ctx.moveTo(x - half, y);
  ctx.lineTo(x + half, y);
  ctx.lineTo(x, y + 9 * scale);
  ctx.fill();
}

// What is under the pointer, in words, beside it.
function explain(chart, said, words) {
  const { left } = chart.cursor;
  const at = left >= 0 ? Math.min(said.t.length - 1, Math.max(0, Math.floor((chart.posToVal(left, "x") - said.t[0]) / said.step))) : -1;
  words.hidden = at < 0 || !said.said[at];
  if (words.hidden) return;
  words.textContent = `${written(new Date(said.t[at] * 1000), "clock")} · ${said.said[at]}`;
  const room = chart.over.clientWidth - words.offsetWidth;
  words.style.left = `${Math.max(-40, Math.min(room, left - words.offsetWidth / 2))}px`;
}

function redraw() {
  known = {};
  for (const { chart } of plots.values()) chart.redraw(true, true);
}

if (window.uPlot) {
  drawAll();
  document.addEventListener("orderwatch:shown", drawAll);
  const sizes = new ResizeObserver(() => {
    for (const [place, { chart }] of plots) {
      if (place.clientWidth !== chart.width) chart.setSize({ width: place.clientWidth, height: HEIGHT });
    }
  });
  sizes.observe(document.querySelector("main"));
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.fonts.ready.then(redraw);
}
