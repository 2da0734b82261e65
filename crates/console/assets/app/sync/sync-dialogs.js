// Resync and delete: what they do is said before they do it.
import { query } from "../api.js";
import { useQuery } from "../hooks.js";
import { html, useState } from "../lib.js";
import { navigate } from "../router.js";
import { Checkbox, ConfirmDialog, counted, ErrorNote, Note, number, TextInput, toast } from "../ui/index.js";
import { DELETE, FORGET, RESYNC, RESYNC_COUNTS } from "./documents.js";
import { useForm } from "./form.js";

const SCOPES = [
  { value: "UNLINKED", count: "unlinked", label: "People of whom the sync holds no record yet", hint: "Such as those who were in the directory before the sync was." },
  { value: "PARKED", count: "parked", label: "Parked people", hint: "After what parked them is mended." },
  { value: "ALL", count: "all", label: "Everybody", hint: "Requests equal to the last accepted one are not sent." },
];

/** @param {{sync: object, onClose: () => void, onDone: () => Promise<void>}} props */
export function ResyncDialog({ sync, onClose, onDone }) {
  const counts = useQuery(RESYNC_COUNTS, { id: sync.id });
  const [scope, setScope] = useState("UNLINKED");
  const [force, setForce] = useState(false);
  const counted_ = counts.data?.sync;
  const chosen = SCOPES.find(({ value }) => value === scope);
  const people = counted_ ? counted_[chosen.count] : null;
  const confirm = async () => {
    const { resync } = await query(RESYNC, { id: sync.id, scope, force });
    toast(`${counted(resync.marked, "person", "people")} marked as owed.`);
    await onDone();
  };
  return html`<${ConfirmDialog} title="Resync people" action=${people === null ? "Resync" : `Resync ${counted(people, "person", "people")}`} ready=${people > 0} onConfirm=${confirm} onClose=${onClose}>
    <p>Marks people as owed to <strong>${sync.friendlyName}</strong>, so that what the directory holds is sent again.</p>
    <fieldset class="stack-s"><legend class="visually-hidden">Whom</legend>${SCOPES.map(({ value, count, label, hint }) => html`<label key=${value} class="choice">
      <input type="radio" name="scope" value=${value} checked=${scope === value} onChange=${() => setScope(value)} />
      <span class="grow"><span class="strong">${label}</span><small>${hint}</small></span>
      <span class="num muted">${counted_ ? counted(counted_[count], "person", "people") : "…"}</span>
    </label>`)}</fieldset>
    <${Checkbox} label="Send even what is unchanged" hint="Also requests equal to the last accepted one: when records were changed in the external system." checked=${force} onChange=${setForce} />
    ${counts.error && html`<${ErrorNote} error=${counts.error} onRetry=${counts.refresh} />`}
  <//>`;
}

const LINKED = "query ($id: ID!) { sync(id: $id) { stats { linked uncertain unaddressable leaving } } }";

/**
 * Forgets the links of a paused sync. The number is the one that is seen: with another one the API refuses.
 * @param {{sync: object, onClose: () => void, onDone: () => Promise<void>}} props
 */
export function ForgetDialog({ sync, onClose, onDone }) {
  const found = useQuery(LINKED, { id: sync.id });
  const [typed, setTyped] = useState("");
  const stats = found.data?.sync?.stats;
  const links = stats ? stats.linked + stats.uncertain + stats.unaddressable + stats.leaving : null;
  const said = links === null ? "…" : number(links);
  const confirm = async () => {
    const { forgetLinks } = await query(FORGET, { id: sync.id, expected: links });
    toast(`${counted(forgetLinks.forgotten, "link")} forgotten, in the background. Resume the sync to create everybody anew.`);
    await onDone();
  };
  return html`<${ConfirmDialog} title="Forget links" action=${`Forget ${links === null ? "the links" : counted(links, "link")}`} danger ready=${links > 0 && typed.replace(/[,.\s]/g, "") === String(links)} onConfirm=${confirm} onClose=${onClose}>
    <p>For an external system that was emptied, or set back: <strong class="wrap">${sync.friendlyName}</strong> forgets which record each person is there. After it is resumed, everybody is created anew${sync.lookup ? ", and looked up first" : ""}; deleted people are forgotten.</p>
    ${!sync.lookup && html`<${Note} tone="warn">There is no lookup rule: a record that is still there becomes a second one.<//>`}
    <${TextInput} label=${html`Type the number of links, <strong>${said}</strong>, to forget them`} inputmode="numeric" value=${typed} onChange=${setTyped} />
    ${found.error && html`<${ErrorNote} error=${found.error} onRetry=${found.refresh} />`}
  <//>`;
}

/** @param {{sync: object, onClose: () => void}} props */
export function DeleteDialog({ sync, onClose }) {
  const form = useForm();
  const [name, setName] = useState("");
  const confirm = async () => {
    await query(DELETE, { id: sync.id });
    form.discard();
    toast(`${sync.friendlyName} is deleted.`);
    await navigate("/");
  };
  return html`<${ConfirmDialog} title="Delete sync" action="Delete sync" danger ready=${name.trim() === sync.friendlyName.trim()} onConfirm=${confirm} onClose=${onClose}>
    <p>Deletes <strong class="wrap">${sync.friendlyName}</strong> with its links and logs. The records in the external system stay there, and nothing here knows of them any more.</p>
    <${TextInput} label=${html`Type the name of the sync, <strong class="wrap">${sync.friendlyName}</strong>, to delete it`} value=${name} onChange=${setName} />
  <//>`;
}
