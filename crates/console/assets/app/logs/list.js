// The list of entries.
import { html } from "../lib.js";
import { Button, number, Spinner, WindowedTable } from "../ui/index.js";
import { KEEP } from "./feed.js";
import { namesVersion } from "./names.js";
import { COLUMNS, LogRow } from "./row.js";

const HEIGHTS = [40, 84];

// Reads the version itself: a component that reads signals is not drawn again for those its parent reads.
function Foot({ tail }) {
  void tail.version.value;
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
 *   is of one sync
 */
export function LogList({ tail, nameOf, hrefOf, selected, ...rest }) {
  void tail.version.value;
  void tail.loadingOlder.value;
  void namesVersion.value;
  const { feed } = tail;
  return html`<${WindowedTable}
    label="Log entries, newest first"
    kind=${nameOf ? "logs" : "logs logs-one"}
    columns=${COLUMNS.filter((column) => nameOf || column.name !== "sync")}
    length=${feed.length}
    slice=${(from, to) => feed.slice(from, to)}
    rowKey=${(row) => row.id}
    row=${(row) => html`<${LogRow} row=${row} href=${hrefOf(row.id)} syncName=${nameOf && nameOf(row.syncId)} selected=${row.id === selected} />`}
    selected=${(row) => row.id === selected}
    isWhole=${!feed.hasOlder}
    foot=${html`<${Foot} tail=${tail} />`}
    heights=${HEIGHTS}
    shift=${feed.added}
    onNearEnd=${() => tail.olderError.peek() || void tail.loadOlder()}
    ...${rest}
  />`;
}
