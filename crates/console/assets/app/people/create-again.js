// "Nothing was created there": an administrator has looked, and creates are sent anew whose outcome nobody knows.
import { query } from "../api.js";
import { html, useEffect, useState } from "../lib.js";
import { can } from "../session.js";
import { Button, Checkbox, ConfirmDialog, counted, ErrorNote, Spinner, toast } from "../ui/index.js";

/** The API takes so many people a call. */
const PER_CALL = 1000;
const AGAIN = "mutation ($filter: RetryFilter!, $expected: Int!) { retry(filter: $filter, createAgain: true, expected: $expected) { marked } }";

/** Whether the outcome of a link's create is not known, so that it could be sent anew. */
export const isInDoubt = ({ state, owed, parkedCode }) => ["UNCERTAIN", "UNADDRESSABLE"].includes(state) && (owed || parkedCode !== null);

function Ask({ syncId, find, onDone, onClose }) {
  const [ids, setIds] = useState(null);
  const [error, setError] = useState(null);
  const [looked, setLooked] = useState(false);
  useEffect(() => {
    find().then(setIds, setError);
  }, []);
  const run = async () => {
    let marked = 0;
    for (let from = 0; from < ids.length; from += PER_CALL) {
      const personIds = ids.slice(from, from + PER_CALL);
      marked += (await query(AGAIN, { filter: { syncId, personIds }, expected: personIds.length })).retry.marked;
    }
    toast(`${counted(marked, "create")} due now`);
    onDone();
  };
  const people = counted(ids?.length ?? 0, "person", "people");
  return html`<${ConfirmDialog} title=${ids ? `Create ${people} again?` : "Create again?"} action=${ids ? `Create ${people} again` : "Create again"} danger ready=${looked && ids?.length > 0} onConfirm=${run} onClose=${onClose}>
    <p>A create was sent for each of them, and what came of it is not known. Create them again only where you have looked into the external system and found no record: one that is there all the same becomes a second one.</p>
    <p>Of a person who is deleted by now only the link is forgotten; a record that was made all the same stays.</p>
    ${!ids && !error && html`<${Spinner} label="Counting" />`}
    ${ids && html`<${Checkbox} label=${`I have looked: the external system holds no record of ${ids.length === 1 ? "this person" : `these ${people}`}`} checked=${looked} onChange=${setLooked} />`}
    ${error && html`<${ErrorNote} error=${error} />`}
  <//>`;
}

/**
 * For admins only.
 * @param {{syncId: string, find: () => Promise<string[]>, onDone: () => void, size?: string}} props `find` tells whom it is for, when it is asked
 */
export function CreateAgain({ syncId, find, onDone, size }) {
  const [asking, setAsking] = useState(false);
  if (!can("ADMIN")) return null;
  return html`<${Button} size=${size} icon="plus" onClick=${() => setAsking(true)}>Create again …<//>
    ${asking && html`<${Ask} ...${{ syncId, find, onDone }} onClose=${() => setAsking(false)} />`}`;
}
