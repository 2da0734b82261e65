// Hooks that pages share.
import { query } from "./api.js";
import { signal, useCallback, useEffect, useRef, useState } from "./lib.js";

/** The present in milliseconds, once a second; what shows times reads it. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);

/**
 * Asks the API, again when document or variables change. What was there stays while it is asked again.
 * @param {string | null} document null: not asked
 * @param {object} [variables]
 * @param {{every?: number}} [options] `every`: asked again after so many milliseconds, while the page is visible
 * @returns {{data: object | undefined, error: Error | null, loading: boolean, refresh: () => Promise<void>}}
 */
export function useQuery(document, variables = {}, { every } = {}) {
  const asked = JSON.stringify([document, variables]);
  const [state, setState] = useState({ asked: null, data: undefined, error: null });
  const running = useRef(null);
  const refresh = useCallback(async () => {
    if (!document) return;
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    try {
      const data = await query(document, variables, { signal: abort.signal });
      if (!abort.signal.aborted) setState({ asked, data, error: null });
    } catch (error) {
      if (!abort.signal.aborted) setState((before) => ({ asked, data: before.data, error }));
    }
  }, [asked]);
  useEffect(() => {
    void refresh();
    return () => running.current?.abort();
  }, [refresh]);
  useEffect(() => {
    if (!every) return undefined;
    const timer = setInterval(() => globalThis.document.hidden || void refresh(), every);
    return () => clearInterval(timer);
  }, [refresh, every]);
  return { data: state.data, error: state.error, loading: Boolean(document) && state.asked !== asked, refresh };
}

/** `value` as it was when it last stood still for `ms`. */
export function useDebounced(value, ms) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** Names the browser's tab. */
export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · crm-sync` : "crm-sync";
  }, [title]);
}

/**
 * Something that is done on a click: `[run, busy]`. While it runs it is not started again.
 * @param {(...args: any[]) => Promise<void>} action
 */
export function useAction(action) {
  const [busy, setBusy] = useState(false);
  const held = useRef(false);
  const run = async (...args) => {
    if (held.current) return;
    held.current = true;
    setBusy(true);
    try {
      await action(...args);
    } finally {
      held.current = false;
      setBusy(false);
    }
  };
  return [run, busy];
}
