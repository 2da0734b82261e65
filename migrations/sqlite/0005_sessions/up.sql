-- Sessions of the console. Of the token, which only the browser has, the hash.
CREATE TABLE sessions (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    account BLOB NOT NULL,
    api_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (account, api_key) REFERENCES api_keys (account, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_key ON sessions (account, api_key, created_at);
CREATE INDEX sessions_by_age ON sessions (expires_at);
