// Secrets that a sync lacks, since they did not follow when its address moved to another origin.
import { html } from "../lib.js";
import { Badge } from "../ui/index.js";
import { RULES } from "./model.js";

/** What `missingSecrets` needs of a sync, for a GraphQL document. */
const SECRETS = "headers { name valueSet }";
export const SECRETS_NEEDED = `authentication { kind secretSet } ${Object.values(RULES).map(({ rule }) => `${rule} { ${SECRETS} }`).join(" ")}`;

const CREDENTIALS = { BASIC: ["password", "Password needed"], BEARER: ["token", "Token needed"] };

/**
 * The secrets that were dropped, and are to be given again.
 * @param {object} sync with what SECRETS_NEEDED asks for
 * @returns {{badge: string, words: string, tab: string}[]}
 */
export function missingSecrets(sync) {
  const missing = [];
  const { kind, secretSet } = sync.authentication;
  const [word, badge] = CREDENTIALS[kind] ?? [];
  if (word && !secretSet) missing.push({ badge, words: `The ${word} of the authentication`, tab: "create" });
  for (const { rule, tab, name } of Object.values(RULES)) {
    for (const header of sync[rule]?.headers ?? []) if (!header.valueSet) missing.push({ badge: "Secret header needed", words: `The header ${header.name} of ${name}`, tab });
  }
  return missing;
}

/** What is said at the field of a secret that was dropped. `what`: "password", "token" or "secret". */
export const droppedWords = (what) => `The ${what} was dropped when the address moved to another origin: give it again, then save.`;

/** A badge for each kind of secret that is missing. */
export function SecretsNeeded({ sync }) {
  const badges = [...new Set(missingSecrets(sync).map(({ badge }) => badge))];
  return badges.map((badge) => html`<${Badge} key=${badge} tone="bad" icon="lock" title="Dropped when the address moved to another origin: give it again">${badge}<//>`);
}
