// The GraphQL API: query() for queries and mutations, subscribe() for subscriptions. The session's cookie says who is
// calling, see session.js.
import { createClient } from "../vendor/graphql-ws.js";
import { effect, signal } from "./lib.js";

/** How long to wait before the server is asked again whether it is there. */
const PROBE_MS = 3000;

/** An error that the API answered, or that kept it from answering. */
export class ApiError extends Error {
  /**
   * @param {string} message for people
   * @param {string} code `extensions.code`, or OFFLINE
   * @param {{path: string[], message: string, line?: number, column?: number}[]} fields what is wrong with which input
   */
  constructor(message, code, fields = []) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.fields = fields;
  }
}

/** Whether the server was out of reach when it was last asked. The frame shows a banner then. */
export const offline = signal(false);

/** How live updates stand: "idle" (nothing subscribed), "connecting", "online" or "offline". */
export const connection = signal("idle");

let onEnded = () => {};

/** session.js says here what is to be done when the session has ended. */
export function whenSessionEnds(call) {
  onEnded = call;
}

/**
 * Executes a query or mutation.
 * @param {string} document
 * @param {object} [variables]
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<object>} data
 * @throws {ApiError}
 */
export async function query(document, variables = {}, { signal: abort } = {}) {
  const answer = await post(JSON.stringify({ query: document, variables }), abort);
  if (!answer.errors?.length) return answer.data;
  const [error] = answer.errors;
  const code = error.extensions?.code ?? "INTERNAL";
  if (code === "UNAUTHENTICATED") onEnded();
  const fields = answer.errors.flatMap((one) => one.extensions?.fields ?? []);
  throw new ApiError(error.message, code, fields);
}

async function post(body, abort) {
  let response;
  try {
    response = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body,
      signal: abort,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    offline.value = true;
    throw new ApiError("The server cannot be reached. What you see may be out of date; it is tried again by itself.", "OFFLINE");
  }
  offline.value = false;
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(`The server answered ${response.status}, and not as its API answers. Try again.`, "INTERNAL");
  }
}

// While the server is out of reach it is asked again and again; the first answer ends that.
effect(() => {
  if (!offline.value) return undefined;
  const timer = setInterval(() => void query("{ __typename }").catch(() => {}), PROBE_MS);
  return () => clearInterval(timer);
});

let client = null;
/** How many subscriptions there are. */
let followed = 0;
/** Ends of a WebSocket that are meant: nobody needs it any more; the server goes, and another one may be there already. */
const MEANT = [1000, 1001];

function clientNow() {
  client ??= createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    retryAttempts: Infinity,
    lazyCloseTimeout: 500,
    keepAlive: 15_000,
    retryWait: (tries) => new Promise((done) => setTimeout(done, Math.min(500 * 2 ** tries, 4_000) * (0.75 + Math.random() / 2))),
    shouldRetry: (event) => ![4401, 4403].includes(event?.code),
    on: {
      connecting: () => (connection.value = connection.value === "offline" ? "offline" : "connecting"),
      connected: () => {
        connection.value = "online";
        offline.value = false;
      },
      closed: (event) => {
        // What nobody follows is not interrupted; after an end that was meant, only a next try that fails is an interruption.
        if (followed === 0) connection.value = "idle";
        else connection.value = MEANT.includes(event?.code) ? "connecting" : "offline";
        if ([4401, 4403].includes(event?.code)) onEnded();
      },
    },
  });
  return client;
}

/**
 * Subscribes, again after each lost connection.
 * @param {string} document
 * @param {object} variables
 * @param {{next: (data: object) => void, connected?: () => void, error?: (error: ApiError) => void}} handlers `connected` is
 *   called once what comes next will be seen, at first and after each reconnect: what was missed in between is to be asked for
 *   then. After `error` nothing comes any more; code UNAVAILABLE means that this subscriber fell behind, and may subscribe again.
 * @returns {() => void} ends it
 */
export function subscribe(document, variables, { next, connected, error }) {
  const now = clientNow();
  let over = false;
  followed += 1;
  const stops = connected ? [now.on("connected", () => connected())] : [];
  if (connected && connection.value === "online") queueMicrotask(() => over || connected());
  const fail = (problem) => {
    if (over) return;
    finish();
    const [first] = Array.isArray(problem) ? problem : [];
    if (first?.extensions?.code === "UNAUTHENTICATED") onEnded();
    error?.(new ApiError(first?.message ?? "Live updates have ended.", first?.extensions?.code ?? "UNAVAILABLE", first?.extensions?.fields));
  };
  const dispose = now.subscribe(
    { query: document, variables },
    { next: ({ data, errors }) => (errors ? fail(errors) : next(data)), error: fail, complete: () => {} },
  );
  function finish() {
    if (!over) followed -= 1;
    over = true;
    stops.forEach((stop) => stop());
  }
  return () => {
    finish();
    dispose();
  };
}

/** Closes the WebSocket, as when the session ends. */
export function disconnect() {
  void client?.dispose();
  client = null;
  connection.value = "idle";
}
