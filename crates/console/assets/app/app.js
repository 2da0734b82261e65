// Which page belongs to which address, and who may see it.
import { Frame } from "./frame.js";
import { html, useEffect, useErrorBoundary, useState } from "./lib.js";
import { here, match, navigate } from "./router.js";
import { loadViewer, signInAddress, viewer } from "./session.js";
import { Button, EmptyState, ErrorNote, Page, Skeleton } from "./ui/index.js";

/** Address pattern -> module of the page. Modules are loaded when they are first shown. */
const ROUTES = [
  ["/", "./pages/syncs.js"],
  ["/syncs/:id", "./pages/sync.js"],
  ["/syncs/:id/:tab", "./pages/sync.js"],
  ["/logs", "./pages/logs.js"],
  ["/people", "./pages/people.js"],
  ["/people/:id", "./pages/person.js"],
  ["/keys", "./pages/keys.js"],
];

const loaded = new Map();

/** A page whose module is loaded when it is shown first. Props are handed on to it. */
export function Lazy({ module, ...props }) {
  const [page, setPage] = useState(() => loaded.get(module));
  const [error, setError] = useState(null);
  useEffect(() => {
    const known = loaded.get(module);
    setPage(() => known);
    setError(null);
    if (known) return undefined;
    let current = true;
    import(module).then(
      ({ default: found }) => {
        loaded.set(module, found);
        if (current) setPage(() => found);
      },
      (problem) => current && setError(problem),
    );
    return () => (current = false);
  }, [module]);
  if (error) {
    const shown = { message: `This part of the console could not be loaded (${error.message}). Reload the page.` };
    return html`<${ErrorNote} error=${shown} onRetry=${() => location.reload()} />`;
  }
  return page ? html`<${page} ...${props} />` : html`<${Skeleton} />`;
}

function Found() {
  const { path } = here.value;
  for (const [pattern, module] of ROUTES) {
    const params = match(pattern, path);
    // Another sync or person is another page: nothing of the one before stays.
    if (params) return html`<${Lazy} key=${`${module} ${params.id}`} module=${module} params=${params} />`;
  }
  return html`<${Page} title="Not found"><${EmptyState} icon="question" title="There is no such page" action=${html`<${Button} href="/">Show the syncs<//>`}>The address ${path} leads nowhere.<//><//>`;
}

// A fault of one page leaves the frame standing, and goes away with the page.
function Guarded({ children }) {
  const [error, reset] = useErrorBoundary((problem) => console.error(problem));
  const { path } = here.value;
  useEffect(() => error && reset(), [path]);
  if (error) return html`<${ErrorNote} title="This page failed" error=${error} onRetry=${reset} />`;
  return children;
}

export function App() {
  const [error, setError] = useState(null);
  const known = viewer.value;
  const { path } = here.value;
  const load = () => {
    setError(null);
    loadViewer().catch(setError);
  };
  useEffect(load, []);
  useEffect(() => {
    if (known === null && path !== "/sign-in") void navigate(signInAddress(), { replace: true });
  }, [known, path]);

  if (known === undefined) {
    return error ? html`<main class="sign-in"><div class="sign-in-box"><${ErrorNote} error=${error} onRetry=${load} /></div></main>` : html`<p class="boot" role="status">Loading the console …</p>`;
  }
  if (path === "/sign-in") return html`<main id="main" class="sign-in"><${Lazy} module="./pages/sign-in.js" /></main>`;
  if (known === null) return null;
  return html`<${Frame}><${Guarded}><${Found} /><//><//>`;
}
