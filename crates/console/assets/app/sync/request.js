// A request, and an answer, as they go over the wire.
import { html } from "../lib.js";
import { HttpStatus, Json } from "../ui/index.js";

function Headers({ headers, label }) {
  if (!headers.length) return null;
  return html`<dl class="wire-headers" aria-label=${label}>${headers.map(({ name, value }, at) => html`<div key=${at}><dt>${name}</dt><dd class=${value.includes("[redacted]") ? "faint" : ""}>${value}</dd></div>`)}</dl>`;
}

/** @param {{request: {method: string, url: string | null, headers: object[], body: string | null, bodyTruncated?: boolean}}} props */
export function Request({ request }) {
  return html`<div class="wire">
    <p class="wire-line"><span class=${`method method-${request.method.toLowerCase()}`}>${request.method}</span><span class="wrap">${request.url ?? html`<span class="bad">The URL could not be rendered</span>`}</span></p>
    <${Headers} headers=${request.headers} label="Headers of the request" />
    ${request.body !== null && request.body !== undefined && html`<${Json} text=${request.body} label="Body of the request" />`}
    ${request.bodyTruncated && html`<p class="small muted">The rest of the body is not shown.</p>`}
  </div>`;
}

/** @param {{response: object, duration: string, onPick?: (path: string) => void, picked?: (path: string) => boolean}} props */
export function Answer({ response, duration, onPick, picked }) {
  return html`<div class="wire">
    <p class="wire-line"><${HttpStatus} status=${response.status} /><span class="muted">${duration}</span></p>
    <${Headers} headers=${response.headers} label="Headers of the answer" />
    ${response.body ? html`<${Json} text=${response.body} label="Body of the answer" onPick=${onPick} picked=${picked} />` : html`<p class="small muted">No body.</p>`}
    ${response.bodyTruncated && html`<p class="small muted">The rest of the body is not shown.</p>`}
  </div>`;
}
