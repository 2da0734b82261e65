// A logged request as a command of curl: without secrets, which are not there to be told.
import { REDACTED } from "./body.js";

/** Stands where a secret has to be filled in. */
export const PLACEHOLDER = "FILL-IN-THE-SECRET";

// Made by curl itself.
const OWN = new Set(["content-length", "host", "transfer-encoding", "connection"]);
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** A text as one word of a POSIX shell; with control characters in it, of bash or zsh. */
export function quoted(text) {
  if (!CONTROL.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = [...text].map((char) => {
    if (char === "'" || char === "\\") return `\\${char}`;
    if (char === "\n") return "\\n";
    return CONTROL.test(char) ? `\\u${char.codePointAt(0).toString(16).padStart(4, "0")}` : char;
  });
  return `$'${escaped.join("")}'`;
}

const withPlaceholder = (text) => text.replaceAll(REDACTED, PLACEHOLDER);

function header({ name, value }) {
  const line = withPlaceholder(value).replace(/[\r\n]+/g, " ");
  // A header without a value is written so; with a colon, curl would leave it out.
  return line.trim() ? `${name}: ${line}` : `${name};`;
}

/**
 * @param {{method: string, url: string, headers: {name: string, value: string}[], body: string | null}} request
 * @returns {string} that may be pasted into a shell
 */
export function asCurl(request) {
  const lines = [`curl --globoff --request ${request.method} --url ${quoted(withPlaceholder(request.url))}`];
  for (const one of request.headers) if (!OWN.has(one.name.toLowerCase())) lines.push(`--header ${quoted(header(one))}`);
  if (request.body !== null) lines.push(`--data-raw ${quoted(withPlaceholder(request.body))}`);
  return lines.join(" \\\n  ");
}

/** Whether something has to be filled in before it works. */
export const lacksSecrets = (request) => [request.url, request.body ?? "", ...request.headers.map(({ value }) => value)].some((text) => text.includes(REDACTED));
