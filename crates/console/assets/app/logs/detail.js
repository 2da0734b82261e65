// An entry in full, at the side.
import { useQuery } from "../hooks.js";
import { html } from "../lib.js";
import { nextWords, STANDING } from "../people/standing.js";
import { Drawer, duration, ErrorNote, Facts, LinkStateBadge, Loaded, Note, number, OutcomeBadge, Time } from "../ui/index.js";
import { ReceivedResponse, SentRequest } from "./exchange.js";
import { RetryNow } from "./retry.js";
import { personHref } from "./row.js";
import { FAILURES, OPERATIONS } from "./words.js";

const EXCHANGE = "method url headers { name value } body bodyTruncated";
const ENTRY = `query ($id: ID!) { log(id: $id) {
  id at syncId personId personVersion operation outcome failure message uniqueId attempt durationMs nextAttemptAt
  sync { id friendlyName status }
  person { id name deletedAt links { sync { id } ${STANDING} } }
  request { ${EXCHANGE} }
  response { status headers { name value } body bodyTruncated }
} }`;

// What happens next: as the entry says, and as it stands now.
function Next({ entry, link }) {
  const then = {
    SUCCEEDED: null,
    SKIPPED: null,
    RETRYING: entry.nextAttemptAt && html`Then it was to be tried again: <${Time} at=${entry.nextAttemptAt} />.`,
    PARKED: "Then it was parked: nothing more happens until a new change, an edit of the rule, or a retry.",
  }[entry.outcome];
  return html`<div class="stack-s">
    ${then && html`<p>${then}</p>`}
    ${link && html`<div class="row"><span class="strong">Now</span> <${LinkStateBadge} state=${link.state} /></div>
      <p>${nextWords(link)}${!link.owed && link.lastDecision ? ` Newest decision: ${link.lastDecision}` : ""}</p>`}
    ${link?.parkedReason && link.parkedReason !== entry.message && html`<${Note} tone="bad">${link.parkedReason}<//>`}
  </div>`;
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
  const mends = Boolean(entry.sync && link && (link.owed || link.parkedReason));
  return html`<div class="stack">
    <div class="row"><${OutcomeBadge} outcome=${entry.outcome} /><span class="strong">${OPERATIONS[entry.operation]}</span></div>
    <p class="wrap">${entry.message}</p>
    <${Next} entry=${entry} link=${link} />
    <${RetryNow} syncId=${entry.syncId} personId=${entry.personId} needed=${mends} onDone=${refresh} />
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
