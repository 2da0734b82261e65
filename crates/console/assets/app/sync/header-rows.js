// The headers of a rule, one row each.
import { CodeField } from "../editor/code-field.js";
import { html, useId } from "../lib.js";
import { Button, FieldError, Icon } from "../ui/index.js";
import { faultText, useForm } from "./form.js";
import { headerRow } from "./model.js";
import { mayEdit } from "./parts.js";
import { droppedWords } from "./secrets.js";

const COMMON = ["Accept", "Authorization", "Content-Type", "If-Match", "Prefer", "X-Api-Key"];

function Row({ part, row, at, operation, change, remove, names }) {
  const form = useForm();
  const fault = (field) => faultText(form.headerFault(part, row, field));
  const nth = `header ${at + 1}`;
  const nameFault = fault("name");
  const errorId = `header-${row.key}-error`;
  return html`<div class="header-row" role="group" aria-label=${`Header ${at + 1}`} data-needed=${row.lost || undefined}>
    <div class="field">
      <input class="input input-mono" aria-label=${`Name of ${nth}`} placeholder="Name" list=${names} value=${row.name} autocomplete="off" spellcheck="false" aria-invalid=${nameFault ? "true" : undefined} aria-describedby=${nameFault ? errorId : undefined} onInput=${(event) => change({ name: event.target.value })} />
      <${FieldError} id=${errorId} error=${nameFault} />
    </div>
    ${row.kept
      ? html`<div class="field"><div class="secret-kept"><${Icon} name="lock" size=${14} /><span class="truncate">Secret saved</span>${mayEdit() && html`<${Button} size="small" kind="quiet" label=${`Replace the value of ${nth}`} onClick=${() => change({ kept: false })}>Replace<//>`}</div><${FieldError} error=${fault("value")} /></div>`
      : html`<${CodeField} id=${`${part}.headers.${at}.value`} label=${`Value of ${nth}`} hideLabel singleLine placeholder="Value" value=${row.value} operation=${operation} readOnly=${!mayEdit()} fault=${form.headerFault(part, row, "value")} error=${fault("value") ?? (row.lost && row.value === "" ? droppedWords("secret") : undefined)} onChange=${(value) => change({ value })} />`}
    <div class="header-row-ends">
      <label class="secret-toggle" title="A secret value is never shown again, and redacted in logs"><input type="checkbox" checked=${row.secret} disabled=${row.kept} onChange=${(event) => change({ secret: event.target.checked })} />Secret<span class="visually-hidden"> ${nth}</span></label>
      ${mayEdit() && html`<${Button} kind="quiet" size="small" icon="trash" label=${`Remove ${nth}`} onClick=${remove} />`}
    </div>
  </div>`;
}

/** @param {{part: string, operation: string}} props */
export function HeaderRows({ part, operation }) {
  const form = useForm();
  const names = useId();
  const rows = form.values.value[part].headers;
  const set = (next) => form.set([part, "headers"], next);
  const error = faultText(form.faultAt(part, "headers"));
  return html`<fieldset class="field">
    <legend class="field-label">Headers</legend>
    <datalist id=${names}>${COMMON.map((name) => html`<option key=${name} value=${name} />`)}</datalist>
    ${rows.length === 0 && html`<p class="field-hint">None of your own. Content-Type, Idempotency-Key and what authentication needs are added by themselves.</p>`}
    <div class="stack-s">${rows.map((row, at) => html`<${Row}
      key=${row.key}
      ...${{ part, row, at, operation, names }}
      change=${(changes) => set(form.values.peek()[part].headers.map((one) => (one.key === row.key ? { ...one, ...changes } : one)))}
      remove=${() => set(form.values.peek()[part].headers.filter((one) => one.key !== row.key))}
    />`)}</div>
    <${FieldError} error=${error} />
    ${mayEdit() && html`<div><${Button} size="small" icon="plus" onClick=${() => set([...rows, headerRow()])}>Add header<//></div>`}
  </fieldset>`;
}
