// All syncs with how they stand; where there is none, the first run.
import { useQuery } from "../hooks.js";
import { html, useState } from "../lib.js";
import { can } from "../session.js";
import { AddSync } from "../sync/add-sync.js";
import { SECRETS_NEEDED, SecretsNeeded } from "../sync/secrets.js";
import { Button, Loaded, number, Page, percent, Skeleton, Sparkline, SyncStatus, Table, Time } from "../ui/index.js";
import { FirstRun, useFirstRun } from "./first-run.js";

const PAGE = 50;
const EVERY_MS = 10_000;

const SYNCS = `query ($first: Int!) {
  syncs(first: $first) {
    nodes {
      id friendlyName status statusReason heldUntil holds { kind }
      createUsers { method url }
      ${SECRETS_NEEDED}
      stats { sent successRate owed parked series(buckets: 24) { start succeeded failed } }
    }
    pageInfo { hasNextPage }
  }
}`;

const host = (url) => {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
};

const COLUMNS = [
  {
    title: "Name",
    cell: (sync) => html`<div class="sync-name"><a class="strong wrap" href=${`/syncs/${sync.id}/create`}>${sync.friendlyName}</a>
      <span class="faint small truncate">${sync.createUsers ? `${sync.createUsers.method} ${host(sync.createUsers.url)}` : "Create Users is not set up yet"}</span></div>`,
  },
  {
    title: "Status",
    cell: (sync) => html`<div class="sync-status"><${SyncStatus} sync=${sync} /><${SecretsNeeded} sync=${sync} />${sync.status !== "PAUSED" && sync.heldUntil && new Date(sync.heldUntil) > Date.now() && html`<span class="faint small"><${Time} at=${sync.heldUntil} prefix="next try " /></span>`}</div>`,
  },
  { title: "Last 24 hours", cell: ({ stats }) => html`<${Sparkline} points=${stats.series} />` },
  { title: "Sent", end: true, cell: ({ stats }) => html`<span class="num">${number(stats.sent)}</span>` },
  { title: "Succeeded", end: true, cell: ({ stats }) => html`<span class=${`num ${stats.successRate !== null && stats.successRate < 0.9 ? "bad strong" : ""}`}>${percent(stats.successRate)}</span>` },
  { title: "Owed", end: true, cell: ({ stats }) => html`<span class="num">${number(stats.owed)}</span>` },
  {
    title: "Parked",
    end: true,
    cell: (sync) => (sync.stats.parked ? html`<a class="num bad strong" href=${`/syncs/${sync.id}/people?parked=true`}>${number(sync.stats.parked)}<span class="visually-hidden"> parked links of ${sync.friendlyName}</span></a>` : html`<span class="num faint">0</span>`),
  },
];

export default function Syncs() {
  const [first, setFirst] = useState(PAGE);
  const found = useQuery(SYNCS, { first }, { every: EVERY_MS });
  const syncs = found.data?.syncs.nodes;
  const guide = useFirstRun(syncs);
  const none = syncs?.length === 0;
  const welcome = { title: "Welcome to crm-sync", lead: "It keeps other systems in step with your directory of people: it sends the requests that you describe, and remembers which record each person has become." };
  const usual = { title: "Syncs", lead: "Each keeps one external system in step with your directory of people.", actions: syncs && can("ADMIN") && html`<${AddSync} />` };
  return html`<${Page} ...${none ? welcome : usual}><div class="stack">
    ${guide.shown && html`<${FirstRun} guide=${guide} onChanged=${found.refresh} />`}
    ${guide.pending && html`<div class="card"><${Skeleton} /></div>`}
    ${!guide.pending && !none && html`<div class="card"><${Loaded} query=${found}>${({ syncs: { nodes, pageInfo } }) => html`
      <${Table} caption="Syncs" columns=${COLUMNS} rows=${nodes} rowKey=${(sync) => sync.id} />
      ${pageInfo.hasNextPage && html`<div class="card-body"><${Button} busy=${found.loading} onClick=${() => setFirst(first + PAGE)}>Show more syncs<//></div>`}
    `}<//></div>`}
  </div><//>`;
}
