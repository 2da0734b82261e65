// What two administrators changed at the same time, put together field by field. Plain functions, no I/O.

// Rows have keys of their own, which say nothing.
const plain = (value) => JSON.stringify(value, (name, part) => (name === "key" ? undefined : part));
const same = (one, other) => plain(one) === plain(other);
const isGroup = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// Rows by name, the second of a name as its own.
function named(rows) {
  const seen = new Map();
  return new Map(
    rows.map((row) => {
      const name = row.name.trim().toLowerCase();
      const nth = (seen.get(name) ?? 0) + 1;
      seen.set(name, nth);
      return [`${name}\n${nth}`, row];
    }),
  );
}

function mergedRows(base, mine, theirs, path, both) {
  const [before, own, other] = [named(base), named(mine), named(theirs)];
  const rows = [];
  for (const id of new Set([...other.keys(), ...own.keys()])) {
    const [was, one, two] = [before.get(id), own.get(id), other.get(id)];
    const changed = !same(was ?? null, one ?? null);
    if (changed && !same(was ?? null, two ?? null) && !same(one ?? null, two ?? null)) both.push([...path, (one ?? two).name]);
    // A row that is there on both sides keeps its key, and so its editor and the focus.
    const kept = changed ? one : two && one && same(one, two) ? one : two;
    if (kept) rows.push(kept);
  }
  return rows;
}

function merged(base, mine, theirs, path, both) {
  if (same(mine, theirs)) return mine;
  if (same(mine, base)) return theirs;
  if (same(theirs, base)) return mine;
  if (Array.isArray(mine)) return mergedRows(base, mine, theirs, path, both);
  // What belongs to one choice means nothing under another.
  const chosen = isGroup(mine) && "kind" in mine && !(mine.kind === theirs.kind && mine.kind === base.kind);
  if (isGroup(mine) && !chosen) return Object.fromEntries(Object.keys(mine).map((name) => [name, merged(base[name], mine[name], theirs[name], [...path, name], both)]));
  both.push(path);
  return mine;
}

/**
 * The form's values with what somebody else saved meanwhile: each field as whoever changed it has it, and as it is here where both did.
 * @param {object} base the values as they were saved when the editing began
 * @param {object} mine the form's
 * @param {object} theirs as they are saved now
 * @returns {{values: object, both: string[][]}} `both`: paths of what both changed, each in another way
 */
export function mergedValues(base, mine, theirs) {
  const both = [];
  const values = merged(base, mine, theirs, [], both);
  // A lookup rule that is off is not there at all: what is changed here would be lost with it.
  if (mine.lookup.enabled && !theirs.lookup.enabled && !same(base.lookup, mine.lookup)) {
    values.lookup = mine.lookup;
    both.push(["lookup"]);
  }
  return { values, both };
}
