// The newest entries of one sync, as they are written.
import { html, useEffect, useState } from "../lib.js";
import { shortTime, statusTone } from "../logs/row.js";
import { Tail } from "../logs/tail.js";
import { OPERATIONS } from "../logs/words.js";
import { ErrorNote, OutcomeBadge, Spinner } from "../ui/index.js";

const SHOWN = 8;

/** @param {{syncId: string, personId: string, waiting: string, onNews: () => void}} props */
export function LiveEntries({ syncId, personId, waiting, onNews }) {
  const [tail, setTail] = useState(null);
  useEffect(() => {
    const made = new Tail({ syncId, personId }, { live: true });
    setTail(made);
    return () => made.stop();
  }, [syncId, personId]);
  const version = tail?.version.value;
  useEffect(() => {
    if (version) onNews();
  }, [version]);
  const error = tail?.error.value;
  const rows = tail?.feed.slice(0, SHOWN) ?? [];
  return html`<div class="live-log" role="log" aria-label="Log of the sample person">
    ${error && html`<${ErrorNote} error=${error} onRetry=${() => tail.load()} />`}
    ${rows.length === 0 ? html`<${Spinner} label=${waiting} />` : html`<ol>${rows.map((row) => html`<li key=${row.id}><time class="faint num small" datetime=${row.at}>${shortTime(row.at)}</time><${OutcomeBadge} outcome=${row.outcome} /><span class="strong">${OPERATIONS[row.operation]}</span>${row.status !== null && html`<span class=${`num strong ${statusTone(row.status)}`}>${row.status}</span>`}<a class="grow wrap" href=${`/syncs/${row.syncId}/logs?entry=${row.id}`}>${row.message}</a></li>`)}</ol>`}
  </div>`;
}
