// The People tab of a sync: how it stands with each person.
import { useQuery } from "../hooks.js";
import { html } from "../lib.js";
import { personHref } from "../logs/row.js";
import { LinkDetails, Standing } from "../people/link-card.js";
import { isFiltered, LinkCounts, LinkFilterBar, linkFilter, NO_LINK_FILTER, readLinkFilter } from "../people/link-filter.js";
import { PagedFoot, PagedList, useFollowed, usePaged } from "../people/paged.js";
import { RetryShown } from "../people/retry-shown.js";
import { nextWords, STANDING } from "../people/standing.js";
import { here, setQuery } from "../router.js";
import { Button, Drawer, EmptyState, Loaded, WindowedTable } from "../ui/index.js";

const EVERY_MS = 5_000;

const STATS = "query ($id: ID!) { sync(id: $id) { kept stats { linked owed parked uncertain unaddressable leaving unlinked } } }";
const LINK = `id sync { id friendlyName } person { id name version } ${STANDING}`;
const LINKS = `query ($id: ID!, $filter: LinkFilter, $first: Int, $after: String) { sync(id: $id) {
  links(filter: $filter, first: $first, after: $after) { nodes { ${LINK} } pageInfo { hasNextPage endCursor } }
} }`;
const NONE = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };

const COLUMNS = [
  { name: "person", title: "Person" },
  { name: "unique", title: "Unique id" },
  { name: "standing", title: "State" },
  { name: "next", title: "What happens next" },
];
const HEIGHTS = [56, 108];

function Row({ link, href }) {
  return html`<div role="cell" class="cell-person"><a class="row-open strong truncate" href=${href}>${link.person.name || link.person.id}</a><a class="row-link small faint truncate mono" href=${personHref(link.person.id)} title="Show the person">${link.person.id}</a></div>
    <div role="cell" class="cell-unique truncate mono" title=${link.uniqueId}>${link.uniqueId ?? html`<span class="faint">–</span>`}</div>
    <div role="cell" class="cell-standing"><${Standing} link=${link} /></div>
    <div role="cell" class="cell-next" title=${link.parkedReason}><span class=${`clamp ${link.parkedReason ? "bad" : "muted"}`}>${link.parkedReason ?? nextWords(link)}</span></div>`;
}

// The link in full, looked at again while it is shown.
function LinkDrawer({ syncId, personId, onClose, onDone }) {
  const found = useQuery(LINKS, { id: syncId, filter: { personId }, first: 1 }, { every: EVERY_MS });
  const done = () => {
    void found.refresh();
    onDone();
  };
  return html`<${Drawer} title="Link" onClose=${onClose}><${Loaded} query=${found}>${(data) => {
    const [link] = data.sync?.links.nodes ?? [];
    if (!link) return html`<p>This sync has nothing to do with the person ${personId} any more.</p>`;
    return html`<div class="stack"><div class="row spread"><a class="strong" href=${personHref(personId)}>${link.person.name || personId}</a><${Standing} link=${link} /></div>
      <${LinkDetails} link=${link} version=${link.person.version} onDone=${done} />
      <div class="row"><${Button} size="small" icon="people" href=${personHref(personId)}>Show the person<//><${Button} size="small" icon="logs" href=${`/syncs/${syncId}/logs?person=${encodeURIComponent(personId)}`}>Show the log<//></div></div>`;
  }}<//><//>`;
}

export default function SyncPeople({ sync }) {
  const { query: parts } = here.value;
  const filter = readLinkFilter(parts);
  const stats = useQuery(STATS, { id: sync.id });
  const list = usePaged(LINKS, { id: sync.id, filter: linkFilter(filter) }, (data) => data.sync?.links ?? NONE);
  const shown = parts.get("link");
  const refresh = useFollowed(list, EVERY_MS, () => void stats.refresh());
  const hrefOf = (id) => {
    const next = new URLSearchParams(parts);
    next.set("link", id);
    return `?${next}`;
  };
  const nothing = isFiltered(filter)
    ? html`<${EmptyState} icon="filter" title="No link fits" action=${html`<${Button} onClick=${() => setQuery(NO_LINK_FILTER)}>Clear filters<//>`}>No person of this sync fits these filters.<//>`
    : html`<${EmptyState} icon="people" title="Nobody yet">This sync takes up people who change from now on. Resync takes up everybody who is in the directory already.<//>`;
  return html`<div class="stack">
    <${Loaded} query=${stats} lines=${2}>${(data) => data.sync && html`<div class="row spread counts-line"><${LinkCounts} stats=${{ ...data.sync.stats, kept: data.sync.kept }} filter=${filter} /><div class="row"><${RetryShown} sync=${sync} stats=${data.sync.stats} ...${{ filter, list }} onDone=${refresh} /></div></div>`}<//>
    <section class="card log-card" aria-label="Links">
      <div class="row list-head"><div class="grow"><${LinkFilterBar} filter=${filter} /></div><${Button} kind="quiet" icon="syncs" label="Read the list again" onClick=${refresh} /></div>
      <${PagedList} list=${list} nothing=${nothing}>${(found) => html`<${WindowedTable} label="Links, in order of the person's id" kind="links" columns=${COLUMNS} heights=${HEIGHTS} length=${found.items.length} slice=${(from, to) => found.items.slice(from, to)} rowKey=${(link) => link.id} row=${(link) => html`<${Row} link=${link} href=${hrefOf(link.person.id)} />`} selected=${(link) => link.person.id === shown} isWhole=${!found.hasMore} foot=${html`<${PagedFoot} list=${found} one="link" many="links" />`} onNearEnd=${found.more} />`}<//>
    </section>
    ${shown && html`<${LinkDrawer} key=${shown} syncId=${sync.id} personId=${shown} onClose=${() => setQuery({ link: null })} onDone=${refresh} />`}
  </div>`;
}
