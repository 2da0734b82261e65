// What is known of a person.
import { html } from "../lib.js";
import { Body } from "../logs/body.js";
import { Facts, number, Time } from "../ui/index.js";

/** The fields that are shown. */
export const FIELDS = "id version name firstName lastName emails phones organizations labels summary contact custom timezone language lastLoggedIn createdAt updatedAt deletedAt";

const several = (values) => values.length > 0 && html`<ul class="values">${values.map((value, at) => html`<li key=${at} class="wrap">${value}</li>`)}</ul>`;
const tags = (values) => values.length > 0 && html`<span class="row tags">${values.map((value, at) => html`<span key=${at} class="tag">${value}</span>`)}</span>`;
const time = (at) => at && html`<${Time} at=${at} full />`;

export function PersonFields({ person }) {
  const contact = Object.entries(person.contact ?? {});
  const custom = Object.keys(person.custom ?? {}).length > 0;
  return html`<${Facts} facts=${[
    ["Id", html`<code class="wrap">${person.id}</code>`],
    ["Name", person.name],
    ["First name", person.firstName],
    ["Last name", person.lastName],
    ["Emails", several(person.emails)],
    ["Phones", several(person.phones)],
    ["Organizations", several(person.organizations)],
    ["Labels", tags(person.labels)],
    ["Summary", person.summary],
    ["Contact", contact.length > 0 && html`<ul class="values">${contact.map(([type, address]) => html`<li key=${type} class="wrap"><span class="faint">${type}</span> ${typeof address === "string" ? address : JSON.stringify(address)}</li>`)}</ul>`],
    ["Custom", custom && html`<${Body} text=${JSON.stringify(person.custom)} label="Custom fields" />`],
    ["Timezone", person.timezone],
    ["Language", person.language],
    ["Last logged in", time(person.lastLoggedIn)],
    ["Created", time(person.createdAt)],
    ["Updated", time(person.updatedAt)],
    ["Deleted", time(person.deletedAt)],
    ["Version", number(person.version)],
  ]} />`;
}
