// What syncs are called, by id.
import { useQuery } from "../hooks.js";
import { useMemo } from "../lib.js";

const SYNCS = "{ syncs(first: 500) { nodes { id friendlyName } } }";

/**
 * @param {boolean} [wanted] false: nothing is asked
 * @returns {{syncs: {id: string, friendlyName: string}[], nameOf: (id: string) => string}}
 */
export function useSyncNames(wanted = true) {
  const found = useQuery(wanted ? SYNCS : null);
  return useMemo(() => {
    const syncs = found.data?.syncs.nodes ?? [];
    const names = new Map(syncs.map((sync) => [sync.id, sync.friendlyName]));
    return { syncs, nameOf: (id) => names.get(id) ?? (found.data ? "a deleted sync" : "…") };
  }, [found.data]);
}
