// The one form over all tabs of a sync: its values, what differs from the saved ones, and what is wrong with them.
import { ApiError, query } from "../api.js";
import { computed, createContext, signal, useContext } from "../lib.js";
import { sentence } from "../ui/time.js";
import { UPDATE } from "./documents.js";
import { mergedValues } from "./merge.js";
import { changed, changedParts, localFaults, patchOf, RULES, saidRows, tabOf, valuesOf } from "./model.js";

/** @param {object} loaded the sync as the API gave it */
export function createForm(loaded) {
  const sync = signal(loaded);
  const values = signal(valuesOf(loaded));
  const saved = computed(() => valuesOf(sync.value));
  const parts = computed(() => changedParts(saved.value, values.value));
  /** What saving was refused for: `{ path: [part, ...], message, line, column }`. */
  const refused = signal([]);
  /** Paths of what was changed here and, in another way, by somebody else who saved first. */
  const both = signal([]);
  /** What the previews found, by operation. */
  const previewed = signal({});

  const faults = computed(() => {
    const rendered = Object.entries(previewed.value).flatMap(([operation, list]) =>
      list.map((fault) => ({ ...fault, path: [RULES[operation].rule, ...fault.path] })),
    );
    return [...rendered, ...refused.value.filter((fault) => !rendered.some((other) => other.path.join() === fault.path.join()))];
  });

  const set = (path, value) => {
    values.value = changed(values.peek(), path, value);
    const at = path.join(".");
    const stands = refused.peek().filter((fault) => !fault.path.join(".").startsWith(at));
    if (stands.length !== refused.peek().length) refused.value = stands;
  };

  const accept = (next) => {
    sync.value = next;
    values.value = valuesOf(next);
    refused.value = [];
    both.value = [];
  };

  /** Saves what changed. `links` says what becomes of links when an origin changes. Throws an ApiError. */
  const save = async ({ links } = {}) => {
    const local = localFaults(values.peek(), parts.peek());
    if (local.length) {
      refused.value = local;
      throw new ApiError("Not saved: some values are not numbers.", "BAD_USER_INPUT", local);
    }
    const { id, revision } = sync.peek();
    try {
      const { updateSync } = await query(UPDATE, { id, input: patchOf(sync.peek(), values.peek()), ifRevision: revision, links });
      accept(updateSync);
    } catch (error) {
      // Paths begin with the argument's name.
      refused.value = (error.fields ?? []).filter(({ path }) => path[0] === "input").map((fault) => ({ ...fault, path: fault.path.slice(1) }));
      throw error;
    }
  };

  return {
    sync,
    values,
    parts,
    faults,
    refused,
    both,
    /** For whom previews and tests are: `{ id, name }`; null: the sample person. */
    person: signal(null),
    dirty: computed(() => parts.value.length > 0),
    /** What each tab is marked with: "error", "dirty" or nothing. */
    marks: computed(() => {
      const marks = {};
      for (const part of parts.value) marks[tabOf(part)] = "dirty";
      for (const { path } of refused.value) marks[tabOf(path[0])] = "error";
      return marks;
    }),
    set,
    save,
    accept,
    discard: () => accept(sync.peek()),
    /** Takes over what somebody else saved meanwhile, field by field: what is changed here stays. */
    rebase: (next) => {
      const merged = mergedValues(valuesOf(sync.peek()), values.peek(), valuesOf(next));
      sync.value = next;
      values.value = merged.values;
      both.value = merged.both;
      refused.value = [];
    },
    setPreviewed: (operation, found) => {
      if (JSON.stringify(previewed.peek()[operation] ?? []) === JSON.stringify(found)) return;
      previewed.value = { ...previewed.peek(), [operation]: found };
    },
    /** What is wrong at a path; for a header, by its row. */
    faultAt: (...path) => faults.value.find((fault) => fault.path.join() === path.map(String).join()),
    headerFault: (part, row, field) => {
      const index = saidRows(values.value[part].headers).indexOf(row);
      return index < 0 ? undefined : faults.value.find((fault) => fault.path.join() === `${part},headers,${index},${field}`);
    },
  };
}

const Context = createContext(null);
/** Gives the form to everything within. */
export const FormProvider = Context.Provider;
/** The form of the sync page. */
export const useForm = () => useContext(Context);

/** A fault in words: with its place where it is in a text of several lines. */
export function faultText(fault) {
  if (!fault) return undefined;
  return fault.line ? `Line ${fault.line}, column ${fault.column}: ${fault.message}` : sentence(fault.message);
}
