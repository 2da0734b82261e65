// Pieces that several tabs of the sync page are made of.
import { html } from "../lib.js";
import { can } from "../session.js";
import { Note } from "../ui/index.js";
import { faultText, useForm } from "./form.js";

/** Whether who is signed in may change syncs. */
export const mayEdit = () => can("ADMIN");

/** A part of a tab, with its heading where it has one. */
export function Section({ title, lead, children }) {
  return html`<section class="card">
    ${title && html`<div class="card-head"><div><h2>${title}</h2>${lead && html`<p class="muted small">${lead}</p>`}</div></div>`}
    <fieldset class="card-body" disabled=${!mayEdit()}>${children}</fieldset>
  </section>`;
}

/** What ties an input to a value of the form: `value`, `error` and `onChange`. */
export function useValue(...path) {
  const form = useForm();
  const value = path.reduce((values, step) => values[step], form.values.value);
  return { value, error: faultText(form.faultAt(...path)), onChange: (next) => form.set(path, next) };
}

/** What is wrong at a path of the API's input, in words. */
export const useFault = (...path) => faultText(useForm().faultAt(...path));

/** The form beside what it would send. */
export function Split({ aside, children }) {
  return html`<div class="split"><div class="stack">
    ${!mayEdit() && html`<${Note} tone="idle" icon="lock">You see how this sync is set up; changing it needs a key with the role Admin.<//>`}
    ${children}
  </div><aside class="split-aside" aria-label="Preview and tokens">${aside}</aside></div>`;
}
