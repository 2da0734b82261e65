-- What the database says of itself: where it was found at the last start, whether it was moved away. At most one row.
CREATE TABLE provenance (
    one boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    noted jsonb NOT NULL
);
