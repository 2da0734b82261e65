// Sends one real request, and shows what came back. A value of the answer may be made the unique id.
import { query } from "../api.js";
import { useAction } from "../hooks.js";
import { html, useState } from "../lib.js";
import { Button, Dialog, duration, ErrorNote, Note, TextInput } from "../ui/index.js";
import { TEST } from "./documents.js";
import { useForm } from "./form.js";
import { askedFor } from "./preview.js";
import { Answer, Request } from "./request.js";

const WARNINGS = {
  CREATE: "A create makes a real record in the external system. It stays there: nothing here links it or deletes it again.",
  UPDATE: "An update really changes the record that has this unique id.",
  DELETE: "A delete really deletes the record that has this unique id.",
  LOOKUP: "A lookup is sent for real; it should change nothing in the external system.",
};

function Result({ operation, result }) {
  const form = useForm();
  const { uniqueId, lookup } = form.values.value;
  const reads = operation === "CREATE" || operation === "LOOKUP";
  const chosen = operation === "LOOKUP" ? lookup.path : uniqueId.kind === "path" ? uniqueId.value : null;
  // Of a list of records found, every one counts.
  const pathOf = (path) => (operation === "LOOKUP" ? path.replace(/\[\d+\]/g, "[*]") : path);
  const pick = (path) => (operation === "LOOKUP" ? form.set(["lookup", "path"], pathOf(path)) : form.set(["uniqueId"], { kind: "path", value: path }));
  return html`
    ${result.error ? html`<${Note} tone="bad" title="It would not count as accepted">${result.error}<//>` : html`<${Note} tone="info" icon="check-circle">It would count as accepted.<//>`}
    ${reads && result.uniqueId !== null && html`<p>Unique id found: <code class="tag" data-testid="unique-id">${result.uniqueId}</code></p>`}
    ${reads && result.uniqueId === null && !result.error && html`<p class="muted">${operation === "LOOKUP" ? "No record was found." : "No unique id is read from this answer."}</p>`}
    ${result.response && html`<section class="stack-s"><h3>Answer</h3>
      ${reads && html`<p class="small muted">Click a value to make its path the ${operation === "LOOKUP" ? "path to the unique ids" : "unique id path"}.</p>`}
      <${Answer} response=${result.response} duration=${duration(result.durationMs)} onPick=${reads ? pick : undefined} picked=${(path) => pathOf(path) === chosen} />
      ${reads && chosen && html`<p role="status">Path now: <code class="tag">${chosen}</code>${form.dirty.value && html`<span class="muted small"> Save the sync to keep it.</span>`}</p>`}
    </section>`}`;
}

/** @param {{operation: string, request: object, onClose: () => void}} props `request`: as the preview shows it */
export function SendTest({ operation, request, onClose }) {
  const form = useForm();
  const [uniqueId, setUniqueId] = useState("");
  const [result, setResult] = useState(null);
  const [error, setError] = useState(null);
  const addressed = operation === "UPDATE" || operation === "DELETE";
  const [send, busy] = useAction(async () => {
    setError(null);
    try {
      const input = { ...askedFor(form, operation, form.person.value), ...(addressed && uniqueId.trim() && { uniqueId: uniqueId.trim() }) };
      setResult((await query(TEST, { input })).testSync);
    } catch (problem) {
      setError(problem);
    }
  });
  const foot = html`<${Button} onClick=${onClose}>Close<//><${Button} kind=${result ? "default" : "primary"} icon="send" busy=${busy} onClick=${send}>${result ? "Send again" : "Send test request"}<//>`;
  return html`<${Dialog} title="Send test" wide onClose=${onClose} foot=${foot}>
    ${!result && html`<${Note} tone="warn">${WARNINGS[operation]}<//>`}
    ${addressed && html`<${TextInput} label="Unique id" mono value=${uniqueId} onChange=${setUniqueId} hint=${form.person.value ? "Empty: the one of this person's link." : "Of the record that the request goes to."} />`}
    ${error && html`<${ErrorNote} error=${error} />`}
    <div aria-live="polite" class="stack">${result && html`<${Result} operation=${operation} result=${result} />`}</div>
    <section class="stack-s"><h3>${result ? "Request that was sent" : "Request"}</h3><${Request} request=${result?.request ?? request} /></section>
  <//>`;
}
