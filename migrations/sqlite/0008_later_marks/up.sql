-- What a change leaves to be marked in batches: whom it changed, once, and each sync that is to be marked for them.
CREATE TABLE later_people (
    account BLOB NOT NULL,
    id INTEGER NOT NULL,
    -- Ids, in order.
    people TEXT NOT NULL CHECK (json_valid(people)),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) STRICT;
CREATE TABLE later_marks (
    account BLOB NOT NULL,
    id INTEGER NOT NULL,
    sync BLOB NOT NULL,
    -- How many of the people are done.
    done INTEGER NOT NULL CHECK (done >= 0),
    PRIMARY KEY (account, id, sync)
) STRICT, WITHOUT ROWID;
