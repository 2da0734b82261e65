// Saves the form over all tabs, or says why it was not saved, and leads to the first fault.
import { query } from "../api.js";
import { useAction } from "../hooks.js";
import { html, useEffect, useState } from "../lib.js";
import { navigate } from "../router.js";
import { Button, ConfirmDialog, Dialog, Icon, toast } from "../ui/index.js";
import { SYNC } from "./documents.js";
import { useForm } from "./form.js";
import { RULES, tabOf } from "./model.js";
import { probe } from "./probe.js";
import { missingSecrets } from "./secrets.js";
import { placeOf } from "./words.js";

const NAMES = { ...Object.fromEntries(Object.values(RULES).map(({ tab, name }) => [tab, name])), limits: "Limits" };
const ORDER = Object.keys(NAMES);

const WRONG = '[role="tabpanel"] :is([aria-invalid="true"], .code-field[data-invalid="true"])';
const NEEDED = '[role="tabpanel"] [data-needed] :is(input[type="password"], .code-field)';

/** Puts the focus into the first field that a selector finds. */
function focusOn(selector) {
  const field = document.querySelector(selector);
  field?.scrollIntoView({ block: "center" });
  if (field?.classList.contains("code-field")) field.dispatchEvent(new CustomEvent("focusto"));
  else field?.focus();
}

async function goToFault(form) {
  const tabs = form.refused.peek().map(({ path }) => tabOf(path[0]));
  const first = ORDER.find((tab) => tabs.includes(tab));
  if (!first) return;
  await navigate(`/syncs/${form.sync.peek().id}/${first}`);
  // The tab is drawn first; its editors may be loaded only then.
  setTimeout(() => focusOn(WRONG), 60);
}

// Secrets did not follow to a new origin: nothing can be sent with them until they are given again.
function DroppedDialog({ dropped, onClose }) {
  const form = useForm();
  const give = async () => {
    onClose();
    await navigate(`/syncs/${form.sync.peek().id}/${dropped[0].tab}`);
    setTimeout(() => focusOn(NEEDED), 60);
  };
  const foot = html`<${Button} onClick=${onClose}>Later<//><${Button} kind="primary" onClick=${give}>Give them now<//>`;
  return html`<${Dialog} title="Saved, but secrets did not follow to the new address" onClose=${onClose} foot=${foot}>
    <p>Secrets stay with the origin that they were given for. These were dropped, and are to be given again for the new one:</p>
    <ul>${dropped.map(({ words }) => html`<li key=${words}>${words}</li>`)}</ul>
    <p class="muted">Nothing is sent until then; people stay owed, and nothing is lost.</p>
  <//>`;
}

// What is said of a save that went well.
function savedWords({ status, createUsers }) {
  if (status === "SUSPENDED") return "Saved. The sync is suspended: one request goes now, as a probe.";
  return createUsers?.sslVerification === false ? "Saved. SSL verification is off." : "Saved.";
}

function MovedDialog({ onChoose, onClose }) {
  const foot = html`<${Button} onClick=${onClose}>Cancel<//><${Button} onClick=${() => onChoose("FORGET")}>Save, forget the links<//><${Button} kind="primary" onClick=${() => onChoose("KEEP")}>Save, keep the links<//>`;
  return html`<${Dialog} title="The address moves to another origin" onClose=${onClose} foot=${foot}>
    <p>People are linked with records of the origin used so far. What becomes of these links?</p>
    <p><strong>Keep the links:</strong> the new origin knows the same unique ids, such as the same system under another name.</p>
    <p><strong>Forget the links:</strong> it is another system, such as production after a sandbox. Everybody is new there, and is created.</p>
  <//>`;
}

/** @param {{onSaved: () => Promise<void>}} props */
export function SaveBar({ onSaved }) {
  const form = useForm();
  const [asking, setAsking] = useState(null);
  const [problem, setProblem] = useState(null);
  const dirty = form.dirty.value;
  const refused = form.refused.value.length;
  useEffect(() => {
    if (!dirty) setProblem(null);
  }, [dirty]);
  const settle = async (error) => {
    if (error.code !== "CONFLICT") {
      setProblem(error);
      await goToFault(form);
      return;
    }
    // Either somebody else saved meanwhile, or links have to be decided on: the revision tells which.
    const { sync } = await query(SYNC, { id: form.sync.peek().id });
    setAsking(sync && sync.revision !== form.sync.peek().revision ? { theirs: sync } : { moved: true });
  };
  const [save, busy] = useAction(async (links) => {
    setAsking(null);
    setProblem(null);
    try {
      const before = missingSecrets(form.sync.peek()).map(({ words }) => words);
      await form.save({ links });
      const sync = form.sync.peek();
      const dropped = missingSecrets(sync).filter(({ words }) => !before.includes(words));
      if (dropped.length > 0) setAsking({ dropped });
      else toast(savedWords(sync));
      await onSaved();
      if (sync.status === "SUSPENDED" && dropped.length === 0) void probe(sync.id, onSaved).catch(toast.error);
    } catch (error) {
      await settle(error).catch(setProblem);
    }
  });
  useEffect(() => {
    const onKeyDown = (event) => {
      if (event.key !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      if (form.dirty.peek()) void save();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
  const both = form.both.value.length > 0 && `both of you changed ${form.both.value.map(placeOf).join(", ")}: yours stands`;
  const where = [...new Set(form.parts.value.map(tabOf))].map((tab) => NAMES[tab]).join(", ");
  const refusal = problem && (refused ? `Not saved: ${refused === 1 ? "one value is" : `${refused} values are`} wrong.` : problem.message);
  return html`<p class="visually-hidden" role="status">${dirty && (refusal || `Unsaved changes in ${where}`)}</p>
    <div class="save-bar-room">${dirty && html`<div class="save-bar" role="region" aria-label="Unsaved changes">
      <div class="grow">
        ${refusal
          ? html`<span class="bad row"><${Icon} name="alert-circle" /><span>${refusal}</span></span>`
          : html`<span class="strong">Unsaved changes</span> <span class="muted">in ${where}</span>${both && html`<span class="small muted"> · ${both}</span>`}`}
      </div>
      ${problem && refused > 0 && html`<${Button} kind="quiet" onClick=${() => goToFault(form)}>Show the first<//>`}
      <${Button} onClick=${form.discard} disabled=${busy}>Discard changes<//>
      <${Button} kind="primary" busy=${busy} onClick=${() => save()}>Save sync<//>
    </div>`}</div>
    ${asking?.moved && html`<${MovedDialog} onChoose=${save} onClose=${() => setAsking(null)} />`}
    ${asking?.dropped && html`<${DroppedDialog} dropped=${asking.dropped} onClose=${() => setAsking(null)} />`}
    ${asking?.theirs && html`<${ConfirmDialog} title="Somebody else changed this sync meanwhile" action="Show theirs, keep my changes" onConfirm=${() => form.rebase(asking.theirs)} onClose=${() => setAsking(null)}>
      <p>Nothing was saved. Their changes are shown now, with yours beside them, and on top where both changed the same field; look at them, then save again.</p>
    <//>`}`;
}
