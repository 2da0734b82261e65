// What holds requests of a sync back beside a pause or a suspension: why, since when, until when, and how it is released.
import { query } from "../api.js";
import { html, useState } from "../lib.js";
import { can } from "../session.js";
import { Button, ConfirmDialog, counted, Note, sentence, Time, toast } from "../ui/index.js";
import { RELEASE } from "./documents.js";

const WHAT = { CREATE: "Creates", UPDATE: "Updates", DELETE: "Deletes", LOOKUP: "Lookups" };

/** What each kind is called, and what releasing it does. */
const KINDS = {
  LIMIT: {
    why: "too many requests",
    action: "Send now",
    does: "The next request goes now. Where the system still says “too many requests”, all of them are held again.",
  },
  DAILY_LIMIT: {
    why: "a day’s requests are used up",
  },
  ALIKE: {
    why: "everybody is answered the same",
    action: "Let one through",
    does: "One request goes now. Where it is accepted, the hold is over; where not, it goes on. An edit of the rule goes on at once.",
  },
  MISSING_DELETES: {
    why: "they find nothing",
    action: "Release deletes",
    danger: true,
    does: "Say so where these records are rightly gone. The deletes go on, and those that find nothing count as done: a wrong URL answers the same, and then the records would stay. It holds for the sync as it is set up now; an edit ends it.",
  },
  SILENT_CREATES: {
    why: "they tell no unique id",
    action: "Let one through",
    does: "One create goes now. Where its unique id can be read, the hold is over. Every create that tells no id makes a record that cannot be updated or deleted.",
  },
  PAGES: {
    why: "web pages come instead of answers",
    action: "Let one through",
    does: "One create goes now. Where anything is accepted, the hold is over. A page says nothing of whether a record was made.",
  },
  RESTORED: {
    what: "Doubtful creates",
    why: "an older copy of the database was restored",
    ends: "until it is released",
    action: "Release creates",
    danger: true,
    does: "The creates that are held go now, and whoever was made since the copy is made a second time. Push again who was changed since the copy, and set up a lookup rule: it finds them instead. RECREATE acts again as it is set.",
  },
};

/** "Deletes are held: they find nothing". */
const titleOf = ({ kind, operation }) => `${KINDS[kind].what ?? WHAT[operation] ?? "All requests"} are held: ${KINDS[kind].why}`;

/** Until when, where no time ends it. */
const endsOf = ({ kind }) => KINDS[kind].ends ?? "until an edit of the rule, or until it is released";

/** "12 people wait". */
function waiting({ people, peopleAtLeast }) {
  if (people === 0) return peopleAtLeast ? "So many people are owed that who waits was not counted" : "Nobody waits";
  return `${peopleAtLeast ? "At least " : ""}${counted(people, "person waits", "people wait")}`;
}

/** Why a sync stands as it does, without what its holds say themselves. */
export function reasonBesideHolds({ statusReason, holds }) {
  const rest = holds.reduce((text, { reason }) => text.replace(reason, ""), statusReason ?? "");
  return rest.split("; ").filter(Boolean).join("; ");
}

function Release({ hold, sync, onDone, onClose }) {
  const { action, danger, does } = KINDS[hold.kind];
  const run = async () => {
    await query(RELEASE, { id: sync.id, kind: hold.kind, ifRevision: sync.revision });
    toast("Released.");
    await onDone();
  };
  return html`<${ConfirmDialog} title=${titleOf(hold)} action=${action} danger=${danger} onConfirm=${run} onClose=${onClose}>
    <p class="wrap">${sentence(hold.reason)}</p>
    <p>${does}</p>
  <//>`;
}

/** @param {{sync: object, onChanged: () => Promise<void>}} props */
export function Holds({ sync, onChanged }) {
  const [releasing, setReleasing] = useState(null);
  return html`${sync.holds.map((hold) => html`<${Note} key=${`${hold.kind} ${hold.operation}`} tone="warn" icon="clock" role="status" title=${titleOf(hold)}
      action=${KINDS[hold.kind].action && can("ADMIN") && html`<${Button} size="small" onClick=${() => setReleasing(hold)}>${KINDS[hold.kind].action} …<//>`}>
      ${sentence(hold.reason)}. Since <${Time} at=${hold.since} />; ${hold.until ? html`<span class="strong">the next request goes <${Time} at=${hold.until} /></span>` : html`<span class="strong">${endsOf(hold)}</span>`}.
      ${" "}${waiting(hold)}; nothing is lost.
    <//>`)}
    ${releasing && html`<${Release} hold=${releasing} sync=${sync} onDone=${onChanged} onClose=${() => setReleasing(null)} />`}`;
}
