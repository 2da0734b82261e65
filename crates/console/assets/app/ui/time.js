// Times and numbers as people read them, in the viewer's own zone.
import { now } from "../hooks.js";
import { html, useComputed, useSignal } from "../lib.js";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const UNITS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Infinity],
];

/** How long before or after `to` a time is, in words: "3 min ago", "in 2 hr". Without dots: it may end a sentence. */
export function relativeTime(at, to = Date.now()) {
  let value = (new Date(at).getTime() - to) / 1000;
  if (Math.abs(value) < 2) return "now";
  for (const [unit, size] of UNITS) {
    if (Math.abs(Math.round(value)) < size) return relative.format(Math.round(value), unit).replace(".", "");
    value /= size;
  }
  return "";
}

/** A time in the viewer's zone, in full. */
export const absoluteTime = (at) => absolute.format(new Date(at));

/** A time: relative, kept so as time goes by, with the absolute as its title; `full` shows both. */
export function Time({ at, full = false, prefix = "" }) {
  const given = useSignal(at);
  if (given.peek() !== at) given.value = at;
  const words = useComputed(() => prefix + relativeTime(given.value, now.value));
  return html`<time datetime=${at} title=${absoluteTime(at)}>${full && html`${absoluteTime(at)} · `}${words}</time>`;
}

/** A duration in words: "82 ms", "1.4 s". */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 100_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

export const Duration = ({ ms }) => html`<span class="num">${duration(ms)}</span>`;

const whole = new Intl.NumberFormat("en");
/** A count: "12,345". */
export const number = (value) => whole.format(value);

/** A share: "98.7 %"; never 100 % where anything failed. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const rounded = Math.floor(share * 1000) / 10;
  return `${rounded % 1 ? rounded.toFixed(1) : rounded} %`;
}

/** "1 person", "3 people". */
export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** A sentence that begins with a capital. */
export const sentence = (text) => (text ? text[0].toUpperCase() + text.slice(1) : text);
