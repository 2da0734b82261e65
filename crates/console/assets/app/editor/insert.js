// The template field that had the focus last: tokens from the palette go there.
import { signal } from "../lib.js";

/** `{ label, insert: (text) => void }`, or null. */
export const target = signal(null);

/** Called by a field when it gets the focus. */
export const focused = (field) => (target.value = field);

/** Called by a field when it goes away. */
export function gone(field) {
  if (target.peek() === field) target.value = null;
}
