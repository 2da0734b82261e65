// Bodies as people read them. JSON is laid out from its text, not from its value, so that one that was cut is laid out as
// far as it goes, and numbers of any size stay as they came.
import { html } from "../lib.js";

export const REDACTED = "[redacted]";
/** Longer texts are shown as they came. */
const LENGTH_MAX = 100_000;
const TOKEN = /\s+|"(?:[^"\\]|\\[^])*(?:"|\\?$)|-?\d[\d.eE+-]*|[a-z]+|[{}[\],:]/y;

/** The tokens of a JSON text; null where it is not JSON. The last one may be cut. */
function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const [token] = TOKEN.exec(text) ?? [];
    if (token === undefined) return null;
    if (token.trim()) found.push(token);
  }
  return found;
}

const WORDS = ["true", "false", "null"];
const isWord = (token, cut) => WORDS.some((word) => word === token || (cut && word.startsWith(token)));

/**
 * A JSON text laid out: pieces `[kind, text]`, where kind is "key", "string", "number" or "". null where it is no JSON.
 * @param {string} text
 */
export function laidOut(text) {
  if (text.length > LENGTH_MAX || !/^\s*[[{]/.test(text)) return null;
  const all = tokens(text);
  if (!all) return null;
  const pieces = [];
  let depth = 0;
  const line = () => pieces.push(["", `\n${"  ".repeat(Math.max(0, depth))}`]);
  for (const [at, token] of all.entries()) {
    const next = all[at + 1];
    if (token === "{" || token === "[") {
      depth += 1;
      pieces.push(["", token]);
      if (next !== "}" && next !== "]") line();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      if (!["{", "["].includes(all[at - 1])) line();
      pieces.push(["", token]);
    } else if (token === ",") {
      pieces.push(["", token]);
      line();
    } else if (token === ":") pieces.push(["", ": "]);
    else if (token[0] === '"') pieces.push([next === ":" ? "key" : "string", token]);
    else if (/^[-\d]/.test(token) || isWord(token, at === all.length - 1)) pieces.push(["number", token]);
    else return null;
  }
  return pieces;
}

/** A text in which what was taken out is marked. */
export function Redacted({ text }) {
  const parts = text.split(REDACTED);
  return parts.map((part, at) => html`${at > 0 && html`<span class="redacted" title="A secret, which is never shown">${REDACTED}</span>`}${part}`);
}

/** A body: laid out where it is JSON, as it came otherwise. */
export function Body({ text, label }) {
  const pieces = laidOut(text);
  const inside = pieces ? pieces.map(([kind, piece]) => (kind ? html`<span class=${`code-${kind}`}><${Redacted} text=${piece} /></span>` : piece)) : html`<${Redacted} text=${text} />`;
  return html`<pre class="code log-body" tabindex="0" role="region" aria-label=${label}>${inside}</pre>`;
}
