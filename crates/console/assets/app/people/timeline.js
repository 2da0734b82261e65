// What happened to a person: changes, attempts and answers.
import { html, useEffect, useRef, useState } from "../lib.js";
import { statusTone } from "../logs/row.js";
import { OPERATIONS, OUTCOMES } from "../logs/words.js";
import { Button, duration, EmptyState, ErrorNote, Icon, number, Skeleton, Spinner, Time } from "../ui/index.js";
import { Timeline } from "./timeline-data.js";

const KINDS = {
  CREATED: { icon: "plus", words: "Created" },
  UPDATED: { icon: "edit", words: "Updated" },
  DELETED: { icon: "trash", words: "Deleted" },
};
const FIELDS_SHOWN = 12;

function Change({ item: { at, change } }) {
  const { icon, words } = KINDS[change.kind];
  const rest = change.fields.length - FIELDS_SHOWN;
  return html`<li class="tl-item"><span class="tl-mark tl-change"><${Icon} name=${icon} size=${13} /></span>
    <div class="tl-body"><p class="tl-line"><span class="strong">${words} here</span><span class="faint">version ${number(change.version)}</span><span class="tl-time"><${Time} at=${at} /></span></p>
    ${change.fields.length > 0 && html`<p class="tl-fields"><span class="visually-hidden">Fields: </span>${change.fields.slice(0, FIELDS_SHOWN).map((field) => html`<span class="tag" key=${field}>${field}</span> `)}${rest > 0 && html`<span class="faint">and ${number(rest)} more</span>`}</p>`}</div></li>`;
}

function Entry({ item: { at, entry }, nameOf }) {
  const { icon, tone, label } = OUTCOMES[entry.outcome];
  return html`<li class="tl-item"><span class=${`tl-mark tl-${tone}`}><${Icon} name=${icon} size=${13} /></span>
    <div class="tl-body"><p class="tl-line"><a class="strong" href=${`?entry=${entry.id}`}>${OPERATIONS[entry.operation]} to ${nameOf(entry.syncId)}</a><span class=${`strong ${tone}`}>${label}</span>
      ${entry.status !== null && html`<span class=${`num strong ${statusTone(entry.status)}`}>${entry.status}</span>`}
      ${entry.durationMs !== null && html`<span class="faint num">${duration(entry.durationMs)}</span>`}
      ${entry.attempt > 1 && html`<span class="faint">attempt ${number(entry.attempt)}</span>`}
      <span class="tl-time"><${Time} at=${at} /></span></p>
    <p class="muted wrap tl-message">${entry.message}</p></div></li>`;
}

/** @param {{personId: string, nameOf: (syncId: string) => string, version: number, onNews: () => void}} props */
export function PersonTimeline({ personId, nameOf, version, onNews }) {
  const [timeline, setTimeline] = useState(null);
  const end = useRef(null);
  const news = useRef(onNews);
  news.current = onNews;
  useEffect(() => {
    const made = new Timeline(personId, () => news.current());
    setTimeline(made);
    return () => made.stop();
  }, [personId]);
  const known = useRef(version);
  useEffect(() => {
    if (timeline && known.current !== version) void timeline.refresh();
    known.current = version;
  }, [timeline, version]);
  const shown = timeline?.shown.value;
  const error = timeline?.error.value;
  useEffect(() => {
    if (!shown?.hasMore || error) return undefined;
    const observer = new IntersectionObserver(([entry]) => entry.isIntersecting && void timeline.more(), { rootMargin: "600px" });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [shown, error]);
  const failed = error && html`<${ErrorNote} error=${error} onRetry=${() => timeline.more()} />`;
  if (!shown) return failed || html`<${Skeleton} label="Loading the timeline" />`;
  if (shown.items.length === 0 && !shown.hasMore) return failed || html`<${EmptyState} icon="clock" title="Nothing happened yet">Changes of this person and what was sent for them appear here.<//>`;
  return html`<ol class="timeline">${shown.items.map((item) => (item.type === "change" ? html`<${Change} key=${item.key} item=${item} />` : html`<${Entry} key=${item.key} item=${item} nameOf=${nameOf} />`))}</ol>
    ${failed}
    <div ref=${end} class="tl-end">${shown.hasMore ? html`<${Spinner} label="Loading what came before" /><${Button} kind="quiet" size="small" onClick=${() => timeline.more()}>Load more<//>` : html`<span class="faint small">This is the beginning.</span>`}</div>`;
}
