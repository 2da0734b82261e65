SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.__diesel_schema_migrations (
    version character varying(50) NOT NULL,
    run_on timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.accounts (
    id uuid NOT NULL,
    name text NOT NULL,
    version_floor bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT accounts_version_floor_check CHECK ((version_floor >= 0))
);
CREATE TABLE public.alert_settings (
    account uuid NOT NULL,
    settings jsonb NOT NULL,
    held_until timestamp with time zone NOT NULL,
    lease_token uuid,
    last_sent_at timestamp with time zone,
    last_error text,
    last_error_at timestamp with time zone
);
CREATE TABLE public.alerts (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    book jsonb NOT NULL,
    waiting smallint NOT NULL,
    due_at timestamp with time zone,
    CONSTRAINT alerts_check CHECK (((waiting = 0) = (due_at IS NULL))),
    CONSTRAINT alerts_waiting_check CHECK ((waiting >= 0))
);
CREATE TABLE public.api_keys (
    account uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    role smallint NOT NULL,
    prefix text NOT NULL,
    hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT api_keys_role_check CHECK (((role >= 0) AND (role <= 2)))
);
CREATE TABLE public.counters (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    span integer NOT NULL,
    start timestamp with time zone NOT NULL,
    operation smallint NOT NULL,
    kind smallint NOT NULL,
    bucket smallint NOT NULL,
    n bigint NOT NULL,
    CONSTRAINT counters_span_check CHECK ((span = ANY (ARRAY[60, 3600])))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000');
CREATE TABLE public.link_counts (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    shard smallint NOT NULL,
    unlinked bigint NOT NULL,
    uncertain bigint NOT NULL,
    linked bigint NOT NULL,
    leaving bigint NOT NULL,
    unaddressable bigint NOT NULL,
    owed bigint NOT NULL,
    parked bigint NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');
CREATE TABLE public.link_extras (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    first_snapshot json,
    answer json
)
WITH (autovacuum_vacuum_scale_factor='0.05');
CREATE TABLE public.links (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    state smallint NOT NULL,
    unique_id text COLLATE pg_catalog."C",
    unique_id_number boolean NOT NULL,
    generation bigint NOT NULL,
    due_at timestamp with time zone,
    quiet_until timestamp with time zone,
    force boolean NOT NULL,
    allow_resend boolean NOT NULL,
    asked boolean NOT NULL,
    sent_version bigint,
    sent_revision integer,
    sent_digest bytea,
    create_key uuid,
    create_key_version bigint,
    create_key_at timestamp with time zone,
    tries smallint NOT NULL,
    deferrals smallint NOT NULL,
    last_tried_at timestamp with time zone,
    recreated boolean NOT NULL,
    parked smallint,
    parked_detail text,
    parked_at timestamp with time zone,
    refused_digest bytea,
    lease_token uuid,
    lease_until timestamp with time zone,
    lease_operation smallint,
    lease_version bigint,
    settled_token uuid,
    last_decision text,
    updated_at timestamp with time zone NOT NULL,
    has_extras boolean NOT NULL,
    claimable_at timestamp with time zone GENERATED ALWAYS AS (
CASE
    WHEN (due_at IS NOT NULL) THEN GREATEST(due_at, quiet_until, lease_until)
    ELSE NULL::timestamp with time zone
END) STORED,
    retrying boolean GENERATED ALWAYS AS (((tries > 0) OR (deferrals > 0))) STORED NOT NULL,
    queue uuid GENERATED ALWAYS AS (
CASE
    WHEN ((due_at IS NOT NULL) OR (lease_token IS NOT NULL)) THEN sync
    ELSE NULL::uuid
END) STORED,
    CONSTRAINT links_check CHECK (((state = ANY (ARRAY[2, 3])) = (unique_id IS NOT NULL))),
    CONSTRAINT links_check1 CHECK (((sent_version IS NULL) = (sent_revision IS NULL))),
    CONSTRAINT links_check2 CHECK (((sent_digest IS NULL) OR (sent_version IS NOT NULL))),
    CONSTRAINT links_check3 CHECK ((((create_key IS NULL) = (create_key_version IS NULL)) AND ((create_key IS NULL) = (create_key_at IS NULL)))),
    CONSTRAINT links_check4 CHECK ((((parked IS NULL) = (parked_detail IS NULL)) AND ((parked IS NULL) = (parked_at IS NULL)))),
    CONSTRAINT links_check5 CHECK (((parked IS NULL) OR (due_at IS NULL))),
    CONSTRAINT links_check6 CHECK ((((lease_token IS NULL) = (lease_until IS NULL)) AND ((lease_token IS NULL) = (lease_version IS NULL)))),
    CONSTRAINT links_check7 CHECK (((lease_operation IS NULL) OR (lease_token IS NOT NULL))),
    CONSTRAINT links_deferrals_check CHECK ((deferrals >= 0)),
    CONSTRAINT links_generation_check CHECK ((generation >= 0)),
    CONSTRAINT links_lease_operation_check CHECK (((lease_operation >= 0) AND (lease_operation <= 3))),
    CONSTRAINT links_parked_check CHECK (((parked >= 1) AND (parked <= 9))),
    CONSTRAINT links_refused_digest_check CHECK ((octet_length(refused_digest) = 32)),
    CONSTRAINT links_sent_digest_check CHECK ((octet_length(sent_digest) = 32)),
    CONSTRAINT links_state_check CHECK (((state >= 0) AND (state <= 4))),
    CONSTRAINT links_tries_check CHECK ((tries >= 0)),
    CONSTRAINT links_unique_id_check CHECK (((octet_length(unique_id) >= 1) AND (octet_length(unique_id) <= 512)))
)
WITH (fillfactor='100', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='2000', autovacuum_analyze_scale_factor='0.05');
CREATE TABLE public.log_entries (
    account uuid NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sync uuid NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    person_version bigint NOT NULL,
    operation smallint NOT NULL,
    outcome smallint NOT NULL,
    failure smallint,
    message text NOT NULL,
    unique_id text,
    unique_id_number boolean NOT NULL,
    attempt integer,
    duration_ms integer,
    status smallint,
    next_attempt_at timestamp with time zone,
    exchange bytea,
    CONSTRAINT log_entries_failure_check CHECK (((failure >= 0) AND (failure <= 13))),
    CONSTRAINT log_entries_operation_check CHECK (((operation >= 0) AND (operation <= 3))),
    CONSTRAINT log_entries_outcome_check CHECK (((outcome >= 0) AND (outcome <= 3)))
)
PARTITION BY RANGE (id);
CREATE TABLE public.log_entries_20261129 (
    account uuid NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sync uuid NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    person_version bigint NOT NULL,
    operation smallint NOT NULL,
    outcome smallint NOT NULL,
    failure smallint,
    message text NOT NULL,
    unique_id text,
    unique_id_number boolean NOT NULL,
    attempt integer,
    duration_ms integer,
    status smallint,
    next_attempt_at timestamp with time zone,
    exchange bytea,
    CONSTRAINT log_entries_failure_check CHECK (((failure >= 0) AND (failure <= 13))),
    CONSTRAINT log_entries_operation_check CHECK (((operation >= 0) AND (operation <= 3))),
    CONSTRAINT log_entries_outcome_check CHECK (((outcome >= 0) AND (outcome <= 3)))
);
CREATE TABLE public.log_entries_20261130 (
    account uuid NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sync uuid NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    person_version bigint NOT NULL,
    operation smallint NOT NULL,
    outcome smallint NOT NULL,
    failure smallint,
    message text NOT NULL,
    unique_id text,
    unique_id_number boolean NOT NULL,
    attempt integer,
    duration_ms integer,
    status smallint,
    next_attempt_at timestamp with time zone,
    exchange bytea,
    CONSTRAINT log_entries_failure_check CHECK (((failure >= 0) AND (failure <= 13))),
    CONSTRAINT log_entries_operation_check CHECK (((operation >= 0) AND (operation <= 3))),
    CONSTRAINT log_entries_outcome_check CHECK (((outcome >= 0) AND (outcome <= 3)))
);
CREATE TABLE public.log_entries_20261201 (
    account uuid NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sync uuid NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    person_version bigint NOT NULL,
    operation smallint NOT NULL,
    outcome smallint NOT NULL,
    failure smallint,
    message text NOT NULL,
    unique_id text,
    unique_id_number boolean NOT NULL,
    attempt integer,
    duration_ms integer,
    status smallint,
    next_attempt_at timestamp with time zone,
    exchange bytea,
    CONSTRAINT log_entries_failure_check CHECK (((failure >= 0) AND (failure <= 13))),
    CONSTRAINT log_entries_operation_check CHECK (((operation >= 0) AND (operation <= 3))),
    CONSTRAINT log_entries_outcome_check CHECK (((outcome >= 0) AND (outcome <= 3)))
);
CREATE TABLE public.log_entries_20261202 (
    account uuid NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sync uuid NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    person_version bigint NOT NULL,
    operation smallint NOT NULL,
    outcome smallint NOT NULL,
    failure smallint,
    message text NOT NULL,
    unique_id text,
    unique_id_number boolean NOT NULL,
    attempt integer,
    duration_ms integer,
    status smallint,
    next_attempt_at timestamp with time zone,
    exchange bytea,
    CONSTRAINT log_entries_failure_check CHECK (((failure >= 0) AND (failure <= 13))),
    CONSTRAINT log_entries_operation_check CHECK (((operation >= 0) AND (operation <= 3))),
    CONSTRAINT log_entries_outcome_check CHECK (((outcome >= 0) AND (outcome <= 3)))
);
CREATE TABLE public.log_entries_default (
    account uuid NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    sync uuid NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    person_version bigint NOT NULL,
    operation smallint NOT NULL,
    outcome smallint NOT NULL,
    failure smallint,
    message text NOT NULL,
    unique_id text,
    unique_id_number boolean NOT NULL,
    attempt integer,
    duration_ms integer,
    status smallint,
    next_attempt_at timestamp with time zone,
    exchange bytea,
    CONSTRAINT log_entries_failure_check CHECK (((failure >= 0) AND (failure <= 13))),
    CONSTRAINT log_entries_operation_check CHECK (((operation >= 0) AND (operation <= 3))),
    CONSTRAINT log_entries_outcome_check CHECK (((outcome >= 0) AND (outcome <= 3)))
);
CREATE TABLE public.people (
    account uuid NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    first_name text,
    last_name text,
    name text,
    emails text[] NOT NULL,
    phones text[] NOT NULL,
    organizations text[] NOT NULL,
    labels text[] NOT NULL,
    summary text,
    timezone text,
    language text,
    contact json NOT NULL,
    custom json NOT NULL,
    last_logged_in timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT people_contact_check CHECK ((json_typeof(contact) = 'object'::text)),
    CONSTRAINT people_custom_check CHECK ((json_typeof(custom) = 'object'::text)),
    CONSTRAINT people_id_check CHECK (((char_length(id) >= 1) AND (char_length(id) <= 255))),
    CONSTRAINT people_version_check CHECK (((version >= 1) AND (version <= 2147483647)))
)
WITH (fillfactor='85', autovacuum_vacuum_scale_factor='0.05');
CREATE TABLE public.people_counts (
    account uuid NOT NULL,
    people bigint NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');
CREATE TABLE public.people_terms (
    account uuid NOT NULL,
    term text NOT NULL COLLATE pg_catalog."C",
    person text NOT NULL COLLATE pg_catalog."C"
)
WITH (autovacuum_vacuum_scale_factor='0.05');
CREATE TABLE public.person_changes (
    account uuid NOT NULL,
    person text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    kind smallint NOT NULL,
    at timestamp with time zone NOT NULL,
    fields json NOT NULL,
    CONSTRAINT person_changes_kind_check CHECK (((kind >= 0) AND (kind <= 2)))
)
WITH (autovacuum_vacuum_scale_factor='0.05', autovacuum_vacuum_insert_scale_factor='0.05');
CREATE TABLE public.sessions (
    hash bytea NOT NULL,
    account uuid NOT NULL,
    api_key uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT sessions_hash_check CHECK ((octet_length(hash) = 32))
);
CREATE TABLE public.sweeps (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    id bigint NOT NULL,
    kind smallint NOT NULL,
    force boolean NOT NULL,
    cursor text COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sweeps_kind_check CHECK (((kind >= 0) AND (kind <= 6)))
);
ALTER TABLE public.sweeps ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sweeps_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.sync_runtime (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    governor jsonb NOT NULL,
    blocked_until timestamp with time zone
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');
CREATE TABLE public.syncs (
    account uuid NOT NULL,
    id uuid NOT NULL,
    friendly_name text NOT NULL,
    revision integer NOT NULL,
    unique_id_revision integer NOT NULL,
    paused boolean NOT NULL,
    settings jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT syncs_revision_check CHECK ((revision >= 1)),
    CONSTRAINT syncs_unique_id_revision_check CHECK ((unique_id_revision >= 1))
);
ALTER TABLE ONLY public.log_entries ATTACH PARTITION public.log_entries_20261129 FOR VALUES FROM ('01a22499-f800-0000-0000-000000000000') TO ('01a229c0-5400-0000-0000-000000000000');
ALTER TABLE ONLY public.log_entries ATTACH PARTITION public.log_entries_20261130 FOR VALUES FROM ('01a229c0-5400-0000-0000-000000000000') TO ('01a22ee6-b000-0000-0000-000000000000');
ALTER TABLE ONLY public.log_entries ATTACH PARTITION public.log_entries_20261201 FOR VALUES FROM ('01a22ee6-b000-0000-0000-000000000000') TO ('01a2340d-0c00-0000-0000-000000000000');
ALTER TABLE ONLY public.log_entries ATTACH PARTITION public.log_entries_20261202 FOR VALUES FROM ('01a2340d-0c00-0000-0000-000000000000') TO ('01a23933-6800-0000-0000-000000000000');
ALTER TABLE ONLY public.log_entries ATTACH PARTITION public.log_entries_default DEFAULT;
INSERT INTO public.__diesel_schema_migrations VALUES ('0001', '2026-11-29 11:58:28.279775');
INSERT INTO public.__diesel_schema_migrations VALUES ('0002', '2026-11-29 11:58:28.363698');
INSERT INTO public.__diesel_schema_migrations VALUES ('0003', '2026-11-29 11:58:28.382982');
INSERT INTO public.__diesel_schema_migrations VALUES ('0004', '2026-11-29 11:58:28.386934');
INSERT INTO public.__diesel_schema_migrations VALUES ('0005', '2026-11-29 11:58:28.399072');
INSERT INTO public.__diesel_schema_migrations VALUES ('0006', '2026-11-29 11:58:28.418857');
INSERT INTO public.accounts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'default', 0, '2026-11-29 11:58:28.718724+00');
INSERT INTO public.api_keys VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c16e-74f2-8057-3f6873a21aa9', 'bootstrap', 2, 'test-key-', '\x050778af21e177d397573299d57a2e36345f5600fef4be2bad70485dc12a5862', '2026-11-29 11:58:28.718052+00', '2026-11-29 11:58:28.795315+00', NULL);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 0, 0, 7, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 2, 0, 7, 4);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 0, 1, 9, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 0, 0, 7, 3);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 0, 0, 9, 2);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 0, 1, 6, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 0, 1, 7, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 60, '2026-11-29 11:58:00+00', 0, 0, 1, 3);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 60, '2026-11-29 11:58:00+00', 0, 0, 10, 4);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 0, 9, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 1, 8, 2);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 1, 10, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 0, 0, 8, 4);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 0, 0, 10, 2);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 0, 1, 8, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 2, 0, 8, 10);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 60, '2026-11-29 11:58:00+00', 0, 0, 9, 4);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 0, 0, 9, 9);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 0, 0, 11, 7);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 0, 0, 12, 4);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 0, 0, 11, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 0, 0, 12, 9);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 0, 0, 13, 6);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 60, '2026-11-29 11:58:00+00', 0, 0, 11, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 60, '2026-11-29 11:58:00+00', 0, 0, 12, 3);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 60, '2026-11-29 11:58:00+00', 0, 0, 13, 8);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 0, 10, 6);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 0, 11, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 0, 13, 11);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 0, 14, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 0, 0, 13, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 0, 0, 3, 2);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 2, 0, 14, 5);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 0, 0, 10, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 60, '2026-11-29 11:58:00+00', 0, 0, 3, 4);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 0, 0, 14, 15);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 0, 0, 5, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 0, 0, 6, 3);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 0, 0, 1, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 0, 0, 5, 5);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 60, '2026-11-29 11:58:00+00', 0, 0, 5, 2);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 0, 1, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 0, 5, 3);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 0, 6, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 0, 0, 4, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 0, 0, 1, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 0, 0, 2, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 0, 0, 3, 2);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 0, 0, 4, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 0, 0, 7, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 2, 0, 5, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 2, 0, 6, 3);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 2, 0, 9, 6);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 2, 0, 14, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 2, 0, 8, 8);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 2, 0, 0, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 2, 0, 5, 3);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 2, 0, 6, 4);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 2, 0, 5, 4);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 2, 0, 8, 2);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 2, 0, 4, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 60, '2026-11-29 11:58:00+00', 2, 0, 10, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 2, 0, 9, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 2, 0, 6, 2);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 2, 0, 9, 2);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 2, 0, 10, 3);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 2, 0, 8, 7);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 2, 0, 7, 2);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 2, 0, 15, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 2, 0, 15, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 2, 0, 9, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 2, 0, 14, 6);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 60, '2026-11-29 11:58:00+00', 2, 0, 17, 3);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 60, '2026-11-29 11:58:00+00', 2, 0, 17, 1);
INSERT INTO public.counters VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 60, '2026-11-29 11:58:00+00', 2, 0, 15, 4);
INSERT INTO public.link_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 1, -27, 1, 4, 0, 0, -50, 2);
INSERT INTO public.link_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 1, -29, 1, 5, 0, 1, -50, 1);
INSERT INTO public.link_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 1, -29, 1, 6, 0, 0, -50, 0);
INSERT INTO public.link_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 0, 30, 0, 0, 0, 0, 54, 0);
INSERT INTO public.link_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 0, 30, 0, 0, 0, 0, 54, 0);
INSERT INTO public.link_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 0, 30, 0, 0, 0, 0, 54, 0);
INSERT INTO public.link_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 0, 30, 0, 0, 0, 0, 54, 0);
INSERT INTO public.link_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 0, 30, 0, 0, 0, 0, 54, 0);
INSERT INTO public.link_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 1, -29, 1, 6, 0, 0, -50, 0);
INSERT INTO public.link_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 1, -29, 0, 0, 0, 29, -51, 0);
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 'noid', NULL, '{"status":201,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","application/json"],["content-length","2"]],"body":"{}","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'bad', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'bob', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'taken', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'ada', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'cid', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'lost', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'noid', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g08', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g09', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g10', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g11', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g00', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g01', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g02', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g03', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g04', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g05', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g06', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g07', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g12', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g13', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g14', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g15', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g16', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g17', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g18', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g19', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g20', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.link_extras VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g21', NULL, '{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:31 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'lost', 1, NULL, false, 1, '2026-11-29 11:58:56.348635+00', '2026-11-29 11:58:29.775036+00', false, false, false, NULL, NULL, NULL, '6eb29406-9360-4b6a-aeb7-83348fbc72b9', 1, '2026-11-29 11:58:29.308734+00', 1, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'sent, but no answer came: 127.93.7.12:17731 ended the connection before it answered', '2026-11-29 11:58:29.575036+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 'lost', 1, NULL, false, 1, '2026-11-29 11:58:50.936239+00', '2026-11-29 11:58:29.775036+00', false, false, false, NULL, NULL, NULL, 'b0d718ea-40d9-43a8-95ba-627643024e6f', 1, '2026-11-29 11:58:29.308734+00', 1, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'sent, but no answer came: 127.93.7.12:17731 ended the connection before it answered', '2026-11-29 11:58:29.575036+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'bad', 4, NULL, false, 1, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 200, but no unique id is configured', '2026-11-29 11:58:29.575036+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'ada', 4, NULL, false, 1, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 200, but no unique id is configured', '2026-11-29 11:58:29.732375+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'lost', 4, NULL, false, 1, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 200, but no unique id is configured', '2026-11-29 11:58:29.732375+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'noid', 4, NULL, false, 1, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 200, but no unique id is configured', '2026-11-29 11:58:29.732375+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 'bad', 0, NULL, false, 1, NULL, NULL, false, false, false, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, 1, 'answered 422: {"error":"no such name"} (change the person''s data or the rule)', '2026-11-29 11:58:29.732375+00', '\xc9c9e0e90255a14619f02c7aabe574943737ba59be4dcb44e4fa51ba4228ed74', NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'answered 422: {"error":"no such name"} (change the person''s data or the rule)', '2026-11-29 11:58:29.732375+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 'lost', 1, NULL, false, 1, '2026-11-29 11:58:53.051687+00', '2026-11-29 11:58:29.932375+00', false, false, false, NULL, NULL, NULL, '10698669-088b-4b78-b513-d5a23503adf9', 1, '2026-11-29 11:58:29.308734+00', 1, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'sent, but no answer came: 127.93.7.12:17731 ended the connection before it answered', '2026-11-29 11:58:29.732375+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 'taken', 0, NULL, false, 1, NULL, NULL, false, false, false, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, 1, 'answered 409: {"error":"there is one"} (change the person''s data or the rule)', '2026-11-29 11:58:29.732375+00', '\x4518c85cb87ee2b98019bcaebd6b7f509d2055403fb03abb134514c786f17126', NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'answered 409: {"error":"there is one"} (change the person''s data or the rule)', '2026-11-29 11:58:29.732375+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 'lost', 1, NULL, false, 1, '2026-11-29 11:58:48.859854+00', '2026-11-29 11:58:29.932375+00', false, false, false, NULL, NULL, NULL, 'daa29842-fffd-4ce4-9349-d80e4d90d893', 1, '2026-11-29 11:58:29.308734+00', 1, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'sent, but no answer came: 127.93.7.12:17731 ended the connection before it answered', '2026-11-29 11:58:29.732375+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 'ada', 2, 'c-ada', false, 1, NULL, NULL, false, false, false, 1, 1, '\x1e582237bd30eb84baa812ff95a4a0cfa21fed5d84a50a687a17fd1373fdd166', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-ada', '2026-11-29 11:58:29.732375+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 'ada', 2, 'c-ada', false, 1, NULL, NULL, false, false, false, 1, 1, '\x0b8af22c55387c0445d40d5d7a951908e2d1249f58e0b9a857a523714feb0e86', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-ada', '2026-11-29 11:58:29.732375+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g05', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g06', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 'bob', 2, 'c-bob', false, 2, '2026-11-29 11:58:36.139658+00', NULL, false, false, false, 1, 1, '\xf0b91e71dd9a7558eb748a662e6e229304cb0b6e0b3cdd7fa461efbb6b4f57f6', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-bob', '2026-11-29 11:58:36.139658+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'cid', 4, NULL, false, 2, '2026-11-29 11:58:36.163194+00', NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 200, but no unique id is configured', '2026-11-29 11:58:36.163194+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 'cid', 2, 'c-cid', false, 2, '2026-11-29 11:58:36.163194+00', NULL, false, false, false, 1, 1, '\xa44e828c100c39243e15db639ef202b24beb3b2932277dfe87e7a87b33d5e4d5', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-cid', '2026-11-29 11:58:36.163194+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'ada', 2, 'c-ada', false, 1, NULL, NULL, false, false, false, 1, 1, '\x109c78cd84a444190117d0bee3d19be7011806147a60e9b287e11234c957bb0f', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.399998+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-ada', '2026-11-29 11:58:29.399998+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'taken', 2, 'c-taken', false, 1, NULL, NULL, false, false, false, 1, 1, '\xd793c43012db5b7d36ccefad62fadf7b76a3b09e63c03ed7ee6bf1d4b5ac3fe3', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.399998+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-taken', '2026-11-29 11:58:29.399998+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 'noid', 4, NULL, false, 1, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, 3, 'created: answered 201, but the answer holds nothing at the unique id''s place. created, but no unique id could be read from the answer: correct the unique id path or header, or set up a lookup rule; then retry', '2026-11-29 11:58:29.575036+00', NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, but the answer holds nothing at the unique id''s place. created, but no unique id could be read from the answer: correct the unique id path or header, or set up a lookup rule; then retry', '2026-11-29 11:58:29.575036+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'taken', 4, NULL, false, 1, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 200, but no unique id is configured', '2026-11-29 11:58:29.575036+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'bad', 2, 'c-bad', false, 1, NULL, NULL, false, false, false, 1, 1, '\xd11011cbb6fbf56c5333ee4389db9b7e40bd72208a503d0d59852af29110ffd6', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-bad', '2026-11-29 11:58:29.575036+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'noid', 2, 'c-noid', false, 1, NULL, NULL, false, false, false, 1, 1, '\xf1e2c7bf6912a72f121212546e51f1e6b83d20d4f6b66bd98948ad4af3744699', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-noid', '2026-11-29 11:58:29.575036+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 'ada', 2, 'c-ada', false, 1, NULL, NULL, false, false, false, 1, 1, '\x4aeb1ee97ddd40d4ba8a35a2648b96f79e5647d15ec5ec1438755611d1e97903', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-ada', '2026-11-29 11:58:29.575036+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 'bad', 2, 'c-bad', false, 1, NULL, NULL, false, false, false, 1, 1, '\xe6bda27e4b75ff9e0e33decef05f59819156b59cb785d9682df5bf36dcf18981', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-bad', '2026-11-29 11:58:29.575036+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 'taken', 2, 'c-taken', false, 1, NULL, NULL, false, false, false, 1, 1, '\x1f105a7fe065b62bff59dc67098b6c947996b7a732e1835bd0897adba064b4a6', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-taken', '2026-11-29 11:58:29.575036+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 'noid', 2, 'c-noid', false, 1, NULL, NULL, false, false, false, 1, 1, '\x37c168be92208d3a58f486c278d30da0f88239a73ef7f8c2b52a107ca619021f', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-noid', '2026-11-29 11:58:29.732375+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 'bad', 2, 'c-bad', false, 1, NULL, NULL, false, false, false, 1, 1, '\x702679493e26cabe89f47371b4ee20e661cc0a045d71b42ee7f2c7ddebea8cdf', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-bad', '2026-11-29 11:58:29.732375+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 'noid', 2, 'c-noid', false, 1, NULL, NULL, false, false, false, 1, 1, '\x8a3d344cd1251d0527b4b7d0fe3733d4242ad6fbe7e48f3b13be0e226efb2501', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-noid', '2026-11-29 11:58:29.732375+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 'taken', 2, 'c-taken', false, 1, NULL, NULL, false, false, false, 1, 1, '\xf2a9d98acd313227dbcd3200262114eb785ac082d1e0118b1d7ab5057ef9445c', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-taken', '2026-11-29 11:58:29.732375+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g00', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g01', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g02', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g03', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g04', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'bob', 2, 'c-bob', false, 2, '2026-11-29 11:58:36.139658+00', NULL, false, false, false, 1, 1, '\xb9d57e9f25f8cfc78ef428749f4d33f4b7a64338487c92662e1cabfa14a3b967', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.399998+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-bob', '2026-11-29 11:58:36.139658+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 'bob', 2, 'c-bob', false, 2, '2026-11-29 11:58:36.139658+00', NULL, false, false, false, 1, 1, '\xa5bf7a1378e186de1cacbd1382d070706366aae7a88e238a165253403a733ccb', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-bob', '2026-11-29 11:58:36.139658+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'bob', 4, NULL, false, 2, '2026-11-29 11:58:36.139658+00', NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 200, but no unique id is configured', '2026-11-29 11:58:36.139658+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 'bob', 2, 'c-bob', false, 2, '2026-11-29 11:58:36.139658+00', NULL, false, false, false, 1, 1, '\x7d16b580daf0287ee2fee56ea3503f6df960cbc71b091ce9da3a3e76e014d5f2', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-bob', '2026-11-29 11:58:36.139658+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'cid', 2, 'c-cid', false, 2, '2026-11-29 11:58:36.163194+00', NULL, false, false, false, 1, 1, '\x875d75c6c5b17033c03036acac3026b700f16f46dc39846f73db36f9de8b4fde', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.399998+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-cid', '2026-11-29 11:58:36.163194+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 'cid', 2, 'c-cid', false, 2, '2026-11-29 11:58:36.163194+00', NULL, false, false, false, 1, 1, '\x1440e5b64c16e336893a3529ffe96edc0faf52d88d5484347d5732be7ecc6b83', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.575036+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-cid', '2026-11-29 11:58:36.163194+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 'cid', 2, 'c-cid', false, 2, '2026-11-29 11:58:36.163194+00', NULL, false, false, false, 1, 1, '\x4f54d6bc575a57323c6d0956a1ecfdc2d917db4c10774a4fdb58debf432400ce', NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:29.732375+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a0a15bcc-24d6-4790-afcb-4c589ee9e5d6', 'created: answered 201, unique id c-cid', '2026-11-29 11:58:36.163194+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g12', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g13', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g14', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g15', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g20', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.817256+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '3abe9abd-0fe1-404b-b754-56600a9ad43d', 'nothing sent: delete is off', '2026-11-29 11:58:33.999076+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g21', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.817256+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '3abe9abd-0fe1-404b-b754-56600a9ad43d', 'nothing sent: delete is off', '2026-11-29 11:58:33.999076+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g08', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.475432+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g16', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.753909+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '3abe9abd-0fe1-404b-b754-56600a9ad43d', 'nothing sent: delete is off', '2026-11-29 11:58:33.999076+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g17', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.753909+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '3abe9abd-0fe1-404b-b754-56600a9ad43d', 'nothing sent: delete is off', '2026-11-29 11:58:33.999076+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g18', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.753909+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '3abe9abd-0fe1-404b-b754-56600a9ad43d', 'nothing sent: delete is off', '2026-11-29 11:58:33.999076+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g19', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.753909+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '3abe9abd-0fe1-404b-b754-56600a9ad43d', 'nothing sent: delete is off', '2026-11-29 11:58:33.999076+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g07', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.595548+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g09', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.475432+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g10', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.475432+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'g11', 4, NULL, false, 2, NULL, NULL, false, false, false, 1, 1, NULL, NULL, NULL, NULL, 0, 0, '2026-11-29 11:58:31.475432+00', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '5c07a9fd-bbc5-4e4e-b237-55262c5d4599', 'nothing sent: delete is off', '2026-11-29 11:58:33.784319+00', true, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'dan', 0, NULL, false, 1, '2026-11-29 11:58:36.139658+00', NULL, false, false, false, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-29 11:58:36.139658+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 'dan', 0, NULL, false, 1, '2026-11-29 11:58:36.139658+00', NULL, false, false, false, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-29 11:58:36.139658+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'dan', 0, NULL, false, 1, '2026-11-29 11:58:36.139658+00', NULL, false, false, false, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-29 11:58:36.139658+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 'dan', 0, NULL, false, 1, '2026-11-29 11:58:36.139658+00', NULL, false, false, false, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-29 11:58:36.139658+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.links VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 'dan', 0, NULL, false, 1, '2026-11-29 11:58:36.139658+00', NULL, false, false, false, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-29 11:58:36.139658+00', false, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.log_entries_20261129 VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c3f8-7cf3-aaed-2c0c4c878542', '2026-11-29 11:58:29.368682+00', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'taken', 1, 0, 0, NULL, 'created: answered 201, unique id c-taken', 'c-taken', false, 1, 14, 201, NULL, '\x017d02000008ed020d920203bc02e039332e372e31323a31373733312fc7004f616374738b02031343dc011f5427010b08f40017493402194b3402f81534646336373731642d626163352d343030662d613830302d3836636434383861643039334a006f557365722d41db020c125d3c02034a050b43045174616b656e160400d102013804314164611100019b040112000125000536044f74657374630109162c8e020f5c02050da106f80b42617365485454502f302e3620507974686f6e2f332e31312e37ef000b2d02010f02f2053239204e6f7620323032362031313a35383a32391b0206a50300c2010fcb02100f3300010dbc022b31375201018c0551205c22632d27010f1a010460616c73657d5d');
INSERT INTO public.log_entries_20261129 VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c3f9-7a20-9e41-1be7010ec7ef', '2026-11-29 11:58:29.369762+00', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'cid', 1, 0, 0, NULL, 'created: answered 201, unique id c-cid', 'c-cid', false, 1, 16, 201, NULL, '\x017702000008ed020d920203bc02e039332e372e31323a31373733312fc7004f616374738b02031343dc011f5427010b08f40017493402194b3402f81530663866303636302d643136382d346334352d386536312d3036663961396332366237624a006f557365722d41db020c125d3c020223010d4304004b04212c5caa02017a043141646111000199040112003563696432044f746573745f0109162c8a020f5802050d9d06f80b42617365485454502f302e3620507974686f6e2f332e31312e37eb000b2902010b02f2053239204e6f7620323032362031313a35383a3239170206a10300be010f7c03120e33000db8022b31354e01003d01703a205c22632d630b000f77020260616c73657d5d');
INSERT INTO public.log_entries_20261129 VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c40c-7dea-9b19-913cba9fbfc8', '2026-11-29 11:58:29.388602+00', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'ada', 1, 0, 0, NULL, 'created: answered 201, unique id c-ada', 'c-ada', false, 1, 36, 201, NULL, '\x017702000008ed020d920203bc02e039332e372e31323a31373733312fc7004f616374738b02031343dc011f5427010b08f40017493402194b3402f81565643439663135382d613633352d346639622d393264342d3733653963653738663765644a006f557365722d41db020c125d3c020223010c430431616461140400cf02017a04134111000199040112003561646132044f746573745f0109162c8a020f5802050d9d06f80b42617365485454502f302e3620507974686f6e2f332e31312e37eb000b2902010b02f2053239204e6f7620323032362031313a35383a3239170206a10300be010f7c03120e33000db8022b31354e0101880551205c22632d48010f77020260616c73657d5d');
INSERT INTO public.log_entries_20261129 VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c40d-77d7-b4dc-348bf6a1ffa1', '2026-11-29 11:58:29.389065+00', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'bob', 1, 0, 0, NULL, 'created: answered 201, unique id c-bob', 'c-bob', false, 1, 36, 201, NULL, '\x017702000008ed020d920203bc02e039332e372e31323a31373733312fc7004f616374738b02031343dc011f5427010b08f40017493402194b3402f81536626234643064622d393032612d346337362d396236652d3761623766323239626263324a006f557365722d41db020c125d3c020223010c430431626f62140400cf02017a0431416461110001990401120035626f6232044f746573745f0109162c8a020f5802050d9d06f80b42617365485454502f302e3620507974686f6e2f332e31312e37eb000b2902010b02f2053239204e6f7620323032362031313a35383a3239170206a10300be010f7c03120e33000db8022b31354e0101880551205c22632d48010f77020260616c73657d5d');
INSERT INTO public.log_entries_20261129 VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c40e-7a4a-a9d8-8276dcc24994', '2026-11-29 11:58:29.390587+00', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'lost', 1, 0, 1, 6, 'sent, but no answer came: 127.93.7.12:17731 ended the connection before it answered', NULL, false, 1, 37, NULL, '2026-11-29 11:58:56.348635+00', '\x016601000008ed020d920203bc02e039332e372e31323a31373733312fc7004f616374738b02031343dc011f5427010b08f40017493402194b3402f81536656232393430362d393336302d346236612d616562372d3833333438666263373262394a006f557365722d41db020c125d3c020223010c4304416c6f73741504059c04314164611100019a04018d0400240005340420746531000f610107602c6e756c6c5d');
INSERT INTO public.log_entries_20261129 VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c453-7275-beea-df9d2abacf74', '2026-11-29 11:58:29.459348+00', '01a2272b-c28a-7583-9d51-593c41830e00', 'noid', 1, 0, 2, 11, 'created: answered 201, but the answer holds nothing at the unique id''s place. created, but no unique id could be read from the answer: correct the unique id path or header, or set up a lookup rule; then retry', NULL, false, 1, 13, 201, NULL, '\x01cb02000008ed020d920203bc02ff0439332e372e31323a31373733312f6b6579656488020358582d4f6e63c000f00731623335386632312d623734302d346662312d3962300500a833376633663738383934ff0059582d547261420088666f72206e6f69642600134340021f548b010b08330017499802194b98020fa3001d6f557365722d413f030c125da0020287010ca70400cf0001790400340301df0431416461110001fe040112000024000598044f74657374c50109162cf0020fbe02050d0307f80b42617365485454502f302e3620507974686f6e2f332e31312e3737010b8f02017102f2053239204e6f7620323032362031313a35383a32397d0206070404eb021f74a201170433000d1e0319324f010fcb020260616c73657d5d');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 1, 'Ada', NULL, NULL, '{ada@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:29.308734+00', '2026-11-29 11:58:29.308734+00', NULL);
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'bad', 1, 'Ada', NULL, NULL, '{bad@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:29.308734+00', '2026-11-29 11:58:29.308734+00', NULL);
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'lost', 1, 'Ada', NULL, NULL, '{lost@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:29.308734+00', '2026-11-29 11:58:29.308734+00', NULL);
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'noid', 1, 'Ada', NULL, NULL, '{noid@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:29.308734+00', '2026-11-29 11:58:29.308734+00', NULL);
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'taken', 1, 'Ada', NULL, NULL, '{taken@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:29.308734+00', '2026-11-29 11:58:29.308734+00', NULL);
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g00', 2, 'Ada', NULL, NULL, '{g00@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g01', 2, 'Ada', NULL, NULL, '{g01@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g02', 2, 'Ada', NULL, NULL, '{g02@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g03', 2, 'Ada', NULL, NULL, '{g03@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g04', 2, 'Ada', NULL, NULL, '{g04@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g05', 2, 'Ada', NULL, NULL, '{g05@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g06', 2, 'Ada', NULL, NULL, '{g06@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g07', 2, 'Ada', NULL, NULL, '{g07@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g08', 2, 'Ada', NULL, NULL, '{g08@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g09', 2, 'Ada', NULL, NULL, '{g09@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g10', 2, 'Ada', NULL, NULL, '{g10@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g11', 2, 'Ada', NULL, NULL, '{g11@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g12', 2, 'Ada', NULL, NULL, '{g12@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g13', 2, 'Ada', NULL, NULL, '{g13@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g14', 2, 'Ada', NULL, NULL, '{g14@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'bob', 2, 'Bo', NULL, NULL, '{bob@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:29.308734+00', '2026-11-29 11:58:36.139658+00', NULL);
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'cid', 2, 'Ada', NULL, NULL, '{cid@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:29.308734+00', '2026-11-29 11:58:29.308734+00', '2026-11-29 11:58:36.163194+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g15', 2, 'Ada', NULL, NULL, '{g15@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g16', 2, 'Ada', NULL, NULL, '{g16@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g17', 2, 'Ada', NULL, NULL, '{g17@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g18', 2, 'Ada', NULL, NULL, '{g18@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g19', 2, 'Ada', NULL, NULL, '{g19@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g20', 2, 'Ada', NULL, NULL, '{g20@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g21', 2, 'Ada', NULL, NULL, '{g21@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:31.252627+00', '2026-11-29 11:58:33.500318+00');
INSERT INTO public.people VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'dan', 1, 'Ada', NULL, NULL, '{dan@example.test}', '{}', '{}', '{}', NULL, NULL, NULL, '{}', '{}', NULL, '2026-11-29 11:58:36.139658+00', '2026-11-29 11:58:36.139658+00', NULL);
INSERT INTO public.people_counts VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 7);
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada@example.test', 'ada');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'bad');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'bad@example.test', 'bad');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'bob@example.test', 'bob');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'cid');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'cid@example.test', 'cid');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'lost');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'lost@example.test', 'lost');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'noid');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'noid@example.test', 'noid');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'taken');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'taken@example.test', 'taken');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g00');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g00@example.test', 'g00');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g01');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g01@example.test', 'g01');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g02');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g02@example.test', 'g02');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g03');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g03@example.test', 'g03');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g04');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g04@example.test', 'g04');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g05');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g05@example.test', 'g05');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g06');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g06@example.test', 'g06');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g07');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g07@example.test', 'g07');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g08');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g08@example.test', 'g08');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g09');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g09@example.test', 'g09');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g10');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g10@example.test', 'g10');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g11');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g11@example.test', 'g11');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g12');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g12@example.test', 'g12');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g13');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g13@example.test', 'g13');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g14');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g14@example.test', 'g14');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g15');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g15@example.test', 'g15');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g16');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g16@example.test', 'g16');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g17');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g17@example.test', 'g17');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g18');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g18@example.test', 'g18');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g19');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g19@example.test', 'g19');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g20');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g20@example.test', 'g20');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'g21');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g21@example.test', 'g21');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 'dan');
INSERT INTO public.people_terms VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'dan@example.test', 'dan');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'ada', 1, 0, '2026-11-29 11:58:29.308734+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'bad', 1, 0, '2026-11-29 11:58:29.308734+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'bob', 1, 0, '2026-11-29 11:58:29.308734+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'cid', 1, 0, '2026-11-29 11:58:29.308734+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'lost', 1, 0, '2026-11-29 11:58:29.308734+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'noid', 1, 0, '2026-11-29 11:58:29.308734+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'taken', 1, 0, '2026-11-29 11:58:29.308734+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g00', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g01', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g02', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g03', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g04', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g05', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g06', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g07', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g08', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g09', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g10', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g11', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g12', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g13', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g14', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g15', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g16', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g17', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g18', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g19', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g20', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g21', 1, 0, '2026-11-29 11:58:31.252627+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g00', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g01', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g02', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g03', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g04', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g05', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g06', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g07', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g08', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g09', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g10', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g11', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g12', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g13', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g14', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g15', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g16', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g17', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g18', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g19', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g20', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'g21', 2, 2, '2026-11-29 11:58:33.500318+00', '[]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'bob', 2, 1, '2026-11-29 11:58:36.139658+00', '["firstName","name"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'dan', 1, 0, '2026-11-29 11:58:36.139658+00', '["firstName","name","emails"]');
INSERT INTO public.person_changes VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', 'cid', 2, 2, '2026-11-29 11:58:36.163194+00', '[]');
INSERT INTO public.sync_runtime VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', '{"breaker": "closed", "failing": [], "forbidden": [], "held_until": null, "rate_until": null, "held_reason": null, "missing_deletes": 0, "lookup_has_found": false}', NULL);
INSERT INTO public.sync_runtime VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', '{"breaker": "closed", "failing": [], "forbidden": [], "held_until": null, "rate_until": null, "held_reason": null, "missing_deletes": 0, "lookup_has_found": false}', NULL);
INSERT INTO public.sync_runtime VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', '{"breaker": "closed", "failing": [], "forbidden": [], "held_until": null, "rate_until": null, "held_reason": null, "missing_deletes": 0, "lookup_has_found": false}', NULL);
INSERT INTO public.sync_runtime VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', '{"breaker": "closed", "failing": [], "forbidden": [], "held_until": null, "rate_until": null, "held_reason": null, "missing_deletes": 0, "lookup_has_found": false}', NULL);
INSERT INTO public.sync_runtime VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', '{"breaker": {"open": {"since": 1795953513941661, "reason": "20 deletes in a row were answered 404 or 410 and none was accepted: check the URL of Delete Users, then resume", "probing": null, "probe_at": 1795957113941661, "newest_next": false, "failed_probes": 0}}, "failing": [], "forbidden": [], "held_until": null, "rate_until": null, "held_reason": null, "missing_deletes": 22, "lookup_has_found": false}', '2026-11-29 12:58:33.941661+00');
INSERT INTO public.syncs VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c28a-7583-9d51-593c41830e00', 'keyed', 1, 1, true, '{"create": {"url": "http://127.93.7.12:17731/keyed", "data": "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }", "format": "json", "method": "POST", "enabled": true, "headers": [{"name": "X-Once", "value": {"template": "{{ idempotency_key }}"}}, {"name": "X-Trace", "value": {"template": "for {{ person.id }}"}}], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "delete": {"url": "http://127.93.7.12:17731/keyed/{{ unique_id }}", "data": null, "format": "json", "method": "DELETE", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "limits": {"max_concurrency": 16, "requests_per_second": null}, "lookup": null, "update": {"url": "http://127.93.7.12:17731/keyed/{{ unique_id }}", "data": "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }", "format": "json", "method": "PUT", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "unique_id": {"path": "$.id"}, "authentication": {"kind": "none"}, "dropped_secrets": null}', '2026-11-29 11:58:29.024055+00', '2026-11-29 11:58:36.080074+00', NULL);
INSERT INTO public.syncs VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c301-7dc5-8dbe-753d51db9310', 'oneway', 1, 1, true, '{"create": {"url": "http://127.93.7.12:17731/oneway", "data": "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }", "format": "json", "method": "POST", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "delete": null, "limits": {"max_concurrency": 16, "requests_per_second": null}, "lookup": null, "update": {"url": "http://127.93.7.12:17731/oneway/{{ person.id }}", "data": "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }", "format": "json", "method": "PUT", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "unique_id": null, "authentication": {"kind": "none"}, "dropped_secrets": null}', '2026-11-29 11:58:29.121704+00', '2026-11-29 11:58:36.087715+00', NULL);
INSERT INTO public.syncs VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c359-7e02-a7b6-1919058c96fe', 'park', 1, 1, true, '{"create": {"url": "http://127.93.7.12:17731/park", "data": "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }", "format": "json", "method": "POST", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "park", "timeout_seconds": 10, "ssl_verification": true}, "delete": {"url": "http://127.93.7.12:17731/park/{{ unique_id }}", "data": null, "format": "json", "method": "DELETE", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "limits": {"max_concurrency": 16, "requests_per_second": null}, "lookup": null, "update": {"url": "http://127.93.7.12:17731/park/{{ unique_id }}", "data": "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }", "format": "json", "method": "PUT", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "unique_id": {"path": "$.id"}, "authentication": {"kind": "none"}, "dropped_secrets": null}', '2026-11-29 11:58:29.2095+00', '2026-11-29 11:58:36.109565+00', NULL);
INSERT INTO public.syncs VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c39b-7871-acdf-179faaa4f196', 'gone', 1, 1, true, '{"create": {"url": "http://127.93.7.12:17731/gone", "data": "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }", "format": "json", "method": "POST", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "delete": {"url": "http://127.93.7.12:17731/gone/{{ unique_id }}", "data": null, "format": "json", "method": "DELETE", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "limits": {"max_concurrency": 16, "requests_per_second": null}, "lookup": null, "update": {"url": "http://127.93.7.12:17731/gone/{{ unique_id }}", "data": "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }", "format": "json", "method": "PUT", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "unique_id": {"path": "$.id"}, "authentication": {"kind": "none"}, "dropped_secrets": null}', '2026-11-29 11:58:29.276044+00', '2026-11-29 11:58:36.120937+00', NULL);
INSERT INTO public.syncs VALUES ('01a2272b-c16e-7f70-b5c6-d6ef7f479488', '01a2272b-c1ca-7cb9-bbd2-e48582316551', 'contacts', 1, 1, true, '{"create": {"url": "http://127.93.7.12:17731/contacts", "data": "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }", "format": "json", "method": "POST", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "delete": {"url": "http://127.93.7.12:17731/contacts/{{ unique_id }}", "data": null, "format": "json", "method": "DELETE", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "limits": {"max_concurrency": 16, "requests_per_second": null}, "lookup": {"path": "$.contacts[*].id", "request": {"url": "http://127.93.7.12:17731/contacts?external_id={{ person.id }}", "data": null, "format": "none", "method": "GET", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}}, "update": {"url": "http://127.93.7.12:17731/contacts/{{ unique_id }}", "data": "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }", "format": "json", "method": "PUT", "enabled": true, "headers": [], "on_missing": "park", "on_uncertain": "resend", "timeout_seconds": 10, "ssl_verification": true}, "unique_id": {"path": "$.id"}, "authentication": {"kind": "none"}, "dropped_secrets": null}', '2026-11-29 11:58:28.81046+00', '2026-11-29 11:58:36.043073+00', NULL);
SELECT pg_catalog.setval('public.sweeps_id_seq', 1, false);
ALTER TABLE ONLY public.__diesel_schema_migrations
    ADD CONSTRAINT __diesel_schema_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.alert_settings
    ADD CONSTRAINT alert_settings_pkey PRIMARY KEY (account);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (account, sync);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_hash_key UNIQUE (hash);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (account, id);
ALTER TABLE ONLY public.counters
    ADD CONSTRAINT counters_pkey PRIMARY KEY (account, sync, span, start, operation, kind, bucket);
ALTER TABLE ONLY public.link_counts
    ADD CONSTRAINT link_counts_pkey PRIMARY KEY (account, sync, shard);
ALTER TABLE ONLY public.link_extras
    ADD CONSTRAINT link_extras_pkey PRIMARY KEY (account, sync, person);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (account, sync, person);
ALTER TABLE ONLY public.log_entries
    ADD CONSTRAINT log_entries_pkey PRIMARY KEY (account, id);
ALTER TABLE ONLY public.log_entries_20261129
    ADD CONSTRAINT log_entries_20261129_pkey PRIMARY KEY (account, id);
ALTER TABLE ONLY public.log_entries_20261130
    ADD CONSTRAINT log_entries_20261130_pkey PRIMARY KEY (account, id);
ALTER TABLE ONLY public.log_entries_20261201
    ADD CONSTRAINT log_entries_20261201_pkey PRIMARY KEY (account, id);
ALTER TABLE ONLY public.log_entries_20261202
    ADD CONSTRAINT log_entries_20261202_pkey PRIMARY KEY (account, id);
ALTER TABLE ONLY public.log_entries_default
    ADD CONSTRAINT log_entries_default_pkey PRIMARY KEY (account, id);
ALTER TABLE ONLY public.people_counts
    ADD CONSTRAINT people_counts_pkey PRIMARY KEY (account);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (account, id);
ALTER TABLE ONLY public.people_terms
    ADD CONSTRAINT people_terms_pkey PRIMARY KEY (account, term, person);
ALTER TABLE ONLY public.person_changes
    ADD CONSTRAINT person_changes_pkey PRIMARY KEY (account, person, version);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.sweeps
    ADD CONSTRAINT sweeps_pkey PRIMARY KEY (account, sync, id);
ALTER TABLE ONLY public.sync_runtime
    ADD CONSTRAINT sync_runtime_pkey PRIMARY KEY (account, sync);
ALTER TABLE ONLY public.syncs
    ADD CONSTRAINT syncs_pkey PRIMARY KEY (account, id);
CREATE INDEX alerts_due ON public.alerts USING btree (account, due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX counters_minutes ON public.counters USING btree (start) WHERE (span = 60);
CREATE INDEX links_claimable ON public.links USING btree (queue, retrying, claimable_at, person) WHERE (claimable_at IS NOT NULL);
CREATE INDEX links_leased ON public.links USING btree (queue, lease_until) WHERE (lease_token IS NOT NULL);
CREATE INDEX links_parked ON public.links USING btree (account, sync, parked, person) WHERE (parked IS NOT NULL);
CREATE UNIQUE INDEX links_unique_id ON public.links USING btree (account, sync, unique_id) WHERE (unique_id IS NOT NULL);
CREATE INDEX log_entries_person ON ONLY public.log_entries USING btree (account, person, id);
CREATE INDEX log_entries_20261129_account_person_id_idx ON public.log_entries_20261129 USING btree (account, person, id);
CREATE INDEX log_entries_successes ON ONLY public.log_entries USING btree (at) WHERE (outcome = ANY (ARRAY[0, 3]));
CREATE INDEX log_entries_20261129_at_idx ON public.log_entries_20261129 USING btree (at) WHERE (outcome = ANY (ARRAY[0, 3]));
CREATE INDEX log_entries_failures ON ONLY public.log_entries USING btree (at) WHERE (outcome = ANY (ARRAY[1, 2]));
CREATE INDEX log_entries_20261129_at_idx1 ON public.log_entries_20261129 USING btree (at) WHERE (outcome = ANY (ARRAY[1, 2]));
CREATE INDEX log_entries_sync ON ONLY public.log_entries USING btree (sync, id);
CREATE INDEX log_entries_20261129_sync_id_idx ON public.log_entries_20261129 USING btree (sync, id);
CREATE INDEX log_entries_20261130_account_person_id_idx ON public.log_entries_20261130 USING btree (account, person, id);
CREATE INDEX log_entries_20261130_at_idx ON public.log_entries_20261130 USING btree (at) WHERE (outcome = ANY (ARRAY[0, 3]));
CREATE INDEX log_entries_20261130_at_idx1 ON public.log_entries_20261130 USING btree (at) WHERE (outcome = ANY (ARRAY[1, 2]));
CREATE INDEX log_entries_20261130_sync_id_idx ON public.log_entries_20261130 USING btree (sync, id);
CREATE INDEX log_entries_20261201_account_person_id_idx ON public.log_entries_20261201 USING btree (account, person, id);
CREATE INDEX log_entries_20261201_at_idx ON public.log_entries_20261201 USING btree (at) WHERE (outcome = ANY (ARRAY[0, 3]));
CREATE INDEX log_entries_20261201_at_idx1 ON public.log_entries_20261201 USING btree (at) WHERE (outcome = ANY (ARRAY[1, 2]));
CREATE INDEX log_entries_20261201_sync_id_idx ON public.log_entries_20261201 USING btree (sync, id);
CREATE INDEX log_entries_20261202_account_person_id_idx ON public.log_entries_20261202 USING btree (account, person, id);
CREATE INDEX log_entries_20261202_at_idx ON public.log_entries_20261202 USING btree (at) WHERE (outcome = ANY (ARRAY[0, 3]));
CREATE INDEX log_entries_20261202_at_idx1 ON public.log_entries_20261202 USING btree (at) WHERE (outcome = ANY (ARRAY[1, 2]));
CREATE INDEX log_entries_20261202_sync_id_idx ON public.log_entries_20261202 USING btree (sync, id);
CREATE INDEX log_entries_default_account_person_id_idx ON public.log_entries_default USING btree (account, person, id);
CREATE INDEX log_entries_default_at_idx ON public.log_entries_default USING btree (at) WHERE (outcome = ANY (ARRAY[0, 3]));
CREATE INDEX log_entries_default_at_idx1 ON public.log_entries_default USING btree (at) WHERE (outcome = ANY (ARRAY[1, 2]));
CREATE INDEX log_entries_default_sync_id_idx ON public.log_entries_default USING btree (sync, id);
CREATE INDEX people_deleted ON public.people USING btree (deleted_at, account, id) WHERE (deleted_at IS NOT NULL);
CREATE INDEX person_changes_at ON public.person_changes USING brin (at) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX sessions_by_age ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_of_key ON public.sessions USING btree (account, api_key, created_at);
CREATE INDEX sweeps_oldest ON public.sweeps USING btree (id);
CREATE INDEX syncs_by_id ON public.syncs USING hash (id);
ALTER INDEX public.log_entries_person ATTACH PARTITION public.log_entries_20261129_account_person_id_idx;
ALTER INDEX public.log_entries_successes ATTACH PARTITION public.log_entries_20261129_at_idx;
ALTER INDEX public.log_entries_failures ATTACH PARTITION public.log_entries_20261129_at_idx1;
ALTER INDEX public.log_entries_pkey ATTACH PARTITION public.log_entries_20261129_pkey;
ALTER INDEX public.log_entries_sync ATTACH PARTITION public.log_entries_20261129_sync_id_idx;
ALTER INDEX public.log_entries_person ATTACH PARTITION public.log_entries_20261130_account_person_id_idx;
ALTER INDEX public.log_entries_successes ATTACH PARTITION public.log_entries_20261130_at_idx;
ALTER INDEX public.log_entries_failures ATTACH PARTITION public.log_entries_20261130_at_idx1;
ALTER INDEX public.log_entries_pkey ATTACH PARTITION public.log_entries_20261130_pkey;
ALTER INDEX public.log_entries_sync ATTACH PARTITION public.log_entries_20261130_sync_id_idx;
ALTER INDEX public.log_entries_person ATTACH PARTITION public.log_entries_20261201_account_person_id_idx;
ALTER INDEX public.log_entries_successes ATTACH PARTITION public.log_entries_20261201_at_idx;
ALTER INDEX public.log_entries_failures ATTACH PARTITION public.log_entries_20261201_at_idx1;
ALTER INDEX public.log_entries_pkey ATTACH PARTITION public.log_entries_20261201_pkey;
ALTER INDEX public.log_entries_sync ATTACH PARTITION public.log_entries_20261201_sync_id_idx;
ALTER INDEX public.log_entries_person ATTACH PARTITION public.log_entries_20261202_account_person_id_idx;
ALTER INDEX public.log_entries_successes ATTACH PARTITION public.log_entries_20261202_at_idx;
ALTER INDEX public.log_entries_failures ATTACH PARTITION public.log_entries_20261202_at_idx1;
ALTER INDEX public.log_entries_pkey ATTACH PARTITION public.log_entries_20261202_pkey;
ALTER INDEX public.log_entries_sync ATTACH PARTITION public.log_entries_20261202_sync_id_idx;
ALTER INDEX public.log_entries_person ATTACH PARTITION public.log_entries_default_account_person_id_idx;
ALTER INDEX public.log_entries_successes ATTACH PARTITION public.log_entries_default_at_idx;
ALTER INDEX public.log_entries_failures ATTACH PARTITION public.log_entries_default_at_idx1;
ALTER INDEX public.log_entries_pkey ATTACH PARTITION public.log_entries_default_pkey;
ALTER INDEX public.log_entries_sync ATTACH PARTITION public.log_entries_default_sync_id_idx;
ALTER TABLE ONLY public.alert_settings
    ADD CONSTRAINT alert_settings_account_fkey FOREIGN KEY (account) REFERENCES public.accounts(id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_account_api_key_fkey FOREIGN KEY (account, api_key) REFERENCES public.api_keys(account, id) ON DELETE CASCADE;
