-- What is pruned is found by its age, without reading what is kept: each entry stands in one of the two.
CREATE INDEX log_entries_successes ON log_entries (at) WHERE outcome IN (0, 3);
CREATE INDEX log_entries_failures ON log_entries (at) WHERE outcome IN (1, 2);
-- Appended to, and pruned from its beginning.
ALTER TABLE person_changes SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
