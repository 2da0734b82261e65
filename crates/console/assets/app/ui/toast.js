import { html, signal } from "../lib.js";
import { Button } from "./button.js";
import { Icon } from "./icons.js";

const shown = signal([]);
const SECONDS = { good: 5, bad: 12 };

function add(tone, text) {
  const one = { tone, text };
  shown.value = [...shown.value.slice(-3), one];
  setTimeout(() => dismiss(one), SECONDS[tone] * 1000);
}

const dismiss = (one) => (shown.value = shown.value.filter((other) => other !== one));

/** Says for a moment what was done; `toast.error(error)` says what was not. */
export const toast = (text) => add("good", text);
toast.error = (error) => add("bad", error.message ?? String(error));

/** Where toasts are shown: once, in the frame. */
export function Toasts() {
  return html`<div class="toasts" role="region" aria-label="Notices">
    <div role="status" class="stack-s">${shown.value.map((one) => html`<div class="toast" key=${one}>
      <span class=${one.tone}><${Icon} name=${one.tone === "good" ? "check-circle" : "alert-circle"} /></span>
      <div>${one.text}</div>
      <${Button} kind="quiet" size="small" icon="close" label="Dismiss" onClick=${() => dismiss(one)} />
    </div>`)}</div>
  </div>`;
}
