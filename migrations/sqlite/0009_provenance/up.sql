-- What the database says of itself: whether it is a copy, or was moved away. At most one row.
CREATE TABLE provenance (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    noted TEXT NOT NULL CHECK (json_valid(noted))
) STRICT;
