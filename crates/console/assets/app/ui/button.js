import { html } from "../lib.js";
import { Icon } from "./icons.js";

const ignored = (event) => event.preventDefault();

/**
 * A button, or with `href` a link that looks like one. With an icon and no children, `label` is its accessible name. A busy one does
 * nothing and keeps the focus, which a browser takes from what is disabled.
 */
export function Button({ kind = "default", size, icon, busy = false, disabled = false, label, href, type = "button", onClick, children, class: extra = "", ...rest }) {
  const bare = icon && (children === undefined || children === null || children === false);
  const classes = `button button-${kind} ${size ? `button-${size}` : ""} ${bare ? "button-icon" : ""} ${extra}`;
  const inside = html`${busy ? html`<span class="spinner" aria-hidden="true"></span>` : icon && html`<${Icon} name=${icon} />`}${children}`;
  const named = { "aria-label": label, title: bare ? label : undefined };
  if (href) return html`<a class=${classes} href=${href} onClick=${onClick} ...${named} ...${rest}>${inside}</a>`;
  return html`<button type=${type} class=${classes} disabled=${disabled} aria-disabled=${busy || undefined} aria-busy=${busy || undefined} onClick=${busy ? ignored : onClick} ...${named} ...${rest}>${inside}</button>`;
}

/** Copies `text`; says so. */
export { CopyButton } from "./copy.js";
