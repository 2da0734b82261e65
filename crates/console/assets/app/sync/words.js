// What the parts of a sync's input are called on the page.

const PLACES = {
  friendlyName: "Friendly name", authentication: "Authentication", uniqueId: "Unique ID", createUsers: "Create Users", updateUsers: "Update Users", deleteUsers: "Delete Users",
  lookup: "Lookup", url: "URL", data: "data", headers: "header", method: "method", format: "format", timeoutSeconds: "timeout", sslVerification: "SSL verification", enabled: "switch",
  path: "path", header: "header", template: "template", basic: "", bearer: "", value: "value", name: "name", username: "username", password: "password", secret: "secret", token: "token",
  limits: "Limits", maxConcurrency: "requests at a time", requestsPerSecond: "requests a second", requestsPerDay: "requests a day",
  onMissing: "when the record is gone", onUncertain: "when no answer came", onExisting: "when the record exists", adopted: "records that were there before",
  pages: "Web pages", followUniqueId: "Follow the unique id", when: "when it is asked", emptyWhen: "answer for nobody", settleSeconds: "settling time", status: "status", equals: "",
};

/** Where something is, in words: "Create Users header 2 value". */
export const placeOf = (path) =>
  path
    .map((step) => (/^\d+$/.test(step) ? String(Number(step) + 1) : (PLACES[step] ?? step)))
    .filter(Boolean)
    .join(" ");
