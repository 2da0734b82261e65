// The list of entries: a table of which only the rows in sight are in the page.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib.js";
import { Button, number, Spinner } from "../ui/index.js";
import { KEEP } from "./feed.js";
import { COLUMNS, LogRow } from "./row.js";

/** Rows kept above and below what is in sight. */
const OVERSCAN = 10;
/** Older entries are asked for while this many rows are still below. */
const AHEAD = 100;
const FOOT_HEIGHT = 56;
const WIDE = { query: "(min-width: 900px)", height: 40 };
const NARROW_HEIGHT = 84;

/** Whether a media query holds. */
export function useMedia(asked) {
  const [holds, setHolds] = useState(() => matchMedia(asked).matches);
  useEffect(() => {
    const media = matchMedia(asked);
    const read = () => setHolds(media.matches);
    read();
    media.addEventListener("change", read);
    return () => media.removeEventListener("change", read);
  }, [asked]);
  return holds;
}

function Foot({ tail }) {
  const { feed } = tail;
  const error = tail.olderError.value;
  if (error) return html`<span class="bad">${error.message}</span><${Button} size="small" icon="retry" onClick=${() => tail.loadOlder()}>Load older entries<//>`;
  if (!feed.hasOlder) return html`<span class="faint">${number(feed.length)} ${feed.length === 1 ? "entry" : "entries"}: this is the beginning</span>`;
  if (feed.isFull) return html`<span class="muted">The newest ${number(KEEP)} entries are held here. Narrow the filters or the time to see older ones.</span>`;
  return html`<${Spinner} label="Loading older entries" />`;
}

/**
 * @param {{tail: import("./tail.js").Tail, nameOf: ((syncId: string) => string) | null, hrefOf: (id: string) => string, selected: string | null,
 *   box: {current: HTMLElement}, onAway: (away: boolean) => void, onBusy: (busy: boolean) => void}} props `nameOf` null: the list
 *   is of one sync. `onAway`: scrolled away from the newest. `onBusy`: a row has the focus or is pressed, and must not move
 */
export function LogList({ tail, nameOf, hrefOf, selected, box, onAway, onBusy }) {
  const rowHeight = useMedia(WIDE.query) ? WIDE.height : NARROW_HEIGHT;
  const [view, setView] = useState({ top: 0, height: 600 });
  const wanted = useRef(null);
  void tail.version.value;
  const { feed } = tail;
  const { length } = feed;

  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => setView({ top: box.current.scrollTop, height: box.current.clientHeight }));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const last = Math.min(length, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  useEffect(() => {
    if (last + AHEAD >= length && !tail.olderError.value) void tail.loadOlder();
  }, [last, length, tail.loadingOlder.value, tail.olderError.value]);
  // The row that the arrow keys went to is in the page only now.
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    box.current.querySelector(`[data-at="${wanted.current}"] .log-open`)?.focus({ preventScroll: true });
    wanted.current = null;
  });

  const scrolled = () => {
    const { scrollTop: top, clientHeight: height } = box.current;
    setView({ top, height });
    onAway(top > 4);
  };
  const onKeyDown = (event) => {
    const row = event.target.closest?.("[data-at]");
    if (!row || !event.target.classList.contains("log-open")) return;
    const at = Number(row.dataset.at);
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 1);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const index = Math.min(length - 1, Math.max(0, to));
    const { scrollTop, clientHeight } = box.current;
    const top = index * rowHeight;
    if (top < scrollTop) box.current.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight) box.current.scrollTop = top + rowHeight - clientHeight;
    wanted.current = index;
    setView({ top: box.current.scrollTop, height: clientHeight });
  };
  const inRow = (element) => Boolean(element?.closest?.("[data-at]"));
  const onFocusIn = (event) => onBusy(inRow(event.target) && event.target.matches(":focus-visible"));
  const onFocusOut = (event) => onBusy(inRow(event.relatedTarget));

  const rows = feed.slice(first, last).map((row, place) => {
    const at = first + place;
    return html`<div key=${row.id} role="row" class=${`log-row ${row.id === selected ? "log-row-on" : ""}`} data-at=${at} data-entry=${row.id} aria-rowindex=${at + 2} style=${{ transform: `translateY(${at * rowHeight}px)`, height: `${rowHeight}px` }}>
      <${LogRow} row=${row} href=${hrefOf(row.id)} syncName=${nameOf && nameOf(row.syncId)} selected=${row.id === selected} />
    </div>`;
  });
  const columns = COLUMNS.filter((column) => nameOf || column.name !== "sync");
  return html`<div class=${`log-table ${nameOf ? "" : "log-table-one"}`} role="table" aria-label="Log entries, newest first" aria-rowcount=${feed.hasOlder ? -1 : length + 1}>
    <div role="rowgroup" class="log-head"><div role="row" class="log-columns" aria-rowindex="1">${columns.map(({ name, title }) => html`<div key=${name} role="columnheader" class=${`log-${name}`}>${title}</div>`)}</div></div>
    <div role="rowgroup" class="log-box" ref=${box} tabindex="0" onScroll=${scrolled} onKeyDown=${onKeyDown} onFocusIn=${onFocusIn} onFocusOut=${onFocusOut} onPointerDown=${() => onBusy(true)} onPointerUp=${() => onBusy(false)} onPointerCancel=${() => onBusy(false)}>
      <div role="presentation" class="log-all" style=${{ height: `${length * rowHeight + FOOT_HEIGHT}px` }}>${rows}</div>
      <div role="row" class="log-foot" style=${{ height: `${FOOT_HEIGHT}px` }}><div role="cell" class="row"><${Foot} tail=${tail} /></div></div>
    </div>
  </div>`;
}
