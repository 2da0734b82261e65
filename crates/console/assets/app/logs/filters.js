// Which entries are asked for: kept in the address, so that a view of the log can be linked and comes back on reload.
import { FAILURES, OPERATIONS, OUTCOMES, STATUSES } from "./words.js";

const HOUR_MS = 3_600_000;

/** The ranges of time that end now. */
export const RANGES = {
  "1h": { label: "Last hour", ms: HOUR_MS },
  "24h": { label: "Last 24 hours", ms: 24 * HOUR_MS },
  "7d": { label: "Last 7 days", ms: 168 * HOUR_MS },
};

/** The parts of the address that say what is asked for. */
const PARTS = ["operation", "outcome", "status", "failure", "person", "sync", "range", "since", "until"];

const known = (words, names) => (names ?? "").split(",").filter((name) => Object.hasOwn(words, name));
const one = (words, name) => (Object.hasOwn(words, name ?? "") ? name : "");

function time(text) {
  const at = text ? new Date(text) : null;
  return at && !Number.isNaN(at.getTime()) ? at.toISOString() : "";
}

/**
 * What the address asks for; what it says wrongly is left out.
 * @param {URLSearchParams} query
 */
export function readFilter(query) {
  return {
    operation: one(OPERATIONS, query.get("operation")),
    outcomes: known(OUTCOMES, query.get("outcome")),
    status: one(STATUSES, query.get("status")),
    failure: one(FAILURES, query.get("failure")),
    person: query.get("person") ?? "",
    sync: query.get("sync") ?? "",
    range: one(RANGES, query.get("range")),
    since: time(query.get("since")),
    until: time(query.get("until")),
  };
}

/** How many things are asked for, the sync's own page not counted. */
export const countFilters = (filter) =>
  ["operation", "status", "failure", "person", "sync"].filter((part) => filter[part]).length + (filter.outcomes.length > 0 ? 1 : 0) + (filter.range || filter.since || filter.until ? 1 : 0);

/** The changes of the address that ask for everything again, for setQuery(). */
export const NO_FILTER = Object.fromEntries(PARTS.map((part) => [part, null]));

/**
 * The API's LogFilter.
 * @param {ReturnType<typeof readFilter>} filter
 * @param {string | undefined} syncId of the sync whose page it is
 * @param {number} now in milliseconds
 */
export function logFilter(filter, syncId, now = Date.now()) {
  const status = filter.status ? Number(filter.status[0]) * 100 : null;
  const since = filter.range ? new Date(now - RANGES[filter.range].ms).toISOString() : filter.since;
  const asked = {
    syncId: syncId ?? filter.sync,
    personId: filter.person,
    operations: filter.operation ? [filter.operation] : null,
    outcomes: filter.outcomes.length > 0 ? filter.outcomes : null,
    failures: filter.failure ? [filter.failure] : null,
    statusAtLeast: status,
    statusAtMost: status && status + 99,
    since,
    until: filter.range ? null : filter.until,
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
}
