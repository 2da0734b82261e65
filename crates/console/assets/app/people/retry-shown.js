// Retry for everybody who is shown: the button says for how many, and does that.
import { query } from "../api.js";
import { html, useEffect, useState } from "../lib.js";
import { retry } from "../logs/retry.js";
import { can } from "../session.js";
import { Button, ConfirmDialog, counted, ErrorNote, Note, number, Spinner, toast } from "../ui/index.js";
import { CreateAgain, isInDoubt } from "./create-again.js";
import { filterWords, isFiltered, linkFilter } from "./link-filter.js";
import { PARK_REASONS } from "./standing.js";

const EVERY_REASON = Object.keys(PARK_REASONS);
/** The API takes so many people a call, and gives so many links. */
const PER_CALL = 1000;
/** So many people of a filter are gathered at once; the rest is shown afterwards. */
const GATHERED_MAX = 20_000;

const GATHER = `query ($id: ID!, $filter: LinkFilter, $after: String) { sync(id: $id) {
  links(filter: $filter, first: ${PER_CALL}, after: $after) { nodes { person { id } state owed parkedCode } pageInfo { hasNextPage endCursor } }
} }`;

const isWanted = ({ owed, parkedCode }) => owed || parkedCode !== null;

/** What a retry without names takes: everybody, or all who are parked. null: those of the filter have to be gathered. */
function wholesale(filter, stats) {
  if (!isFiltered(filter)) return { only: {}, count: stats.parked + stats.owed, words: "owed and parked" };
  const { parked, ...rest } = filter;
  return parked && !isFiltered(rest) ? { only: { parkedCodes: EVERY_REASON }, count: stats.parked, words: "parked" } : null;
}

async function gathered(syncId, filter, wanted = isWanted) {
  const ids = [];
  let after;
  while (ids.length < GATHERED_MAX) {
    const { sync } = await query(GATHER, { id: syncId, filter: linkFilter(filter), after });
    if (!sync) return { ids, more: false };
    ids.push(...sync.links.nodes.filter(wanted).map(({ person }) => person.id));
    if (!sync.links.pageInfo.hasNextPage) return { ids, more: false };
    after = sync.links.pageInfo.endCursor;
  }
  return { ids, more: true };
}

// Those who are shown and no others: by name, and where they are shown for a reason, only while they are parked for it.
async function retryThese(syncId, ids, filter) {
  const parkedCodes = filter.why ? [filter.why] : filter.parked ? EVERY_REASON : undefined;
  let marked = 0;
  for (let from = 0; from < ids.length; from += PER_CALL) marked += await retry({ syncId, personIds: ids.slice(from, from + PER_CALL), parkedCodes });
  return marked;
}

const STOPPED = {
  PAUSED: "The sync is paused: they are due, and sent once it is resumed.",
  SUSPENDED: "The sync is suspended: they are due, and wait until a probe is accepted.",
};
const WHAT = "Each of them is due at once, with its tries at 0. The sync's limits hold; what is still wrong is parked again.";

function Wholesale({ sync, whole, title, onDone, onClose }) {
  const run = async () => {
    toast(`${counted(await retry({ syncId: sync.id, ...whole.only }), "link")} due now`);
    onDone();
  };
  return html`<${ConfirmDialog} title=${`${title}?`} action="Retry now" onConfirm=${run} onClose=${onClose}>
    <p>${WHAT}</p>${STOPPED[sync.status] && html`<${Note} tone="warn">${STOPPED[sync.status]}<//>`}
  <//>`;
}

function These({ sync, filter, onDone, onClose }) {
  const [found, setFound] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    gathered(sync.id, filter).then(setFound, setError);
  }, []);
  const people = counted(found?.ids.length ?? 0, "person", "people");
  const run = async () => {
    toast(`${counted(await retryThese(sync.id, found.ids, filter), "link")} due now`);
    onDone();
  };
  return html`<${ConfirmDialog} title=${found ? `Retry ${people}?` : "Retry those who are shown?"} action=${found ? `Retry ${people}` : "Retry"} ready=${found?.ids.length > 0} onConfirm=${run} onClose=${onClose}>
    <p>Only those who are shown: <strong>${filterWords(filter)}</strong>.</p>
    <p>${WHAT}</p>
    ${!found && !error && html`<${Spinner} label="Counting" />`}
    ${found?.more && html`<${Note} tone="warn">These are the first ${number(found.ids.length)}; retry again for the rest.<//>`}
    ${error && html`<${ErrorNote} error=${error} />`}
    ${STOPPED[sync.status] && html`<${Note} tone="warn">${STOPPED[sync.status]}<//>`}
  <//>`;
}

/**
 * @param {{sync: object, stats: object, filter: object, list: import("./paged.js").Paged | null, onDone: () => void}} props `list`: the links that are shown
 */
export function RetryShown({ sync, stats, filter, list, onDone }) {
  const [asking, setAsking] = useState(false);
  const whole = wholesale(filter, stats);
  const shown = list?.state.value === "ready" ? list.items.filter(isWanted).length : 0;
  void list?.version.value;
  // Creates whose outcome nobody knows are sent anew only where they are looked at by themselves.
  const doubtful = ["UNCERTAIN", "UNADDRESSABLE"].includes(filter.state) || ["UNCERTAIN", "NO_UNIQUE_ID"].includes(filter.why);
  const doubted = doubtful && list?.state.value === "ready" && list.items.some(isInDoubt);
  // While it is asked, the number may become 0: the dialog stays.
  if (!can("WRITER") || (!asking && (whole ? whole.count : shown) === 0)) return null;
  const these = list?.hasMore ? "Retry all of these …" : shown === 1 ? "Retry this one" : `Retry these ${number(shown)}`;
  const words = whole ? `Retry all ${number(whole.count)} ${whole.words}` : these;
  const close = () => setAsking(false);
  return html`${doubted && html`<${CreateAgain} syncId=${sync.id} find=${async () => (await gathered(sync.id, filter, isInDoubt)).ids} onDone=${onDone} />`}
    <${Button} icon="retry" onClick=${() => setAsking(true)}>${words}<//>
    ${asking && (whole ? html`<${Wholesale} ...${{ sync, whole, onDone }} title=${words} onClose=${close} />` : html`<${These} ...${{ sync, filter, onDone }} onClose=${close} />`)}`;
}
