// Retry now: makes what is owed for a person due at once, and tells what came of it.
import { query, subscribe } from "../api.js";
import { useAction } from "../hooks.js";
import { html, useEffect, useRef, useState } from "../lib.js";
import { can } from "../session.js";
import { Button, Note, OutcomeBadge, Spinner, toast } from "../ui/index.js";

/** So long the result is waited for. */
const RESULT_MS = 20_000;

const RETRY = "mutation ($filter: RetryFilter!) { retry(filter: $filter) { marked } }";
const RESULT = "subscription ($filter: LogFilter) { logs(filter: $filter) { id operation outcome message uniqueId response { status } } }";
const STANDS = "query ($id: ID!) { sync(id: $id) { status statusReason } }";

/** Marks, and says how many links were marked. */
export async function retry(filter) {
  return (await query(RETRY, { filter })).retry.marked;
}

// What keeps a due request from being sent, in words.
async function whyNothing(syncId) {
  const { sync } = await query(STANDS, { id: syncId });
  if (sync?.status === "PAUSED") return "It is due now, and is sent once the sync is resumed: the sync is paused.";
  if (sync?.status === "SUSPENDED") return `It is due now, and waits for the sync, which is suspended: ${sync.statusReason ?? "its endpoint fails as a whole"}.`;
  return "It is due now, but was not sent yet. Other requests of this sync may come first; the log shows it when it is sent.";
}

/**
 * Retry now, for one person of one sync. `onDone` is called when something has come of it.
 * @param {{syncId: string, personId: string, onDone?: () => void, size?: string}} props
 */
export function RetryNow({ syncId, personId, onDone, size = "small" }) {
  const [result, setResult] = useState(null);
  const end = useRef(() => {});
  useEffect(() => () => end.current(), []);
  const [run, busy] = useAction(async () => {
    end.current();
    setResult(null);
    let stop = () => {};
    try {
      // Listens first, so that the answer is not missed.
      const answered = new Promise((resolve) => {
        const unsubscribe = subscribe(RESULT, { filter: { syncId, personId } }, { next: ({ logs }) => resolve(logs), error: () => resolve(null) });
        const timer = setTimeout(() => resolve(null), RESULT_MS);
        stop = () => {
          unsubscribe();
          clearTimeout(timer);
          resolve(null);
        };
      });
      end.current = stop;
      if ((await retry({ syncId, personIds: [personId] })) === 0) {
        setResult({ words: "Nothing is owed for this person any more: there is nothing to retry." });
        return;
      }
      setResult({ waiting: true });
      const entry = await answered;
      setResult(entry ? { entry } : { words: await whyNothing(syncId) });
    } catch (error) {
      setResult(null);
      toast.error(error);
    } finally {
      stop();
      onDone?.();
    }
  });
  if (!can("WRITER")) return null;
  return html`<div class="retry"><${Button} icon="retry" size=${size} busy=${busy} onClick=${run}>Retry now<//>
    <div role="status">${result?.waiting && html`<${Spinner} label="Due now; waiting for the answer" />`}
    ${result?.words && html`<${Note} tone="idle">${result.words}<//>`}
    ${result?.entry && html`<div class="row"><${OutcomeBadge} outcome=${result.entry.outcome} /><a href=${`/logs?entry=${result.entry.id}`}>${result.entry.message}</a></div>`}</div>
  </div>`;
}
