// How a sync begins: with the seed guide's name, and open to be set up.
import { useAction } from "../hooks.js";
import { html } from "../lib.js";
import { maker } from "../once.js";
import { navigate } from "../router.js";
import { Button, Menu, toast } from "../ui/index.js";

const create = maker("mutation ($input: SyncInput!, $id: ID) { createSync(input: $input, id: $id) { id } }");

/** Makes a sync with the seed guide's name, and opens it. */
export async function addWebhook() {
  try {
    const { createSync } = await create({ friendlyName: "New Webhook Sync" });
    await navigate(`/syncs/${createSync.id}/create`);
  } catch (error) {
    toast.error(error);
  }
}

/** Add sync -> Webhook. */
export function AddSync() {
  const [add, busy] = useAction(addWebhook);
  const items = [{ label: "Webhook", icon: "webhook", hint: "Requests that you describe, to any HTTP API", onSelect: add }];
  const trigger = (attributes) => html`<${Button} kind="primary" icon="plus" busy=${busy} ...${attributes}>Add sync<//>`;
  return html`<${Menu} label="Add sync" ...${{ items, trigger }} />`;
}
