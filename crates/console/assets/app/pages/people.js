// The directory: search, and everybody in order of id.
import { useDebounced } from "../hooks.js";
import { html, useEffect, useState } from "../lib.js";
import { UpsertExample } from "../people/example.js";
import { PagedFoot, PagedList, usePaged } from "../people/paged.js";
import { here, setQuery } from "../router.js";
import { Badge, Button, Checkbox, EmptyState, Page, TextInput, Time, WindowedTable } from "../ui/index.js";

const TYPING_MS = 250;

const PEOPLE = `query ($search: String, $includeDeleted: Boolean, $first: Int, $after: String) {
  people(search: $search, includeDeleted: $includeDeleted, first: $first, after: $after) {
    nodes { id name email updatedAt deletedAt }
    pageInfo { hasNextPage endCursor }
  }
}`;
const COLUMNS = [
  { name: "name", title: "Name" },
  { name: "id", title: "Id" },
  { name: "email", title: "Email" },
  { name: "updated", title: "Updated" },
];
const HEIGHTS = [44, 76];

const row = (person) => html`<div role="cell" class="cell-name truncate"><a class="row-open strong" href=${`/people/${encodeURIComponent(person.id)}`}>${person.name || html`<span class="faint">No name</span>`}</a>${person.deletedAt && html` <${Badge} tone="bad" icon="trash">Deleted<//>`}</div>
  <div role="cell" class="cell-id truncate mono" title=${person.id}>${person.id}</div>
  <div role="cell" class="cell-email truncate" title=${person.email}>${person.email ?? html`<span class="faint">–</span>`}</div>
  <div role="cell" class="cell-updated faint"><${Time} at=${person.deletedAt ?? person.updatedAt} prefix=${person.deletedAt ? "deleted " : ""} /></div>`;

function Nothing({ search, includeDeleted }) {
  if (search) return html`<${EmptyState} icon="search" title="Nobody is found" action=${html`<${Button} onClick=${() => setQuery({ search: null })}>Clear the search<//>`}>Nobody's id, first, last or whole name, or email begins with “${search}”${includeDeleted ? "" : ". Deleted people are left out"}.<//>`;
  return html`<div class="nobody"><${EmptyState} icon="people" title="Nobody is in the directory yet">People come from your own system: it tells the API of each person who is created, changed or deleted.<//><${UpsertExample} /></div>`;
}

export default function People() {
  const { query } = here.value;
  const search = query.get("search") ?? "";
  const includeDeleted = query.get("deleted") === "true";
  const [typed, setTyped] = useState(search);
  const settled = useDebounced(typed, TYPING_MS);
  useEffect(() => {
    if (settled !== search) setQuery({ search: settled });
  }, [settled]);
  // Going back, or clearing it.
  useEffect(() => setTyped(search), [search]);
  const list = usePaged(PEOPLE, { search: search.trim() || null, includeDeleted }, (data) => data.people);
  return html`<${Page} title="People" lead="The directory that the syncs keep external systems in step with, in order of id.">
    <div class="card log-card">
      <div class="list-tools" role="search" aria-label="Search people"><div class="grow"><${TextInput} label="Search people" hideLabel type="search" icon="search" placeholder="Id, name or email begins with …" value=${typed} onChange=${setTyped} /></div>
        <${Checkbox} label="Include deleted" checked=${includeDeleted} onChange=${(on) => setQuery({ deleted: on ? "true" : null })} /></div>
      <${PagedList} list=${list} nothing=${html`<${Nothing} search=${search} includeDeleted=${includeDeleted} />`}>${(found) => html`
        <${WindowedTable} label="People" kind="people" columns=${COLUMNS} heights=${HEIGHTS} length=${found.items.length} slice=${(from, to) => found.items.slice(from, to)} rowKey=${(person) => person.id} row=${row} isWhole=${!found.hasMore} foot=${html`<${PagedFoot} list=${found} one="person" many="people" />`} onNearEnd=${found.more} />`}<//>
    </div>
  <//>`;
}
