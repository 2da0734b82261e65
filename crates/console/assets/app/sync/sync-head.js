// The head of a sync's page: how it stands, why, and what can be done about it.
import { query } from "../api.js";
import { useAction } from "../hooks.js";
import { html, useState } from "../lib.js";
import { can } from "../session.js";
import { Button, counted, Icon, Menu, Note, number, percent, sentence, Sparkline, SyncStatus, Time, toast } from "../ui/index.js";
import { PAUSE, RESUME, RETRY } from "./documents.js";
import { useForm } from "./form.js";
import { Holds, reasonBesideHolds } from "./holds.js";
import { probe } from "./probe.js";
import { SecretsNeeded } from "./secrets.js";
import { DeleteDialog, ForgetDialog, ResyncDialog } from "./sync-dialogs.js";

/** When what is due is sent. */
const SENT = { ACTIVE: "sent now", PAUSED: "due, and sent once the sync is resumed", SUSPENDED: "due, and sent once a probe is accepted" };

const TONES = { PAUSED: "idle", SUSPENDED: "bad", ACTIVE: "info" };

function Standing({ sync, onChanged }) {
  const holds = sync.holds.length > 0;
  // What holds say themselves is not said twice.
  const held = sync.heldUntil && new Date(sync.heldUntil) > Date.now() && (!holds || sync.status === "SUSPENDED");
  const reason = reasonBesideHolds(sync);
  if (!reason && !held && !holds && sync.warnings.length === 0) return null;
  return html`<div class="stack-s head-notes">
    ${(reason || held) && html`<${Note} tone=${held && sync.status === "ACTIVE" ? "warn" : TONES[sync.status]} role="status">
      ${sentence(reason)}${reason && !/[.!?]$/.test(reason) ? "." : ""} ${held && html`<span class="strong">Next request <${Time} at=${sync.heldUntil} />.</span>`}
      ${sync.status === "SUSPENDED" && !held && html`<span class="strong">The next request that is due goes as a probe.</span>`}
    <//>`}
    ${holds && html`<${Holds} sync=${sync} onChanged=${onChanged} />`}
    ${sync.warnings.map((warning) => html`<${Note} key=${warning} tone="warn">${sentence(warning)}<//>`)}
  </div>`;
}

/** How many links are not Unlinked: what forgetting them is about. */
const linkedOf = ({ stats }) => (stats ? stats.linked + stats.uncertain + stats.unaddressable + stats.leaving : 0);

function Figure({ title, children, href }) {
  return html`<div class="figure"><dt>${title}</dt><dd class="num">${href ? html`<a href=${href}>${children}</a>` : children}</dd></div>`;
}

function Figures({ sync }) {
  const { stats, id } = sync;
  if (!stats) return html`<div class="figures"></div>`;
  const people = (query) => `/syncs/${id}/people?${query}`;
  return html`<div class="figures">
    <div class="figure-spark"><${Sparkline} points=${stats.series} width=${168} height=${36} /><span class="faint small">Last 24 hours</span></div>
    <dl>
      <${Figure} title="Sent">${number(stats.sent)}<//>
      <${Figure} title="Succeeded"><span class=${stats.successRate !== null && stats.successRate < 0.9 ? "bad" : ""}>${percent(stats.successRate)}</span><//>
      <${Figure} title="Unchanged">${number(stats.unchanged)}<//>
      <${Figure} title="Linked" href=${people("state=LINKED")}>${number(stats.linked)}<//>
      <${Figure} title="Owed" href=${people("owed=true")}>${number(stats.owed)}<//>
      <${Figure} title="Parked" href=${people("parked=true")}><span class=${stats.parked ? "bad" : ""}>${number(stats.parked)}</span><//>
    </dl>
  </div>`;
}

function Actions({ sync, onChanged }) {
  const [dialog, setDialog] = useState(null);
  const close = () => setDialog(null);
  const doing = (document, said) => async () => {
    try {
      const answer = await query(document, { id: sync.id });
      toast(typeof said === "function" ? said(answer) : said);
    } catch (error) {
      toast.error(error);
    }
    await onChanged();
  };
  const [pause, pausing] = useAction(doing(PAUSE, "Paused. Changes go on being remembered, and are sent after you resume the sync."));
  const [resume, resuming] = useAction(doing(RESUME, "Resumed."));
  const [probeNow, probing] = useAction(() => probe(sync.id, onChanged).catch(toast.error));
  const [retry] = useAction(doing(RETRY, ({ retry: { marked } }) => (marked ? `${counted(marked, "link")} marked: ${SENT[sync.status]}.` : "Nothing is owed or parked.")));
  const admin = can("ADMIN");
  const items = [
    can("WRITER") && { label: "Retry owed and parked", icon: "retry", hint: "Ends their wait; parked ones are sent again", onSelect: retry },
    admin && { label: "Resync people …", icon: "syncs", hint: "Marks people as owed to this sync", onSelect: () => setDialog("resync") },
    admin && sync.status === "SUSPENDED" && { label: "Pause sync", icon: "pause", hint: "No probes either", onSelect: pause },
    admin && sync.status === "PAUSED" && linkedOf(sync) > 0 && { label: "Forget links …", icon: "minus", danger: true, hint: "After the external system was emptied", onSelect: () => setDialog("forget") },
    admin && "line",
    admin && { label: "Delete sync …", icon: "trash", danger: true, onSelect: () => setDialog("delete") },
  ].filter(Boolean);
  return html`<div class="row">
    ${admin && sync.status === "ACTIVE" && html`<${Button} icon="pause" busy=${pausing} onClick=${pause}>Pause sync<//>`}
    ${admin && sync.status === "PAUSED" && html`<${Button} kind="primary" icon="play" busy=${resuming} onClick=${resume}>Resume sync<//>`}
    ${admin && sync.status === "SUSPENDED" && html`<${Button} icon="play" busy=${probing} onClick=${probeNow}>Probe now<//>`}
    ${items.length > 0 && html`<${Menu} label="More to do with this sync" items=${items} />`}
    ${dialog === "resync" && html`<${ResyncDialog} sync=${sync} onClose=${close} onDone=${onChanged} />`}
    ${dialog === "forget" && html`<${ForgetDialog} sync=${sync} onClose=${close} onDone=${onChanged} />`}
    ${dialog === "delete" && html`<${DeleteDialog} sync=${sync} onClose=${close} />`}
  </div>`;
}

/** @param {{sync: object, onChanged: () => Promise<void>}} props */
export function SyncHead({ sync, onChanged }) {
  return html`<header class="sync-head">
    <nav class="crumbs" aria-label="Breadcrumb"><a href="/">Syncs</a><${Icon} name="chevron-right" size=${12} /><span class="truncate" aria-current="page">${sync.friendlyName}</span></nav>
    <div class="row spread sync-head-line">
      <div class="row sync-title"><h1 class="wrap">${sync.friendlyName}</h1><${SyncStatus} sync=${sync} /><${SecretsNeeded} sync=${useForm().sync.value} /></div>
      <${Actions} sync=${sync} onChanged=${onChanged} />
    </div>
    <${Standing} sync=${sync} onChanged=${onChanged} />
    <${Figures} sync=${sync} />
  </header>`;
}
