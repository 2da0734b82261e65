import { useTitle } from "../hooks.js";
import { html } from "../lib.js";
import { Icon } from "./icons.js";

/** A page with its heading. `crumbs`: `[{ label, href }]`; `actions`: buttons at its right. */
export function Page({ title, heading, lead, crumbs = [], actions, narrow = false, children }) {
  useTitle(title);
  return html`<div class=${`page ${narrow ? "page-narrow" : ""}`}>
    ${crumbs.length > 0 && html`<nav class="crumbs" aria-label="Breadcrumb">${crumbs.map((crumb) => html`<a key=${crumb.href} href=${crumb.href}>${crumb.label}</a><${Icon} name="chevron-right" size=${12} />`)}<span class="truncate" aria-current="page">${title}</span></nav>`}
    <div class="page-head"><div><h1>${heading ?? title}</h1>${lead && html`<p>${lead}</p>`}</div>${actions && html`<div class="row">${actions}</div>`}</div>
    ${children}
  </div>`;
}
