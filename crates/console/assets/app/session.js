// Who is signed in. A key is exchanged once for an HttpOnly cookie; no script ever sees it again.
import { disconnect, query, whenSessionEnds } from "./api.js";
import { signal } from "./lib.js";
import { here, navigate } from "./router.js";
import { sentence } from "./ui/time.js";

const RANK = { READER: 0, WRITER: 1, ADMIN: 2 };

/** undefined: not known yet; null: nobody; else `{ role, keyName, keyId, sessionExpiresAt, account }`. */
export const viewer = signal(undefined);

/** Why one has to sign in again, in words; null where one simply has to. */
export const endedBecause = signal(null);

/** Whether who is signed in has at least this role: "READER", "WRITER" or "ADMIN". */
export const can = (role) => RANK[viewer.value?.role] >= RANK[role];

const VIEWER = "{ viewer { role keyName keyId sessionExpiresAt account { id name } } }";

/** Asks who is signed in. */
export async function loadViewer() {
  try {
    viewer.value = (await query(VIEWER)).viewer;
  } catch (error) {
    if (error.code !== "UNAUTHENTICATED") throw error;
    viewer.value = null;
  }
}

/** Opens a session with an API key. Throws an Error whose message is for people. */
export async function signIn(key) {
  let response;
  try {
    response = await fetch("/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key }),
    });
  } catch {
    throw new Error("The server cannot be reached. Check that it runs, then try again.");
  }
  if (!response.ok) {
    const said = (await response.json().catch(() => null))?.error;
    const again = response.status === 429 ? "Too many tries: wait a minute, then try again." : `The server answered ${response.status}. Try again.`;
    throw new Error(said ? `${sentence(said)}.` : again);
  }
  endedBecause.value = null;
  await loadViewer();
}

/** Ends the session. */
export async function signOut() {
  if (!(await navigate("/sign-in"))) return;
  disconnect();
  await fetch("/session", { method: "DELETE" }).catch(() => {});
  viewer.value = null;
}

/** The address of the sign-in page that leads back to where one is. */
export function signInAddress() {
  const { path, query: parts } = here.value;
  const back = path + (parts.size ? `?${parts}` : "");
  return path === "/sign-in" || back === "/" ? "/sign-in" : `/sign-in?back=${encodeURIComponent(back)}`;
}

whenSessionEnds(() => {
  if (viewer.value) endedBecause.value = "Your session has ended. Sign in again to go on where you were.";
  viewer.value = null;
  disconnect();
});
