// The entries of a log that are held, newest first. It knows nothing of the network.

import { noteName } from "./names.js";

/** So many of the newest entries are held at most. */
export const KEEP = 120_000;
/** Older ones are let go this many at a time. */
const SLACK = 5_000;
/** A list shows one line of a message; the whole of it is in the entry's details. */
const MESSAGE_MAX = 240;

// The same few words and ids stand in each of a hundred thousand entries: one copy of each will do.
const copies = new Map();
function shared(text) {
  if (copies.size > 5000) copies.clear();
  const copy = copies.get(text);
  if (copy !== undefined) return copy;
  copies.set(text, text);
  return text;
}

/** A row of the list, from an entry as the API gives it. */
export function rowOf(entry) {
  if (entry.person !== undefined) noteName(entry.personId, entry.person?.name || null);
  return toRow(entry);
}

const toRow = (entry) => ({
  id: entry.id,
  at: entry.at,
  syncId: shared(entry.syncId),
  personId: entry.personId,
  operation: shared(entry.operation),
  outcome: shared(entry.outcome),
  message: shared(entry.message.length > MESSAGE_MAX ? `${entry.message.slice(0, MESSAGE_MAX)}…` : entry.message),
  attempt: entry.attempt,
  durationMs: entry.durationMs,
  status: entry.response?.status ?? null,
});

export class Feed {
  // Oldest first, so that what is new is put at its end. In order of the ids, which sort by time.
  #all = [];
  /** Whether the log holds entries older than these. */
  hasOlder = false;
  /** How many new rows were ever put in. */
  added = 0;

  get length() {
    return this.#all.length;
  }

  /** Whether no older entries are taken in any more. */
  get isFull() {
    return this.#all.length >= KEEP;
  }

  get newest() {
    return this.#all.at(-1);
  }

  /** The entries from one place to another, counted from the newest. */
  slice(from, to) {
    const end = this.#all.length;
    return this.#all.slice(Math.max(0, end - to), Math.max(0, end - from)).reverse();
  }

  at(index) {
    return this.#all[this.#all.length - 1 - index];
  }

  has(id) {
    return this.#all[this.#place(id)]?.id === id;
  }

  // Where an id stands, or would.
  #place(id) {
    let [low, high] = [0, this.#all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#all[middle].id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Puts new rows where they belong; known ones are passed over. */
  add(rows) {
    for (const row of rows) {
      const at = this.#place(row.id);
      if (this.#all[at]?.id === row.id) continue;
      // What is older than everything held comes with the older pages.
      if (at === 0 && this.hasOlder) continue;
      this.#all.splice(at, 0, row);
      this.added += 1;
    }
    if (this.#all.length > KEEP + SLACK) {
      this.#all.splice(0, this.#all.length - KEEP);
      this.hasOlder = true;
    }
  }

  /** Puts a page of older rows, newest first, behind those held. */
  append(rows, hasOlder) {
    const oldest = this.#all[0]?.id;
    const older = rows.filter((row) => oldest === undefined || row.id < oldest).reverse();
    this.#all = older.concat(this.#all);
    this.hasOlder = hasOlder;
  }

  clear() {
    this.#all = [];
    this.hasOlder = false;
  }
}
