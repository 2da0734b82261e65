// JSON as people read it: laid out and coloured, from whatever text came.
import { html } from "../lib.js";

/** A name that stands without quotes in a JSONPath (RFC 9535, member-name-shorthand, of ASCII). */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The JSONPath of a member or element: `$.a[0]['b c']`. */
export function stepInto(path, step) {
  if (typeof step === "number") return `${path}[${step}]`;
  if (PLAIN.test(step)) return `${path}.${step}`;
  const quoted = JSON.stringify(step).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `${path}['${quoted}']`;
}

/** A number that would not be the same as a JavaScript number. */
class Exact {
  constructor(source) {
    this.source = source;
  }

  toJSON() {
    return JSON.rawJSON?.(this.source) ?? Number(this.source);
  }
}

/** A text as a JSON value; undefined where it is none. Numbers that would be rounded stay as they are written. */
export function parsed(text) {
  try {
    return JSON.parse(text, (name, value, context) => (typeof value === "number" && context?.source && /\d{16}/.test(context.source) ? new Exact(context.source) : value));
  } catch {
    return undefined;
  }
}

/** What lies deeper is not laid out. */
const DEEPEST = 60;

const REDACTED = "[redacted]";

function Scalar({ value, path, onPick, picked }) {
  const kind = typeof value === "string" ? "string" : "number";
  const text = value instanceof Exact ? value.source : JSON.stringify(value);
  const pickable = onPick && value !== null && typeof value !== "boolean";
  if (pickable) {
    return html`<button type="button" class=${`pick code-${kind} ${picked?.(path) ? "pick-on" : ""}`} aria-pressed=${picked?.(path) ? "true" : "false"} title=${`Use ${path}`} onClick=${() => onPick(path)}>${text}</button>`;
  }
  return html`<span class=${value === REDACTED ? "redacted" : `code-${kind}`}>${text}</span>`;
}

function Value({ value, path, indent, onPick, picked }) {
  if (value === null || typeof value !== "object" || value instanceof Exact) return html`<${Scalar} ...${{ value, path, onPick, picked }} />`;
  if (indent > DEEPEST) return JSON.stringify(value);
  const list = Array.isArray(value);
  const [open, close] = list ? "[]" : "{}";
  const entries = list ? [...value.entries()] : Object.entries(value);
  if (entries.length === 0) return open + close;
  const pad = "  ".repeat(indent + 1);
  return html`${open}${"\n"}${entries.map(([step, inner], at) => html`${pad}${!list && html`<span class="code-key">${JSON.stringify(step)}</span>${": "}`}<${Value} value=${inner} path=${stepInto(path, step)} indent=${indent + 1} ...${{ onPick, picked }} />${at < entries.length - 1 ? "," : ""}${"\n"}`)}${"  ".repeat(indent)}${close}`;
}

/** A body: laid out where it is JSON, as it came otherwise. With `onPick(path)` each text and number is a button; `picked(path)` says which are chosen. */
export function Json({ text, label = "JSON", onPick, picked }) {
  const value = text && text.length < 200_000 ? parsed(text) : undefined;
  return html`<pre class="code" tabindex="0" role="region" aria-label=${label}>${value !== undefined ? html`<${Value} value=${value} path="$" indent=${0} onPick=${onPick} picked=${picked} />` : text}</pre>`;
}
