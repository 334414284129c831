// Times in the viewer's zone. The server wrote them in the shops' zone, in the same words.

import { months, said } from "./said.js";

const two = (number) => String(number).padStart(2, "0");

/** A duration as a person says it: "0.4 s", "12 min", "1 h 30 min", "3 d". */
export function spoken(milliseconds) {
  const seconds = Math.abs(milliseconds) / 1000;
  if (seconds < 60) return said("%(n)s s", { n: seconds.toFixed(seconds < 10 ? 1 : 0) });
  const minutes = Math.round(seconds / 60);
  if (seconds < 3600) return said("%(n)s min", { n: minutes });
  if (seconds < 86400) {
    const [n, rest] = [Math.floor(minutes / 60), minutes % 60];
    return rest ? said("%(n)s h %(rest)s min", { n, rest }) : said("%(n)s h", { n });
  }
  const [n, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  return rest ? said("%(n)s d %(rest)s h", { n, rest }) : said("%(n)s d", { n });
}

/** A time as text; `how` is clock, second, hour, day or ago, as the server has it. */
export function written(at, how, now = new Date()) {
  if (how === "ago") return ago(now - at);
  const day = `${two(at.getDate())} ${months[at.getMonth()]}`;
  if (how === "day") return day;
  if (how === "hour") return `${two(at.getHours())}:${two(at.getMinutes())}`;
  let clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (how === "second") clock += `:${two(at.getSeconds())}`;
  if (at.toDateString() === now.toDateString()) return clock;
  const year = at.getFullYear() === now.getFullYear() ? "" : ` ${at.getFullYear()}`;
  return `${day}${year} ${clock}`;
}

function ago(passed) {
  if (passed < 2000) return said("just now");
  const time = passed < 60000 ? said("%(n)s s", { n: Math.floor(passed / 1000) }) : spoken(passed);
  return said("%(time)s ago", { time });
}

/** Write every time below `root` as the viewer would. */
export function localise(root) {
  for (const element of root.querySelectorAll("[data-as]")) {
    const at = new Date(element.getAttribute("datetime") ?? element.dataset.at);
    const { before = "", as, rest = "" } = element.dataset;
    const text = before + written(at, as) + rest;
    if (element.textContent !== text) element.textContent = text;
  }
}

/** The viewer's zone by its name. */
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
