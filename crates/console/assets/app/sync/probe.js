// A probe of a suspended sync: one request goes at once, and what came of it is told.
import { query } from "../api.js";
import { relativeTime, toast } from "../ui/index.js";
import { RESUME } from "./documents.js";

const LOOK_MS = 400;
/** So long the result is waited for. */
const RESULT_MS = 20_000;
const STANDS = "query ($id: ID!) { sync(id: $id) { status statusReason heldUntil stats { owed } } }";

// What the probe came to, as a toast; false while it is not known.
function told(sync) {
  if (!sync) return true;
  if (sync.status === "ACTIVE") toast("The probe was accepted: the sync is active again.");
  // Nothing is held until its answer is there.
  else if (sync.status === "SUSPENDED" && sync.heldUntil) toast.error({ message: `The probe failed: ${sync.statusReason}. Next request ${relativeTime(sync.heldUntil)}.` });
  else return sync.status === "PAUSED";
  return true;
}

/**
 * Probes, and tells what came of it.
 * @param {string} id the sync's
 * @param {() => Promise<void>} onChanged called when something may have changed
 * @throws {ApiError} where it cannot be asked for
 */
export async function probe(id, onChanged) {
  await query(RESUME, { id });
  await onChanged();
  const until = Date.now() + RESULT_MS;
  while (Date.now() < until) {
    const { sync } = await query(STANDS, { id });
    if (told(sync)) {
      await onChanged();
      return;
    }
    // Asked after the status: a probe that was accepted may have served everybody by now.
    if (!sync.stats.owed) {
      toast("Nobody is owed a request: the next change is the probe.");
      return;
    }
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
  toast("No answer to the probe yet: this page shows what comes of it.");
}
