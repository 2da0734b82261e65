// How people come into the directory: the call to copy where there are none yet.
import { html } from "../lib.js";
import { CopyButton } from "../ui/index.js";

const CALL = `{ "query": "mutation ($input: [PersonInput!]!) { upsertPeople(input: $input) { id change version } }",
  "variables": { "input": [
    { "id": "42", "firstName": "Ada", "lastName": "Lovelace", "emails": ["ada@example.test"] } ] } }`;

const example = () => `curl -sS ${location.origin}/graphql \\
  -H 'Authorization: Bearer YOUR-API-KEY' -H 'Content-Type: application/json' \\
  --data @- <<'JSON'
${CALL}
JSON`;

export function UpsertExample() {
  return html`<div class="stack-s example">
    <div class="row spread"><span class="strong">Push a person</span><${CopyButton} text=${example} label="Copy" /></div>
    <pre class="code" tabindex="0" role="region" aria-label="Example of upsertPeople">${example()}</pre>
    <p class="small muted">The key needs the role Writer. Call it as often as you like: only what differs counts as a change. <code>deletePeople</code> takes people out.</p>
  </div>`;
}
