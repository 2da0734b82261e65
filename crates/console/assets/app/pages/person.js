// A person: what is known, how each sync stands with them, and what happened.
import { useQuery } from "../hooks.js";
import { html, useEffect, useRef } from "../lib.js";
import { EntryDrawer } from "../logs/detail.js";
import { useSyncNames } from "../logs/sync-names.js";
import { FIELDS, PersonFields } from "../people/fields.js";
import { LinkDetails, Standing } from "../people/link-card.js";
import { STANDING } from "../people/standing.js";
import { PersonTimeline } from "../people/timeline.js";
import { here, setQuery } from "../router.js";
import { Badge, Button, EmptyState, ErrorNote, Loaded, Page, Time } from "../ui/index.js";

const EVERY_MS = 10_000;
/** After an entry was written, its link is asked for once no more come for so long. */
const NEWS_MS = 300;

const PERSON = `query ($id: ID!) { person(id: $id) { ${FIELDS} links { id sync { id friendlyName } person { id } ${STANDING} } } }`;
const CRUMBS = [{ label: "People", href: "/people" }];

function Links({ person, onDone }) {
  if (person.links.length === 0 && person.deletedAt) return html`<div class="card"><${EmptyState} icon="check-circle" title="Nothing is left to do">This person is deleted, and no sync has anything more to do with them.<//></div>`;
  if (person.links.length === 0) return html`<div class="card"><${EmptyState} icon="syncs" title="No sync has anything to do with this person">A sync takes up people who change after it was made; resync takes up everybody.<//></div>`;
  return html`<div class="link-cards">${person.links.map((link) => html`<section class="card" key=${link.id} aria-label=${`Link with ${link.sync.friendlyName}`}>
    <div class="card-head"><h3><a href=${`/syncs/${link.sync.id}/people?person=${encodeURIComponent(person.id)}`}>${link.sync.friendlyName}</a></h3><${Standing} link=${link} /></div>
    <div class="card-body"><${LinkDetails} link=${link} version=${person.version} onDone=${onDone} /></div>
  </section>`)}</div>`;
}

function Found({ person, refresh }) {
  const entry = here.value.query.get("entry");
  const later = useRef(null);
  const soon = () => {
    clearTimeout(later.current);
    later.current = setTimeout(refresh, NEWS_MS);
  };
  useEffect(() => () => clearTimeout(later.current), []);
  const { nameOf } = useSyncNames();
  const title = person.name || person.email || person.id;
  const heading = html`<span class="wrap">${title}</span> ${person.deletedAt && html`<${Badge} tone="bad" icon="trash">Deleted<//>`}`;
  return html`<${Page} title=${title} heading=${heading} crumbs=${CRUMBS} lead=${html`<code class="wrap">${person.id}</code> · ${person.deletedAt ? html`<${Time} at=${person.deletedAt} prefix="deleted " />` : html`<${Time} at=${person.updatedAt} prefix="updated " />`}`}>
    <div class="person">
      <div class="stack">
        <section class="stack-s" aria-label="Links"><h2>Syncs</h2><${Links} person=${person} onDone=${refresh} /></section>
        <section class="card" aria-label="Timeline"><div class="card-head"><h2>Timeline</h2></div><div class="card-body">
          <${PersonTimeline} personId=${person.id} version=${person.version} nameOf=${nameOf} onNews=${soon} />
        </div></section>
      </div>
      <section class="card person-fields" aria-label="Fields"><div class="card-head"><h2>Fields</h2></div><div class="card-body"><${PersonFields} person=${person} /></div></section>
    </div>
    ${entry && html`<${EntryDrawer} key=${entry} id=${entry} onClose=${() => setQuery({ entry: null })} />`}
  <//>`;
}

export default function Person({ params }) {
  const found = useQuery(PERSON, { id: params.id }, { every: EVERY_MS });
  if (found.data?.person) return html`${found.error && found.error.code !== "OFFLINE" && html`<${ErrorNote} error=${found.error} onRetry=${found.refresh} />`}<${Found} person=${found.data.person} refresh=${found.refresh} />`;
  return html`<${Page} title=${params.id} crumbs=${CRUMBS}><${Loaded} query=${found}>${() => html`<${EmptyState} icon="people" title="There is no such person" action=${html`<${Button} href="/people">Show the people<//>`}>Nobody with the id <code>${params.id}</code> is in the directory. A deleted person is shown until every sync has settled.<//>`}<//><//>`;
}
