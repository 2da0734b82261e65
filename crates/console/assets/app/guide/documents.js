// What the first run asks the API, and tells it.

/** The person who is sent on the first run. */
export const SAMPLE_ID = "crm-sync-sample";

export const GUIDE = `query ($sample: ID!, $sync: ID!, $withSync: Boolean!) {
  server { mockCrmUrl }
  person(id: $sample) { id name deletedAt links { sync { id } person { id } state uniqueId owed operation inFlight nextAttemptAt tries parkedAt parkedReason parkedCode lastDecision sentVersion updatedAt } }
  sync(id: $sync) @include(if: $withSync) { id friendlyName status statusReason createUsers { method url } stats { linked } }
}`;

export const CREATE_SYNC = "mutation ($input: SyncInput!, $id: ID) { createSync(input: $input, id: $id) { id } }";
export const UPSERT = "mutation ($input: [PersonInput!]!) { upsertPeople(input: $input) { id change } }";
export const REMOVE = "mutation ($ids: [ID!]!) { deletePeople(ids: $ids) { deleted } }";

/** A sync with the mock CRM, whole: it creates, updates, deletes, and finds what it has created. */
export function mockSync(url) {
  const base = url.replace(/\/+$/, "");
  const data = '{ "external_id": "{{ person.id }}", "name": "{{ person.name }}", "email": "{{ person.email }}" }';
  return {
    friendlyName: "Mock CRM",
    uniqueId: { path: "$.id" },
    authentication: { none: true },
    createUsers: { method: "POST", url: `${base}/contacts`, data },
    updateUsers: { method: "PUT", url: `${base}/contacts/{{ unique_id }}`, data },
    deleteUsers: { method: "DELETE", url: `${base}/contacts/{{ unique_id }}` },
    lookup: { url: `${base}/contacts?external_id={{ person.id }}`, path: "$.contacts[*].id" },
  };
}

/** The summary differs each time, so that there always is a change to be sent. */
export const samplePerson = (at) => ({
  id: SAMPLE_ID,
  firstName: "Ada",
  lastName: "Lovelace",
  emails: ["ada.lovelace@example.test"],
  organizations: ["Analytical Engines"],
  labels: ["sample"],
  summary: `A sample person, sent from the console at ${at}`,
});
