// The settings that every rule has: method, URL, headers, data, SSL verification, timeout.
import { CodeField } from "../editor/code-field.js";
import { html } from "../lib.js";
import { Button, Note, Segments, Select, Switch, TextInput } from "../ui/index.js";
import { faultText, useForm } from "./form.js";
import { HeaderRows } from "./header-rows.js";
import { RULES } from "./model.js";
import { mayEdit, Section, useValue } from "./parts.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"].map((value) => ({ value, label: value }));
const FORMATS = [
  { value: "JSON", label: "JSON" },
  { value: "FORM", label: "Form" },
  { value: "XML", label: "XML" },
  { value: "TEXT", label: "Text" },
  { value: "NONE", label: "None" },
];
const FORMAT_HINTS = {
  JSON: "A token in quotes is text; a bare one keeps its type. Either way what comes out is JSON.",
  FORM: "A JSON object of names and values, sent as application/x-www-form-urlencoded.",
  XML: "Sent as application/xml. A token stands in a text or in a quoted attribute, never in a name; it is encoded for its place.",
  TEXT: "Sent as it is rendered.",
  NONE: "No body is sent.",
};

const EXAMPLE = `{
  "external_id": "{{ person.id }}",
  "first_name": "{{ person.first_name }}",
  "last_name": "{{ person.last_name }}",
  "name": "{{ person.name }}",
  "email": "{{ person.email }}",
  "created_at": "{{ person.created_at }}",
  "updated_at": "{{ person.updated_at }}"
}`;

const PLACEHOLDERS = {
  CREATE: "https://crm.example.com/contacts",
  UPDATE: "https://crm.example.com/contacts/{{ unique_id }}",
  DELETE: "https://crm.example.com/contacts/{{ unique_id }}",
  LOOKUP: "https://crm.example.com/contacts?external_id={{ person.id }}",
};

function Url({ part, operation }) {
  const form = useForm();
  const method = useValue(part, "method");
  const url = useValue(part, "url");
  return html`<div class="method-url">
    <${Select} label="Method" options=${METHODS} ...${method} />
    <${CodeField} id=${`${part}.url`} label=${operation === "LOOKUP" ? "URL" : "Webhook URL"} singleLine ...${url} fault=${form.faultAt(part, "url")} operation=${operation} placeholder=${PLACEHOLDERS[operation]} readOnly=${!mayEdit()} />
  </div>`;
}

function Data({ part, operation }) {
  const form = useForm();
  const data = useValue(part, "data");
  const format = useValue(part, "format");
  const fault = form.faultAt(part, "data");
  const bodiless = format.value === "NONE";
  const example = mayEdit() && data.value === "" && operation !== "LOOKUP" && format.value === "JSON";
  return html`<div class="stack-s">
    <${Segments} label="Format of the data" options=${FORMATS} ...${format} hint=${FORMAT_HINTS[format.value]} />
    ${(!bodiless || data.value !== "") && html`<${CodeField} id=${`${part}.data`} label="Data" language=${format.value === "JSON" || format.value === "FORM" ? "json" : "text"} ...${data} error=${faultText(fault)} fault=${fault} operation=${operation} readOnly=${!mayEdit()}
      aside=${example && html`<${Button} size="small" kind="quiet" icon="braces" onClick=${() => data.onChange(EXAMPLE)}>Start from an example<//>`} />`}
  </div>`;
}

/**
 * `before` stands above the method, `after` below the data, `between` before what is said of sending, `children` in it.
 * @param {{operation: "CREATE" | "UPDATE" | "DELETE" | "LOOKUP", title: string, lead?: any, before?: any, after?: any, between?: any, children?: any}} props
 */
export function RuleFields({ operation, title, lead, before, after, between, children }) {
  const { rule: part } = RULES[operation];
  const ssl = useValue(part, "sslVerification");
  const timeout = useValue(part, "timeoutSeconds");
  return html`
    <${Section} title=${title} lead=${lead}>
      ${before}
      <${Url} ...${{ part, operation }} />
      <${HeaderRows} ...${{ part, operation }} />
      <${Data} ...${{ part, operation }} />
      ${after}
    <//>
    ${between}
    <${Section} title="Sending">
      ${children}
      <div class="narrow-field"><${TextInput} label="Timeout" unit="seconds" inputmode="numeric" ...${timeout} hint="From 1 to 120: how long to wait for the whole answer." /></div>
      <${Switch} label="SSL verification" checked=${ssl.value} error=${ssl.error} onChange=${ssl.onChange} hint="The certificate of an https address is checked." />
      ${!ssl.value && html`<${Note} tone="bad" icon="alert" title="The certificate is not checked">Anybody on the way can pretend to be this system, read the people's data and your secrets, and answer what they like. Turn it off only to
      rehearse against a test system, and on again before real people are sent.<//>`}
    <//>`;
}
