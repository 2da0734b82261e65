// The exact request of a rule as it stands in the form, for a person or the sample; rendered again as one types.
import { query } from "../api.js";
import { useDebounced } from "../hooks.js";
import { html, useEffect, useState } from "../lib.js";
import { Button, Note, Spinner } from "../ui/index.js";
import { PREVIEW } from "./documents.js";
import { useForm } from "./form.js";
import { isSetUp, patchOf, RULES } from "./model.js";
import { mayEdit } from "./parts.js";
import { PersonPicker } from "./person-picker.js";
import { Request } from "./request.js";
import { SendTest } from "./send-test.js";
import { placeOf } from "./words.js";

const SETTLED_MS = 250;

/** What a rule's preview or test is asked for: `{ syncId, operation, personId, changes }`. */
export function askedFor(form, operation, person) {
  const { rule } = RULES[operation];
  const values = form.values.value;
  // Options of one rule lean on others: these ask the lookup, and ids are followed in the answers of updates.
  const asksLookup = values[rule].onExisting === "ADOPT" || values[rule].onMissing === "LOOKUP";
  const follows = operation === "UPDATE" || !values.followUniqueId;
  const parts = [rule, "authentication", "uniqueId", "pages", ...(asksLookup ? ["lookup"] : []), ...(follows ? ["followUniqueId"] : [])];
  const changes = patchOf(form.sync.value, values, parts);
  return { syncId: form.sync.value.id, operation, personId: person?.id ?? null, changes };
}

function useRendered(form, operation, person, ready) {
  const [state, setState] = useState({ asked: null, rendered: null, error: null });
  const asked = JSON.stringify(ready ? askedFor(form, operation, person) : null);
  const settled = useDebounced(asked, SETTLED_MS);
  // A save changes what is asked for to nothing new; it is rendered again all the same.
  const { revision } = form.sync.value;
  useEffect(() => {
    if (settled === "null") return undefined;
    const abort = new AbortController();
    query(PREVIEW, { input: { saved: JSON.parse(settled) } }, { signal: abort.signal }).then(
      ({ preview }) => {
        form.setPreviewed(operation, preview.faults);
        setState({ asked: settled, rendered: preview, error: null });
      },
      (error) => {
        if (error.name !== "AbortError") setState((before) => ({ ...before, asked: settled, error }));
      },
    );
    return () => abort.abort();
  }, [settled, revision]);
  return { ...state, stale: state.asked !== asked };
}

function Refused({ error }) {
  if (error.code !== "BAD_USER_INPUT" || error.fields.length === 0) return html`<${Note} tone="bad">${error.message}<//>`;
  return html`<${Note} tone="warn" title="Not to be rendered yet"><ul class="faults">${error.fields.map(({ path, message }) => html`<li key=${path.join()}><span class="strong">${placeOf(path.filter((step) => !["input", "saved", "changes"].includes(step)))}</span> ${message}</li>`)}</ul><//>`;
}

function Faults({ faults }) {
  return html`<${Note} tone="bad" title=${faults.length === 1 ? "One fault" : `${faults.length} faults`}><ul class="faults">${faults.map(({ path, message, line, column }) => html`<li key=${path.join() + message}>
    <span class="strong">${placeOf(path)}</span>${line ? html` <span class="faint">line ${line}, column ${column}</span>` : ""}: ${message}
  </li>`)}</ul><//>`;
}

// With a fault in one template, nothing at all may have been rendered.
const hasParts = ({ url, headers, body }) => url !== null || body !== null || headers.length > 0;

/** @param {{operation: string}} props */
export function Preview({ operation }) {
  const form = useForm();
  const [testing, setTesting] = useState(false);
  const person = form.person.value;
  const { rule } = RULES[operation];
  const ready = form.values.value[rule].url.trim() !== "" && isSetUp(form.sync.value, form.values.value, rule);
  const { rendered, error, stale } = useRendered(form, operation, person, ready);
  return html`<div class="stack preview">
    <${PersonPicker} person=${person} onChange=${(next) => (form.person.value = next)} />
    ${!ready && html`<p class="muted">Give the URL, and the request that would be sent stands here.</p>`}
    ${ready && error && html`<${Refused} error=${error} />`}
    ${ready && !error && rendered?.faults.length > 0 && html`<${Faults} faults=${rendered.faults} />`}
    ${ready && !rendered && !error && html`<${Spinner} label="Rendering" />`}
    ${ready && !error && rendered && hasParts(rendered) && html`<div class=${stale ? "stale" : ""} data-testid="preview"><${Request} request=${rendered} /></div>`}
    ${ready && !error && rendered?.unchanged === true && html`<${Note} tone="idle" icon="equal">Unchanged: equal to the last accepted request, so it would not be sent.<//>`}
    ${ready && !error && rendered?.unchanged === false && html`<p class="small muted">Differs from the last accepted request: it would be sent.</p>`}
    ${ready && mayEdit() && html`<div><${Button} icon="send" disabled=${Boolean(error) || !rendered || rendered.faults.length > 0} onClick=${() => setTesting(true)}>Send test …<//></div>`}
    ${testing && html`<${SendTest} operation=${operation} request=${rendered} onClose=${() => setTesting(false)} />`}
  </div>`;
}
