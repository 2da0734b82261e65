-- UUIDs are BLOBs of 16 bytes, times are microseconds since 1970, JSON is TEXT. Every primary key begins with the account.
-- CHECKs mirror the types of the program, so that no row can stand in a state that it does not know.

CREATE TABLE accounts (
    account BLOB NOT NULL PRIMARY KEY CHECK (length(account) = 16),
    name TEXT NOT NULL,
    -- Purging a tombstone raises it: versions never restart.
    version_floor INTEGER NOT NULL DEFAULT 0 CHECK (version_floor >= 0),
    -- People that are not deleted.
    people INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE api_keys (
    account BLOB NOT NULL REFERENCES accounts,
    id BLOB NOT NULL CHECK (length(id) = 16),
    name TEXT NOT NULL,
    role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 2),
    prefix TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX api_keys_by_hash ON api_keys (hash);

CREATE TABLE people (
    account BLOB NOT NULL REFERENCES accounts,
    id TEXT NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 1020),
    version INTEGER NOT NULL CHECK (version BETWEEN 1 AND 2147483647),
    deleted_at INTEGER,
    -- The whole person; id, version and deleted_at stand in it too.
    person TEXT NOT NULL CHECK (json_valid(person)),
    PRIMARY KEY (account, id)
) STRICT;
CREATE INDEX people_deleted ON people (deleted_at, account, id) WHERE deleted_at IS NOT NULL;

-- What people are found by, folded; of tombstones too.
CREATE TABLE people_search (
    account BLOB NOT NULL,
    term TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (account, term, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_changes (
    account BLOB NOT NULL,
    person TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
    at INTEGER NOT NULL,
    fields TEXT NOT NULL CHECK (json_valid(fields)),
    PRIMARY KEY (account, person, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_changes_by_age ON person_changes (at);

CREATE TABLE syncs (
    account BLOB NOT NULL REFERENCES accounts,
    id BLOB NOT NULL CHECK (length(id) = 16),
    friendly_name TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    unique_id_revision INTEGER NOT NULL CHECK (unique_id_revision >= 1),
    -- A column of its own, which no settlement writes.
    paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (account, id)
) STRICT;

-- Hot: written by claims and settlements.
CREATE TABLE sync_runtime (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    governor TEXT NOT NULL CHECK (json_valid(governor)),
    unlinked INTEGER NOT NULL DEFAULT 0,
    uncertain INTEGER NOT NULL DEFAULT 0,
    linked INTEGER NOT NULL DEFAULT 0,
    leaving INTEGER NOT NULL DEFAULT 0,
    unaddressable INTEGER NOT NULL DEFAULT 0,
    owed INTEGER NOT NULL DEFAULT 0,
    parked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, sync)
) STRICT, WITHOUT ROWID;

CREATE TABLE sweeps (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    id INTEGER NOT NULL,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 6),
    force INTEGER NOT NULL CHECK (force IN (0, 1)),
    -- The last person done.
    cursor TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, sync, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sweeps_by_id ON sweeps (id);

CREATE TABLE links (
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
) STRICT, WITHOUT ROWID;
CREATE INDEX links_due ON links (account, sync, retrying, due_at, person) WHERE due_at IS NOT NULL;
CREATE INDEX links_claimable ON links (account, sync, claimable_at) WHERE claimable_at IS NOT NULL;
CREATE INDEX links_leased ON links (account, sync, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX links_parked ON links (account, sync, person) WHERE parked IS NOT NULL;
CREATE INDEX links_unresolved ON links (account, sync, state, person) WHERE state IN (1, 3, 4);
CREATE INDEX links_by_person ON links (account, person);
CREATE UNIQUE INDEX links_by_unique_id ON links (account, sync, unique_id) WHERE unique_id IS NOT NULL;

-- Rare and fat.
CREATE TABLE link_extras (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    person TEXT NOT NULL,
    -- The person that an unresolved create carried.
    first_snapshot TEXT CHECK (json_valid(first_snapshot)),
    -- The answer that no unique id could be read from.
    answer TEXT CHECK (json_valid(answer)),
    PRIMARY KEY (account, sync, person)
) STRICT;

-- No foreign keys: nothing may make a settlement fail that only records it.
CREATE TABLE log_entries (
    account BLOB NOT NULL,
    -- A UUID version 7: sorts by time.
    id BLOB NOT NULL CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    sync BLOB NOT NULL,
    person TEXT NOT NULL,
    person_version INTEGER NOT NULL,
    operation INTEGER NOT NULL CHECK (operation BETWEEN 0 AND 3),
    -- 0 succeeded, 1 retrying, 2 parked, 3 skipped.
    outcome INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 3),
    failure INTEGER CHECK (failure BETWEEN 0 AND 13),
    message TEXT NOT NULL,
    unique_id TEXT,
    unique_id_number INTEGER NOT NULL CHECK (unique_id_number IN (0, 1)),
    attempt INTEGER,
    duration_ms INTEGER,
    -- The response's, for filters.
    status INTEGER,
    request TEXT CHECK (json_valid(request)),
    response TEXT CHECK (json_valid(response)),
    next_attempt_at INTEGER,
    PRIMARY KEY (account, id)
) STRICT;
CREATE INDEX log_entries_by_sync ON log_entries (account, sync, id);
CREATE INDEX log_entries_by_person ON log_entries (account, person, id);
CREATE INDEX log_entries_failed ON log_entries (account, id) WHERE outcome IN (1, 2);
CREATE INDEX log_successes_by_age ON log_entries (at, account, id) WHERE outcome IN (0, 3);
CREATE INDEX log_failures_by_age ON log_entries (at, account, id) WHERE outcome IN (1, 2);

CREATE TABLE counters (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    -- Beginning and width of the span: a minute, later folded into an hour.
    start INTEGER NOT NULL,
    width INTEGER NOT NULL CHECK (width IN (60000000, 3600000000)),
    operation INTEGER NOT NULL CHECK (operation BETWEEN 0 AND 3),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
    bucket INTEGER NOT NULL CHECK (bucket BETWEEN 0 AND 29),
    count INTEGER NOT NULL,
    PRIMARY KEY (account, sync, start, width, operation, kind, bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_of_minutes ON counters (start) WHERE width = 60000000;
