import { html, useLayoutEffect, useRef } from "../lib.js";
import { navigate } from "../router.js";
import { Icon } from "./icons.js";

const MARKS = { dirty: "unsaved changes", error: "has an error" };

/** Tabs that are addresses: arrow keys, Home and End go between them. */
export function Tabs({ label, tabs, selected }) {
  const list = useRef(null);
  // On a narrow screen they scroll sideways: the selected one stays in sight.
  useLayoutEffect(() => {
    const tab = list.current.querySelector('[aria-selected="true"]');
    if (!tab) return;
    const { offsetLeft, offsetWidth } = tab;
    const { scrollLeft, clientWidth } = list.current;
    if (offsetLeft < scrollLeft || offsetLeft + offsetWidth > scrollLeft + clientWidth) list.current.scrollLeft = offsetLeft - (clientWidth - offsetWidth) / 2;
  }, [selected]);
  const onKeyDown = (event) => {
    const at = tabs.findIndex((tab) => tab.id === selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    void navigate(tab.href).then(() => list.current?.querySelector(`[data-tab="${tab.id}"]`)?.focus());
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${onKeyDown}>
    ${tabs.map((tab) => html`<a
      key=${tab.id}
      role="tab"
      id=${`tab-${tab.id}`}
      data-tab=${tab.id}
      href=${tab.href}
      aria-selected=${tab.id === selected ? "true" : "false"}
      aria-controls=${tab.id === selected ? `panel-${tab.id}` : undefined}
      tabindex=${tab.id === selected ? 0 : -1}
    >
      ${tab.label}
      ${tab.mark === "dirty" && html`<span class="tab-mark" title=${MARKS.dirty}></span>`}
      ${tab.mark === "error" && html`<span class="tab-mark-error" title=${MARKS.error}><${Icon} name="alert-circle" size=${14} /></span>`}
      ${tab.mark && html`<span class="visually-hidden">, ${MARKS[tab.mark]}</span>`}
    </a>`)}
  </div>`;
}

/** The attributes of the panel that belongs to the selected tab. */
export const tabPanel = (id) => ({ role: "tabpanel", id: `panel-${id}`, "aria-labelledby": `tab-${id}` });
