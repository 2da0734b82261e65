-- Twenty deletes that found nothing suspended the whole sync before; now they hold deletes alone.
UPDATE sync_runtime SET governor = json_set(governor,
    '$.breaker', 'closed',
    '$.brakes', json_object('missing', 20, 'held', json_array(json_array('delete', json_object(
        'kind', 'missing_deletes', 'since', json_extract(governor, '$.breaker.open.since'), 'lets_at', NULL, 'tries', 0,
        'reason', '20 deletes in a row were answered 404 or 410 and none was accepted: check the URL of Delete Users. '
            || 'If these records are rightly gone, release the hold')))))
WHERE json_extract(governor, '$.breaker.open.reason') LIKE '20 deletes in a row were answered 404 or 410 %';
-- What was parked as refused by an answer that is no refusal any more is tried once more: kind 11.
INSERT INTO sweeps (account, sync, id, kind, force, created_at)
SELECT account, id, (SELECT coalesce(max(id), 0) FROM sweeps) + row_number() OVER (ORDER BY account, id), 11, 0,
    unixepoch() * 1000000
FROM syncs WHERE deleted_at IS NULL;
