-- What is remembered of a link beyond its state: rare, so it stands beside it.
ALTER TABLE link_extras ADD COLUMN notes json;
-- Links of deleted people whose record is kept, since it existed before.
ALTER TABLE link_counts ADD COLUMN kept bigint NOT NULL DEFAULT 0;
-- More kinds of sweeps and failures. The program knows which there are; a check over all log entries would only read them.
ALTER TABLE sweeps DROP CONSTRAINT sweeps_kind_check;
ALTER TABLE sweeps ADD COLUMN since timestamptz;
ALTER TABLE sweeps ADD CONSTRAINT sweeps_kind_check CHECK (kind BETWEEN 0 AND 31);
ALTER TABLE log_entries DROP CONSTRAINT log_entries_failure_check;
