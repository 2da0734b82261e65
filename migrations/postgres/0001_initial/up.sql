-- Every account-owned table starts its primary key with the account, so that the schema can be distributed by account.
-- Ids that people choose compare byte by byte, as the program does: COLLATE "C".

CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    -- Versions never restart: a person who was purged starts above it.
    version_floor bigint NOT NULL DEFAULT 0 CHECK (version_floor >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Apart from the account's row, which intake locks shared.
CREATE TABLE people_counts (
    account uuid PRIMARY KEY,
    people bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE api_keys (
    account uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    role smallint NOT NULL CHECK (role BETWEEN 0 AND 2),
    prefix text NOT NULL,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (account, id)
);

CREATE TABLE people (
    account uuid NOT NULL,
    id text COLLATE "C" NOT NULL CHECK (char_length(id) BETWEEN 1 AND 255),
    version bigint NOT NULL CHECK (version BETWEEN 1 AND 2147483647),
    first_name text,
    last_name text,
    -- NULL: first and last name joined, at reading.
    name text,
    emails text[] NOT NULL,
    phones text[] NOT NULL,
    organizations text[] NOT NULL,
    labels text[] NOT NULL,
    summary text,
    timezone text,
    language text,
    -- json, not jsonb: the order of members is what requests render.
    contact json NOT NULL CHECK (json_typeof(contact) = 'object'),
    custom json NOT NULL CHECK (json_typeof(custom) = 'object'),
    last_logged_in timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (account, id)
) WITH (fillfactor = 85);
CREATE INDEX people_deleted ON people (deleted_at, account, id) WHERE deleted_at IS NOT NULL;

-- What people are found by: folded terms, compared by their beginning.
CREATE TABLE people_terms (
    account uuid NOT NULL,
    term text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    PRIMARY KEY (account, term, person)
);
CREATE INDEX people_terms_person ON people_terms (account, person);

CREATE TABLE person_changes (
    account uuid NOT NULL,
    person text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 2),
    at timestamptz NOT NULL,
    fields json NOT NULL,
    PRIMARY KEY (account, person, version)
);
CREATE INDEX person_changes_at ON person_changes (at);

CREATE TABLE syncs (
    account uuid NOT NULL,
    id uuid NOT NULL,
    friendly_name text NOT NULL,
    revision integer NOT NULL CHECK (revision >= 1),
    unique_id_revision integer NOT NULL CHECK (unique_id_revision >= 1),
    -- No settle writes it.
    paused boolean NOT NULL,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (account, id)
);

-- The governor: a narrow, hot row.
CREATE TABLE sync_runtime (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    governor jsonb NOT NULL,
    PRIMARY KEY (account, sync)
) WITH (fillfactor = 50);

-- Differences, in several rows a sync, so that transactions of different kinds do not wait for each other. Summed at reading.
CREATE TABLE link_counts (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    shard smallint NOT NULL,
    unlinked bigint NOT NULL,
    uncertain bigint NOT NULL,
    linked bigint NOT NULL,
    leaving bigint NOT NULL,
    unaddressable bigint NOT NULL,
    owed bigint NOT NULL,
    parked bigint NOT NULL,
    PRIMARY KEY (account, sync, shard)
) WITH (fillfactor = 50);

CREATE TABLE sweeps (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind smallint NOT NULL CHECK (kind BETWEEN 0 AND 6),
    force boolean NOT NULL,
    cursor text COLLATE "C",
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, sync, id)
);
CREATE INDEX sweeps_oldest ON sweeps (id);

CREATE TABLE links (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    person text COLLATE "C" NOT NULL,
    state smallint NOT NULL CHECK (state BETWEEN 0 AND 4),
    unique_id text COLLATE "C" CHECK (octet_length(unique_id) BETWEEN 1 AND 512),
    unique_id_number boolean NOT NULL,
    generation bigint NOT NULL CHECK (generation >= 0),
    due_at timestamptz,
    quiet_until timestamptz,
    force boolean NOT NULL,
    allow_resend boolean NOT NULL,
    asked boolean NOT NULL,
    sent_version bigint,
    sent_revision integer,
    sent_digest bytea CHECK (octet_length(sent_digest) = 32),
    create_key uuid,
    create_key_version bigint,
    create_key_at timestamptz,
    tries smallint NOT NULL CHECK (tries >= 0),
    deferrals smallint NOT NULL CHECK (deferrals >= 0),
    last_tried_at timestamptz,
    recreated boolean NOT NULL,
    parked smallint CHECK (parked BETWEEN 1 AND 9),
    parked_detail text,
    parked_at timestamptz,
    refused_digest bytea CHECK (octet_length(refused_digest) = 32),
    lease_token uuid,
    lease_until timestamptz,
    lease_operation smallint CHECK (lease_operation BETWEEN 0 AND 3),
    lease_version bigint,
    settled_token uuid,
    last_decision text,
    updated_at timestamptz NOT NULL,
    has_extras boolean NOT NULL,
    -- When it may be claimed: owed, its quiet time and its lease over.
    claimable_at timestamptz GENERATED ALWAYS AS
        (CASE WHEN due_at IS NOT NULL THEN GREATEST(due_at, quiet_until, lease_until) END) STORED,
    PRIMARY KEY (account, sync, person),
    CHECK ((state IN (2, 3)) = (unique_id IS NOT NULL)),
    CHECK ((sent_version IS NULL) = (sent_revision IS NULL)),
    CHECK (sent_digest IS NULL OR sent_version IS NOT NULL),
    CHECK ((create_key IS NULL) = (create_key_version IS NULL) AND (create_key IS NULL) = (create_key_at IS NULL)),
    CHECK ((parked IS NULL) = (parked_detail IS NULL) AND (parked IS NULL) = (parked_at IS NULL)),
    CHECK (parked IS NULL OR due_at IS NULL),
    CHECK ((lease_token IS NULL) = (lease_until IS NULL) AND (lease_token IS NULL) = (lease_version IS NULL)),
    CHECK (lease_operation IS NULL OR lease_token IS NOT NULL)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX links_unique_id ON links (account, sync, unique_id) WHERE unique_id IS NOT NULL;
-- What a claim reads: the oldest debt, fresh work and retries apart.
CREATE INDEX links_due ON links (account, sync, (tries > 0 OR deferrals > 0), due_at) WHERE due_at IS NOT NULL;
CREATE INDEX links_claimable ON links (account, sync, claimable_at) WHERE claimable_at IS NOT NULL;
CREATE INDEX links_person ON links (account, person);
CREATE INDEX links_leased ON links (account, sync) WHERE lease_token IS NOT NULL;
CREATE INDEX links_parked ON links (account, sync, parked, person) WHERE parked IS NOT NULL;

-- Rare and fat: kept out of links.
CREATE TABLE link_extras (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    person text COLLATE "C" NOT NULL,
    first_snapshot json,
    answer json,
    PRIMARY KEY (account, sync, person)
);

-- Logs and counters have no foreign keys: a log write never fails a delivery.
CREATE TABLE counters (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    -- Width in seconds: 60, or 3600 once folded.
    span integer NOT NULL CHECK (span IN (60, 3600)),
    start timestamptz NOT NULL,
    operation smallint NOT NULL,
    kind smallint NOT NULL,
    bucket smallint NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (account, sync, span, start, operation, kind, bucket)
) WITH (fillfactor = 70);
CREATE INDEX counters_minutes ON counters (start) WHERE span = 60;

-- Partitioned by day: ids are UUIDs version 7, which begin with their time. Partitions are made ahead by maintenance.
CREATE TABLE log_entries (
    account uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    sync uuid NOT NULL,
    person text COLLATE "C" NOT NULL,
    person_version bigint NOT NULL,
    operation smallint NOT NULL CHECK (operation BETWEEN 0 AND 3),
    outcome smallint NOT NULL CHECK (outcome BETWEEN 0 AND 3),
    failure smallint CHECK (failure BETWEEN 0 AND 13),
    message text NOT NULL,
    unique_id text,
    unique_id_number boolean NOT NULL,
    attempt integer,
    duration_ms integer,
    status smallint,
    request json,
    response json,
    next_attempt_at timestamptz,
    PRIMARY KEY (account, id)
) PARTITION BY RANGE (id);
CREATE INDEX log_entries_sync ON log_entries (account, sync, id);
CREATE INDEX log_entries_person ON log_entries (account, person, id);
CREATE TABLE log_entries_default PARTITION OF log_entries DEFAULT;
