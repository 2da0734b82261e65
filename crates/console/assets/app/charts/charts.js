// How much was sent, with what success and how fast, over a span of time.
import { useQuery } from "../hooks.js";
import { html, useState } from "../lib.js";
import { here, setQuery } from "../router.js";
import { Button, counted, duration, Loaded, number, percent, Segments } from "../ui/index.js";
import { Legend, Plot } from "./plot.js";
import { pointTimes } from "./scale.js";

const SPANS = {
  "1h": { label: "1 h", words: "the last hour", hours: 1, buckets: 60, every: 10_000 },
  "24h": { label: "24 h", words: "the last 24 hours", hours: 24, buckets: 96, every: 30_000 },
  "7d": { label: "7 d", words: "the last 7 days", hours: 168, buckets: 84, every: 60_000 },
};
const SPAN = "24h";

const STATS = `sent succeeded failed unchanged successRate latencyP50Ms latencyP95Ms latencyP99Ms
  series(buckets: $buckets) { start end succeeded failed unchanged latencyP50Ms latencyP95Ms latencyP99Ms }`;
const OF_ALL = `query ($since: DateTime, $until: DateTime, $operation: Operation, $buckets: Int) { stats(since: $since, until: $until, operation: $operation) { ${STATS} } }`;
const OF_SYNC = `query ($id: ID!, $since: DateTime, $until: DateTime, $operation: Operation, $buckets: Int) { sync(id: $id) { stats(since: $since, until: $until, operation: $operation) { ${STATS} } } }`;

const compact = new Intl.NumberFormat("en", { notation: "compact" });

const OUTCOMES = [
  { key: "succeeded", label: "Succeeded" },
  { key: "failed", label: "Failed" },
];
const LATENCIES = [
  { key: "latencyP50Ms", label: "p50" },
  { key: "latencyP95Ms", label: "p95" },
  { key: "latencyP99Ms", label: "p99" },
];

// Whole buckets, so that the points lie at round times; the last one goes on.
function bounds({ hours, buckets }) {
  const bucket = (hours * 3_600_000) / buckets;
  const until = (Math.floor(Date.now() / bucket) + 1) * bucket;
  return { since: new Date(until - hours * 3_600_000).toISOString(), until: new Date(until).toISOString() };
}

function Tile({ name, hint, children }) {
  return html`<div class="tile"><dt>${name}</dt><dd class="num">${children}</dd>${hint && html`<dd class="faint small">${hint}</dd>`}</div>`;
}

function Tiles({ stats }) {
  const low = stats.successRate !== null && stats.successRate < 0.9;
  return html`<dl class="tiles">
    <${Tile} name="Requests sent" hint=${stats.failed ? `${number(stats.failed)} failed` : "none failed"}>${number(stats.sent)}<//>
    <${Tile} name="Succeeded"><span class=${low ? "bad" : ""}>${percent(stats.successRate)}</span><//>
    <${Tile} name="Latency p95" hint=${stats.latencyP50Ms === null ? null : `p50 ${duration(stats.latencyP50Ms)}, p99 ${duration(stats.latencyP99Ms)}`}>${duration(stats.latencyP95Ms)}<//>
    <${Tile} name="Unchanged" hint="settled without a request">${number(stats.unchanged)}<//>
  </dl>`;
}

function AsTable({ points }) {
  const rows = points.filter((point) => point.succeeded + point.failed + point.unchanged > 0).reverse();
  if (rows.length === 0) return html`<p class="card-body muted">Nothing in this time.</p>`;
  return html`<div class="chart-table" tabindex="0" role="region" aria-label="Requests over time as a table"><table class="table">
    <caption class="visually-hidden">Requests by outcome and latency over time, newest first; times without any are left out</caption>
    <thead><tr><th scope="col">Time</th><th scope="col" class="end">Succeeded</th><th scope="col" class="end">Failed</th><th scope="col" class="end">Unchanged</th>${LATENCIES.map(({ key, label }) => html`<th key=${key} scope="col" class="end">${label}</th>`)}</tr></thead>
    <tbody>${rows.map((point) => html`<tr key=${point.start}><th scope="row">${pointTimes(point)}</th><td class="end num">${number(point.succeeded)}</td><td class="end num">${number(point.failed)}</td><td class="end num">${number(point.unchanged)}</td>${LATENCIES.map(({ key }) => html`<td key=${key} class="end num">${duration(point[key])}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

function Pair({ stats, words, onPick }) {
  const { series } = stats;
  return html`<div class="charts-pair">
    <figure class="chart"><figcaption><h3>Requests by outcome</h3><${Legend} series=${OUTCOMES} /></figcaption>
      <${Plot} kind="bars" label="Requests by outcome over time" summary=${`${counted(stats.succeeded, "request")} succeeded and ${number(stats.failed)} failed in ${words}.`} points=${series} series=${OUTCOMES} format=${number} tickFormat=${(value) => compact.format(value)} onPick=${onPick} pickHint="Enter shows the entries of that time." />
    </figure>
    <figure class="chart"><figcaption><h3>Latency</h3><${Legend} series=${LATENCIES} /></figcaption>
      <${Plot} kind="lines" label="Latency over time" summary=${stats.latencyP50Ms === null ? "Nothing was measured." : `p50 ${duration(stats.latencyP50Ms)}, p95 ${duration(stats.latencyP95Ms)}, p99 ${duration(stats.latencyP99Ms)} in ${words}.`} points=${series} series=${LATENCIES} format=${duration} />
    </figure>
  </div>`;
}

const pick = ({ start, end }) => setQuery({ range: null, since: start, until: end });

/** @param {{syncId?: string, operation?: string}} props of which sync; left out: over all. Of which operation; left out: of all */
export function Charts({ syncId, operation }) {
  const asked = here.value.query.get("span");
  const name = Object.hasOwn(SPANS, asked ?? "") ? asked : SPAN;
  const span = SPANS[name];
  const [asTable, setAsTable] = useState(false);
  const found = useQuery(syncId ? OF_SYNC : OF_ALL, { id: syncId, ...bounds(span), operation: operation || null, buckets: span.buckets }, { every: span.every });
  return html`<section class="card charts" aria-label="Statistics">
    <div class="card-head"><h2>${operation ? `${operation[0]}${operation.slice(1).toLowerCase()} requests` : "Requests"} in ${span.words}</h2>
      <div class="row"><${Button} size="small" kind="quiet" aria-pressed=${asTable ? "true" : "false"} onClick=${() => setAsTable(!asTable)}>${asTable ? "Show charts" : "Show as a table"}<//>
      <${Segments} label="Span of time" hideLabel value=${name} options=${Object.entries(SPANS).map(([value, { label }]) => ({ value, label }))} onChange=${(value) => setQuery({ span: value === SPAN ? null : value })} /></div>
    </div>
    <${Loaded} query=${found} lines=${5}>${(data) => {
      const stats = syncId ? data.sync?.stats : data.stats;
      if (!stats) return null;
      return html`<${Tiles} stats=${stats} />${asTable ? html`<${AsTable} points=${stats.series} />` : html`<${Pair} stats=${stats} words=${span.words} onPick=${pick} />`}`;
    }}<//>
  </section>`;
}
