import { html, useEffect, useId, useRef, useState } from "../lib.js";
import { Button } from "./button.js";
import { Icon } from "./icons.js";

/**
 * A button that opens a menu. Items: `{ label, icon, hint, onSelect, href, danger, checked }`, "line", or `{ note: text }`.
 * `trigger` makes another button from the attributes given.
 */
export function Menu({ label, icon = "more", kind = "default", items, align = "end", above = false, trigger, children, note }) {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  const id = useId();
  useEffect(() => {
    if (!open) return undefined;
    box.current.querySelector("[role^=menuitem]")?.focus();
    const outside = (event) => box.current?.contains(event.target) || setOpen(false);
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  const close = () => {
    setOpen(false);
    box.current.querySelector("[aria-haspopup]").focus();
  };
  const onKeyDown = (event) => {
    if (!open) return;
    const all = [...box.current.querySelectorAll("[role^=menuitem]")];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[(to + all.length) % all.length]?.focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      close();
    } else if (event.key === "Tab") setOpen(false);
  };
  const attributes = { "aria-haspopup": "menu", "aria-expanded": open ? "true" : "false", "aria-controls": open ? id : undefined, onClick: () => setOpen(!open) };
  const item = (one, at) => {
    if (one === "line") return html`<hr key=${at} />`;
    const select = () => {
      close();
      one.onSelect?.();
    };
    const inside = html`${one.icon && html`<${Icon} name=${one.icon} />`}<span class="grow">${one.label}${one.hint && html`<small>${one.hint}</small>`}</span>${one.checked && html`<${Icon} name="check" />`}`;
    const role = one.checked === undefined ? { role: "menuitem" } : { role: "menuitemradio", "aria-checked": String(one.checked) };
    return one.href
      ? html`<a key=${at} ...${role} tabindex="-1" href=${one.href} onClick=${close}>${inside}</a>`
      : html`<button key=${at} type="button" ...${role} tabindex="-1" class=${one.danger ? "menu-danger" : ""} onClick=${select}>${inside}</button>`;
  };
  return html`<div class="menu-box" ref=${box} onKeyDown=${onKeyDown}>
    ${trigger ? trigger(attributes) : html`<${Button} icon=${icon} kind=${kind} label=${children ? undefined : label} ...${attributes}>${children}<//>`}
    ${open && html`<div class=${`menu menu-${align} menu-${above ? "above" : "below"}`}>
      ${note && html`<div class="menu-note">${note}</div>`}
      <div role="menu" id=${id} aria-label=${label}>${items.filter(Boolean).map(item)}</div>
    </div>`}
  </div>`;
}
