// The form's values: made from a sync, and turned into the patch that says what changed. Plain functions, no I/O.

/** What each operation's rule is called in the API, and on which tab it stands. */
export const RULES = {
  CREATE: { rule: "createUsers", tab: "create", name: "Create Users" },
  UPDATE: { rule: "updateUsers", tab: "update", name: "Update Users" },
  DELETE: { rule: "deleteUsers", tab: "delete", name: "Delete Users" },
  LOOKUP: { rule: "lookup", tab: "lookup", name: "Lookup" },
};

const METHODS = { createUsers: "POST", updateUsers: "PUT", deleteUsers: "DELETE", lookup: "GET" };

/** Which parts of the form stand on which tab. */
const PARTS = {
  create: ["friendlyName", "authentication", "pages", "uniqueId", "followUniqueId", "createUsers"],
  update: ["updateUsers"],
  delete: ["deleteUsers"],
  lookup: ["lookup"],
  limits: ["limits"],
};

/** The tab on which a part of the form stands. */
export const tabOf = (part) => Object.keys(PARTS).find((tab) => PARTS[tab].includes(part)) ?? "create";

let rows = 0;

/** A header's row; `kept` means that its secret value stays as it is saved, `lost` that it was dropped with a new origin. */
export const headerRow = ({ name = "", value = "", secret = false, valueSet = true } = {}) => ({
  key: ++rows,
  name,
  value: value ?? "",
  secret,
  kept: secret && value === null && valueSet,
  lost: !valueSet,
});

/** What a lookup answers for nobody: `kind` "list", "status" or "equals", with what each of them needs. */
function emptyWhenValues(emptyWhen) {
  const { status = null, equals = null } = emptyWhen ?? {};
  const kind = equals ? "equals" : status === null ? "list" : "status";
  return { kind, status: String(status ?? ""), path: equals?.path ?? "", value: equals?.value ?? "" };
}

function ruleValues(rule, part) {
  const lookup = part === "lookup";
  return {
    enabled: rule ? (rule.enabled ?? true) : part === "createUsers",
    method: rule?.method ?? METHODS[part],
    url: rule?.url ?? "",
    headers: (rule?.headers ?? []).map(headerRow),
    data: rule?.data ?? "",
    format: rule?.format ?? (lookup ? "NONE" : "JSON"),
    sslVerification: rule?.sslVerification ?? true,
    timeoutSeconds: String(rule?.timeoutSeconds ?? 10),
    ...(part === "createUsers" && { onUncertain: rule?.onUncertain ?? "RESEND", onExisting: rule?.onExisting ?? "PARK" }),
    ...(part === "updateUsers" && { onMissing: rule?.onMissing ?? "PARK" }),
    ...(part === "deleteUsers" && { adopted: rule?.adopted ?? "KEEP" }),
    ...(lookup && { path: rule?.path ?? "", when: rule?.when ?? "UNCERTAIN", emptyWhen: emptyWhenValues(rule?.emptyWhen), settleSeconds: String(rule?.settleSeconds ?? 30) }),
  };
}

function uniqueIdValues(source) {
  const kind = ["path", "header", "template"].find((one) => source?.[one] !== null && source?.[one] !== undefined);
  return { kind: kind ?? "none", value: kind ? source[kind] : "" };
}

/** The form's values of a sync as it is saved. */
export function valuesOf(sync) {
  const { kind, username, secretSet } = sync.authentication;
  return {
    friendlyName: sync.friendlyName,
    authentication: { kind, username: username ?? "", secret: "", kept: secretSet, lost: kind !== "NONE" && !secretSet },
    pages: sync.pages,
    uniqueId: uniqueIdValues(sync.uniqueId),
    followUniqueId: sync.followUniqueId,
    createUsers: ruleValues(sync.createUsers, "createUsers"),
    updateUsers: ruleValues(sync.updateUsers, "updateUsers"),
    deleteUsers: ruleValues(sync.deleteUsers, "deleteUsers"),
    lookup: ruleValues(sync.lookup, "lookup"),
    limits: { maxConcurrency: String(sync.limits.maxConcurrency), requestsPerSecond: String(sync.limits.requestsPerSecond ?? ""), requestsPerDay: String(sync.limits.requestsPerDay ?? "") },
  };
}

/** `values` with one of them, at `path`, changed. */
export function changed(values, [step, ...rest], value) {
  return { ...values, [step]: rest.length ? changed(values[step], rest, value) : value };
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The rows that say something; a row left empty is not sent. */
export const saidRows = (headers) => headers.filter((row) => row.name || row.value || row.kept);

const headerInputs = (headers) =>
  saidRows(headers).map(({ name, value, secret, kept, lost }) => ({ name, secret, ...(!kept && !(lost && value === "") && { value }) }));

function emptyWhenInput({ kind, status, path, value }) {
  if (kind === "status") return { status: Number(status) };
  return kind === "equals" ? { equals: { path, value } } : null;
}

function ruleInput(values, part) {
  const { enabled, timeoutSeconds, headers, data, emptyWhen, settleSeconds, ...rest } = values;
  return {
    ...rest,
    ...(part === "lookup" && { emptyWhen: emptyWhenInput(emptyWhen), settleSeconds: Number(settleSeconds) }),
    ...(part !== "lookup" && { enabled }),
    headers: headerInputs(headers),
    data: data === "" ? null : data,
    timeoutSeconds: Number(timeoutSeconds),
  };
}

/** Whether the rule is there at all: one that was never set up and is off is not. */
export const isSetUp = (sync, values, part) => Boolean(sync[part]) || values[part].enabled || values[part].url !== "";

function rulePatch(sync, before, values, part) {
  if (same(before[part], values[part])) return undefined;
  if (part === "lookup" && !values.lookup.enabled) return sync.lookup ? null : undefined;
  const now = ruleInput(values[part], part);
  if (!sync[part]) {
    if (!isSetUp(sync, values, part)) return undefined;
    // A data that is null would be refused nowhere, but says nothing either.
    return Object.fromEntries(Object.entries(now).filter(([name, value]) => name === "url" || (value !== null && value !== "")));
  }
  const saved = ruleInput(before[part], part);
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => !same(saved[name], value)));
}

function authenticationInput({ kind, username, secret, kept, lost }) {
  if (kind === "NONE") return { none: true };
  // One that was lost and is not given again is missing, not empty.
  if (kind === "BASIC") return { basic: { username, ...(!kept && !(lost && secret === "") && { password: secret }) } };
  // A token that is kept cannot be said again, and need not be.
  return kept ? undefined : { bearer: { token: secret } };
}

const uniqueIdInput = ({ kind, value }) => (kind === "none" ? null : { [kind]: value });

const limitOf = (text) => (text.trim() === "" ? null : Number(text));

function limitsInput(before, { maxConcurrency, requestsPerSecond, requestsPerDay }) {
  return {
    ...(before.maxConcurrency !== maxConcurrency && { maxConcurrency: Number(maxConcurrency) }),
    ...(before.requestsPerSecond !== requestsPerSecond && { requestsPerSecond: limitOf(requestsPerSecond) }),
    ...(before.requestsPerDay !== requestsPerDay && { requestsPerDay: limitOf(requestsPerDay) }),
  };
}

/**
 * The `SyncPatch` that turns the saved sync into the form's values: only what changed.
 * @param {object} sync as it is saved
 * @param {object} values the form's
 * @param {string[]} [parts] only of these parts
 */
export function patchOf(sync, values, parts = Object.values(PARTS).flat()) {
  const before = valuesOf(sync);
  const made = {
    friendlyName: () => values.friendlyName,
    authentication: () => authenticationInput(values.authentication),
    pages: () => values.pages,
    uniqueId: () => uniqueIdInput(values.uniqueId),
    followUniqueId: () => values.followUniqueId,
    limits: () => limitsInput(before.limits, values.limits),
  };
  const patch = {};
  for (const part of parts) {
    if (isUnchanged(before, values, part)) continue;
    const value = made[part] ? made[part]() : rulePatch(sync, before, values, part);
    if (value !== undefined) patch[part] = value;
  }
  return patch;
}

// Rows have keys of their own, which say nothing.
const plain = (part) => JSON.stringify(part, (name, value) => (name === "key" ? undefined : value));
const isUnchanged = (before, values, part) => plain(before[part]) === plain(values[part]);

/** The parts whose values differ from the saved ones. */
export function changedParts(saved, values) {
  return Object.values(PARTS).flat().filter((part) => !isUnchanged(saved, values, part));
}

const WHOLE = /^\s*\d+\s*$/;

/** What can be seen to be wrong before the API is asked: what is not a number where one is wanted. */
export function localFaults(values, parts) {
  const faults = [];
  for (const part of parts) {
    const { timeoutSeconds } = values[part];
    if (timeoutSeconds !== undefined && values[part].enabled && !WHOLE.test(timeoutSeconds)) faults.push({ path: [part, "timeoutSeconds"], message: "is not a whole number; give 1 to 120 seconds" });
  }
  if (parts.includes("lookup") && values.lookup.enabled) {
    const { settleSeconds, emptyWhen } = values.lookup;
    if (!WHOLE.test(settleSeconds)) faults.push({ path: ["lookup", "settleSeconds"], message: "is not a whole number; give 0 to 3600 seconds" });
    if (emptyWhen.kind === "status" && !WHOLE.test(emptyWhen.status)) faults.push({ path: ["lookup", "emptyWhen", "status"], message: "is not a whole number; give a status such as 204" });
  }
  if (parts.includes("limits")) {
    const { maxConcurrency, requestsPerSecond, requestsPerDay } = values.limits;
    if (requestsPerDay.trim() !== "" && !WHOLE.test(requestsPerDay)) faults.push({ path: ["limits", "requestsPerDay"], message: "is not a whole number; give 1 to 1,000,000,000, or leave it empty for no limit" });
    if (!WHOLE.test(maxConcurrency)) faults.push({ path: ["limits", "maxConcurrency"], message: "is not a whole number; give 1 to 256" });
    if (Number.isNaN(Number(requestsPerSecond))) faults.push({ path: ["limits", "requestsPerSecond"], message: "is not a number; give one above 0, to 10,000, or leave it empty for no limit" });
  }
  return faults;
}
