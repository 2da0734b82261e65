// The log as a whole: charts, filters, the list with its live tail, and the details of the entry in the address.
import { connection } from "../api.js";
import { Charts } from "../charts/charts.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib.js";
import { here, setQuery } from "../router.js";
import { Button, EmptyState, ErrorNote, number, Skeleton } from "../ui/index.js";
import { EntryDrawer } from "./detail.js";
import { FilterBar } from "./filter-bar.js";
import { countFilters, logFilter, NO_FILTER, readFilter } from "./filters.js";
import { LogList } from "./list.js";
import { useSyncNames } from "./sync-names.js";
import { Tail } from "./tail.js";

const LIVE_WORDS = {
  online: ["Live", "live"],
  connecting: ["Connecting …", "wait"],
  idle: ["Connecting …", "wait"],
  offline: ["Interrupted, tried again", "wait"],
};

// Says what the tail does, holds it, and lets go what waits.
function TailBar({ tail, live, paused, away, onPause, onShow }) {
  const waiting = tail.waiting.value;
  const [words, look] = !live ? ["The time ends before now: no new entries", "still"] : paused ? ["Paused", "still"] : away ? ["Held while you read", "still"] : LIVE_WORDS[connection.value];
  const behind = tail.fellBehind.value;
  return html`<div class="tail-bar">
    <span class="tail-state" role="status"><span class=${`tail-dot tail-${look}`} aria-hidden="true"></span>${words}</span>
    ${behind > 0 && html`<span class="faint small" title="More entries came at once than this page took; they were asked for afterwards.">caught up ${number(behind)} ${behind === 1 ? "time" : "times"}</span>`}
    <span class="grow"></span>
    ${live && waiting > 0 && html`<${Button} size="small" kind="primary" icon="chevron-up" onClick=${onShow}>Show ${number(waiting)} new ${waiting === 1 ? "entry" : "entries"}<//>`}
    ${live && html`<${Button} size="small" icon=${paused ? "play" : "pause"} onClick=${() => onPause(!paused)}>${paused ? "Go live" : "Pause"}<//>`}
  </div>`;
}

function Nothing({ filtered }) {
  if (filtered) return html`<${EmptyState} icon="filter" title="No entry fits" action=${html`<${Button} onClick=${() => setQuery(NO_FILTER)}>Clear filters<//>`}>Nothing that was logged fits these filters.<//>`;
  return html`<${EmptyState} icon="logs" title="Nothing was logged yet">Each request sent for a person, and each decision not to send one, appears here as it happens.<//>`;
}

/** @param {{syncId?: string}} props of which sync; left out: over all */
export function LogView({ syncId }) {
  const { query } = here.value;
  const filter = readFilter(query);
  const asked = JSON.stringify(filter);
  const live = useMemo(() => !filter.until || new Date(filter.until) > Date.now(), [filter.until]);
  const entry = query.get("entry");
  const { syncs, nameOf } = useSyncNames(!syncId);
  const names = syncId ? null : nameOf;
  const [tail, setTail] = useState(null);
  const [paused, setPaused] = useState(false);
  const [away, setAway] = useState(false);
  const [busy, setBusy] = useState(false);
  const box = useRef(null);

  useEffect(() => {
    const next = new Tail(logFilter(filter, syncId), { live });
    setTail(next);
    setAway(false);
    if (box.current) box.current.scrollTop = 0;
    return () => next.stop();
  }, [asked, syncId]);
  const held = paused || away || busy || Boolean(entry);
  useEffect(() => tail?.hold(held), [tail, held]);

  const show = () => {
    document.activeElement?.closest?.(".wt-row") && document.activeElement.blur();
    if (box.current) box.current.scrollTop = 0;
    tail.hold(false);
    tail.hold(paused);
  };
  const parts = new URLSearchParams(query);
  parts.delete("entry");
  const base = parts.size ? `?${parts}&entry=` : "?entry=";
  const hrefOf = (id) => base + id;

  return html`<div class="stack">
    <${Charts} syncId=${syncId} operation=${filter.operation} />
    <section class="card log-card" aria-label="Entries">
      <${FilterBar} filter=${filter} syncs=${syncId ? null : syncs} />
      ${tail && html`<${Entries} ...${{ tail, live, paused, away, names, hrefOf, box, entry }} filtered=${countFilters(filter) > 0} onPause=${setPaused} onShow=${show} onAway=${setAway} onBusy=${setBusy} />`}
    </section>
    ${entry && html`<${EntryDrawer} key=${entry} id=${entry} onClose=${() => setQuery({ entry: null })} />`}
  </div>`;
}

function Entries({ tail, names, hrefOf, box, entry, filtered, onAway, onBusy, ...bar }) {
  void tail.version.value;
  const state = tail.state.value;
  const error = tail.error.value;
  return html`<${TailBar} tail=${tail} ...${bar} />
    ${error && html`<div class="log-note"><${ErrorNote} error=${error} onRetry=${() => tail.load()} /></div>`}
    ${state === "loading" && html`<${Skeleton} lines=${8} label="Loading the log" />`}
    ${state === "ready" && tail.feed.length === 0 && html`<${Nothing} filtered=${filtered} />`}
    ${state === "ready" && tail.feed.length > 0 && html`<${LogList} tail=${tail} nameOf=${names} hrefOf=${hrefOf} selected=${entry} box=${box} onAway=${onAway} onBusy=${onBusy} />`}`;
}

