-- Sessions of the console. Of the token, which only the browser has, the hash.
CREATE TABLE sessions (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    account uuid NOT NULL,
    api_key uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (account, api_key) REFERENCES api_keys (account, id) ON DELETE CASCADE
);
CREATE INDEX sessions_of_key ON sessions (account, api_key, created_at);
CREATE INDEX sessions_by_age ON sessions (expires_at);
