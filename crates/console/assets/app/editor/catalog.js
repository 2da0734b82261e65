// The tokens and filters that templates may use, asked for once.
import { query } from "../api.js";
import { signal } from "../lib.js";

const CATALOG = "{ tokens { token description example open operations } templateFilters { name description example } }";

/** `{ tokens, filters }`; empty until they are there. */
export const catalog = signal({ tokens: [], filters: [] });

let asked = null;

/** Asks for the catalogue unless that was done. */
export function loadCatalog() {
  asked ??= query(CATALOG).then(
    ({ tokens, templateFilters }) => (catalog.value = { tokens, filters: templateFilters }),
    () => (asked = null),
  );
  return asked;
}

/** What is written for a token; of an open family up to the name of one's own choosing. */
export const written = ({ token, open }) => (open ? token.replace(/<[^>]*>$/, "") : token);
