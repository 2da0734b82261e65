// The log over all syncs.
import { html } from "../lib.js";
import { LogView } from "../logs/view.js";
import { Page } from "../ui/index.js";

export default function Logs() {
  return html`<${Page} title="Logs" lead="Each request sent for a person, what came back, and what was not sent and why."><${LogView} /><//>`;
}
