//! The ports of a store, written out once for stores that hand each call on to another.

/// Hands name and methods of each port on to a macro: those whose calls such a store has no say in, one by one.
#[macro_export]
macro_rules! plain_ports {
    ($each:ident) => {
        $each! { LogStore {
            fn logs(account: AccountId, filter: &LogFilter, page: PageRequest<LogId>) -> Page<LogEntry>;
            fn logs_by_ids(account: AccountId, ids: &[LogId]) -> Vec<LogEntry>;
            fn counters(account: AccountId, filter: &CounterFilter) -> Vec<CounterRow>;
        } }

        $each! { KeyStore {
            fn create_first_account(account: &Account, key: &ApiKey) -> bool;
            fn create_key(key: &ApiKey) -> ();
            fn create_key_once(key: &ApiKey) -> MadeKey;
            fn key_by_hash(hash: &[u8; 32]) -> Option<ApiKey>;
            fn keys(account: AccountId) -> Vec<ApiKey>;
            fn revoke_key(account: AccountId, id: KeyId) -> SetResult<ApiKey>;
            fn touch_key(account: AccountId, id: KeyId, at: Timestamp) -> ();
            fn accounts() -> Vec<Account>;
        } }

        $each! { SessionStore {
            fn open_session(session: &NewSession) -> Option<Session>;
            fn session(hash: &[u8; 32]) -> Option<Session>;
            fn close_session(hash: &[u8; 32]) -> bool;
            fn prune_sessions(rows_max: usize) -> usize;
        } }

        $each! { AlertStore {
            fn alerts(account: AccountId) -> Option<(AlertSettings, AlertStatus)>;
            fn alert_accounts() -> Vec<AccountId>;
            fn set_alerts(account: AccountId, settings: &AlertSettings) -> ();
            fn remove_alerts(account: AccountId) -> bool;
            fn note_alerts(account: AccountId, seed: Uuid) -> usize;
            fn claim_alert(token: LeaseToken, lease: Duration) -> Option<ClaimedAlert>;
            fn settle_alert(token: LeaseToken, claimed: &ClaimedAlert, verdict: &Verdict, gap: Duration) -> ();
        } }
    };
}
