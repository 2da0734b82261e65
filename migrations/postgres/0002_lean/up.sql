-- Fewer and narrower index entries for each delivery, and request and response of a log entry packed as one.

-- A claim reads what is claimable, fresh work and retries apart, oldest first, and nothing else.
DROP INDEX links_due;
DROP INDEX links_claimable;
DROP INDEX links_leased;
ALTER TABLE links
    -- A column: of an expression the planner sees its negation, and finds no index for that.
    ADD COLUMN retrying boolean NOT NULL GENERATED ALWAYS AS (tries > 0 OR deferrals > 0) STORED,
    -- The sync in whose queue the link stands, owed or leased. The primary key knows nothing of it: asked for by this name,
    -- the queue is never looked for among all links, whatever the planner believes of their number.
    ADD COLUMN queue uuid GENERATED ALWAYS AS (CASE WHEN due_at IS NOT NULL OR lease_token IS NOT NULL THEN sync END) STORED;
CREATE INDEX links_claimable ON links (account, queue, retrying, claimable_at, person) WHERE claimable_at IS NOT NULL;
-- Without the account: a sync's id says nearly as much.
CREATE INDEX links_leased ON links (queue, lease_until) WHERE lease_token IS NOT NULL;
-- The links of a person are found by primary key, sync by sync.
DROP INDEX links_person;
-- Leasing and settling change indexed columns, so that no update of a link can stay on its page.
ALTER TABLE links SET (fillfactor = 100, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE link_extras SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE people SET (autovacuum_vacuum_scale_factor = 0.05);
-- What the governor says of when to ask again: a suspended sync's backlog costs the claims of others nothing.
ALTER TABLE sync_runtime ADD COLUMN blocked_until timestamptz;
ALTER TABLE sync_runtime SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE link_counts SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE people_counts SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE counters SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- A term that another of the same person begins with tells nothing more. The terms of a person follow from the person, and
-- are removed one by one.
DELETE FROM people_terms t USING people_terms u
    WHERE u.account = t.account AND u.person = t.person AND u.term <> t.term AND starts_with(u.term, t.term);
DROP INDEX people_terms_person;
ALTER TABLE people_terms SET (autovacuum_vacuum_scale_factor = 0.05);

-- Changes are appended in order of time.
DROP INDEX person_changes_at;
CREATE INDEX person_changes_at ON person_changes USING brin (at) WITH (pages_per_range = 32, autosummarize = on);

-- Request and response, packed; what was there is kept as unpacked JSON, which begins with a zero byte.
ALTER TABLE log_entries ADD COLUMN exchange bytea;
UPDATE log_entries SET exchange = '\x00'::bytea || convert_to('[' || coalesce(request::text, 'null') || ','
    || coalesce(response::text, 'null') || ']', 'UTF8') WHERE request IS NOT NULL OR response IS NOT NULL;
ALTER TABLE log_entries DROP COLUMN request;
ALTER TABLE log_entries DROP COLUMN response;
DROP INDEX log_entries_sync;
CREATE INDEX log_entries_sync ON log_entries (sync, id);
