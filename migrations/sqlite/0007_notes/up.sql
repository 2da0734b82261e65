-- What is remembered of a link beyond its state: rare, so it stands beside it.
ALTER TABLE link_extras ADD COLUMN notes TEXT CHECK (json_valid(notes));
-- Links of deleted people whose record is kept, since it existed before.
ALTER TABLE sync_runtime ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;

-- More kinds of sweeps.
CREATE TABLE sweeps_of_more_kinds (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    id INTEGER NOT NULL,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 31),
    force INTEGER NOT NULL CHECK (force IN (0, 1)),
    -- The last person done.
    cursor TEXT,
    -- What was parked before is left alone.
    since INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, sync, id)
) STRICT, WITHOUT ROWID;
INSERT INTO sweeps_of_more_kinds SELECT account, sync, id, kind, force, cursor, NULL, created_at FROM sweeps;
DROP TABLE sweeps;
ALTER TABLE sweeps_of_more_kinds RENAME TO sweeps;
CREATE UNIQUE INDEX sweeps_by_id ON sweeps (id);

-- More kinds of failures.
ALTER TABLE log_entries RENAME COLUMN failure TO failure_before;
ALTER TABLE log_entries ADD COLUMN failure INTEGER CHECK (failure BETWEEN 0 AND 63);
UPDATE log_entries SET failure = failure_before WHERE failure_before IS NOT NULL;
ALTER TABLE log_entries DROP COLUMN failure_before;
