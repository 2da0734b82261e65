// One entry in the list.
import { html } from "../lib.js";
import { absoluteTime, duration, Icon, relativeTime } from "../ui/index.js";
import { nameOf } from "./names.js";
import { OPERATIONS, OUTCOMES } from "./words.js";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const dayAndClock = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });

/** A time as short as it can be: of today the time alone. */
export function shortTime(at, now = new Date()) {
  const time = new Date(at);
  return time.toDateString() === now.toDateString() ? clock.format(time) : dayAndClock.format(time);
}

export const personHref = (id) => `/people/${encodeURIComponent(id)}`;

/** The status's class, for its colour. */
export const statusTone = (status) => (status < 300 ? "good" : status < 400 ? "info" : status < 500 ? "warn" : "bad");

export const COLUMNS = [
  { name: "time", title: "Time" },
  { name: "outcome", title: "Outcome" },
  { name: "operation", title: "Operation" },
  { name: "person", title: "Person" },
  { name: "sync", title: "Sync" },
  { name: "status", title: "Status" },
  { name: "duration", title: "Duration" },
  { name: "message", title: "Message" },
];

/**
 * The cells of a row. The link to the details stretches over the row.
 * @param {{row: object, href: string, syncName: string | null, selected: boolean}} props `syncName` null: the list is of one sync
 */
export function LogRow({ row, href, syncName, selected }) {
  const { icon, tone, label } = OUTCOMES[row.outcome];
  const operation = OPERATIONS[row.operation];
  const name = nameOf(row.personId) ?? row.personId;
  return html`<div role="cell" class="cell-time num"><a class="row-open" href=${href} aria-current=${selected ? "true" : undefined} title=${`${absoluteTime(row.at)} · ${relativeTime(row.at)}`}><time datetime=${row.at}>${shortTime(row.at)}</time><span class="visually-hidden">: details of ${operation} ${name}</span></a></div>
    <div role="cell" class=${`cell-outcome ${tone}`}><${Icon} name=${icon} size=${14} />${label}</div>
    <div role="cell" class="cell-operation">${operation}</div>
    <div role="cell" class="cell-person truncate"><a class="row-link" href=${personHref(row.personId)} title=${`${name} (id ${row.personId})`}>${name}</a></div>
    ${syncName !== null && html`<div role="cell" class="cell-sync truncate"><a class="row-link" href=${`/syncs/${row.syncId}/logs`} title=${syncName}>${syncName}</a></div>`}
    <div role="cell" class=${`cell-status num ${row.status ? statusTone(row.status) : "faint"}`}>${row.status ?? "–"}</div>
    <div role="cell" class="cell-duration num faint">${row.durationMs === null ? "–" : duration(row.durationMs)}</div>
    <div role="cell" class="cell-message truncate" title=${row.message}>${row.message}</div>`;
}
