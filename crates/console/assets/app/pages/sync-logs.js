// The Logs tab of a sync.
import { html } from "../lib.js";
import { LogView } from "../logs/view.js";

export default function SyncLogs({ sync }) {
  return html`<${LogView} syncId=${sync.id} />`;
}
