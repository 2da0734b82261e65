import { html, useLayoutEffect, useRef, useState } from "../lib.js";

/** Rows kept above and below what is in sight. */
const OVERSCAN = 8;

/**
 * A long list of rows of one height, of which only those in sight are in the page.
 * @param {{items: any[], rowHeight: number, height: number | string, render: (item: any, index: number) => any, itemKey?: (item: any) => any,
 *   label: string, onEnd?: () => void, onScroll?: (top: number) => void, role?: string, rowRole?: string}} props `onEnd` is called when the last rows come into sight
 */
export function WindowedList({ items, rowHeight, height, render, itemKey, label, onEnd, onScroll, role = "list", rowRole = "listitem" }) {
  const box = useRef(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const told = useRef(-1);
  useLayoutEffect(() => {
    const read = () => setView({ top: box.current.scrollTop, height: box.current.clientHeight });
    const observer = new ResizeObserver(read);
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  useLayoutEffect(() => {
    if (last < items.length || told.current === items.length || items.length === 0) return;
    told.current = items.length;
    onEnd?.();
  }, [last, items.length]);
  const scrolled = () => {
    const { scrollTop: top, clientHeight } = box.current;
    setView({ top, height: clientHeight });
    onScroll?.(top);
  };
  const rows = items.slice(first, last).map((item, at) => {
    const index = first + at;
    return html`<div class="windowed-row" key=${itemKey ? itemKey(item) : index} role=${rowRole} aria-setsize=${rowRole === "listitem" ? items.length : undefined} aria-posinset=${rowRole === "listitem" ? index + 1 : undefined} aria-rowindex=${rowRole === "row" ? index + 1 : undefined} style=${{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}>${render(item, index)}</div>`;
  });
  return html`<div class="windowed" ref=${box} style=${{ height: typeof height === "number" ? `${height}px` : height }} tabindex="0" role="region" aria-label=${label} onScroll=${scrolled}>
    <div class="windowed-all" role=${role} aria-label=${label} aria-rowcount=${role === "table" ? items.length : undefined} style=${{ height: `${items.length * rowHeight}px` }}>${rows}</div>
  </div>`;
}
