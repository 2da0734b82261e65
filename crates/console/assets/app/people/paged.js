// A list of the API that is read page by page, as far as it is looked at.
import { query } from "../api.js";
import { html, signal, useEffect, useRef, useState } from "../lib.js";
import { Button, ErrorNote, number, Skeleton, Spinner } from "../ui/index.js";

const FIRST = 100;
const NEXT = 300;
/** The API gives at most so many at once. */
const PAGE_MAX = 1000;

export class Paged {
  /** Raised with each change. */
  version = signal(0);
  /** "loading", "ready" or "failed": the first page. */
  state = signal("loading");
  loading = signal(false);
  error = signal(null);
  items = [];
  hasMore = false;

  #read;
  #cursor = null;
  #abort = new AbortController();

  /** @param {(asked: {first: number, after?: string}, signal: AbortSignal) => Promise<{nodes: object[], pageInfo: object}>} read */
  constructor(read) {
    this.#read = read;
    void this.load();
  }

  stop() {
    this.#abort.abort();
  }

  /** From the beginning, as far as it was read before, so that nothing moves where nothing changed. */
  load = () => this.#pages(Math.max(FIRST, this.items.length), true);

  more = () => {
    if (this.loading.peek() || !this.hasMore || this.error.peek()) return undefined;
    return this.#pages(NEXT, false);
  };

  async #pages(count, anew) {
    if (anew) {
      this.#abort.abort();
      this.#abort = new AbortController();
    }
    const { signal: abort } = this.#abort;
    this.loading.value = true;
    this.error.value = null;
    try {
      const nodes = [];
      let pageInfo = { hasNextPage: true, endCursor: anew ? undefined : this.#cursor };
      while (nodes.length < count && pageInfo.hasNextPage) {
        const page = await this.#read({ first: Math.min(PAGE_MAX, count - nodes.length), after: pageInfo.endCursor }, abort);
        if (abort.aborted) return;
        nodes.push(...page.nodes);
        ({ pageInfo } = page);
      }
      this.items = anew ? nodes : [...this.items, ...nodes];
      this.hasMore = pageInfo.hasNextPage;
      this.#cursor = pageInfo.endCursor;
      this.state.value = "ready";
      this.version.value += 1;
    } catch (error) {
      if (error.name === "AbortError") return;
      this.error.value = error;
      if (this.state.peek() === "loading") this.state.value = "failed";
    } finally {
      if (!abort.aborted) this.loading.value = false;
    }
  }
}

/**
 * A list of a GraphQL document with `$first` and `$after`, read anew when its variables change.
 * @param {string} document
 * @param {object} variables
 * @param {(data: object) => {nodes: object[], pageInfo: object}} pick
 * @returns {Paged | null} null until it begins
 */
export function usePaged(document, variables, pick) {
  const asked = JSON.stringify(variables);
  const [list, setList] = useState(null);
  useEffect(() => {
    const made = new Paged(async (page, abort) => pick(await query(document, { ...variables, ...page }, { signal: abort })));
    setList(made);
    return () => made.stop();
  }, [document, asked]);
  void list?.version.value;
  return list;
}

/** After something was done, a list is read again at this pace for so long. */
const SOON = { every: 1_000, for: 20_000 };

/**
 * Reads a list again and again while the page is seen, so that it tells what is: every `every` milliseconds, long ones less often.
 * @param {Paged | null} list
 * @param {number} every
 * @param {() => void} also is done with each time
 * @returns {() => void} reads it at once, and more often for a while
 */
export function useFollowed(list, every, also) {
  const soonUntil = useRef(0);
  const latest = useRef(also);
  latest.current = also;
  const again = useRef(() => {});
  useEffect(() => {
    if (!list) return undefined;
    let timer;
    again.current = () => {
      clearTimeout(timer);
      const pace = Date.now() < soonUntil.current ? SOON.every : every;
      timer = setTimeout(look, pace * Math.max(1, list.items.length / PAGE_MAX));
    };
    const look = async () => {
      // What is being read already is not begun anew.
      if (!document.hidden && !list.loading.peek()) {
        latest.current();
        await list.load();
      }
      again.current();
    };
    again.current();
    return () => {
      clearTimeout(timer);
      again.current = () => {};
    };
  }, [list, every]);
  return () => {
    soonUntil.current = Date.now() + SOON.for;
    latest.current();
    void list?.load();
    again.current();
  };
}

/** The last row of such a list. `what`: "person", "people". */
export function PagedFoot({ list, one, many }) {
  // A component that reads signals is not drawn again for those its parent reads.
  void list.version.value;
  const error = list.error.value;
  const { length } = list.items;
  if (error) return html`<span class="bad">${error.message}</span><${Button} size="small" icon="retry" onClick=${retryOf(list)}>Try again<//>`;
  if (list.hasMore) return html`<${Spinner} label=${`Loading more ${many}`} />`;
  return html`<span class="faint">${number(length)} ${length === 1 ? one : many}: this is the end</span>`;
}

const retryOf = (list) => () => {
  list.error.value = null;
  void list.more();
};

/** A list's skeleton, its error, what stands for nothing, or the list. */
export function PagedList({ list, nothing, children }) {
  const state = list?.state.value ?? "loading";
  void list?.version.value;
  if (state === "loading") return html`<${Skeleton} lines=${8} />`;
  if (state === "failed") return html`<div class="card-body"><${ErrorNote} error=${list.error.value} onRetry=${list.load} /></div>`;
  return list.items.length === 0 ? nothing : children(list);
}
