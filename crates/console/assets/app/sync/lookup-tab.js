// The tab Lookup: how a person's record is found, when it is asked for, and what proves that nobody is there.
import { html } from "../lib.js";
import { Segments, Select, TextInput } from "../ui/index.js";
import { Toggle } from "./change-tabs.js";
import { useForm } from "./form.js";
import { Section, Split, useFault, useValue } from "./parts.js";
import { RuleFields } from "./rule-fields.js";
import { Side } from "./side.js";

const WHEN = [
  { value: "UNCERTAIN", label: "Only where a create may have been carried out" },
  { value: "EXISTING", label: "Also for people who were in the directory before this sync" },
  { value: "ALWAYS", label: "Before every first create" },
];
const WHEN_HINTS = {
  UNCERTAIN: "Costs nothing besides. Right for a system that holds nobody but those whom this sync creates.",
  EXISTING: "Whom a resync or “include existing” brings in is looked up first, once. Right where a system is taken over that already holds most of them.",
  ALWAYS: "One request more for each new person. Right where others make records there as well, such as a sales team.",
};

const EMPTY = [
  { value: "list", label: "An empty list" },
  { value: "status", label: "A status" },
  { value: "equals", label: "A value" },
];
const EMPTY_HINTS = {
  list: "The list at the path above is there, and empty. Anything else proves nothing, and is asked for again.",
  status: "This status means nobody, such as 204 or 404.",
  equals: "A place in the answer holds exactly this for nobody, such as $.total and 0.",
};

function EmptyWhen() {
  const form = useForm();
  const { emptyWhen } = form.values.value.lookup;
  const set = (changes) => form.set(["lookup", "emptyWhen"], { ...emptyWhen, ...changes });
  const at = (name, ...path) => ({ value: emptyWhen[name], error: useFault("lookup", "emptyWhen", ...path), onChange: (value) => set({ [name]: value }) });
  const [status, path, value, error] = [at("status", "status"), at("path", "equals", "path"), at("value", "equals", "value"), useFault("lookup", "emptyWhen")];
  return html`
    <${Segments} label="What it answers for nobody" options=${EMPTY} value=${emptyWhen.kind} error=${error} onChange=${(kind) => set({ kind })} hint=${EMPTY_HINTS[emptyWhen.kind]} />
    ${emptyWhen.kind === "status" && html`<div class="narrow-field"><${TextInput} label="Status for nobody" inputmode="numeric" placeholder="204" ...${status} hint="200 to 499, but 401, 403 and 429." /></div>`}
    ${emptyWhen.kind === "equals" && html`<div class="two"><${TextInput} label="Path to the value" mono placeholder="$.total" ...${path} hint="A JSONPath." /><${TextInput} label="Value for nobody" mono placeholder="0" ...${value} hint="A string, number, true, false or null as JSON; text in quotes." /></div>`}`;
}

export function LookupTab() {
  const form = useForm();
  const { enabled } = form.values.value.lookup;
  const path = useValue("lookup", "path");
  const when = useValue("lookup", "when");
  const settle = useValue("lookup", "settleSeconds");
  const hint = "A JSONPath to the unique ids of all records found. None found: the person is created. Several: the link is parked as ambiguous.";
  const field = html`<${TextInput} label="Path to the unique ids" mono placeholder="$.contacts[*].id" ...${path} hint=${hint} />`;
  const asking = html`<${Section} title="Asking" lead="When it is asked, and what proves that there is nobody.">
    <${Select} label="Asked before a first create" options=${WHEN} ...${when} hint=${WHEN_HINTS[when.value]} />
    <${EmptyWhen} />
    <div class="narrow-field"><${TextInput} label="Settling time" unit="seconds" inputmode="numeric" ...${settle} hint="From 0 to 3600: a search index may lag. Sooner after a create, “nobody” is no proof, and is asked for again." /></div>
  <//>`;
  return html`<${Split} aside=${enabled && html`<${Side} operation="LOOKUP" />`}>
    <${Toggle} part="lookup" label="Look people up" hint="Finds a person's record by something else than its unique id: to see whether a create whose answer never came was carried out, and to link records that are already there." />
    ${enabled && html`<${RuleFields} operation="LOOKUP" title="Lookup rule" after=${field} between=${asking} />`}
  <//>`;
}
