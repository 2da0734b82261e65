// A person's changes and log entries as one list, newest first. Each of the two is read page by page; what is shown ends where
// the one that was read less far ends, so that nothing is missing in between.
import { query, subscribe } from "../api.js";
import { signal } from "../lib.js";
import { rowOf } from "../logs/feed.js";

const FIRST = 40;
const SETTLE_MS = 1_500;

const ROW = "id at syncId personId operation outcome message attempt durationMs response { status }";
const CHANGES = "nodes { version kind at fields } pageInfo { hasNextPage endCursor }";
const LOGS = `nodes { ${ROW} } pageInfo { hasNextPage endCursor }`;
const PAGE = `query ($id: ID!, $first: Int, $withChanges: Boolean!, $afterChange: String, $withLogs: Boolean!, $afterLog: String) { person(id: $id) {
  changes(first: $first, after: $afterChange) @include(if: $withChanges) { ${CHANGES} }
  logs(first: $first, after: $afterLog) @include(if: $withLogs) { ${LOGS} }
} }`;
const LIVE = `subscription ($filter: LogFilter) { logs(filter: $filter) { ${ROW} } }`;

// A list that is read page by page: newest first, each item once.
class Source {
  items = [];
  cursor = null;
  hasMore = true;

  constructor(keyOf) {
    this.keyOf = keyOf;
  }

  add(items) {
    const known = new Set(this.items.map(this.keyOf));
    const fresh = items.filter((item) => !known.has(this.keyOf(item)));
    this.items = [...this.items, ...fresh].sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
  }

  addPage({ nodes, pageInfo }, make) {
    this.add(nodes.map(make));
    this.cursor = pageInfo.endCursor ?? this.cursor;
    this.hasMore = pageInfo.hasNextPage;
  }

  /** Until when it was read. */
  get frontier() {
    return this.hasMore ? (this.items.at(-1)?.at ?? "~") : "";
  }
}

const changeItem = (change) => ({ type: "change", key: `v${change.version}`, at: change.at, change });
const entryItem = (entry) => ({ type: "entry", key: entry.id, at: entry.at, entry: rowOf(entry) });

export class Timeline {
  /** `{ items, hasMore }`; null until the first page is there. */
  shown = signal(null);
  error = signal(null);
  loading = signal(false);

  #id;
  #changes = new Source((item) => item.key);
  #entries = new Source((item) => item.key);
  #abort = new AbortController();
  #unsubscribe;
  #settle = null;
  #onNews;

  /**
   * @param {string} id the person's
   * @param {() => void} onNews called when an entry was written
   */
  constructor(id, onNews) {
    this.#id = id;
    this.#onNews = onNews;
    void this.more();
    this.#subscribe();
  }

  stop() {
    this.#abort.abort();
    this.#unsubscribe();
    clearTimeout(this.#settle);
  }

  /** Reads on, in the list that was read less far. */
  async more() {
    if (this.loading.peek()) return;
    const withChanges = this.#changes.hasMore && this.#changes.frontier >= this.#entries.frontier;
    const withLogs = this.#entries.hasMore && this.#entries.frontier >= this.#changes.frontier;
    if (!withChanges && !withLogs) return;
    this.loading.value = true;
    this.error.value = null;
    try {
      const person = await this.#page({ withChanges, withLogs, afterChange: this.#changes.cursor, afterLog: this.#entries.cursor });
      if (person?.changes) this.#changes.addPage(person.changes, changeItem);
      if (person?.logs) this.#entries.addPage(person.logs, entryItem);
      if (!person) this.#changes.hasMore = this.#entries.hasMore = false;
      this.#show();
    } catch (error) {
      if (error.name !== "AbortError") this.error.value = error;
    } finally {
      this.loading.value = false;
    }
  }

  /** Takes in what came since. */
  async refresh() {
    try {
      const person = await this.#page({ withChanges: true, withLogs: true });
      if (!person || this.shown.peek() === null) return;
      // A gap of more than a page cannot be told from none: then the list begins anew.
      for (const [source, page, make] of [[this.#changes, person.changes, changeItem], [this.#entries, person.logs, entryItem]]) {
        const keys = new Set(source.items.map(source.keyOf));
        const items = page.nodes.map(make);
        if (page.pageInfo.hasNextPage && keys.size > 0 && !items.some((item) => keys.has(item.key))) source.items = [];
        if (source.items.length === 0) source.addPage(page, make);
        else source.add(items);
      }
      this.#show();
    } catch (error) {
      if (error.name !== "AbortError" && error.code !== "OFFLINE") this.error.value = error;
    }
  }

  async #page(asked) {
    return (await query(PAGE, { id: this.#id, first: FIRST, ...asked }, { signal: this.#abort.signal })).person;
  }

  #subscribe() {
    this.#unsubscribe = subscribe(LIVE, { filter: { personId: this.#id } }, {
      next: ({ logs }) => {
        this.#entries.add([entryItem(logs)]);
        this.#show();
        this.#onNews();
      },
      connected: () => {
        clearTimeout(this.#settle);
        this.#settle = setTimeout(() => void this.refresh(), SETTLE_MS);
      },
      error: (error) => {
        if (error.code === "UNAVAILABLE") this.#settle = setTimeout(() => this.#subscribe(), SETTLE_MS);
        else this.error.value = error;
      },
    });
  }

  #show() {
    const frontier = this.#changes.frontier > this.#entries.frontier ? this.#changes.frontier : this.#entries.frontier;
    const items = [...this.#changes.items, ...this.#entries.items].filter((item) => item.at >= frontier);
    // Of the same instant, the change comes first: what was sent followed from it.
    items.sort((one, other) => (one.at === other.at ? Number(one.type === "change") - Number(other.type === "change") : one.at < other.at ? 1 : -1));
    this.shown.value = { items, hasMore: this.#changes.hasMore || this.#entries.hasMore };
  }
}
