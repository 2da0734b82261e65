// What the sync page asks the API, and tells it.
const RULE = "enabled method url headers { name value secret valueSet } data format sslVerification timeoutSeconds onMissing onUncertain onExisting adopted";

/** How a sync stands; asked again and again. */
const STANDING = "id friendlyName revision status statusReason heldUntil holds { kind operation reason since until people peopleAtLeast } kept warnings createdAt";

/** Everything that may be edited. */
const SETTINGS = `
  authentication { kind username secretSet }
  uniqueId { path header template }
  createUsers { ${RULE} }
  updateUsers { ${RULE} }
  deleteUsers { ${RULE} }
  lookup { method url headers { name value secret valueSet } data format path sslVerification timeoutSeconds when emptyWhen { status equals { path value } } settleSeconds }
  pages
  followUniqueId
  limits { maxConcurrency requestsPerSecond requestsPerDay }`;

export const SYNC = `query ($id: ID!) { sync(id: $id) { ${STANDING} ${SETTINGS} } }`;

export const STANDING_NOW = `query ($id: ID!) {
  sync(id: $id) {
    ${STANDING}
    createUsers { enabled }
    stats { sent succeeded failed unchanged successRate owed parked linked uncertain unaddressable leaving series(buckets: 24) { start succeeded failed } }
  }
}`;

export const UPDATE = `mutation ($id: ID!, $input: SyncPatch!, $ifRevision: Int, $links: MovedLinks) {
  updateSync(id: $id, input: $input, ifRevision: $ifRevision, links: $links) { ${STANDING} ${SETTINGS} }
}`;

export const PAUSE = "mutation ($id: ID!) { pauseSync(id: $id) { id status } }";
export const RESUME = "mutation ($id: ID!) { resumeSync(id: $id) { id status } }";
export const DELETE = "mutation ($id: ID!) { deleteSync(id: $id) }";
export const RETRY = "mutation ($id: ID!) { retry(filter: { syncId: $id }) { marked } }";
export const RELEASE = `mutation ($id: ID!, $kind: HoldKind!, $ifRevision: Int) {
  releaseHold(syncId: $id, kind: $kind, ifRevision: $ifRevision) { id holds { kind } }
}`;
export const FORGET = "mutation ($id: ID!, $expected: Int!) { forgetLinks(syncId: $id, expected: $expected) { forgotten } }";
export const RESYNC = "mutation ($id: ID!, $scope: ResyncScope!, $force: Boolean) { resync(syncId: $id, scope: $scope, force: $force) { marked } }";

export const RESYNC_COUNTS = `query ($id: ID!) {
  sync(id: $id) { all: resyncCount(scope: ALL) unlinked: resyncCount(scope: UNLINKED) parked: resyncCount(scope: PARKED) }
}`;

export const PREVIEW = `query ($input: PreviewInput!) {
  preview(input: $input) { method url headers { name value } body unchanged faults { path message line column } }
}`;

export const TEST = `mutation ($input: TestSyncInput!) {
  testSync(input: $input) {
    request { method url headers { name value } body bodyTruncated }
    response { status headers { name value } body bodyTruncated }
    error failure uniqueId durationMs
  }
}`;

export const PEOPLE = "query ($search: String) { people(search: $search, first: 8) { nodes { id name email } } }";
