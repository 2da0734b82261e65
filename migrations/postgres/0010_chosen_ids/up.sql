-- Ids of syncs that clients chose, and of syncs that were deleted: a call that is repeated makes nothing twice.
CREATE TABLE remembered_syncs (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    -- What tells the input that it was made of from others: keyed hashes.
    input text,
    deleted_at timestamptz,
    PRIMARY KEY (account, sync),
    CHECK (input IS NULL OR deleted_at IS NULL)
);
CREATE INDEX remembered_syncs_by_age ON remembered_syncs (deleted_at) WHERE deleted_at IS NOT NULL;
-- Ids that clients choose do not sort by time.
CREATE INDEX syncs_by_age ON syncs (account, created_at, id);
