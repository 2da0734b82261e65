// How a link stands, in words: what the external system holds, and what happens next.
import { html } from "../lib.js";
import { Time } from "../ui/index.js";

/** What a link's owed operation is called within a sentence. */
const NEXT = { CREATE: "a create", UPDATE: "an update", DELETE: "a delete", LOOKUP: "a lookup" };

/** The fields that these words need. */
export const STANDING = "state uniqueId owed operation inFlight nextAttemptAt tries parkedAt parkedReason parkedCode lastDecision sentVersion adopted kept updatedAt";

export const PARK_REASONS = {
  REFUSED: "Data refused",
  TEMPLATE: "Template not rendered",
  NO_UNIQUE_ID: "No unique id",
  AMBIGUOUS: "Several records found",
  CONFLICT: "Unique id taken",
  MISSING: "Record missing",
  UNCERTAIN: "Answer never came",
  REDIRECTED: "Redirected",
  RETRIES_SPENT: "Retries spent",
};

export const LINK_STATES = {
  LINKED: "Linked",
  UNLINKED: "Unlinked",
  UNCERTAIN: "Uncertain",
  LEAVING: "Leaving",
  UNADDRESSABLE: "Unaddressable",
};

/** What is known to be held, in words. */
export const STATE_WORDS = {
  LINKED: "The external system holds a record of this person.",
  UNLINKED: "The external system holds no record of this person.",
  UNCERTAIN: "A create may have been carried out; its answer never came.",
  LEAVING: "A delete may have been carried out; it is finished first.",
  UNADDRESSABLE: "A record was created, but its unique id could not be read.",
};

/** What happens next. */
export function nextWords(link) {
  if (link.parkedReason) return "Parked: nothing is sent until a new change, an edit of the rule, or a retry.";
  if (link.inFlight) return "A request is on its way.";
  if (link.kept) return "Kept: the person is deleted, and the record is left as it is, since it was there before.";
  if (!link.owed) return "Nothing is owed.";
  const what = NEXT[link.operation] ?? "a request";
  const tried = link.tries > 0 ? ` after ${link.tries} ${link.tries === 1 ? "try" : "tries"}` : "";
  const later = link.nextAttemptAt && new Date(link.nextAttemptAt) > Date.now();
  return later ? html`Owes ${what}${tried}: next try <${Time} at=${link.nextAttemptAt} />.` : `Owes ${what}${tried}: it is sent as soon as the sync may.`;
}
