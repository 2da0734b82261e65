// The tokens that may be used, searchable; one is put at the cursor of the template field that had the focus last.
import { html, useEffect, useState } from "../lib.js";
import { EmptyState, TextInput } from "../ui/index.js";
import { catalog, loadCatalog, written } from "./catalog.js";
import { target } from "./insert.js";

const fits = (search, ...texts) => texts.some((text) => text?.toLowerCase().includes(search));

/** @param {{operation: string, disabled?: boolean}} props */
export function Palette({ operation, disabled = false }) {
  const [search, setSearch] = useState("");
  useEffect(() => void loadCatalog(), []);
  const { tokens, filters } = catalog.value;
  const wanted = search.trim().toLowerCase();
  const shownTokens = tokens.filter((one) => one.operations.includes(operation) && fits(wanted, one.token, one.description, one.example));
  const shownFilters = filters.filter((one) => fits(wanted, one.name, one.description));
  const field = target.value;
  const item = (key, text, code, description, example) => html`<li key=${key}><button type="button" class="token" disabled=${disabled || !field} onClick=${() => field.insert(text)}>
    <code>${code}</code><span class="muted small">${description}</span>${example && html`<span class="faint small wrap">${example}</span>`}
  </button></li>`;
  return html`<div class="stack-s palette">
    <${TextInput} label="Search tokens and filters" hideLabel icon="search" placeholder="Search tokens and filters" value=${search} onChange=${setSearch} type="search" />
    <p class="small muted" role="status">${field ? html`Inserted into <strong>${field.label}</strong>, at its cursor.` : "Put the cursor into a template field first; tokens are inserted there."}</p>
    <div class="palette-list" tabindex="0" role="region" aria-label="Tokens and filters">
      ${shownTokens.length > 0 && html`<h3>Tokens</h3><ul class="tokens">${shownTokens.map((one) => item(one.token, `{{ ${written(one)} }}`, one.token, one.description, one.example))}</ul>`}
      ${shownFilters.length > 0 && html`<h3>Filters</h3><ul class="tokens">${shownFilters.map((one) => item(one.name, ` | ${one.name}`, one.name, one.description, one.example))}</ul>`}
      ${shownTokens.length + shownFilters.length === 0 && html`<${EmptyState} icon="search" title="No token fits">Search for another word.<//>`}
    </div>
  </div>`;
}
