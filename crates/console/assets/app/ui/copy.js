import { html, useEffect, useState } from "../lib.js";
import { Button } from "./button.js";

/** Copies `text` (or what it returns) and says so for a moment. */
export function CopyButton({ text, label = "Copy", size = "small", kind = "default" }) {
  const [said, setSaid] = useState(null);
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(null), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    const copied = await toClipboard(typeof text === "function" ? text() : text);
    setSaid(copied ? "Copied" : "Not copied: select the text and copy it by hand");
  };
  return html`<${Button} ...${{ size, kind }} icon=${said === "Copied" ? "check" : "copy"} onClick=${copy}><span aria-live="polite">${said ?? label}</span><//>`;
}

// navigator.clipboard is missing where the console is served over plain http from another machine.
async function toClipboard(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused: the old way below may still do.
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}
