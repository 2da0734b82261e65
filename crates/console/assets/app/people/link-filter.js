// Which links of a sync are shown: kept in the address.
import { html, useEffect, useState } from "../lib.js";
import { useDebounced } from "../hooks.js";
import { setQuery } from "../router.js";
import { Button, number, Select, TextInput } from "../ui/index.js";
import { LINK_STATES, PARK_REASONS } from "./standing.js";

const TYPING_MS = 250;
const PARTS = ["state", "owed", "parked", "kept", "why", "search", "person"];
export const NO_LINK_FILTER = Object.fromEntries(PARTS.map((part) => [part, null]));

const one = (words, name) => (Object.hasOwn(words, name ?? "") ? name : "");

/** @param {URLSearchParams} query */
export const readLinkFilter = (query) => ({
  state: one(LINK_STATES, query.get("state")),
  owed: query.get("owed") === "true",
  parked: query.get("parked") === "true",
  kept: query.get("kept") === "true",
  why: one(PARK_REASONS, query.get("why")),
  search: query.get("search") ?? "",
  person: query.get("person") ?? "",
});

export const isFiltered = (filter) => Object.values(filter).some(Boolean);

/** The API's LinkFilter. */
export const linkFilter = ({ state, owed, parked, kept, why, search, person }) => ({
  ...(state && { state }),
  ...(owed && { owed }),
  ...(parked && { parked }),
  ...(kept && { kept }),
  ...(why && { parkedCode: why }),
  ...(search.trim() && { search: search.trim() }),
  ...(person && { personId: person }),
});

/** What is shown, in words: "parked: Data refused, state Linked". */
export const filterWords = ({ state, owed, parked, why, search, person, kept }) =>
  [
    why ? `parked: ${PARK_REASONS[why]}` : parked && "parked",
    owed && "owed",
    kept && "kept",
    state && `state ${LINK_STATES[state]}`,
    search.trim() && `id, name or email begins with “${search.trim()}”`,
    person && `person ${person}`,
  ]
    .filter(Boolean)
    .join(", ");

/** Each count is a button that shows those links. */
const COUNTS = [
  { key: "linked", label: "Linked", filter: { state: "LINKED" } },
  { key: "owed", label: "Owed", filter: { owed: "true" } },
  { key: "parked", label: "Parked", filter: { parked: "true" } },
  { key: "uncertain", label: "Uncertain", filter: { state: "UNCERTAIN" } },
  { key: "unaddressable", label: "Unaddressable", filter: { state: "UNADDRESSABLE" } },
  { key: "leaving", label: "Leaving", filter: { state: "LEAVING" } },
  { key: "unlinked", label: "Unlinked", filter: { state: "UNLINKED" } },
  { key: "kept", label: "Kept", filter: { kept: "true" } },
];

export function LinkCounts({ stats, filter }) {
  // Most syncs keep none.
  const shown = COUNTS.filter(({ key }) => key !== "kept" || stats.kept > 0 || filter.kept);
  return html`<div class="counts" role="group" aria-label="Links by state">${shown.map(({ key, label, filter: its }) => {
    const [[part, value]] = Object.entries(its);
    const on = String(filter[part]) === value;
    return html`<button key=${key} type="button" class="count" aria-pressed=${on ? "true" : "false"} onClick=${() => setQuery({ ...NO_LINK_FILTER, ...(on ? {} : its) })}>
      <span class=${`count-number num ${key === "parked" && stats.parked > 0 ? "bad" : ""}`}>${number(stats[key])}</span><span class="small muted">${label}</span></button>`;
  })}</div>`;
}

const choices = (every, words) => [{ value: "", label: every }, ...Object.entries(words).map(([value, label]) => ({ value, label }))];
const WAITS = { owed: "Owed", parked: "Parked" };

export function LinkFilterBar({ filter }) {
  const [typed, setTyped] = useState(filter.search);
  const settled = useDebounced(typed, TYPING_MS);
  useEffect(() => {
    if (settled !== filter.search) setQuery({ search: settled, person: null });
  }, [settled]);
  useEffect(() => setTyped(filter.search), [filter.search]);
  const waits = filter.parked ? "parked" : filter.owed ? "owed" : "";
  return html`<div class="list-tools" role="search" aria-label="Filter the links">
    <div class="grow"><${TextInput} label="Search people" hideLabel type="search" icon="search" placeholder="Id, name or email begins with …" value=${typed} onChange=${setTyped} /></div>
    <${Select} label="State" hideLabel value=${filter.state} options=${choices("Any state", LINK_STATES)} onChange=${(state) => setQuery({ state })} />
    <${Select} label="Owed or parked" hideLabel value=${waits} options=${choices("Owed or not", WAITS)} onChange=${(part) => setQuery({ owed: part === "owed" ? "true" : null, parked: part === "parked" ? "true" : null, why: null })} />
    ${(filter.parked || filter.why) && html`<${Select} label="Why parked" hideLabel value=${filter.why} options=${choices("Parked for any reason", PARK_REASONS)} onChange=${(why) => setQuery({ why })} />`}
    ${isFiltered(filter) && html`<${Button} kind="quiet" size="small" icon="close" onClick=${() => setQuery(NO_LINK_FILTER)}>Clear filters<//>`}
    ${filter.person && html`<span class="tag">person ${filter.person}</span>`}
  </div>`;
}
