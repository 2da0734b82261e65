// Dialogs over the page. The browser's own <dialog> holds the focus and closes on Escape; the focus goes back to where it was.
import { html, useEffect, useId, useRef, useState } from "../lib.js";
import { Button } from "./button.js";
import { ErrorNote } from "./states.js";

function Modal({ kind, title, onClose, closable = true, foot, onSubmit, children }) {
  const dialog = useRef(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  const cancel = (event) => {
    if (event.target !== dialog.current) return;
    event.preventDefault();
    if (closable) onClose();
  };
  const outside = (event) => event.target === dialog.current && closable && onClose();
  const inside = html`
    <div class="dialog-head"><h2 id=${id}>${title}</h2><${Button} kind="quiet" icon="close" label="Close" disabled=${!closable} onClick=${onClose} /></div>
    <div class="dialog-body">${children}</div>
    ${foot && html`<div class="dialog-foot">${foot}</div>`}`;
  const submit = (event) => {
    event.preventDefault();
    onSubmit();
  };
  return html`<dialog ref=${dialog} class=${kind} aria-labelledby=${id} onCancel=${cancel} onMouseDown=${outside}>
    ${onSubmit ? html`<form novalidate onSubmit=${submit}>${inside}</form>` : inside}
  </dialog>`;
}

/** A dialog. `foot` holds its buttons; with `onSubmit` it is a form, and a button of type submit sends it. */
export const Dialog = ({ wide = false, ...props }) => html`<${Modal} kind=${`dialog ${wide ? "dialog-wide" : ""}`} ...${props} />`;

/** A dialog at the side, for details. */
export const Drawer = (props) => html`<${Modal} kind="drawer" ...${props} />`;

/**
 * Asks before something is done. `action` says what, as on its button; `onConfirm` may be async, and what it throws is shown.
 */
export function ConfirmDialog({ title, action, danger = false, ready = true, cancel = "Cancel", onConfirm, onClose, children }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const confirm = async () => {
    if (!ready || busy) return;
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return html`<${Dialog}
    title=${title}
    onClose=${onClose}
    onSubmit=${confirm}
    foot=${html`<${Button} onClick=${onClose}>${cancel}<//><${Button} type="submit" kind=${danger ? "danger" : "primary"} busy=${busy} disabled=${!ready}>${action}<//>`}
  >
    ${children}
    ${error && html`<${ErrorNote} error=${error} />`}
  <//>`;
}
