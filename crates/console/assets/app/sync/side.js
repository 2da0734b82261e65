// What stands beside the editor: the live preview, and the tokens.
import { Palette } from "../editor/palette.js";
import { html, useState } from "../lib.js";
import { Segments } from "../ui/index.js";
import { mayEdit } from "./parts.js";
import { Preview } from "./preview.js";

const VIEWS = [
  { value: "preview", label: "Preview" },
  { value: "tokens", label: "Tokens" },
];

/** @param {{operation: string}} props */
export function Side({ operation }) {
  const [view, setView] = useState("preview");
  return html`<div class="card side-card">
    <div class="card-head"><${Segments} label="Beside the editor" hideLabel options=${VIEWS} value=${view} onChange=${setView} /></div>
    <div class="card-body" hidden=${view !== "preview"}><${Preview} operation=${operation} /></div>
    ${view === "tokens" && html`<div class="card-body"><${Palette} operation=${operation} disabled=${!mayEdit()} /></div>`}
  </div>`;
}
