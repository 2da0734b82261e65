// Retry now: makes what is owed for a person due at once, and tells what came of it.
import { query } from "../api.js";
import { useAction } from "../hooks.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { can } from "../session.js";
import { Button, Note, OutcomeBadge, Spinner, toast } from "../ui/index.js";

/** So long the result is waited for. */
const RESULT_MS = 20_000;
const LOOK_MS = 500;

const RETRY = "mutation ($filter: RetryFilter!) { retry(filter: $filter) { marked } }";
const NEWEST = "query ($filter: LogFilter) { logs(filter: $filter, first: 1) { nodes { id operation outcome message } } }";
const STANDS = "query ($id: ID!) { sync(id: $id) { status statusReason } }";

/** Marks, and says how many links were marked. */
export async function retry(filter) {
  return (await query(RETRY, { filter })).retry.marked;
}

const newest = async (syncId, personId) => (await query(NEWEST, { filter: { syncId, personId } })).logs.nodes[0];

// The entry that came after another; null where none came in time.
async function entryAfter(id, syncId, personId, gone) {
  const until = Date.now() + RESULT_MS;
  while (Date.now() < until && !gone.current) {
    await new Promise((done) => setTimeout(done, LOOK_MS));
    const entry = await newest(syncId, personId);
    if (entry && entry.id !== id) return entry;
  }
  return null;
}

// What keeps a due request from being sent, in words.
async function whyNothing(syncId) {
  const { sync } = await query(STANDS, { id: syncId });
  if (sync?.status === "PAUSED") return "It is due now, and is sent once the sync is resumed: the sync is paused.";
  if (sync?.status === "SUSPENDED") return `It is due now, and waits for the sync, which is suspended: ${sync.statusReason ?? "its endpoint fails as a whole"}.`;
  return "It is due now, but was not sent yet. Other requests of this sync may come first; the log shows it when it is sent.";
}

/**
 * Retry now, for one person of one sync, where it is `needed`. Once there it stays: with nothing owed any more, what came of it is
 * still told, and the focus kept. `onDone` is called when something has come of it.
 * @param {{syncId: string, personId: string, needed: boolean, onDone?: () => void, size?: string}} props
 */
export function RetryNow({ syncId, personId, needed, onDone, size = "small" }) {
  const shown = useRef(false);
  shown.current ||= needed;
  const [result, setResult] = useState(null);
  const gone = useRef(false);
  useEffect(() => () => (gone.current = true), []);
  const [run, busy] = useAction(async () => {
    setResult(null);
    try {
      const before = await newest(syncId, personId);
      if ((await retry({ syncId, personIds: [personId] })) === 0) {
        setResult({ words: "Nothing is owed for this person any more: there is nothing to retry." });
        return;
      }
      setResult({ waiting: true });
      const entry = await entryAfter(before?.id, syncId, personId, gone);
      if (!gone.current) setResult(entry ? { entry } : { words: await whyNothing(syncId) });
    } catch (error) {
      setResult(null);
      toast.error(error);
    } finally {
      onDone?.();
    }
  });
  if (!shown.current || !can("WRITER")) return null;
  return html`<div class="retry"><${Button} icon="retry" size=${size} busy=${busy} onClick=${run}>Retry now<//>
    <div role="status">${result?.waiting && html`<${Spinner} label="Due now; waiting for the answer" />`}
    ${result?.words && html`<${Note} tone="idle">${result.words}<//>`}
    ${result?.entry && html`<div class="row"><${OutcomeBadge} outcome=${result.entry.outcome} /><a href=${`/logs?entry=${result.entry.id}`}>${result.entry.message}</a></div>`}</div>
  </div>`;
}
