// What the log's fixed words mean, as people read them.

/** Outcome -> [icon, tone, word], as in ui/badges.js. */
export const OUTCOMES = {
  SUCCEEDED: { icon: "check-circle", tone: "good", label: "Succeeded" },
  RETRYING: { icon: "retry", tone: "warn", label: "Retrying" },
  PARKED: { icon: "parked", tone: "bad", label: "Parked" },
  SKIPPED: { icon: "skip", tone: "idle", label: "Skipped" },
};

export const OPERATIONS = { CREATE: "Create", UPDATE: "Update", DELETE: "Delete", LOOKUP: "Lookup" };

export const FAILURES = {
  TEMPLATE: "Template not rendered",
  ADDRESS_REFUSED: "Address not allowed",
  DNS: "Name not resolved",
  CONNECTION: "No connection",
  TLS: "TLS handshake failed",
  TIMEOUT: "Timed out",
  NO_ANSWER: "No whole answer",
  TOO_LARGE: "Answer too large",
  MALFORMED: "Answer malformed",
  STATUS: "Refused by status",
  REDIRECT: "Redirected",
  NO_UNIQUE_ID: "No usable unique id",
  AMBIGUOUS: "Several records found",
  CONFLICT: "Unique id taken",
  NOT_JSON: "Answer not JSON",
  PAGE: "A web page came",
};

/** Class of status -> its name. */
export const STATUSES = { "2xx": "2xx accepted", "3xx": "3xx redirects", "4xx": "4xx refused", "5xx": "5xx server errors" };
