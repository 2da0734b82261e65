-- What a change leaves to be marked in batches: whom it changed, once, and each sync that is to be marked for them.
CREATE TABLE later_people (
    account uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    -- Ids, in order.
    people text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, id)
);
CREATE TABLE later_marks (
    account uuid NOT NULL,
    id bigint NOT NULL,
    sync uuid NOT NULL,
    -- How many of the people are done.
    done integer NOT NULL CHECK (done >= 0),
    PRIMARY KEY (account, id, sync)
);
-- Links whose create is or may be unresolved, which a change looks for in the syncs that it leaves for later. Without the account,
-- as the indexes of queues.
CREATE INDEX links_unresolved ON links (sync, person) WHERE state IN (1, 4) OR (state = 0 AND has_extras);
