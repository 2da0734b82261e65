// An entry in full, at the side.
import { useQuery } from "../hooks.js";
import { html } from "../lib.js";
import { Drawer, duration, ErrorNote, LinkStateBadge, Loaded, Note, number, OutcomeBadge, Time } from "../ui/index.js";
import { ReceivedResponse, SentRequest } from "./exchange.js";
import { RetryNow } from "./retry.js";
import { personHref } from "./row.js";
import { FAILURES, OPERATIONS } from "./words.js";

const EXCHANGE = "method url headers { name value } body bodyTruncated";
const ENTRY = `query ($id: ID!) { log(id: $id) {
  id at syncId personId personVersion operation outcome failure message uniqueId attempt durationMs nextAttemptAt
  sync { id friendlyName status }
  person { id name deletedAt links { sync { id } state uniqueId owed inFlight nextAttemptAt parkedReason lastDecision } }
  request { ${EXCHANGE} }
  response { status headers { name value } body bodyTruncated }
} }`;

/** A list of facts: `[[name, value]]`; those without a value are left out. */
export function Facts({ facts }) {
  const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

// What happens next: as the entry says, and as it stands now.
function Next({ entry, link }) {
  const then = {
    SUCCEEDED: null,
    SKIPPED: null,
    RETRYING: entry.nextAttemptAt && html`Then it was to be tried again: <${Time} at=${entry.nextAttemptAt} />.`,
    PARKED: "Then it was parked: nothing more happens until a new change, an edit of the rule, or a retry.",
  }[entry.outcome];
  const now = link && nowWords(link);
  return html`<div class="stack-s">
    ${then && html`<p>${then}</p>`}
    ${now && html`<p class="row"><span class="strong">Now:</span> <${LinkStateBadge} state=${link.state} /> <span>${now}</span></p>`}
  </div>`;
}

function nowWords(link) {
  if (link.parkedReason) return `Parked: ${link.parkedReason}`;
  if (link.inFlight) return "A request is on its way.";
  if (link.owed && link.nextAttemptAt) return html`Owed; next try <${Time} at=${link.nextAttemptAt} />.`;
  if (link.owed) return "Owed; it is sent as soon as the sync may.";
  return `Nothing is owed.${link.lastDecision ? ` Newest decision: ${link.lastDecision}` : ""}`;
}

function Entry({ entry, refresh }) {
  const link = entry.person?.links.find(({ sync }) => sync.id === entry.syncId);
  const facts = [
    ["Time", html`<${Time} at=${entry.at} full />`],
    ["Person", html`<a href=${personHref(entry.personId)}>${entry.person?.name || entry.personId}</a> ${entry.person ? html`<code class="faint">${entry.personId}</code>` : html`<span class="faint">forgotten</span>`} <span class="faint">version ${number(entry.personVersion)}</span>`],
    ["Sync", entry.sync ? html`<a href=${`/syncs/${entry.syncId}/logs`}>${entry.sync.friendlyName}</a>` : html`<span class="faint">deleted</span>`],
    ["Unique id", entry.uniqueId && html`<code>${entry.uniqueId}</code>`],
    ["Attempt", entry.attempt && number(entry.attempt)],
    ["Duration", entry.durationMs !== null && duration(entry.durationMs)],
    ["Failure", entry.failure && FAILURES[entry.failure]],
    ["Entry", html`<code class="wrap">${entry.id}</code>`],
  ];
  const mends = entry.sync && link && (link.owed || link.parkedReason);
  return html`<div class="stack">
    <div class="row"><${OutcomeBadge} outcome=${entry.outcome} /><span class="strong">${OPERATIONS[entry.operation]}</span></div>
    <p class="wrap">${entry.message}</p>
    <${Next} entry=${entry} link=${link} />
    ${mends && html`<${RetryNow} syncId=${entry.syncId} personId=${entry.personId} onDone=${refresh} />`}
    <${Facts} facts=${facts} />
    ${entry.request ? html`<${SentRequest} request=${entry.request} />` : html`<${Note} tone="idle">Nothing was sent.<//>`}
    ${entry.response ? html`<${ReceivedResponse} response=${entry.response} />` : entry.request && html`<${Note} tone="idle">No answer came.<//>`}
  </div>`;
}

/** @param {{id: string, onClose: () => void}} props */
export function EntryDrawer({ id, onClose }) {
  const found = useQuery(ENTRY, { id });
  return html`<${Drawer} title="Log entry" onClose=${onClose}>
    <${Loaded} query=${found}>${({ log }) => (log ? html`<${Entry} entry=${log} refresh=${found.refresh} />` : html`<${ErrorNote} error=${{ message: "There is no such entry any more. Entries are kept for a time, and as long as their sync." }} />`)}<//>
  <//>`;
}
