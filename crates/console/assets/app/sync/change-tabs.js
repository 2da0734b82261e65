// The tabs Update Users, Delete Users and Limits.
import { html } from "../lib.js";
import { Note, Select, Switch, TextInput } from "../ui/index.js";
import { faultText, useForm } from "./form.js";
import { Section, Split, useValue } from "./parts.js";
import { RuleFields } from "./rule-fields.js";
import { Side } from "./side.js";

const MISSING = [
  { value: "PARK", label: "Park the person until somebody looks" },
  { value: "RECREATE", label: "Forget the id and create the record again, once" },
  { value: "LOOKUP", label: "Look up where the record went; create it again where it is nowhere" },
];
const MISSING_HINTS = {
  PARK: "Safe where somebody deletes records there on purpose.",
  RECREATE: "Only after an update was accepted since this rule was last edited: a wrong URL answers 404 to everybody.",
  LOOKUP: "For systems that merge records: the person is linked with the record that is left. A create only after an accepted update, as a wrong URL answers 404 to everybody.",
};

const ADOPTED = [
  { value: "KEEP", label: "Leave them as they are" },
  { value: "DELETE", label: "Delete them like any other" },
];

function NoUniqueId() {
  const { kind } = useForm().values.value.uniqueId;
  return kind === "none" ? html`<${Note} tone="warn">No unique id is read or chosen on Create Users: this rule has no record to send to.<//>` : null;
}

/** Below an option that needs a lookup rule where there is none. */
export function NeedsLookup({ when }) {
  const { enabled } = useForm().values.value.lookup;
  return when && !enabled ? html`<${Note} tone="warn">It needs a lookup rule: set one up on the tab Lookup.<//>` : null;
}

/** Turns a rule on or off. */
export function Toggle({ part, label, hint }) {
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
      <${Select} label="When the record is gone (404 or 410)" options=${MISSING} ...${missing} hint=${MISSING_HINTS[missing.value]} />
      <${NeedsLookup} when=${missing.value === "LOOKUP"} />
    <//>`}
  <//>`;
}

export function DeleteTab() {
  const { enabled } = useForm().values.value.deleteUsers;
  const adopted = useValue("deleteUsers", "adopted");
  return html`<${Split} aside=${enabled && html`<${Side} operation="DELETE" />`}>
    <${Toggle} part="deleteUsers" label="Delete people in this system" hint="Sent when a person is deleted from the directory. While it is off, the record stays in this system." />
    ${enabled && html`<${NoUniqueId} /><${RuleFields} operation="DELETE" title="Sync deleted user webhook">
      <${Select} label="Records that were there before" options=${ADOPTED} ...${adopted} hint=${adopted.value === "DELETE" ? "Also records that people made there, and that a lookup found. Only where this sync owns everything in that system." : "Records that a lookup found, and that this sync did not make. Nothing is sent; the link is kept and counted."} />
    <//>`}
  <//>`;
}

export function LimitsTab() {
  const form = useForm();
  const concurrency = useValue("limits", "maxConcurrency");
  const rate = useValue("limits", "requestsPerSecond");
  const day = useValue("limits", "requestsPerDay");
  return html`<div class="stack page-narrow-left">
    <${Section} title="Limits" lead="What this sync may use of its external system, over all nodes. What the system itself asks for (Retry-After, 429) is heeded besides, and its pace learned: with nothing given here, too.">
      <div class="narrow-field"><${TextInput} label="Requests at a time" inputmode="numeric" ...${concurrency} hint="From 1 to 256." /></div>
      <div class="narrow-field"><${TextInput} label="Requests a second" inputmode="decimal" placeholder="No limit" ...${rate} hint="Above 0, to 10,000; empty: no limit." /></div>
      <div class="narrow-field"><${TextInput} label="Requests a day" inputmode="numeric" placeholder="No limit" ...${day} hint="In any 24 hours, 1 to 1,000,000,000; empty: no limit. Where a plan allows so many calls a day: leave some for others who use the same quota." /></div>
      ${faultText(form.faultAt("limits")) && html`<${Note} tone="bad">${faultText(form.faultAt("limits"))}<//>`}
    <//>
  </div>`;
}
