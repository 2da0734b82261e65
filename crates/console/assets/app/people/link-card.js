// A link in full: one person with one sync.
import { html } from "../lib.js";
import { RetryNow } from "../logs/retry.js";
import { Badge, Facts, LinkStateBadge, Note, number, Time } from "../ui/index.js";
import { CreateAgain, isInDoubt } from "./create-again.js";
import { nextWords, PARK_REASONS, STATE_WORDS } from "./standing.js";

/** Badges that say how a link stands. */
export function Standing({ link }) {
  return html`<span class="row"><${LinkStateBadge} state=${link.state} />
    ${link.parkedReason ? html`<${Badge} tone="bad" icon="parked">Parked<//>` : link.inFlight ? html`<${Badge} tone="info" icon="send">On its way<//>` : link.owed ? html`<${Badge} tone="warn" icon="clock">Owed<//>` : link.kept ? html`<${Badge} tone="idle" icon="lock">Kept<//>` : null}</span>`;
}

/** @param {{link: object, version?: number, onDone: () => void}} props `version`: the person's own, to be compared */
export function LinkDetails({ link, version, onDone }) {
  const sent = link.sentVersion === null ? null : version === undefined || link.sentVersion === version ? number(link.sentVersion) : `${number(link.sentVersion)} of ${number(version)}`;
  const facts = [
    ["Unique id", link.uniqueId && html`<code>${link.uniqueId}</code>`],
    ["Record", link.adopted && "Was there before, or may have been: a lookup found it"],
    ["Newest decision", link.lastDecision !== link.parkedReason && link.lastDecision],
    ["Version accepted", sent],
    ["Parked", link.parkedAt && html`<${Time} at=${link.parkedAt} />`],
    ["Last change", html`<${Time} at=${link.updatedAt} />`],
  ];
  return html`<div class="stack-s">
    <p class="muted">${STATE_WORDS[link.state]} ${nextWords(link)}</p>
    ${link.parkedReason && html`<${Note} tone="bad" title=${PARK_REASONS[link.parkedCode]}>${link.parkedReason}<//>`}
    <${Facts} facts=${facts} />
    <div class="row"><${RetryNow} syncId=${link.sync.id} personId=${link.person.id} needed=${Boolean(link.owed || link.parkedReason)} onDone=${onDone} />
      ${isInDoubt(link) && html`<${CreateAgain} syncId=${link.sync.id} find=${async () => [link.person.id]} size="small" onDone=${onDone} />`}</div>
  </div>`;
}
