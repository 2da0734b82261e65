-- Ids of syncs that clients chose, and of syncs that were deleted: a call that is repeated makes nothing twice.
CREATE TABLE remembered_syncs (
    account BLOB NOT NULL,
    sync BLOB NOT NULL CHECK (length(sync) = 16),
    -- What tells the input that it was made of from others: keyed hashes.
    input TEXT CHECK (json_valid(input)),
    deleted_at INTEGER,
    PRIMARY KEY (account, sync),
    CHECK (input IS NULL OR deleted_at IS NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX remembered_syncs_by_age ON remembered_syncs (deleted_at) WHERE deleted_at IS NOT NULL;
-- Ids that clients choose do not sort by time.
CREATE INDEX syncs_by_age ON syncs (account, created_at, id);
