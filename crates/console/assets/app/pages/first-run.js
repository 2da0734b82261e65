// From nothing to a first success, in three steps. Where one stands is read from the server, so that it is there after a reload.
import { query } from "../api.js";
import { CREATE_SYNC, GUIDE, mockSync, REMOVE, SAMPLE_ID, samplePerson, UPSERT } from "../guide/documents.js";
import { LiveEntries } from "../guide/live.js";
import { useAction, useQuery } from "../hooks.js";
import { html, useState } from "../lib.js";
import { maker } from "../once.js";
import { nextWords } from "../people/standing.js";
import { can } from "../session.js";
import { addWebhook } from "../sync/add-sync.js";
import { Button, Icon, Loaded, Note, toast } from "../ui/index.js";

const EVERY_MS = 3_000;
const CLOSED = "crm-sync.guide-closed";
const NO_SYNC = "00000000-0000-0000-0000-000000000000";

const createSync = maker(CREATE_SYNC);

const trying = (action) => async () => {
  try {
    await action();
  } catch (error) {
    toast.error(error);
  }
};

/** How far one is: `{ sync, link, step }`, step 1 to 3, or 4 when it has arrived. */
export function progress({ sync, person }) {
  const ready = sync?.createUsers ? sync : null;
  const link = ready && person && !person.deletedAt ? (person.links.find((one) => one.sync.id === ready.id) ?? null) : null;
  const arrived = link?.state === "LINKED" && link.uniqueId !== null && link.sentVersion !== null;
  return { sync: ready, link, step: !ready ? 1 : !link ? 2 : arrived ? 4 : 3 };
}

function Step({ number, step, title, children }) {
  const state = number < step ? "done" : number === step ? "current" : "later";
  const words = { done: "done", current: "current step", later: "later" }[state];
  return html`<li class=${`step step-${state}`} aria-current=${state === "current" ? "step" : undefined}>
    <span class="step-mark" aria-hidden="true">${state === "done" ? html`<${Icon} name="check" size=${15} />` : number}</span>
    <div class="step-body"><h3>${title}<span class="visually-hidden">, ${words}</span></h3>${children}</div>
  </li>`;
}

function AddStep({ sync, mockCrmUrl, onChanged }) {
  const [useMock, busy] = useAction(trying(async () => {
    await createSync(mockSync(mockCrmUrl));
    await onChanged();
  }));
  const [add, adding] = useAction(addWebhook);
  if (!can("ADMIN")) return html`<p class="muted">Syncs are added by an admin. You are signed in with a key that may not.</p>`;
  if (sync) return html`<p class="muted">${sync.friendlyName} is there, but sends nothing yet: its Create Users rule says where people are created.</p><div class="row"><${Button} kind="primary" href=${`/syncs/${sync.id}/create`}>Set up Create Users<//></div>`;
  if (!mockCrmUrl) {
    return html`<p class="muted">A sync describes the requests that keep one external system in step: one for people who are created, one for updates, one for deletes.</p>
      <div class="row"><${Button} kind="primary" icon="webhook" busy=${adding} onClick=${add}>Add a webhook sync<//></div>
      <p class="small faint">No external system at hand? Start the server with <code>--mock-crm 127.0.0.1:8081</code>: a mock CRM runs beside it then, and is offered here.</p>`;
  }
  return html`<p class="muted">A mock CRM runs beside this server, at <code>${mockCrmUrl}</code>. With one click you have a whole sync with it: create, update, delete and lookup. Nothing leaves this machine.</p>
    <div class="row"><${Button} kind="primary" icon="webhook" busy=${busy} onClick=${useMock}>Use the mock CRM<//><${Button} busy=${adding} onClick=${add}>Set up my own<//></div>`;
}

function SendStep({ sync, again, onChanged }) {
  const [send, busy] = useAction(trying(async () => {
    await query(UPSERT, { input: [samplePerson(new Date().toISOString())] });
    await onChanged();
  }));
  if (!can("WRITER")) return html`<p class="muted">People are pushed with a key of the role Writer or Admin. You are signed in as a reader.</p>`;
  return html`<p class="muted">Ada Lovelace, a sample person, is put into the directory; ${sync.friendlyName} sends her to <span class="wrap"><code>${sync.createUsers.method} ${sync.createUsers.url}</code></span>. You can remove her afterwards.</p>
    <div class="row"><${Button} kind="primary" icon="send" busy=${busy} onClick=${send}>${again ? "Send her again" : "Send the sample person"}<//></div>`;
}

function WatchStep({ sync, link }) {
  return html`
    ${sync.status !== "ACTIVE" && html`<${Note} tone="warn">${sync.friendlyName} does not send now: it is ${sync.status === "PAUSED" ? "paused" : "suspended"}. ${sync.statusReason ?? ""}<//>`}
    ${link.parkedReason
      ? html`<${Note} tone="bad" title="It did not arrive">${link.parkedReason} <a href=${`/syncs/${sync.id}/create`}>Edit Create Users</a>, which sends it again.<//>`
      : html`<p class="muted">${nextWords(link)}</p>`}`;
}

function Arrived({ sync, link, onClose }) {
  const [remove, busy] = useAction(trying(async () => {
    await query(REMOVE, { ids: [SAMPLE_ID] });
    toast("Sample person removed; her record is deleted too where Delete Users is set up");
    onClose();
  }));
  return html`<div class="arrived">
    <${Note} tone="good" icon="check-circle" role="status" title="It arrived">${sync.friendlyName} answered, and knows Ada Lovelace as record <code class="strong">${link.uniqueId}</code>. Each change of her is sent there from now on.<//>
    <p class="strong">What next</p>
    <ul class="nexts">
      <li><a href=${`/people/${SAMPLE_ID}`}>See what was sent and what came back</a>, on her timeline.</li>
      <li><a href=${`/syncs/${sync.id}/update`}>Look at the rules</a>, and change the data that is sent.</li>
      ${can("ADMIN") && html`<li><a href="/keys">Create a Writer key</a> for your own system, which pushes people with <code>upsertPeople</code>.</li>`}
      ${can("ADMIN") && html`<li>Add the sync of your real CRM.</li>`}
    </ul>
    <div class="row">${can("WRITER") && html`<${Button} icon="trash" busy=${busy} onClick=${remove}>Remove the sample person<//>`}<${Button} kind="quiet" onClick=${onClose}>Close the guide<//></div>
  </div>`;
}

function Guide({ data, onChanged, onNews, onClose }) {
  const { sync, link, step } = progress(data);
  return html`<ol class="steps">
    <${Step} number=${1} step=${step} title="Add a webhook sync">${step === 1 ? html`<${AddStep} sync=${data.sync} mockCrmUrl=${data.server.mockCrmUrl} onChanged=${onChanged} />` : html`<p class="muted"><a href=${`/syncs/${sync.id}/create`}>${sync.friendlyName}</a> is set up.</p>`}<//>
    <${Step} number=${2} step=${step} title="Send a sample person">${step === 2 ? html`<${SendStep} sync=${sync} onChanged=${onChanged} />` : step > 2 && html`<p class="muted"><a href=${`/people/${SAMPLE_ID}`}>Ada Lovelace</a> is in the directory.</p>`}<//>
    <${Step} number=${3} step=${step} title="Watch it arrive">${step > 2 && html`<${LiveEntries} syncId=${sync.id} personId=${SAMPLE_ID} waiting="Waiting for the first answer" onNews=${onNews} />`}${step === 3 && html`<${WatchStep} sync=${sync} link=${link} />`}${step === 4 && html`<${Arrived} sync=${sync} link=${link} onClose=${onClose} />`}<//>
  </ol>`;
}

/**
 * Whether the guide is shown: without a sync it is all there is; beside the only one, until that works or it is closed.
 * @param {{id: string}[] | undefined} syncs undefined: not known yet
 * @returns {{pending: boolean, shown: boolean, sync?: {id: string}, found: object, close: () => void}} `pending`: to be
 *   waited for, so that nothing that can be clicked moves when the guide comes
 */
export function useFirstRun(syncs) {
  const [closed, setClosed] = useState(() => localStorage.getItem(CLOSED) === "true");
  const sync = syncs?.[0];
  const asked = syncs?.length === 0 || (syncs?.length === 1 && !closed);
  const found = useQuery(asked ? GUIDE : null, { sample: SAMPLE_ID, sync: sync?.id ?? NO_SYNC, withSync: Boolean(sync) }, { every: EVERY_MS });
  const { data, error } = found;
  // A sync that works already, without the sample person, needs no guide.
  const works = data?.sync?.stats.linked > 0 && (!data.person || data.person.deletedAt);
  const close = () => {
    localStorage.setItem(CLOSED, "true");
    setClosed(true);
  };
  const pending = asked && !data && !error;
  return { pending, shown: asked && !pending && (!sync || (data && !works)), sync, found, close };
}

/** @param {{guide: ReturnType<typeof useFirstRun>, onChanged: () => Promise<void>}} props */
export function FirstRun({ guide: { sync, found, close: closeGuide }, onChanged }) {
  const changed = async () => {
    await onChanged();
    await found.refresh();
  };
  const close = () => {
    closeGuide();
    void onChanged();
  };
  return html`<section class="card guide" aria-label="First steps">
    <div class="card-head"><div><h2>From nothing to the first person sent</h2><p class="muted">Three steps; the third is to watch.</p></div>${sync && html`<${Button} kind="quiet" size="small" icon="close" label="Close the guide" onClick=${close} />`}</div>
    <div class="card-body"><${Loaded} query=${found}>${(all) => html`<${Guide} data=${all} onChanged=${changed} onNews=${found.refresh} onClose=${close} />`}<//></div>
  </section>`;
}
