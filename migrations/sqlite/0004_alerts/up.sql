-- Where the alerts of an account go, and what came of them.
CREATE TABLE alert_settings (
    account BLOB NOT NULL PRIMARY KEY REFERENCES accounts,
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    -- No alert of the account is taken before then: one is under way, or the last one was just now.
    held_until INTEGER NOT NULL,
    lease_token BLOB CHECK (length(lease_token) = 16),
    last_sent_at INTEGER,
    last_error TEXT,
    last_error_at INTEGER
) STRICT, WITHOUT ROWID;

-- What was told of each sync, and what waits to be told.
CREATE TABLE alerts (
    account BLOB NOT NULL,
    sync BLOB NOT NULL CHECK (length(sync) = 16),
    book TEXT NOT NULL CHECK (json_valid(book)),
    -- Of the book.
    waiting INTEGER NOT NULL CHECK (waiting >= 0),
    due_at INTEGER,
    PRIMARY KEY (account, sync),
    CHECK ((waiting = 0) = (due_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_due ON alerts (account, due_at) WHERE due_at IS NOT NULL;
