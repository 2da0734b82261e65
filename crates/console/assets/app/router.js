// Addresses: what is shown is a function of `here`. Links are ordinary <a href>; startRouting() makes them navigate in
// place. A page with unsaved changes puts a guard before anything leaves it.
import { signal } from "./lib.js";

const read = () => ({ path: location.pathname, query: new URLSearchParams(location.search) });

/** The address shown now: `{ path, query }`. */
export const here = signal(read());

// Where the entry shown stands in the history; a back that is refused is undone by the difference.
let index = history.state?.index ?? 0;
let guard = null;
let undoing = null;

/**
 * Puts a guard before leaving; returns what takes it away.
 * @param {{allows: (path: string) => boolean, ask: () => Promise<boolean>}} given `allows` says which paths need no question
 */
export function guardLeaving(given) {
  guard = given;
  const warn = (event) => event.preventDefault();
  addEventListener("beforeunload", warn);
  return () => {
    if (guard === given) guard = null;
    removeEventListener("beforeunload", warn);
  };
}

const mayLeave = async (path) => !guard || guard.allows(path) || (await guard.ask());

/** Goes to an address of the console. Resolves to false where a guard held one back. */
export async function navigate(to, { replace = false } = {}) {
  const url = new URL(to, location.href);
  if (!(await mayLeave(url.pathname))) return false;
  show(url, replace);
  return true;
}

function show(url, replace) {
  if (!replace) index += 1;
  history[replace ? "replaceState" : "pushState"]({ index }, "", url);
  const before = here.value.path;
  here.value = read();
  if (!replace && before !== here.value.path) scrollTo(0, 0);
}

/** Changes parts of the query string in place; null, undefined and "" take a part away. */
export function setQuery(changes) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  show(url, true);
}

/** The parameters of `path` by `pattern` (such as `/syncs/:id`), decoded; null where it does not fit. */
export function match(pattern, path) {
  const wanted = pattern.split("/");
  const given = path.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== given.length) return null;
  const params = {};
  for (const [at, part] of wanted.entries()) {
    if (!part.startsWith(":")) {
      if (part !== given[at]) return null;
      continue;
    }
    try {
      params[part.slice(1)] = decodeURIComponent(given[at]);
    } catch {
      return null;
    }
  }
  return params;
}

/** Goes back or forth in the history without asking anybody. */
function go(by) {
  return new Promise((done) => {
    undoing = done;
    history.go(by);
  });
}

async function onPopState(event) {
  if (undoing) {
    const done = undoing;
    undoing = null;
    done();
    return;
  }
  const to = event.state?.index ?? 0;
  const by = to - index;
  if (guard && !guard.allows(location.pathname) && by !== 0) {
    await go(-by);
    if (!(await guard.ask())) return;
    await go(by);
  }
  index = to;
  here.value = read();
}

function onClick(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  void navigate(link.href);
}

/** Called once, by main.js. */
export function startRouting() {
  history.replaceState({ index }, "");
  addEventListener("popstate", onPopState);
  document.addEventListener("click", onClick);
}
