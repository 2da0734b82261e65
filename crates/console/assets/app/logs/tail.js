// Keeps a feed up to date: its first page, older pages on request, and new entries as they are written.
import { query, subscribe } from "../api.js";
import { batch, signal } from "../lib.js";
import { Feed, rowOf } from "./feed.js";

const FIRST = 200;
const OLDER = 1000;
/** New entries are shown at most this often: faster, nobody could read them. */
const FLUSH_MS = 100;
/** What waits while the list is held still; beyond, it is only counted, and asked for anew afterwards. */
const WAITING_MAX = 2_000;
/** What may come before it is shown. */
const INCOMING_MAX = 5_000;
/** An id is made before its entry is written: entries this much older than the newest may still come. */
const MARGIN_MS = 3_000;
/** A gap of more pages than these is not filled; the list then begins again with the newest. */
const CATCH_UP = { page: 500, pages: 8 };
/** The server says nothing when a subscription has begun: what was written just then is asked for after this long. */
const SETTLE_MS = 1_500;
/** How long to wait after having fallen behind. */
const AGAIN_MS = 500;

const ROW = "id at syncId personId operation outcome message attempt durationMs response { status }";
const PAGE = `query ($filter: LogFilter, $first: Int, $after: String) {
  logs(filter: $filter, first: $first, after: $after) { nodes { ${ROW} person { name } } pageInfo { hasNextPage endCursor } }
}`;
const LIVE = `subscription ($filter: LogFilter) { logs(filter: $filter) { ${ROW} } }`;

export class Tail {
  feed = new Feed();
  /** Raised with each change of the feed. */
  version = signal(0);
  /** "loading", "ready" or "failed": the first page. */
  state = signal("loading");
  error = signal(null);
  /** Whether older entries are being asked for, and why they could not be had. */
  loadingOlder = signal(false);
  olderError = signal(null);
  /** How many new entries wait while the list is held still. */
  waiting = signal(0);
  /** How often the server ended the tail because this side fell behind. */
  fellBehind = signal(0);

  #filter;
  #cursor = null;
  #incoming = [];
  #waiting = new Map();
  #tooMany = false;
  #held = false;
  #timer = null;
  #frame = null;
  #last = 0;
  #settle = null;
  #again = null;
  #unsubscribe = null;
  #abort = new AbortController();
  #loads = 0;

  /**
   * @param {object} filter the API's LogFilter
   * @param {{live: boolean}} options `live`: new entries are followed
   */
  constructor(filter, { live }) {
    this.#filter = filter;
    void this.load();
    if (live) this.#subscribe();
  }

  stop() {
    this.#abort.abort();
    this.#unsubscribe?.();
    clearTimeout(this.#timer);
    clearTimeout(this.#settle);
    clearTimeout(this.#again);
    cancelAnimationFrame(this.#frame);
  }

  /** Begins with the newest entries. */
  async load() {
    const load = ++this.#loads;
    if (this.feed.length === 0) this.state.value = "loading";
    try {
      const { nodes, pageInfo } = await this.#page({ first: FIRST });
      if (load !== this.#loads) return;
      this.feed.clear();
      this.feed.append(nodes, pageInfo.hasNextPage);
      this.#cursor = pageInfo.endCursor;
      this.#waiting.clear();
      this.#tooMany = false;
      batch(() => {
        this.waiting.value = 0;
        this.olderError.value = null;
        this.error.value = null;
        this.state.value = "ready";
        this.version.value += 1;
      });
    } catch (error) {
      if (error.name === "AbortError" || load !== this.#loads) return;
      this.error.value = error;
      if (this.feed.length === 0) this.state.value = "failed";
    }
  }

  /** Asks for the next older entries. */
  async loadOlder() {
    if (this.loadingOlder.peek() || !this.feed.hasOlder || this.feed.isFull || !this.#cursor) return;
    const load = this.#loads;
    this.loadingOlder.value = true;
    this.olderError.value = null;
    try {
      const { nodes, pageInfo } = await this.#page({ first: OLDER, after: this.#cursor });
      if (load !== this.#loads) return;
      this.feed.append(nodes, pageInfo.hasNextPage);
      this.#cursor = pageInfo.endCursor;
      this.version.value += 1;
    } catch (error) {
      if (error.name !== "AbortError" && load === this.#loads) this.olderError.value = error;
    } finally {
      this.loadingOlder.value = false;
    }
  }

  /** Holds the list still: what comes waits. When it is let go, what waited is shown. */
  hold(held) {
    if (held === this.#held) return;
    this.#held = held;
    if (held) return;
    if (this.#tooMany) void this.load();
    else {
      this.#incoming.push(...this.#waiting.values());
      this.#waiting.clear();
      this.waiting.value = 0;
      this.#flush();
    }
  }

  async #page({ filter = this.#filter, ...asked }) {
    const { logs } = await query(PAGE, { filter, ...asked }, { signal: this.#abort.signal });
    return { nodes: logs.nodes.map(rowOf), pageInfo: logs.pageInfo };
  }

  #subscribe() {
    this.#unsubscribe = subscribe(
      LIVE,
      { filter: this.#filter },
      {
        next: (data) => this.#take([rowOf(data.logs)]),
        connected: () => {
          void this.#catchUp();
          clearTimeout(this.#settle);
          this.#settle = setTimeout(() => void this.#catchUp(), SETTLE_MS);
        },
        error: (problem) => {
          if (problem.code !== "UNAVAILABLE") {
            this.error.value = problem;
            return;
          }
          this.fellBehind.value += 1;
          this.#again = setTimeout(() => this.#subscribe(), AGAIN_MS);
        },
      },
    );
  }

  // Asks for what was written while nobody listened.
  async #catchUp() {
    const { newest } = this.feed;
    if (!newest) {
      if (this.state.peek() !== "loading") await this.load();
      return;
    }
    const since = new Date(new Date(newest.at).getTime() - MARGIN_MS).toISOString();
    const filter = { ...this.#filter, since: this.#filter.since > since ? this.#filter.since : since };
    const load = this.#loads;
    try {
      let after;
      for (let page = 0; page < CATCH_UP.pages; page += 1) {
        const { nodes, pageInfo } = await this.#page({ filter, first: CATCH_UP.page, after });
        if (load !== this.#loads) return;
        this.#take(nodes);
        if (!pageInfo.hasNextPage) return;
        after = pageInfo.endCursor;
      }
      await this.#beginAnew();
    } catch (error) {
      // Once the server can be reached again, the subscription connects again, and this is done again.
      if (error.name !== "AbortError" && error.code !== "OFFLINE") this.error.value = error;
    }
  }

  async #beginAnew() {
    if (this.#held) this.#tooMany = true;
    else await this.load();
  }

  #take(rows) {
    for (const row of rows) this.#incoming.push(row);
    // A page out of sight gets no frames: what it would have to take in then is asked for when it is seen again.
    if (this.#incoming.length > INCOMING_MAX) {
      this.#incoming = [];
      this.#tooMany = true;
    }
    if (this.#frame !== null || this.#timer !== null) return;
    const wait = Math.max(0, FLUSH_MS - (performance.now() - this.#last));
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#frame = requestAnimationFrame(() => {
        this.#frame = null;
        this.#flush();
      });
    }, wait);
  }

  #flush() {
    this.#last = performance.now();
    const rows = this.#incoming;
    this.#incoming = [];
    if (this.#held) {
      this.#keepWaiting(rows);
      return;
    }
    if (this.#tooMany) {
      this.#tooMany = false;
      void this.load();
      return;
    }
    if (rows.length === 0) return;
    this.feed.add(rows);
    this.version.value += 1;
  }

  #keepWaiting(rows) {
    if (this.#tooMany) {
      this.waiting.value += rows.length;
      return;
    }
    for (const row of rows) if (!this.feed.has(row.id)) this.#waiting.set(row.id, row);
    this.waiting.value = this.#waiting.size;
    if (this.#waiting.size > WAITING_MAX) {
      this.#waiting.clear();
      this.#tooMany = true;
    }
  }
}
