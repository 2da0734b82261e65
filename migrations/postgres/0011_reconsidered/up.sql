-- Twenty deletes that found nothing suspended the whole sync before; now they hold deletes alone.
UPDATE sync_runtime SET blocked_until = NULL, governor = governor || jsonb_build_object(
    'breaker', 'closed',
    'brakes', jsonb_build_object('missing', 20, 'held', jsonb_build_array(jsonb_build_array('delete', jsonb_build_object(
        'kind', 'missing_deletes', 'since', governor #> '{breaker,open,since}', 'lets_at', NULL, 'tries', 0,
        'reason', '20 deletes in a row were answered 404 or 410 and none was accepted: check the URL of Delete Users. '
            'If these records are rightly gone, release the hold')))))
WHERE governor #>> '{breaker,open,reason}' LIKE '20 deletes in a row were answered 404 or 410 %';
-- What was parked as refused by an answer that is no refusal any more is tried once more: kind 11.
INSERT INTO sweeps (account, sync, kind, force) SELECT account, id, 11, false FROM syncs WHERE deleted_at IS NULL;
