-- Rows stand in the order in which they are made, which is about that in which links are claimed: some sixteen that are leased
-- together share a page. By account, sync and person each link of a large directory had a page to itself, which was written
-- anew with each lease and each settlement. What is there already keeps its order, which takes no memory to speak of.

CREATE TABLE links_by_age (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    person TEXT NOT NULL,
    -- 0 Unlinked, 1 Uncertain, 2 Linked, 3 Leaving, 4 Unaddressable.
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    unique_id TEXT CHECK (octet_length(unique_id) BETWEEN 1 AND 512),
    -- Whether it was given as a number, so that it stays one.
    unique_id_number INTEGER NOT NULL CHECK (unique_id_number IN (0, 1)),
    generation INTEGER NOT NULL CHECK (generation >= 0),
    due_at INTEGER,
    -- The latest of due_at, quiet_until and lease_until; the program computes it.
    claimable_at INTEGER,
    -- Whether it was tried and failed; the program computes it.
    retrying INTEGER NOT NULL CHECK (retrying IN (0, 1)),
    quiet_until INTEGER,
    force INTEGER NOT NULL CHECK (force IN (0, 1)),
    allow_resend INTEGER NOT NULL CHECK (allow_resend IN (0, 1)),
    asked INTEGER NOT NULL CHECK (asked IN (0, 1)),
    sent_version INTEGER,
    sent_revision INTEGER,
    sent_digest BLOB CHECK (length(sent_digest) = 32),
    key BLOB CHECK (length(key) = 16),
    key_version INTEGER,
    key_first_used_at INTEGER,
    tries INTEGER NOT NULL CHECK (tries >= 0),
    deferrals INTEGER NOT NULL CHECK (deferrals >= 0),
    last_tried_at INTEGER,
    recreated INTEGER NOT NULL CHECK (recreated IN (0, 1)),
    -- 1 refused to 9 retries spent.
    parked INTEGER CHECK (parked BETWEEN 1 AND 9),
    parked_detail TEXT,
    parked_at INTEGER,
    refused_digest BLOB CHECK (length(refused_digest) = 32),
    lease_token BLOB CHECK (length(lease_token) = 16),
    lease_until INTEGER,
    -- NULL within a lease: a decision that sends nothing is on its way.
    lease_operation INTEGER CHECK (lease_operation BETWEEN 0 AND 3),
    lease_version INTEGER,
    settled_token BLOB CHECK (length(settled_token) = 16),
    last_decision TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (account, sync, person),
    CHECK ((state IN (2, 3)) = (unique_id IS NOT NULL)),
    CHECK (unique_id IS NOT NULL OR unique_id_number = 0),
    CHECK ((due_at IS NULL) = (claimable_at IS NULL)),
    CHECK (claimable_at >= due_at),
    CHECK (parked IS NULL OR due_at IS NULL),
    CHECK ((sent_version IS NULL) = (sent_revision IS NULL)),
    CHECK (sent_digest IS NULL OR sent_version IS NOT NULL),
    CHECK ((key IS NULL) = (key_version IS NULL) AND (key IS NULL) = (key_first_used_at IS NULL)),
    CHECK ((parked IS NULL) = (parked_detail IS NULL) AND (parked IS NULL) = (parked_at IS NULL)),
    CHECK ((lease_token IS NULL) = (lease_until IS NULL) AND (lease_token IS NULL) = (lease_version IS NULL)),
    CHECK (lease_operation IS NULL OR lease_token IS NOT NULL)
) STRICT;
INSERT INTO links_by_age (
    account, sync, person, state, unique_id, unique_id_number, generation, due_at, claimable_at, retrying, quiet_until,
    force, allow_resend, asked, sent_version, sent_revision, sent_digest, key, key_version, key_first_used_at, tries,
    deferrals, last_tried_at, recreated, parked, parked_detail, parked_at, refused_digest, lease_token, lease_until,
    lease_operation, lease_version, settled_token, last_decision, updated_at
) SELECT
    account, sync, person, state, unique_id, unique_id_number, generation, due_at, claimable_at, retrying, quiet_until,
    force, allow_resend, asked, sent_version, sent_revision, sent_digest, key, key_version, key_first_used_at, tries,
    deferrals, last_tried_at, recreated, parked, parked_detail, parked_at, refused_digest, lease_token, lease_until,
    lease_operation, lease_version, settled_token, last_decision, updated_at
FROM links;
DROP TABLE links;
ALTER TABLE links_by_age RENAME TO links;
CREATE INDEX links_claimable ON links (account, sync, retrying, claimable_at, person) WHERE claimable_at IS NOT NULL;
CREATE INDEX links_leased ON links (account, sync, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX links_parked ON links (account, sync, person) WHERE parked IS NOT NULL;
CREATE INDEX links_unresolved ON links (account, sync, state, person) WHERE state IN (1, 3, 4);
CREATE UNIQUE INDEX links_by_unique_id ON links (account, sync, unique_id) WHERE unique_id IS NOT NULL;

-- A sync's id says nearly as much as the account with it, and the id of an entry as its age.
DROP INDEX log_entries_by_sync;
CREATE INDEX log_entries_by_sync ON log_entries (sync, id);
DROP INDEX log_successes_by_age;
CREATE INDEX log_successes_by_age ON log_entries (at) WHERE outcome IN (0, 3);
DROP INDEX log_failures_by_age;
CREATE INDEX log_failures_by_age ON log_entries (at) WHERE outcome IN (1, 2);
