-- Without the account: a sync's id says nearly as much, each entry is shorter, and no plan can take the primary key for it.
DROP INDEX links_claimable;
CREATE INDEX links_claimable ON links (queue, retrying, claimable_at, person) WHERE claimable_at IS NOT NULL;
-- Whose a queue is. A hash, which no plan can take for an order.
CREATE INDEX syncs_by_id ON syncs USING hash (id);
