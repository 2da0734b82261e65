// API keys: who may call, and as what.
import { query } from "../api.js";
import { useQuery } from "../hooks.js";
import { html, useState } from "../lib.js";
import { maker } from "../once.js";
import { can, viewer } from "../session.js";
import { Badge, Button, ConfirmDialog, CopyButton, Dialog, EmptyState, ErrorNote, Loaded, Note, Page, Segments, Table, TextInput, Time, toast } from "../ui/index.js";

const KEYS = "{ apiKeys { id name role prefix createdAt lastUsedAt revokedAt } }";
const CREATE = "mutation ($input: ApiKeyInput!, $id: ID) { createApiKey(input: $input, id: $id) { secret key { name role } } }";
const REVOKE = "mutation ($id: ID!) { revokeApiKey(id: $id) { id } }";

/** For how long the server gives a key that nobody used another secret. */
const SHOWN_AGAIN_MS = 10 * 60_000;

const ROLES = {
  READER: { label: "Reader", words: "Sees everything but API keys; changes nothing." },
  WRITER: { label: "Writer", words: "Also pushes and deletes people, and retries. What your own system needs." },
  ADMIN: { label: "Admin", words: "Also configures, tests, pauses and resyncs, and manages keys." },
};

function CreateKey({ onClose, onCreated }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState("WRITER");
  const [create] = useState(() => maker(CREATE, SHOWN_AGAIN_MS));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const nameError = error?.fields?.find((field) => field.path?.at(-1) === "name")?.message;
  const submit = async () => {
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      onCreated((await create({ name: name.trim(), role })).createApiKey);
    } catch (problem) {
      setError(problem);
      setBusy(false);
      document.querySelector("dialog[open] input")?.focus();
    }
  };
  const foot = html`<${Button} onClick=${onClose}>Cancel<//><${Button} type="submit" kind="primary" busy=${busy}>Create key<//>`;
  return html`<${Dialog} title="Create an API key" onClose=${onClose} onSubmit=${submit} foot=${foot}>
    <${TextInput} label="Name" hint="What it is for, such as: help desk, production" value=${name} onChange=${setName} error=${nameError && `The name ${nameError}`} required maxlength="200" />
    <${Segments} label="Role" value=${role} options=${Object.entries(ROLES).map(([value, { label }]) => ({ value, label }))} onChange=${setRole} hint=${ROLES[role].words} />
    ${error && !nameError && html`<${ErrorNote} error=${error} />`}
  <//>`;
}

// The secret is told this once: the dialog stays until it is said that it is kept.
function Secret({ created, onClose }) {
  return html`<${Dialog} title=${`The key ${created.key.name}`} closable=${false} onClose=${onClose} foot=${html`<${Button} kind="primary" onClick=${onClose}>I have kept it<//>`}>
    <${Note} tone="warn" title="It is shown this once">Copy it now and keep it where secrets are kept. Nobody can show it again; if it is lost, create another and revoke this one.<//>
    <div class="secret"><code class="wrap">${created.secret}</code><${CopyButton} text=${created.secret} label="Copy key" /></div>
  <//>`;
}

function Revoke({ apiKey, onClose, onDone }) {
  const own = apiKey.id === viewer.value?.keyId;
  const run = async () => {
    await query(REVOKE, { id: apiKey.id });
    toast(`Key ${apiKey.name} revoked`);
    onDone();
  };
  return html`<${ConfirmDialog} title=${`Revoke the key ${apiKey.name}?`} action="Revoke key" danger onConfirm=${run} onClose=${onClose}>
    ${own && html`<${Note} tone="warn" title="You are signed in with this key">Revoking it ends your own session at once. Have another Admin key at hand.<//>`}
    <p>Whoever uses it is refused at once, and sessions opened with it end. It cannot be undone.</p>
    <p class="muted">It begins with <code>${apiKey.prefix}</code> and was ${apiKey.lastUsedAt ? html`last used <${Time} at=${apiKey.lastUsedAt} />` : "never used"}.</p>
  <//>`;
}

function columns(onRevoke) {
  return [
    { title: "Name", cell: (key) => html`<span class=${`strong wrap ${key.revokedAt ? "faint" : ""}`}>${key.name}</span>${key.id === viewer.value?.keyId && html` <${Badge} tone="info">Your session<//>`}` },
    { title: "Role", cell: (key) => html`<span title=${ROLES[key.role].words}>${ROLES[key.role].label}</span>` },
    { title: "Begins with", cell: (key) => html`<code>${key.prefix}…</code>` },
    { title: "Created", cell: (key) => html`<${Time} at=${key.createdAt} />` },
    { title: "Last used", cell: (key) => (key.lastUsedAt ? html`<${Time} at=${key.lastUsedAt} />` : html`<span class="faint">never</span>`) },
    {
      title: "State",
      cell: (key) => (key.revokedAt ? html`<${Badge} tone="idle" icon="close">Revoked <${Time} at=${key.revokedAt} /><//>` : html`<span class="row key-state"><${Badge} tone="good" icon="check-circle">Valid<//><${Button} size="small" label=${`Revoke the key ${key.name}`} onClick=${() => onRevoke(key)}>Revoke<//></span>`),
    },
  ];
}

export default function Keys() {
  const admin = can("ADMIN");
  const found = useQuery(admin ? KEYS : null);
  const [creating, setCreating] = useState(false);
  const [created, setCreated] = useState(null);
  const [revoking, setRevoking] = useState(null);
  if (!admin) {
    return html`<${Page} title="API keys"><div class="card"><${EmptyState} icon="lock" title="Only admins see keys">You are signed in with the key ${viewer.value.keyName}, whose role is ${ROLES[viewer.value.role].label}. Ask whoever has an Admin key.<//></div><//>`;
  }
  const show = (made) => {
    setCreating(false);
    setCreated(made);
    void found.refresh();
  };
  return html`<${Page} title="API keys" lead="Programs call the API with them, and people sign in with them." actions=${html`<${Button} kind="primary" icon="plus" onClick=${() => setCreating(true)}>Create key<//>`}>
    <div class="card"><${Loaded} query=${found}>${({ apiKeys }) => html`<${Table} caption="API keys, newest first" columns=${columns(setRevoking)} rows=${apiKeys} rowKey=${(key) => key.id} />`}<//></div>
    ${creating && html`<${CreateKey} onClose=${() => setCreating(false)} onCreated=${show} />`}
    ${created && html`<${Secret} created=${created} onClose=${() => setCreated(null)} />`}
    ${revoking && html`<${Revoke} apiKey=${revoking} onClose=${() => setRevoking(null)} onDone=${found.refresh} />`}
  <//>`;
}
