// Icons on a grid of 16, drawn here. They are decoration: what they mean always stands beside them in words.
import { html } from "../lib.js";

const SHAPES = {
  syncs: "M2.7 6.6A5.5 5.5 0 0 1 12.6 4.4M13.3 9.4a5.5 5.5 0 0 1-9.9 2.2M13.2 1.7v3.2H10M2.8 14.3v-3.2H6",
  logs: "M2.5 3.5h11M2.5 8h11M2.5 12.5h7",
  people: "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c0-2.4 2-4 4.5-4s4.5 1.6 4.5 4M10.6 2.8a2.5 2.5 0 0 1 0 4.4M12 9.9c1.5.5 2.5 1.8 2.5 3.6",
  keys: "M5 13.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM7.2 8.4l6.3-6.1M11 4.8l2 2",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  close: "m4 4 8 8M12 4l-8 8",
  check: "m3 8.5 3.4 3.4L13 5",
  "check-circle": "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM5.4 8.3l1.9 1.9 3.4-4",
  alert: "M8 2 1.5 13.5h13L8 2ZM8 6.5v3.2M8 11.6v.1",
  "alert-circle": "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM8 5v3.6M8 10.9v.1",
  info: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM8 7.4v3.6M8 5.1V5",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.6 8 5 3.2Z",
  stop: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM5.8 5.8h4.4v4.4H5.8z",
  clock: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM8 4.6V8l2.3 1.6",
  parked: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM6.4 11V5h2.1a1.8 1.8 0 0 1 0 3.6H6.4",
  circle: "M8 13.2A5.2 5.2 0 1 0 8 2.8a5.2 5.2 0 0 0 0 10.4Z",
  dashed: "M8 2.2a5.8 5.8 0 0 1 2.6.6M13.2 5.4a5.8 5.8 0 0 1 .6 2.6M13.2 10.6a5.8 5.8 0 0 1-2.6 2.6M8 13.8a5.8 5.8 0 0 1-2.6-.6M2.8 10.6A5.8 5.8 0 0 1 2.2 8M2.8 5.4a5.8 5.8 0 0 1 2.6-2.6",
  retry: "M13.3 8A5.3 5.3 0 1 1 11.6 4.1L13.3 5.7M13.3 2.3v3.4H9.9",
  trash: "M2.5 4.2h11M6.2 4V2.4h3.6V4M4 4.4l.6 9.1h6.8l.6-9.1M6.6 7v4M9.4 7v4",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.3V2.5h-8v8h2.8",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  "chevron-down": "m4 6 4 4 4-4",
  "chevron-up": "m4 10 4-4 4 4",
  "chevron-right": "m6 4 4 4-4 4",
  "chevron-up-down": "m5 6 3-3 3 3M5 10l3 3 3-3",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  moon: "M13.4 9.6A5.7 5.7 0 0 1 6.4 2.6a5.7 5.7 0 1 0 7 7Z",
  screen: "M2 3h12v8.2H2zM5.5 13.6h5M8 11.3v2.2",
  "sign-out": "M6.2 2.5H2.8v11h3.4M10.2 11l3-3-3-3M13 8H6",
  send: "M14 2 7.2 8.8M14 2 9.6 14l-2.4-5.2L2 6.4 14 2Z",
  webhook: "M6 6.6a2.6 2.6 0 1 1 3.9-.3l2 3.4M4.8 6.9l-1.9 3.3a2.5 2.5 0 1 0 3.6 2.4h4M12 9.4a2.5 2.5 0 1 1-1.5 4.4M7.9 4.4l-2 3.9",
  edit: "M10.6 2.9 13 5.3 5.5 12.9l-3 .6.6-3 7.5-7.6Z",
  lock: "M3.5 7.2h9v6.3h-9zM5.4 7V5a2.6 2.6 0 0 1 5.2 0v2",
  eye: "M1.5 8S3.8 3.8 8 3.8 14.5 8 14.5 8 12.2 12.2 8 12.2 1.5 8 1.5 8ZM8 9.9a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8Z",
  filter: "M2 3.5h12L9.5 8.8v4L6.5 14V8.8L2 3.5Z",
  external: "M9.5 2.5h4v4M13.3 2.7 7.5 8.5M11.5 9.5v4h-9v-9h4",
  question: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11.2v.1",
  skip: "M3 4l5 4-5 4V4ZM8 4l5 4-5 4V4Z",
  equal: "M3.5 6h9M3.5 10h9",
  braces: "M6 2.5c-1.6 0-2 .8-2 2v1.6c0 1-.5 1.9-1.6 1.9C3.5 8 4 8.9 4 9.900v1.600c0 1.2.4 2 2 2M10 2.500c1.6 0 2 .8 2 2v1.600c0 1 .5 1.9 1.6 1.9-1.1 0-1.6.9-1.6 1.900v1.600c0 1.2-.4 2-2 2",
  offline: "M2 2l12 12M8 12.600v.100M5.6 9.900a3.6 3.6 0 0 1 3.4-.900M3.3 7.400a7 7 0 0 1 2.3-1.500M12.7 7.400a7 7 0 0 0-4.2-2M10.6 10",
};

/** @param {{name: keyof typeof SHAPES, size?: number}} props */
export function Icon({ name, size = 16 }) {
  return html`<svg width=${size} height=${size} viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width=${name === "more" ? 2.2 : 1.5} stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false"><path d=${SHAPES[name]} /></svg>`;
}
