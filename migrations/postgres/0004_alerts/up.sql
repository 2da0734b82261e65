-- Where the alerts of an account go, and what came of them. Whoever works on an account's alerts locks this row.
CREATE TABLE alert_settings (
    account uuid PRIMARY KEY REFERENCES accounts,
    settings jsonb NOT NULL,
    -- No alert of the account is taken before then: one is under way, or the last one was just now.
    held_until timestamptz NOT NULL,
    lease_token uuid,
    last_sent_at timestamptz,
    last_error text,
    last_error_at timestamptz
);

-- What was told of each sync, and what waits to be told.
CREATE TABLE alerts (
    account uuid NOT NULL,
    sync uuid NOT NULL,
    book jsonb NOT NULL,
    -- Of the book.
    waiting smallint NOT NULL CHECK (waiting >= 0),
    due_at timestamptz,
    PRIMARY KEY (account, sync),
    CHECK ((waiting = 0) = (due_at IS NULL))
);
CREATE INDEX alerts_due ON alerts (account, due_at) WHERE due_at IS NOT NULL;
