// JSON as people read it: laid out and coloured, from whatever text came.
import { html } from "../lib.js";

/** How deep a name may stand without quotes in a JSONPath (RFC 9535, member-name-shorthand, of ASCII). */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The JSONPath of a member or element: `$.a[0]['b c']`. */
export function stepInto(path, step) {
  if (typeof step === "number") return `${path}[${step}]`;
  if (PLAIN.test(step)) return `${path}.${step}`;
  const quoted = JSON.stringify(step).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `${path}['${quoted}']`;
}

/** A text as a JSON value; undefined where it is none. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const REDACTED = "[redacted]";

function Scalar({ value, path, onPick, picked }) {
  const kind = typeof value === "string" ? "string" : "number";
  const text = JSON.stringify(value);
  const pickable = onPick && (typeof value === "string" || typeof value === "number");
  if (pickable) {
    return html`<button type="button" class=${`pick code-${kind} ${picked === path ? "pick-on" : ""}`} aria-pressed=${picked === path ? "true" : "false"} title=${`Use ${path}`} onClick=${() => onPick(path, value)}>${text}</button>`;
  }
  return html`<span class=${value === REDACTED ? "redacted" : `code-${kind}`}>${text}</span>`;
}

function Value({ value, path, indent, onPick, picked }) {
  if (value === null || typeof value !== "object") return html`<${Scalar} ...${{ value, path, onPick, picked }} />`;
  const list = Array.isArray(value);
  const [open, close] = list ? "[]" : "{}";
  const entries = list ? [...value.entries()] : Object.entries(value);
  if (entries.length === 0) return open + close;
  const pad = "  ".repeat(indent + 1);
  return html`${open}${"\n"}${entries.map(([step, inner], at) => html`${pad}${!list && html`<span class="code-key">${JSON.stringify(step)}</span>${": "}`}<${Value} value=${inner} path=${stepInto(path, step)} indent=${indent + 1} ...${{ onPick, picked }} />${at < entries.length - 1 ? "," : ""}${"\n"}`)}${"  ".repeat(indent)}${close}`;
}

/**
 * A body: laid out where it is JSON, as it came otherwise. With `onPick(path, value)` each text and number is a button.
 * Numbers beyond 2^53 are shown as they came, unless something is to be picked.
 */
export function Json({ text, label = "JSON", onPick, picked }) {
  const value = text && text.length < 200_000 ? parsed(text) : undefined;
  const exact = value !== undefined && !/\d{16}/.test(text);
  const shown = value !== undefined && (exact || onPick);
  return html`<pre class="code" tabindex="0" role="region" aria-label=${label}>${shown ? html`<${Value} value=${value} path="$" indent=${0} onPick=${onPick} picked=${picked} />` : text}</pre>`;
}
