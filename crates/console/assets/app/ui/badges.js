// What state something is in: always in words, with a colour and an icon beside them.
import { html } from "../lib.js";
import { Icon } from "./icons.js";

/** @param {{tone: "good" | "warn" | "bad" | "info" | "idle", icon?: string}} props */
export function Badge({ tone = "idle", icon, title, children }) {
  return html`<span class=${`badge badge-${tone}`} title=${title}>${icon && html`<${Icon} name=${icon} size=${13} />`}${children}</span>`;
}

/** How a sync stands. Takes `{ status, createUsers, heldUntil, holds }`. */
export function SyncStatus({ sync }) {
  if (sync.status === "PAUSED") return html`<${Badge} tone="idle" icon="pause">Paused<//>`;
  if (sync.status === "SUSPENDED") return html`<${Badge} tone="bad" icon="alert">Suspended<//>`;
  if (!sync.createUsers) return html`<${Badge} tone="info" icon="dashed">Not set up<//>`;
  if (sync.holds?.length > 0 || (sync.heldUntil && new Date(sync.heldUntil) > new Date())) return html`<${Badge} tone="warn" icon="clock">Held<//>`;
  return html`<${Badge} tone="good" icon="check-circle">Active<//>`;
}

const OUTCOMES = {
  SUCCEEDED: ["good", "check-circle", "Succeeded"],
  RETRYING: ["warn", "retry", "Retrying"],
  PARKED: ["bad", "parked", "Parked"],
  SKIPPED: ["idle", "skip", "Skipped"],
};

/** What an attempt or decision came to. */
export function OutcomeBadge({ outcome }) {
  const [tone, icon, words] = OUTCOMES[outcome];
  return html`<${Badge} ...${{ tone, icon }}>${words}<//>`;
}

const LINK_STATES = {
  UNLINKED: ["idle", "dashed", "Unlinked"],
  UNCERTAIN: ["warn", "question", "Uncertain"],
  LINKED: ["good", "check-circle", "Linked"],
  LEAVING: ["info", "sign-out", "Leaving"],
  UNADDRESSABLE: ["warn", "alert", "Unaddressable"],
};

/** What the external system is known to hold. */
export function LinkStateBadge({ state }) {
  const [tone, icon, words] = LINK_STATES[state];
  return html`<${Badge} ...${{ tone, icon }}>${words}<//>`;
}

const OPERATIONS = { CREATE: "Create", UPDATE: "Update", DELETE: "Delete", LOOKUP: "Lookup" };
/** An operation in words. */
export const operationName = (operation) => OPERATIONS[operation] ?? operation;

/** The status of an HTTP answer, with the colour of its class. */
export function HttpStatus({ status }) {
  const tone = status < 300 ? "good" : status < 400 ? "info" : status < 500 ? "warn" : "bad";
  return html`<${Badge} tone=${tone}><span class="num">${status}</span><//>`;
}
