// The tabs Update Users, Delete Users, Lookup and Limits.
import { html } from "../lib.js";
import { Note, Select, Switch, TextInput } from "../ui/index.js";
import { faultText, useForm } from "./form.js";
import { Section, Split, useValue } from "./parts.js";
import { RuleFields } from "./rule-fields.js";
import { Side } from "./side.js";

const MISSING = [
  { value: "PARK", label: "Park the person until somebody looks" },
  { value: "RECREATE", label: "Forget the id and create the record again, once" },
];

function NoUniqueId() {
  const { kind } = useForm().values.value.uniqueId;
  return kind === "none" ? html`<${Note} tone="warn">No unique id is read or chosen on Create Users: this rule has no record to send to.<//>` : null;
}

function Toggle({ part, label, hint }) {
  const enabled = useValue(part, "enabled");
  return html`<${Section}><${Switch} label=${label} hint=${hint} checked=${enabled.value} error=${enabled.error} onChange=${enabled.onChange} /><//>`;
}

export function UpdateTab() {
  const form = useForm();
  const { enabled } = form.values.value.updateUsers;
  const missing = useValue("updateUsers", "onMissing");
  return html`<${Split} aside=${enabled && html`<${Side} operation="UPDATE" />`}>
    <${Toggle} part="updateUsers" label="Update people in this system" hint="Sent whenever a person changes; not where the request would equal the last accepted one." />
    ${enabled && html`<${NoUniqueId} /><${RuleFields} operation="UPDATE" title="Sync updated user webhook">
      <${Select} label="When the record is gone (404 or 410)" options=${MISSING} ...${missing} />
    <//>`}
  <//>`;
}

export function DeleteTab() {
  const { enabled } = useForm().values.value.deleteUsers;
  return html`<${Split} aside=${enabled && html`<${Side} operation="DELETE" />`}>
    <${Toggle} part="deleteUsers" label="Delete people in this system" hint="Sent when a person is deleted from the directory. While it is off, the record stays in this system." />
    ${enabled && html`<${NoUniqueId} /><${RuleFields} operation="DELETE" title="Sync deleted user webhook" />`}
  <//>`;
}

export function LookupTab() {
  const form = useForm();
  const { enabled } = form.values.value.lookup;
  const path = useValue("lookup", "path");
  const hint = "A JSONPath to the unique ids of all records found. None found: the person is created. Several: the link is parked as ambiguous.";
  const field = html`<${TextInput} label="Path to the unique ids" mono placeholder="$.contacts[*].id" ...${path} hint=${hint} />`;
  return html`<${Split} aside=${enabled && html`<${Side} operation="LOOKUP" />`}>
    <${Toggle} part="lookup" label="Look people up" hint="Finds a person's record by something else than its unique id: to see whether a create whose answer never came was carried out, and to link records that are already there." />
    ${enabled && html`<${RuleFields} operation="LOOKUP" title="Lookup rule" after=${field} />`}
  <//>`;
}

export function LimitsTab() {
  const form = useForm();
  const concurrency = useValue("limits", "maxConcurrency");
  const rate = useValue("limits", "requestsPerSecond");
  return html`<div class="stack page-narrow-left">
    <${Section} title="Limits" lead="What this sync may use of its external system, over all nodes. What the system itself asks for (Retry-After) is heeded besides.">
      <div class="narrow-field"><${TextInput} label="Requests at a time" inputmode="numeric" ...${concurrency} hint="From 1 to 256." /></div>
      <div class="narrow-field"><${TextInput} label="Requests a second" inputmode="decimal" placeholder="No limit" ...${rate} hint="Above 0, to 10,000; empty: no limit." /></div>
      ${faultText(form.faultAt("limits")) && html`<${Note} tone="bad">${faultText(form.faultAt("limits"))}<//>`}
    <//>
  </div>`;
}
