// Calls that make something: a click that repeats one whose answer was lost makes nothing twice.
import { query } from "./api.js";

/** For how long a click counts as a repetition of one that failed. */
const REPEATED_MS = 60_000;
/** What may have been carried out, or not even have been heard. */
const UNHEARD = ["UNAVAILABLE", "OFFLINE", "INTERNAL"];

/** A random UUID; crypto.randomUUID() is there on https and localhost only. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * Makes things by a mutation with the variables `input` and `id`. The same input, given again after a failure, has the same id.
 * @param {string} document
 * @param {number} [lasts] for how long, in milliseconds
 * @returns {(input: object) => Promise<object>} as query()
 */
export function maker(document, lasts = REPEATED_MS) {
  let tried = null;
  return async (input) => {
    const said = JSON.stringify(input);
    if (tried?.said !== said || Date.now() - tried.at > lasts) tried = { said, id: newId(), at: Date.now() };
    try {
      const made = await query(document, { input, id: tried.id });
      tried = null;
      return made;
    } catch (error) {
      if (!UNHEARD.includes(error.code)) tried = null;
      throw error;
    }
  };
}
