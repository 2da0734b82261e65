// Form fields: each with its label, hint and error, tied together for screen readers.
import { html, useId } from "../lib.js";
import { Icon } from "./icons.js";

/** The error below a field. */
export function FieldError({ id, error }) {
  return error ? html`<p class="field-error" id=${id}><${Icon} name="alert-circle" size=${14} /><span>${error}</span></p>` : null;
}

/**
 * A label, a control and what is said about it. `children` is a function that makes the control from the attributes given.
 * `aside` stands at the end of the label's line.
 */
export function Field({ label, hint, error, aside, hideLabel = false, children }) {
  const id = useId();
  const said = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  const aria = { id, "aria-describedby": said || undefined, "aria-invalid": error ? "true" : undefined };
  return html`<div class="field">
    <div class=${hideLabel ? "visually-hidden" : "field-label"}><label for=${id}>${label}</label>${aside}</div>
    ${children(aria)}
    <${FieldError} id=${`${id}-error`} error=${error} />
    ${hint && html`<p class="field-hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}

const fieldProps = ({ label, hint, error, aside, hideLabel }) => ({ label, hint, error, aside, hideLabel });
const inputProps = ({ label, hint, error, aside, hideLabel, onChange, mono, unit, icon, options, ...rest }) => rest;

/** One line of text. */
export function TextInput(props) {
  const { onChange, mono, unit, icon, type = "text" } = props;
  return html`<${Field} ...${fieldProps(props)}>${(aria) => html`<div class="input-group">
    ${icon && html`<${Icon} name=${icon} />`}
    <input class=${`input ${mono ? "input-mono" : ""}`} autocomplete="off" spellcheck=${!mono} ...${inputProps(props)} ...${aria} type=${type} onInput=${(event) => onChange?.(event.target.value)} />
    ${unit && html`<span class="input-unit">${unit}</span>`}
  </div>`}<//>`;
}

/** Several lines of text. */
export function Textarea(props) {
  const { onChange, mono } = props;
  return html`<${Field} ...${fieldProps(props)}>${(aria) => html`<textarea class=${`input ${mono ? "input-mono" : ""}`} spellcheck=${!mono} ...${inputProps(props)} ...${aria} onInput=${(event) => onChange?.(event.target.value)}></textarea>`}<//>`;
}

/** A choice from `options`: `[{ value, label }]`. */
export function Select(props) {
  const { options, onChange } = props;
  return html`<${Field} ...${fieldProps(props)}>${(aria) => html`<select class="input" ...${inputProps(props)} ...${aria} onChange=${(event) => onChange?.(event.target.value)}>
    ${options.map(({ value, label }) => html`<option key=${value} value=${value} selected=${value === props.value}>${label}</option>`)}
  </select>`}<//>`;
}

/** A choice from few `options`, all of them in sight. */
export function Segments({ label, hint, error, value, options, onChange, disabled, hideLabel = false }) {
  const id = useId();
  return html`<fieldset class="field" aria-describedby=${hint ? `${id}-hint` : undefined}>
    <legend class=${hideLabel ? "visually-hidden" : "field-label"}>${label}</legend>
    <div class="segments">${options.map((option) => html`<label key=${option.value}>
      <input type="radio" name=${id} value=${option.value} checked=${option.value === value} disabled=${disabled} aria-invalid=${error ? "true" : undefined} onChange=${() => onChange(option.value)} />${option.label}
    </label>`)}</div>
    <${FieldError} error=${error} />
    ${hint && html`<p class="field-hint" id=${`${id}-hint`}>${hint}</p>`}
  </fieldset>`;
}

function Check({ label, hint, error, checked, onChange, disabled, kind }) {
  const id = useId();
  const said = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  const role = kind === "switch" ? { role: "switch", class: "switch-input" } : {};
  return html`<div class="check">
    <input type="checkbox" ...${role} id=${id} checked=${checked} disabled=${disabled} aria-describedby=${said || undefined} aria-invalid=${error ? "true" : undefined} onChange=${(event) => onChange(event.target.checked)} />
    <div>
      <label for=${id}>${label}</label>
      <${FieldError} id=${`${id}-error`} error=${error} />
      ${hint && html`<p class="field-hint" id=${`${id}-hint`}>${hint}</p>`}
    </div>
  </div>`;
}

/** Something that is on or off. */
export const Switch = (props) => html`<${Check} kind="switch" ...${props} />`;

/** Something that is ticked or not. */
export const Checkbox = (props) => html`<${Check} kind="checkbox" ...${props} />`;
