import { CodeField } from "../editor/code-field.js";
import { html } from "../lib.js";
import { Button, Icon, Note, Segments, Select, Switch, TextInput } from "../ui/index.js";
import { NeedsLookup } from "./change-tabs.js";
import { useForm } from "./form.js";
import { mayEdit, Section, Split, useFault, useValue } from "./parts.js";
import { RuleFields } from "./rule-fields.js";
import { droppedWords } from "./secrets.js";
import { Side } from "./side.js";

const KINDS = [
  { value: "NONE", label: "None" },
  { value: "BASIC", label: "Basic" },
  { value: "BEARER", label: "Bearer token" },
];

const UNIQUE_ID = {
  none: { label: "None" },
  path: { label: "Path", field: "Unique ID path", placeholder: "$.id", hint: "A JSONPath (RFC 9535) into the JSON answer of the create request, such as $.id. Send a test below and click the id to find it." },
  header: { label: "Header", field: "Header", placeholder: "Location", hint: "Of a URL, such as in Location, the last path segment is taken." },
  template: { label: "Template", field: "Unique ID template", placeholder: "{{ person.id }}", hint: "The id is chosen by this template, so that a create may be repeated safely." },
};

const UNCERTAIN = [
  { value: "RESEND", label: "Send it again with the same Idempotency-Key" },
  { value: "PARK", label: "Park the person until somebody looks" },
];

const EXISTING = [
  { value: "PARK", label: "Park the person until somebody looks" },
  { value: "ADOPT", label: "Look the record up, link it and update it" },
];
const EXISTING_HINTS = {
  PARK: "Take the other where people may be in that system already, such as contacts that a sales team made.",
  ADOPT: "The lookup rule finds it. It counts as there before: deleting the person leaves it as it is, unless Delete Users says otherwise.",
};

const PAGES = [
  { value: "REFUSE", label: "It is no answer: a login, or a maintenance page" },
  { value: "ACCEPT", label: "It is an answer like any other" },
];
const PAGES_HINTS = {
  REFUSE: "Such a page often comes with the status 200. The request is tried again later.",
  ACCEPT: "Only for a system that really answers with web pages, such as a form. A maintenance page then counts as accepted, and nobody is told.",
};

function Secret({ label, word }) {
  const form = useForm();
  const { kept, lost, secret } = form.values.value.authentication;
  const fault = useFault("authentication", form.values.value.authentication.kind.toLowerCase(), word);
  const error = fault ?? (lost && secret === "" ? droppedWords(word) : undefined);
  const set = (changes) => form.set(["authentication"], { ...form.values.peek().authentication, ...changes });
  if (kept) {
    return html`<div class="field"><span class="field-label">${label}</span><div class="secret-kept"><${Icon} name="lock" size=${14} /><span>Saved; it is never shown again</span>${mayEdit() && html`<${Button} size="small" kind="quiet" onClick=${() => set({ kept: false })}>Replace ${word}<//>`}</div></div>`;
  }
  return html`<div data-needed=${lost || undefined}><${TextInput} label=${label} type="password" mono autocomplete="new-password" value=${secret} error=${error} onChange=${(next) => set({ secret: next })} /></div>`;
}

function Authentication() {
  const form = useForm();
  const { authentication } = form.values.value;
  const saved = form.sync.value.authentication;
  const set = (changes) => form.set(["authentication"], { ...authentication, ...changes });
  // A secret that is saved stays usable only for the kind that it was saved for.
  const choose = (kind) => set({ kind, secret: "", kept: kind === saved.kind && saved.secretSet, lost: kind !== "NONE" && kind === saved.kind && !saved.secretSet });
  const error = useFault("authentication");
  const username = useFault("authentication", "basic", "username");
  return html`
    <${Segments} label="Authentication" options=${KINDS} value=${authentication.kind} error=${error} onChange=${choose} hint="Sent with every request of this sync." />
    ${authentication.kind === "BASIC" && html`<div class="two"><${TextInput} label="Username" value=${authentication.username} error=${username} onChange=${(value) => set({ username: value })} /><${Secret} label="Password" word="password" /></div>`}
    ${authentication.kind === "BEARER" && html`<${Secret} label="Token" word="token" />`}`;
}

function UniqueId() {
  const form = useForm();
  const { uniqueId } = form.values.value;
  const about = UNIQUE_ID[uniqueId.kind];
  const set = (changes) => form.set(["uniqueId"], { ...uniqueId, ...changes });
  const error = useFault("uniqueId", uniqueId.kind) ?? useFault("uniqueId");
  const fault = form.faultAt("uniqueId", uniqueId.kind);
  const follow = useValue("followUniqueId");
  const saved = form.sync.value.uniqueId;
  const choose = (kind) => set({ kind, value: saved?.[kind] ?? (kind === "none" ? "" : about.placeholder && uniqueId.kind === kind ? uniqueId.value : "") });
  const field = { label: about.field, value: uniqueId.value, error, placeholder: about.placeholder, hint: about.hint, onChange: (value) => set({ value }) };
  return html`
    <${Segments} label="Source" options=${Object.entries(UNIQUE_ID).map(([value, { label }]) => ({ value, label }))} value=${uniqueId.kind} onChange=${choose} />
    ${uniqueId.kind === "none" && html`<${Note} tone="warn">Without a unique id people are created, and can be neither updated nor deleted.<//>`}
    ${uniqueId.kind === "template" && html`<${CodeField} id="uniqueId.template" singleLine ...${field} fault=${fault} operation="CREATE" readOnly=${!mayEdit()} />`}
    ${(uniqueId.kind === "path" || uniqueId.kind === "header") && html`<${TextInput} mono ...${field} />`}
    ${(uniqueId.kind !== "none" || follow.value) && html`<${Switch} label="Read it again from updates" checked=${follow.value} error=${follow.error} onChange=${follow.onChange} hint="For systems where the id may move, such as one that keys its records by e-mail: what the answer of an accepted update holds at this place is the new id. Needs Update Users." />`}`;
}

export default function CreateTab() {
  const form = useForm();
  const name = useValue("friendlyName");
  const enabled = useValue("createUsers", "enabled");
  const uncertain = useValue("createUsers", "onUncertain");
  const existing = useValue("createUsers", "onExisting");
  const pages = useValue("pages");
  const { values } = form;
  // With an id chosen here, or a lookup rule, such a create is resolved before anything is sent.
  const resolved = values.value.uniqueId.kind === "template" || values.value.lookup.enabled;
  return html`<${Split} aside=${html`<${Side} operation="CREATE" />`}>
    <${Section} title="This sync">
      <${TextInput} label="Friendly name" ...${name} hint="What you call the system that this sync keeps in step." />
      <${Authentication} />
      <${Select} label="When a web page comes instead of data" options=${PAGES} ...${pages} hint=${PAGES_HINTS[pages.value]} />
    <//>
    <${RuleFields} operation="CREATE" between=${html`<${Section} title="Unique ID" lead="How updates and deletes find the record that was created."><${UniqueId} /><//>`} title="Sync new user webhook" lead="Sent for each person whom the system does not hold yet."
      before=${html`<${Switch} label="Create people in this system" checked=${enabled.value} onChange=${enabled.onChange} />`}>
      <${Select} label="When the answer of a create never came" options=${UNCERTAIN} ...${uncertain} hint=${resolved ? "Only where neither the chosen unique id nor the lookup rule resolves it." : "A system that ignores the key may then hold the person twice. A lookup rule resolves it instead."} />
      <${Select} label="When the record exists already (409 or 412)" options=${EXISTING} ...${existing} hint=${EXISTING_HINTS[existing.value]} />
      <${NeedsLookup} when=${existing.value === "ADOPT"} />
    <//>
  <//>`;
}
