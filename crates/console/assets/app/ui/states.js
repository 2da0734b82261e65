// What stands where there is nothing yet, where something is on its way, and where it failed.
import { html } from "../lib.js";
import { Button } from "./button.js";
import { Icon } from "./icons.js";

const ICONS = { good: "check-circle", bad: "alert-circle", warn: "alert", info: "info", idle: "info" };

/** Something to be read: `tone` is good, bad, warn, info or idle. */
export function Note({ tone = "info", title, icon, children, action, role }) {
  return html`<div class=${`note note-${tone}`} role=${role}>
    <${Icon} name=${icon ?? ICONS[tone]} />
    <div>${title && html`<p class="strong">${title}</p>`}<div class="note-text">${children}</div></div>
    ${action}
  </div>`;
}

/** What went wrong, with what is wrong with each input, and a way to try again. */
export function ErrorNote({ error, onRetry, title }) {
  const fields = error.fields?.filter((field) => field.message !== error.message) ?? [];
  return html`<${Note} tone="bad" role="alert" title=${title} action=${onRetry && html`<${Button} size="small" icon="retry" onClick=${onRetry}>Try again<//>`}>
    ${error.message}
    ${fields.length > 0 && html`<ul>${fields.map((field) => html`<li key=${field.path?.join(".")}>${field.message}</li>`)}</ul>`}
  <//>`;
}

/** Nothing is here, and why or what to do. */
export function EmptyState({ icon = "info", title, action, children }) {
  return html`<div class="empty">
    <span class="empty-icon"><${Icon} name=${icon} size=${20} /></span>
    <h2>${title}</h2>
    ${children && html`<p>${children}</p>`}
    ${action && html`<div class="row">${action}</div>`}
  </div>`;
}

export function Spinner({ label = "Loading" }) {
  return html`<span role="status" class="row muted"><span class="spinner" aria-hidden="true"></span><span>${label}</span></span>`;
}

export function Skeleton({ lines = 6, label = "Loading" }) {
  return html`<div class="skeleton" role="status" aria-label=${label}>${Array.from({ length: lines }, (_, at) => html`<span key=${at}></span>`)}</div>`;
}

/** A query's skeleton, its error, or what `children` makes of its data. */
export function Loaded({ query, lines, children }) {
  const { data, error, refresh } = query;
  if (data === undefined) return error ? html`<${ErrorNote} error=${error} onRetry=${refresh} />` : html`<${Skeleton} lines=${lines} />`;
  return html`${error && error.code !== "OFFLINE" && html`<${ErrorNote} error=${error} onRetry=${refresh} />`}${children(data)}`;
}
