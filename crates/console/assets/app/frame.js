// What surrounds every page: navigation, who is signed in, and whether the server can be reached.
import { connection, offline } from "./api.js";
import { html, useEffect, useRef } from "./lib.js";
import { here } from "./router.js";
import { signOut, viewer } from "./session.js";
import { Icon, Menu, Toasts } from "./ui/index.js";
import { setTheme, theme } from "./ui/theme.js";

const PLACES = [
  { href: "/", label: "Syncs", icon: "syncs", holds: (path) => path === "/" || path.startsWith("/syncs") },
  { href: "/logs", label: "Logs", icon: "logs", holds: (path) => path.startsWith("/logs") },
  { href: "/people", label: "People", icon: "people", holds: (path) => path.startsWith("/people") },
  { href: "/keys", label: "Keys", icon: "keys", admin: true, holds: (path) => path.startsWith("/keys") },
];

const ROLES = { READER: "Reader", WRITER: "Writer", ADMIN: "Admin" };

export const Brand = () => html`<a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="26" height="26" />crm-sync</a>`;

function Navigation() {
  const { path } = here.value;
  const places = PLACES.filter((place) => !place.admin || viewer.value.role === "ADMIN");
  return html`<nav class="nav" aria-label="Main">${places.map(({ href, label, icon, holds }) => html`<a key=${href} href=${href} aria-current=${holds(path) ? "page" : undefined}><${Icon} name=${icon} size=${18} />${label}</a>`)}</nav>`;
}

function Who({ above }) {
  const { account, keyName, role } = viewer.value;
  const themes = [
    { label: "As the system", icon: "screen", value: "system" },
    { label: "Light", icon: "sun", value: "light" },
    { label: "Dark", icon: "moon", value: "dark" },
  ];
  const items = [
    ...themes.map(({ value, ...shown }) => ({ ...shown, checked: theme.value === value, onSelect: () => setTheme(value) })),
    "line",
    { label: "Sign out", icon: "sign-out", onSelect: signOut },
  ];
  const trigger = (attributes) => html`<button type="button" class="who" ...${attributes}>
    <span class="who-mark" aria-hidden="true">${account.name.slice(0, 2)}</span>
    <span class="visually-hidden">Theme and session: account </span>
    <span class="who-names"><span class="strong truncate">${account.name}</span><span class="faint truncate">${keyName} · ${ROLES[role]}</span></span>
    <${Icon} name="chevron-up-down" />
  </button>`;
  const note = html`<p class="strong">${account.name}</p><p>Key ${keyName}, role ${ROLES[role]}</p>`;
  return html`<${Menu} label="Theme and session" ...${{ items, trigger, above, note }} align=${above ? "start" : "end"} />`;
}

function Offline() {
  const words = offline.value
    ? "Offline: the server cannot be reached. What you see may be out of date; it is tried again by itself."
    : connection.value === "offline"
      ? "Live updates are interrupted; they are tried again by themselves."
      : null;
  return html`<div role="status">${words && html`<div class="offline"><${Icon} name="offline" />${words}</div>`}</div>`;
}

// After going to another page, the keyboard and the screen reader go on at its beginning.
function useFocusOnPage(main) {
  const page = here.value.path.split("/").slice(0, 3).join("/");
  const before = useRef(page);
  useEffect(() => {
    if (before.current !== page) main.current?.focus({ preventScroll: true });
    before.current = page;
  }, [page]);
}

export function Frame({ children }) {
  const main = useRef(null);
  useFocusOnPage(main);
  const skip = (event) => {
    event.preventDefault();
    main.current.focus();
  };
  return html`
    <a class="skip-link" href="#main" onClick=${skip}>Skip to the page</a>
    <div class="frame">
      <header class="top"><${Brand} /><${Who} /></header>
      <div class="side" role="region" aria-label="Console"><${Brand} /><${Navigation} /><div class="side-foot"><${Who} above /></div></div>
      <div class="body"><${Offline} /><main id="main" tabindex="-1" ref=${main}>${children}</main></div>
    </div>
    <${Toasts} />`;
}
