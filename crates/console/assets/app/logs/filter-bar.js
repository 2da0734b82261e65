// What narrows the log. Everything chosen here stands in the address.
import { useDebounced } from "../hooks.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { setQuery } from "../router.js";
import { Button, Icon, Select, TextInput } from "../ui/index.js";
import { countFilters, NO_FILTER, RANGES } from "./filters.js";
import { FAILURES, OPERATIONS, OUTCOMES, STATUSES } from "./words.js";

const TYPING_MS = 350;

const choices = (every, words) => [{ value: "", label: every }, ...Object.entries(words).map(([value, label]) => ({ value, label: label.label ?? label }))];

function Outcomes({ chosen }) {
  const toggle = (outcome) => {
    const next = chosen.includes(outcome) ? chosen.filter((other) => other !== outcome) : [...chosen, outcome];
    setQuery({ outcome: next.join(",") });
  };
  return html`<div class="chips" role="group" aria-label="Outcome">${Object.entries(OUTCOMES).map(([outcome, { icon, tone, label }]) => html`
    <button key=${outcome} type="button" class="chip" aria-pressed=${chosen.includes(outcome) ? "true" : "false"} onClick=${() => toggle(outcome)}><span class=${tone}><${Icon} name=${icon} size=${14} /></span>${label}</button>`)}</div>`;
}

// What is typed goes into the address once it stands still; what the address says otherwise wins.
function PersonInput({ value }) {
  const [typed, setTyped] = useState(value);
  const settled = useDebounced(typed, TYPING_MS);
  const sent = useRef(value);
  useEffect(() => {
    if (settled === sent.current || settled !== typed) return;
    sent.current = settled;
    setQuery({ person: settled.trim() });
  }, [settled]);
  useEffect(() => {
    if (value === sent.current.trim()) return;
    sent.current = value;
    setTyped(value);
  }, [value]);
  return html`<${TextInput} label="Person id" hideLabel icon="people" placeholder="Person id" value=${typed} onChange=${setTyped} mono />`;
}

const forInput = (iso) => {
  if (!iso) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

function Times({ filter }) {
  const [own, setOwn] = useState(false);
  const isOwn = own || Boolean(filter.since || filter.until);
  const options = [...choices("Any time", RANGES), { value: "own", label: "Between …" }];
  const choose = (range) => {
    setOwn(range === "own");
    setQuery(range === "own" ? { range: null } : { range, since: null, until: null });
  };
  const bound = (name) => (event) => {
    const at = new Date(event.target.value);
    setQuery({ range: null, [name]: Number.isNaN(at.getTime()) ? null : at.toISOString() });
  };
  return html`<${Select} label="Time" hideLabel value=${isOwn ? "own" : filter.range} options=${options} onChange=${choose} />
    ${isOwn && html`<div class="log-between" role="group" aria-label="Between">
      <input class="input" type="datetime-local" aria-label="From" value=${forInput(filter.since)} onChange=${bound("since")} />
      <span class="faint" aria-hidden="true">–</span>
      <input class="input" type="datetime-local" aria-label="Until" value=${forInput(filter.until)} onChange=${bound("until")} />
    </div>`}`;
}

/** @param {{filter: object, syncs: {id: string, friendlyName: string}[] | null}} props `syncs` null: the log is of one sync */
export function FilterBar({ filter, syncs }) {
  const [open, setOpen] = useState(false);
  const count = countFilters(filter);
  const pick = (name) => (value) => setQuery({ [name]: value });
  const syncOptions = syncs && [{ value: "", label: "All syncs" }, ...syncs.map(({ id, friendlyName }) => ({ value: id, label: friendlyName }))];
  if (syncOptions && filter.sync && !syncs.some(({ id }) => id === filter.sync)) syncOptions.push({ value: filter.sync, label: "A deleted sync" });
  return html`<div class="log-filters" role="search" aria-label="Filter the log">
    <div class="log-filters-toggle"><${Button} size="small" icon="filter" aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>Filters${count ? ` (${count})` : ""}<//></div>
    <div class=${`log-filters-all ${open ? "log-filters-open" : ""}`}>
      <${Outcomes} chosen=${filter.outcomes} />
      <${Select} label="Operation" hideLabel value=${filter.operation} options=${choices("All operations", OPERATIONS)} onChange=${pick("operation")} />
      <${Select} label="Status" hideLabel value=${filter.status} options=${choices("Any status", STATUSES)} onChange=${pick("status")} />
      <${Select} label="What went wrong" hideLabel value=${filter.failure} options=${choices("Any failure", FAILURES)} onChange=${pick("failure")} />
      ${syncOptions && html`<${Select} label="Sync" hideLabel value=${filter.sync} options=${syncOptions} onChange=${pick("sync")} />`}
      <${PersonInput} value=${filter.person} />
      <${Times} filter=${filter} />
      ${count > 0 && html`<${Button} kind="quiet" size="small" icon="close" onClick=${() => setQuery(NO_FILTER)}>Clear filters<//>`}
    </div>
  </div>`;
}
