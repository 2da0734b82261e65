// A request as it was sent, and the answer as it came.
import { html } from "../lib.js";
import { CopyButton, HttpStatus } from "../ui/index.js";
import { Body, Redacted } from "./body.js";
import { asCurl, lacksSecrets, PLACEHOLDER } from "./curl.js";

const KEPT = "16 KB";

function Headers({ headers, label }) {
  if (headers.length === 0) return html`<p class="faint small">No headers.</p>`;
  return html`<table class="headers"><caption class="visually-hidden">${label}</caption><tbody>${headers.map(({ name, value }, at) => html`<tr key=${at}><th scope="row">${name}</th><td class="wrap"><${Redacted} text=${value} /></td></tr>`)}</tbody></table>`;
}

function Text({ body, cut, label, none }) {
  if (body === null || body === "") return html`<p class="faint small">${none}</p>`;
  return html`<${Body} text=${body} label=${label} />${cut && html`<p class="cut small">The body was longer: only its first ${KEPT} are kept.</p>`}`;
}

export function SentRequest({ request }) {
  return html`<section class="exchange stack-s" aria-label="Request">
    <div class="row spread"><h3>Request</h3><${CopyButton} text=${() => asCurl(request)} label="Copy as curl" /></div>
    <p class="exchange-line"><span class="strong">${request.method}</span> <span class="wrap"><${Redacted} text=${request.url} /></span></p>
    <${Headers} headers=${request.headers} label="Headers of the request" />
    <${Text} body=${request.body} cut=${request.bodyTruncated} label="Body of the request" none="No body." />
    ${lacksSecrets(request) && html`<p class="faint small">Secrets are not kept in the log. The curl command has ${PLACEHOLDER} in their place.</p>`}
  </section>`;
}

export function ReceivedResponse({ response }) {
  return html`<section class="exchange stack-s" aria-label="Answer">
    <div class="row spread"><h3>Answer</h3><${HttpStatus} status=${response.status} /></div>
    <${Headers} headers=${response.headers} label="Headers of the answer" />
    <${Text} body=${response.body} cut=${response.bodyTruncated} label="Body of the answer" none="An empty body." />
  </section>`;
}
