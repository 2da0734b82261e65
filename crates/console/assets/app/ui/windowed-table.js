import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib.js";
import { useMedia } from "./media.js";

/** Rows kept above and below what is in sight. */
const OVERSCAN = 10;
/** More is asked for while this many rows are still below. */
const AHEAD = 100;
const FOOT_HEIGHT = 56;
const WIDE = "(min-width: 900px)";

/**
 * A table of any length, of which only the rows in sight are in the page. Each row holds a link of the class `row-open`, which
 * stretches over it; the arrow keys go from one to the next.
 * @param {{label: string, kind: string, columns: {name: string, title: string}[], length: number, slice: (from: number, to: number) => any[],
 *   rowKey: (item: any) => string, row: (item: any) => any, isWhole: boolean, foot: any, heights: [number, number],
 *   selected?: (item: any) => boolean, shift?: number, box?: {current: HTMLElement}, onNearEnd: () => void, onAway?: (away: boolean) => void,
 *   onBusy?: (busy: boolean) => void}} props `kind`: a class, `isWhole`: nothing more is to come, `heights`: of a row, wide and
 *   narrow; `shift`: how many rows were put in at the top; `onAway`: scrolled away from the top, `onBusy`: a row has the focus or is pressed, and must not move
 */
export function WindowedTable({ label, kind, columns, length, slice, rowKey, row, isWhole, foot, heights, selected, shift = 0, box: given, onNearEnd, onAway, onBusy }) {
  const own = useRef(null);
  const box = given ?? own;
  const rowHeight = useMedia(WIDE) ? heights[0] : heights[1];
  const [view, setView] = useState({ top: 0, height: 600 });
  const wanted = useRef(null);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => setView({ top: box.current.scrollTop, height: box.current.clientHeight }));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.min(length, Math.floor(view.top / rowHeight)) - OVERSCAN);
  const last = Math.min(length, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  useEffect(() => {
    if (!isWhole && last + AHEAD >= length) onNearEnd();
  });
  // The row that the arrow keys went to is in the page only now.
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    box.current.querySelector(`[data-at="${wanted.current}"] .row-open`)?.focus({ preventScroll: true });
    wanted.current = null;
  });

  const scrolled = () => {
    const { scrollTop: top, clientHeight: height } = box.current;
    setView({ top, height });
    onAway?.(top > 4);
  };
  const onKeyDown = (event) => {
    const at = Number(event.target.closest?.("[data-at]")?.dataset.at);
    if (Number.isNaN(at) || !event.target.classList.contains("row-open")) return;
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
  const busy = onBusy && {
    onFocusIn: (event) => onBusy(inRow(event.target) && event.target.matches(":focus-visible")),
    onFocusOut: (event) => onBusy(inRow(event.relatedTarget)),
    onPointerDown: () => onBusy(true),
    onPointerUp: () => onBusy(false),
    onPointerCancel: () => onBusy(false),
  };

  // A row that goes out of sight becomes one that comes into it: whatever jumps, nothing has to be made.
  const pool = Math.ceil(view.height / rowHeight) + 2 * OVERSCAN + 2;
  const rows = slice(first, last).map((item, place) => {
    const at = first + place;
    const key = rowKey(item);
    return html`<div key=${(pool + ((shift - at) % pool)) % pool} role="row" class=${`wt-row ${selected?.(item) ? "wt-row-on" : ""}`} data-at=${at} data-key=${key} aria-rowindex=${at + 2} style=${{ transform: `translateY(${at * rowHeight}px)`, height: `${rowHeight}px` }}>${row(item)}</div>`;
  });
  return html`<div class=${`wt ${kind}`} role="table" aria-label=${label} aria-rowcount=${isWhole ? length + 1 : -1}>
    <div role="rowgroup" class="wt-head"><div role="row" class="wt-columns" aria-rowindex="1">${columns.map(({ name, title }) => html`<div key=${name} role="columnheader" class=${`cell-${name}`}>${title}</div>`)}</div></div>
    <div role="rowgroup" class="wt-box" ref=${box} tabindex="0" onScroll=${scrolled} onKeyDown=${onKeyDown} ...${busy}>
      <div role="presentation" class="wt-all" style=${{ height: `${length * rowHeight}px` }}>${rows}</div>
      <div role="row" class="wt-foot" style=${{ height: `${FOOT_HEIGHT}px` }}><div role="cell" class="row">${foot}</div></div>
    </div>
  </div>`;
}
