// What people are called. The live tail does not tell it: at a thousand entries a second the server would have to look up a
// thousand people. It is asked for those in sight, now and then.
import { query } from "../api.js";
import { signal } from "../lib.js";

const KEEP = 60_000;
const AT_ONCE = 60;
const ASK_MS = 400;

const names = new Map();
const wanted = new Set();
let timer = null;

/** Raised when names have come. */
export const namesVersion = signal(0);

/** Notes a name that came along with something else; null where there is none. */
export function noteName(id, name) {
  if (names.size >= KEEP) names.clear();
  names.set(id, name);
}

/** The name of a person, as far as it is known; what is not is asked for. */
export function nameOf(id) {
  const name = names.get(id);
  if (name !== undefined) return name;
  wanted.add(id);
  timer ??= setTimeout(ask, ASK_MS);
  return null;
}

async function ask() {
  timer = null;
  // The last ones wanted are those in sight.
  const ids = [...wanted].slice(-AT_ONCE);
  wanted.clear();
  const asked = ids.map((_, at) => `p${at}: person(id: $p${at}) { name }`).join(" ");
  try {
    const people = await query(`query (${ids.map((_, at) => `$p${at}: ID!`).join(", ")}) { ${asked} }`, Object.fromEntries(ids.map((id, at) => [`p${at}`, id])));
    ids.forEach((id, at) => noteName(id, people[`p${at}`]?.name || null));
    namesVersion.value += 1;
  } catch {
    // The id is shown as long as the name is not known; it is asked for again when the row is drawn again.
  }
}
