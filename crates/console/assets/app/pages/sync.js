// A sync: how it stands, and its tabs.
import { query } from "../api.js";
import { Lazy } from "../app.js";
import { useQuery, useTitle } from "../hooks.js";
import { html, useEffect, useState } from "../lib.js";
import { guardLeaving, navigate } from "../router.js";
import { DeleteTab, LimitsTab, UpdateTab } from "../sync/change-tabs.js";
import CreateTab from "../sync/create-tab.js";
import { STANDING_NOW, SYNC } from "../sync/documents.js";
import { createForm, FormProvider } from "../sync/form.js";
import { LookupTab } from "../sync/lookup-tab.js";
import { SaveBar } from "../sync/save-bar.js";
import { SyncHead } from "../sync/sync-head.js";
import { placeOf } from "../sync/words.js";
import { Button, ConfirmDialog, EmptyState, ErrorNote, Note, Page, Skeleton, tabPanel, Tabs } from "../ui/index.js";

const EVERY_MS = 5000;

const Watched = (module) => ({ sync }) => html`<${Lazy} module=${module} sync=${sync} />`;

const TABS = [
  { id: "create", label: "Create Users", page: CreateTab, edits: true },
  { id: "update", label: "Update Users", page: UpdateTab, edits: true },
  { id: "delete", label: "Delete Users", page: DeleteTab, edits: true },
  { id: "lookup", label: "Lookup", page: LookupTab, edits: true },
  { id: "limits", label: "Limits", page: LimitsTab, edits: true },
  { id: "people", label: "People", page: Watched("./pages/sync-people.js") },
  { id: "logs", label: "Logs", page: Watched("./pages/sync-logs.js") },
];

// Forms with unsaved changes outlive their page, so that a session which ends takes nothing along.
const unsaved = new Map();

function useLoadedForm(id) {
  const [state, setState] = useState(() => ({ form: unsaved.get(id) ?? null, error: null, missing: false }));
  const load = async () => {
    setState({ form: null, error: null, missing: false });
    try {
      const { sync } = await query(SYNC, { id });
      setState(sync ? { form: createForm(sync), error: null, missing: false } : { form: null, error: null, missing: true });
    } catch (error) {
      // What is no id at all is refused rather than not found.
      const missing = error.code === "BAD_USER_INPUT" || error.code === "NOT_FOUND";
      setState({ form: null, error, missing });
    }
  };
  useEffect(() => {
    if (!state.form) void load();
  }, []);
  const { form } = state;
  useEffect(() => {
    if (!form) return undefined;
    unsaved.delete(id);
    return () => {
      if (form.dirty.peek()) unsaved.set(id, form);
    };
  }, [form]);
  return { ...state, load };
}

/** Asks before unsaved changes are left behind. Returns the dialog to show, or null. */
function useGuard(form, id) {
  const [asking, setAsking] = useState(null);
  const dirty = form.dirty.value;
  useEffect(() => {
    if (!dirty) return undefined;
    const own = `/syncs/${id}`;
    return guardLeaving({
      allows: (path) => path === own || path.startsWith(`${own}/`),
      ask: () => new Promise((answer) => setAsking(() => answer)),
    });
  }, [dirty]);
  if (!asking) return null;
  const answer = (leave) => {
    setAsking(null);
    if (leave) form.discard();
    asking(leave);
  };
  return html`<${ConfirmDialog} title="Leave without saving?" action="Discard changes and leave" cancel="Stay here" danger onConfirm=${() => answer(true)} onClose=${() => answer(false)}>
    <p>What you changed in this sync is not saved yet.</p>
  <//>`;
}

function Changed({ form, standing }) {
  const newer = standing && standing.revision > form.sync.value.revision;
  const take = async () => {
    const { sync } = await query(SYNC, { id: standing.id });
    if (form.dirty.peek()) form.rebase(sync);
    else form.accept(sync);
  };
  useEffect(() => {
    if (newer && !form.dirty.peek()) void take().catch(() => {});
  }, [newer]);
  if (!form.dirty.value) return null;
  const both = form.both.value;
  if (!newer && both.length === 0) return null;
  if (!newer) {
    return html`<${Note} tone="warn" role="status" title="Their changes are shown, with yours">Both of you changed ${both.map(placeOf).join(", ")}: yours stands. Look at it, then save.<//>`;
  }
  return html`<${Note} tone="warn" role="status" title="Somebody else changed this sync meanwhile" action=${html`<${Button} size="small" onClick=${() => take().catch(() => {})}>Show theirs, keep my changes<//>`}>
    What you changed here stays, field by field, and is not saved yet.
  <//>`;
}

function Shown({ id, form, tab }) {
  const standing = useQuery(STANDING_NOW, { id }, { every: EVERY_MS });
  const guard = useGuard(form, id);
  const sync = { ...form.sync.value, ...standing.data?.sync, friendlyName: form.sync.value.friendlyName };
  useTitle(`${sync.friendlyName} · ${tab.label}`);
  const marks = form.marks.value;
  const tabs = TABS.map(({ id: name, label }) => ({ id: name, label, href: `/syncs/${id}/${name}`, mark: marks[name] }));
  if (standing.data && !standing.data.sync) return html`<${Gone} />`;
  return html`<${FormProvider} value=${form}>
    <div class="page">
      <${SyncHead} sync=${sync} onChanged=${standing.refresh} />
      <${Changed} form=${form} standing=${standing.data?.sync} />
      <${Tabs} label=${`Parts of ${sync.friendlyName}`} tabs=${tabs} selected=${tab.id} />
      <div ...${tabPanel(tab.id)} key=${tab.id}><${tab.page} sync=${sync} /></div>
      <${SaveBar} onSaved=${standing.refresh} edits=${tab.edits} />
      ${guard}
    </div>
  <//>`;
}

const Gone = () => html`<${Page} title="No such sync"><div class="card"><${EmptyState} icon="question" title="There is no such sync" action=${html`<${Button} href="/">Show all syncs<//>`}>It may have been deleted.<//></div><//>`;

export default function Sync({ params: { id, tab: name } }) {
  const { form, error, missing, load } = useLoadedForm(id);
  const tab = TABS.find((one) => one.id === (name ?? "create"));
  useEffect(() => {
    if (!name || !tab) void navigate(`/syncs/${encodeURIComponent(id)}/create`, { replace: true });
  }, [name]);
  if (missing) return html`<${Gone} />`;
  if (error) return html`<${Page} title="Sync"><${ErrorNote} error=${error} onRetry=${load} /><//>`;
  if (!form || !tab) return html`<${Page} title="Sync" heading=${html`<span class="visually-hidden">Sync</span>`}><div class="card"><${Skeleton} lines=${10} /></div><//>`;
  return html`<${Shown} ...${{ id, form, tab }} />`;
}
