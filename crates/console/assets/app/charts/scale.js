// How values become places: round steps for counts and milliseconds, and times for the axis.

/** The least round number of steps (1, 2 or 5 times a power of ten) that holds `most`: `{ top, ticks }`. */
export function scale(most, steps = 3) {
  const least = Math.max(most, 1e-9) / steps;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= least * 0.9999);
  // Half a request is none.
  const size = Math.max(step, 1);
  const count = Math.max(1, Math.ceil(most / size - 1e-9));
  return { top: size * count, ticks: Array.from({ length: count + 1 }, (_, at) => at * size) };
}

const hours = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const days = new Intl.DateTimeFormat(undefined, { weekday: "short", month: "short", day: "numeric" });
const both = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "numeric", minute: "2-digit" });

const DAY_MS = 86_400_000;

/** A time for the axis of a span of so many milliseconds. */
export const axisTime = (at, spanMs) => (spanMs > 2 * DAY_MS ? days : hours).format(new Date(at));

/** From when to when a point goes, in words. */
export function pointTimes({ start, end }) {
  const [from, to] = [new Date(start), new Date(end)];
  return `${both.format(from)} – ${hours.format(to)}`;
}

const STEPS_MS = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880].map((minutes) => minutes * 60_000);

/** At which points the axis has a label: round times of the viewer's zone, at most about `most` of them. */
export function axisPlaces(points, most) {
  if (points.length === 0) return [];
  const local = (at) => at.getTime() - at.getTimezoneOffset() * 60_000;
  const [first, last] = [new Date(points[0].start), new Date(points.at(-1).end)];
  const step = STEPS_MS.find((size) => (last - first) / size <= most) ?? STEPS_MS.at(-1);
  const places = [];
  let before = Math.floor((local(first) - 1) / step);
  for (const [at, point] of points.entries()) {
    const number = Math.floor(local(new Date(point.start)) / step);
    if (number !== before) places.push(at);
    before = number;
  }
  return places;
}
