-- Fewer and narrower index entries for each delivery, and request and response of a log entry packed as one.

-- A claim reads what is claimable, fresh work and retries apart, oldest first, and nothing else.
DROP INDEX links_due;
DROP INDEX links_claimable;
CREATE INDEX links_claimable ON links (account, sync, retrying, claimable_at, person) WHERE claimable_at IS NOT NULL;
-- The links of a person are found by primary key, sync by sync.
DROP INDEX links_by_person;

-- A term that another of the same person begins with tells nothing more.
DELETE FROM people_search WHERE EXISTS (SELECT 1 FROM people_search longer WHERE longer.account = people_search.account
    AND longer.person = people_search.person AND longer.term > people_search.term
    AND longer.term < people_search.term || char(1114111) AND substr(longer.term, 1, length(people_search.term)) = people_search.term);

-- Request and response, packed; what was there is kept as unpacked JSON, which begins with a zero byte.
ALTER TABLE log_entries ADD COLUMN exchange BLOB;
UPDATE log_entries SET exchange = CAST(x'00' || '[' || coalesce(request, 'null') || ',' || coalesce(response, 'null') || ']'
    AS BLOB) WHERE request IS NOT NULL OR response IS NOT NULL;
ALTER TABLE log_entries DROP COLUMN request;
ALTER TABLE log_entries DROP COLUMN response;
