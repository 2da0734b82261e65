-- Migrations only go forward: a newer database is refused by an older program.
SELECT 1;
