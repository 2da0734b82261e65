// A field for a template: with highlighting, completion and marked faults; a plain text field where the editor cannot be
// loaded. The editor stands in a shadow root, where it may have its styles without the page's policy allowing inline ones.
import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "../lib.js";
import { FieldError } from "../ui/index.js";
import { focused, gone } from "./insert.js";
import { loadCatalog } from "./catalog.js";

let loading = null;
const load = () => (loading ??= import("./view.js").catch((error) => ((loading = null), Promise.reject(error))));

/** Puts a text at the cursor of the plain field. */
function inserter(area, value, onChange) {
  return (text) => {
    const { selectionStart, selectionEnd } = area.current;
    onChange(value.slice(0, selectionStart) + text + value.slice(selectionEnd));
    area.current.focus();
    requestAnimationFrame(() => area.current?.setSelectionRange(selectionStart + text.length, selectionStart + text.length));
  };
}

/**
 * @param {{label: string, value: string, onChange: (text: string) => void, language?: "json" | "text", singleLine?: boolean, fault?: object, error?: string,
 *   operation: string, hint?: any, placeholder?: string, readOnly?: boolean, hideLabel?: boolean, aside?: any, id: string, shownAs?: string}} props `fault` with line and
 *   column is marked in the text, `error` says it below; `id` is the field's name for tests
 */
export function CodeField(props) {
  const { label, value, onChange, singleLine = false, fault, error, hint, hideLabel, aside, language, operation, readOnly, placeholder } = props;
  const id = useId();
  const host = useRef(null);
  const view = useRef(null);
  const area = useRef(null);
  const latest = useRef(props);
  latest.current = props;
  const [state, setState] = useState("loading");
  const plain = useRef(null);
  plain.current = inserter(area, value, onChange);
  const field = useRef(null);
  field.current ??= { label, insert: (text) => (view.current ? view.current.insert(text) : plain.current(text)) };
  field.current.label = label;

  useEffect(() => {
    void loadCatalog();
    let here = true;
    load().then(
      ({ createView }) => {
        if (!here) return;
        const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
        const wiring = {
          root,
          value: latest.current.value,
          onChange: (text) => latest.current.onChange(text),
          onFocus: () => focused(field.current),
          operation: () => latest.current.operation,
        };
        view.current = createView(wiring, latest.current);
        view.current.setFault(latest.current.fault);
        setState("ready");
      },
      () => here && setState("plain"),
    );
    return () => {
      here = false;
      gone(field.current);
      view.current?.destroy();
      view.current = null;
    };
  }, []);
  useEffect(() => view.current?.measure(), [state]);
  useLayoutEffect(() => view.current?.setValue(value), [value]);
  useEffect(() => view.current?.setFault(fault), [fault?.line, fault?.column, fault?.message, value]);
  useEffect(() => view.current?.configure(latest.current), [language, readOnly, label, error, placeholder, state]);

  const focus = () => (view.current ? view.current.focus() : area.current?.focus());
  const Area = singleLine ? "input" : "textarea";
  return html`<div class="field" data-testid=${props.id}>
    <div class=${hideLabel ? "visually-hidden" : "field-label"}>
      ${state === "plain" ? html`<label for=${id}>${props.shownAs ?? label}</label>` : html`<span onClick=${focus}>${props.shownAs ?? label}</span>`}${aside}
    </div>
    <div ref=${host} hidden=${state !== "ready"} class=${`code-field ${singleLine ? "code-field-line" : ""} ${readOnly ? "code-field-read" : ""}`} data-invalid=${error ? "true" : undefined} data-field=${props.id} onfocusto=${focus}></div>
    ${state !== "ready" && html`<${Area} ref=${area} id=${id} aria-label=${label} class=${`input input-mono ${singleLine ? "" : "code-plain"}`} value=${value} readonly=${readOnly} placeholder=${placeholder} spellcheck="false" aria-invalid=${error ? "true" : undefined} aria-describedby=${error ? `${id}-error` : undefined} onFocus=${() => focused(field.current)} onInput=${(event) => onChange(event.target.value)} />`}
    <${FieldError} id=${`${id}-error`} error=${error} />
    ${hint && html`<p class="field-hint">${hint}</p>`}
  </div>`;
}
