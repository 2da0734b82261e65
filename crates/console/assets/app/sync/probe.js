// A probe of a suspended sync: one request goes at once, and what came of it is told.
import { query } from "../api.js";
import { relativeTime, toast } from "../ui/index.js";
import { RESUME } from "./documents.js";

const LOOK_MS = 400;
/** So long the result is waited for. */
const RESULT_MS = 20_000;
/** Among so many owed people somebody is looked for to probe with. */
const CANDIDATES = 50;
const OWED = `query ($id: ID!) { sync(id: $id) { status links(filter: { owed: true }, first: ${CANDIDATES}) { nodes { person { id } tries nextAttemptAt } } } }`;
const RETRY = "mutation ($filter: RetryFilter!) { retry(filter: $filter) { marked } }";
const STANDS = "query ($id: ID!) { sync(id: $id) { status statusReason heldUntil } }";

// What the probe came to, as a toast; false while it is not known.
function told(sync) {
  if (!sync) return true;
  if (sync.status === "ACTIVE") toast("The probe was accepted: the sync is active again.");
  // Nothing is held until its answer is there.
  else if (sync.status === "SUSPENDED" && sync.heldUntil) toast.error({ message: `The probe failed: ${sync.statusReason}. Next request ${relativeTime(sync.heldUntil)}.` });
  else return sync.status === "PAUSED";
  return true;
}

// A probe is the request of somebody who is due: where everybody waits for a next try, one of those who failed least is made due.
async function makeOneDue(id) {
  const { sync } = await query(OWED, { id });
  const owed = sync?.links.nodes ?? [];
  const isDue = ({ nextAttemptAt }) => !nextAttemptAt || new Date(nextAttemptAt) <= Date.now();
  if (sync?.status === "SUSPENDED" && owed.length > 0 && !owed.some(isDue)) {
    const [one] = owed.toSorted((left, right) => left.tries - right.tries);
    await query(RETRY, { filter: { syncId: id, personIds: [one.person.id] } });
  }
  return owed.length > 0;
}

/**
 * Probes, and tells what came of it.
 * @param {string} id the sync's
 * @param {() => Promise<void>} onChanged called when something may have changed
 * @throws {ApiError} where it cannot be asked for
 */
export async function probe(id, onChanged) {
  await query(RESUME, { id });
  const anybody = await makeOneDue(id);
  await onChanged();
  if (!anybody) {
    toast("Nobody is owed a request: the next change is the probe.");
    return;
  }
  const until = Date.now() + RESULT_MS;
  while (Date.now() < until) {
    const { sync } = await query(STANDS, { id });
    if (told(sync)) {
      await onChanged();
      return;
    }
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
  toast("No answer to the probe yet: this page shows what comes of it.");
}
