//! The contract of the store ports, as tests: each MUST of their documentation is a case here, and every store passes all.
//!
//! A case is a public async function, generic over the fixture; [`crate::store_contract!`] makes a test of each. Cases
//! never look at exact times, since a store may have a clock that goes on; they move it by [`StoreFixture::advance`].

pub mod alerts;
pub mod breaker;
pub mod chosen;
pub mod claim;
pub mod directory;
pub mod hand_off;
pub mod intake;
pub mod isolation;
pub mod later;
pub mod maintenance;
pub mod next;
pub mod records;
pub mod restores;
pub mod sessions;
pub mod settle;
pub mod signals;
pub mod sweeps;
mod world;

pub use world::{World, accepted};

use async_trait::async_trait;
use std::time::Duration;
use sync_core::key::Account;
use sync_core::ports::Store;
use sync_core::time::Timestamp;

/// How a store is put under the suite. One fixture is one fresh, migrated, empty store; dropping it removes its traces.
#[async_trait]
pub trait StoreFixture: Send + Sync + 'static {
    /// The store.
    type Store: Store + 'static;

    /// Whether the store can know which leases a crashed process left: an embedded one, which has one process.
    const ENDS_STALE_LEASES: bool = true;

    /// A fresh store that settles by `Policy::default()`.
    async fn fresh() -> Self;

    /// The store.
    fn store(&self) -> &Self::Store;

    /// Makes an account beside the first one (the ports make none but the first).
    async fn create_account(&self, account: &Account);

    /// Moves the store's clock forward.
    async fn advance(&self, by: Duration);

    /// Makes the store's clock stand at `at` until it is moved again.
    async fn freeze(&self, at: Timestamp);
}

/// Makes a test of each case of the contract for a [`StoreFixture`].
#[macro_export]
macro_rules! store_contract {
    ($fixture:ty) => {
        $crate::store_contract! { @all $fixture;
            intake {
                a_new_person_is_owed_to_every_live_sync
                nothing_is_made_for_deleted_people
                an_unchanged_upsert_marks_nothing
                calls_apply_in_order_and_each_gets_its_result
                a_change_is_marked_while_a_lease_is_out
                a_deleted_person_stays_as_a_tombstone_and_counts_on
                the_snapshot_of_an_unresolved_create_is_kept
                an_unknown_account_leaves_no_trace
                changes_are_kept_newest_first
                concurrent_changes_are_all_kept
                a_person_comes_back_as_it_was_given
            }
            hand_off {
                fresh_links_are_handed_off_up_to_the_bound
                what_is_handed_off_is_not_claimed
                the_bound_is_spread_over_syncs
                a_paused_sync_takes_no_hand_off
                a_rate_limited_sync_takes_no_hand_off
                a_backlog_goes_first
                a_suspended_sync_takes_no_hand_off
                a_sync_that_forgets_takes_no_hand_off
                a_held_sync_takes_no_hand_off
                leases_out_take_the_room
                links_with_a_history_go_through_the_claim
                without_a_hand_off_nothing_is_leased
            }
            claim {
                the_oldest_debt_comes_first
                the_bound_of_a_call_is_kept
                room_counts_leases_over_all_claims
                no_sync_takes_the_room_of_another
                retries_leave_half_to_fresh_work
                a_paused_sync_leases_nothing
                a_deleted_sync_leases_nothing
                a_rate_limit_is_exact
                next_in_tells_when_backoff_ends
                the_newest_person_comes_with_the_lease
                concurrent_claims_lease_each_link_once
                a_lost_lease_is_recovered_and_waits_out_its_quiet_time
                a_lost_delete_is_finished_first
                a_released_lease_may_be_claimed_at_once
                a_repeated_create_keeps_its_key
            }
            breaker {
                five_failing_people_suspend_a_sync
                one_probe_goes_at_a_time
                probes_take_oldest_and_newest_in_turn
                a_success_closes_and_tries_spent_links_again
                resume_probes_at_once
                a_hold_ends_by_time
                a_released_brake_lets_one_through
            }
            settle {
                an_accepted_create_is_linked_counted_and_logged
                a_change_during_the_attempt_stays_owed
                a_parked_attempt_does_not_park_a_newer_generation
                settling_twice_changes_nothing
                settling_twice_changes_nothing_though_the_row_went_meanwhile
                one_batch_may_hold_a_settlement_twice
                a_lease_taken_over_does_not_touch_the_state
                a_late_create_finds_its_row_gone
                a_delete_removes_the_row_unless_the_person_is_back
                a_deleted_sync_settles_into_nothing
                a_delete_settled_twice_is_counted_once
                an_id_of_another_person_parks_after_three_tries
                a_chosen_id_of_another_person_is_a_conflict_before_anything_is_sent
                two_rows_of_a_batch_cannot_take_one_id
                an_id_passes_from_a_deleted_person_in_one_batch
                an_id_of_one_sync_is_free_in_another
                an_old_revision_stays_owed
                odd_texts_settle
                a_log_id_used_twice_does_not_fail_a_settlement
                the_kept_answer_survives
                large_batches_settle
            }
            sweeps {
                a_new_sync_includes_existing_people
                people_marked_by_changes_are_not_swept_again
                resync_all_marks_everybody
                resync_unlinked_leaves_records_alone
                resync_parked_unparks
                force_is_kept
                sweeps_go_on_from_their_cursor
                an_edit_unparks
                forget_makes_everybody_new
                forget_removes_deleted_people
                a_deleted_sync_goes_in_batches
                equal_sweeps_that_wait_are_one
                sweeps_are_worked_in_order
                nothing_to_sweep_is_told
            }
            later {
                what_is_beyond_the_bound_is_marked_later
                later_marks_are_those_of_the_change
                an_unresolved_create_keeps_its_snapshot_at_once
                who_goes_meanwhile_is_told_where_there_is_a_record
                a_deleted_sync_is_owed_nothing_more
                a_later_change_and_a_hand_off_go_their_way
                later_marks_stay_within_their_account
                accounts_take_turns
                sweeps_and_later_marks_take_turns
            }
            directory {
                people_are_paged_by_id
                pages_are_stable_while_rows_come_and_go
                people_are_found_by_the_beginning_of_their_terms
                search_follows_changes
                links_are_filtered_by_everything
                links_are_paged_by_person
                links_are_found_by_id_and_by_person
                syncs_are_paged_newest_first
                updating_compares_and_sets
                unique_id_and_lookup_raise_their_revision
                pausing_does_not_raise_the_revision
                a_deleted_sync_is_shown_to_nobody
                counts_follow_every_change
                sealing_anew_raises_no_revision
                settings_come_back_as_they_were_given
            }
            next {
                owed_links_are_counted_by_what_they_need
                doubtful_creates_are_counted_apart
                no_more_links_are_looked_at_than_the_bound
            }
            records {
                log_entries_come_back_as_they_were_given
                the_log_is_filtered_by_everything
                the_log_is_paged_newest_first
                counters_are_summed_by_minute_and_key
                old_counters_are_folded_into_hours
                only_the_first_account_is_made
                keys_are_listed_newest_first
                a_key_with_the_same_hash_is_replaced
                the_last_admin_key_cannot_be_revoked
            }
            chosen {
                a_sync_is_made_once
                calls_at_once_make_one_sync
                existing_people_are_swept_once
                the_id_of_a_deleted_sync_is_remembered
                a_sync_whose_id_was_not_chosen_is_not_made_again
                an_id_means_something_within_its_account_alone
                ids_that_do_not_sort_by_time_are_paged_newest_first
                a_key_is_made_once_with_the_last_secret
                a_key_is_made_again_only_young_and_unused
                calls_at_once_make_one_key
            }
            sessions {
                a_session_lasts_its_time
                a_session_ends_with_its_key
                a_session_needs_a_key_that_is_not_revoked
                a_closed_session_is_gone
                the_oldest_session_of_a_key_makes_room
                expired_sessions_are_pruned
                only_ended_sessions_are_told
            }
            maintenance {
                migrating_again_changes_nothing
                stale_leases_end
                old_entries_are_pruned_by_outcome
                pruning_is_bounded
                tombstones_stay_while_something_is_open
                versions_never_restart_after_a_purge
                a_purge_takes_unlinked_rows_and_leaves_kept_ones
                a_purge_is_bounded
                a_tombstone_stays_while_its_link_is_uncertain
                retry_marks_owed_and_parked_links
                retry_is_filtered
                retry_goes_on_after_the_last_one
                totals_add_up
                the_backlog_is_what_waits_for_active_syncs
            }
            alerts {
                each_news_is_told_once
                parked_links_are_told_above_the_threshold
                one_alert_of_an_account_is_under_way
                a_lost_lease_is_sent_again
                a_mended_address_is_tried_at_once
                removed_alerts_leave_nothing
                a_deleted_sync_is_forgotten
                concurrent_claims_take_an_alert_once
            }
            signals {
                due_links_are_told
                log_entries_are_told_by_id
                edits_are_told
                a_quiet_store_tells_nothing_of_reads
            }
            restores {
                what_is_noted_comes_back
                a_restore_marks_everything
                after_a_restore_the_lookup_is_asked_first
                after_a_restore_doubtful_creates_are_held
            }
            isolation {
                work_stays_within_its_account
                the_directory_stays_within_its_account
                records_stay_within_their_account
                writes_do_not_reach_another_account
            }
        }
    };
    (@all $fixture:ty; $($module:ident { $($case:ident)+ })+) => {
        $(mod $module {
            #[allow(unused_imports, reason = "the fixture may be named by a path")]
            use super::*;
            $(#[tokio::test]
            async fn $case() {
                $crate::contract::$module::$case::<$fixture>().await;
            })+
        })+
    };
}

#[cfg(test)]
mod tests {
    /// A case that is not in the list would never run.
    #[test]
    fn every_case_is_in_the_list() {
        let list = include_str!("mod.rs");
        let sources = [
            include_str!("alerts.rs"),
            include_str!("breaker.rs"),
            include_str!("chosen.rs"),
            include_str!("claim.rs"),
            include_str!("directory.rs"),
            include_str!("hand_off.rs"),
            include_str!("intake.rs"),
            include_str!("isolation.rs"),
            include_str!("later.rs"),
            include_str!("maintenance.rs"),
            include_str!("records.rs"),
            include_str!("restores.rs"),
            include_str!("sessions.rs"),
            include_str!("settle.rs"),
            include_str!("signals.rs"),
            include_str!("sweeps.rs"),
        ];
        let mut cases = 0;
        for line in sources.iter().flat_map(|source| source.lines()) {
            let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
            let case = rest.split('<').next().expect("split gives at least one part");
            assert!(list.lines().any(|line| line.trim() == case), "{case} is not in store_contract!");
            cases += 1;
        }
        assert!(cases > 100, "only {cases} cases were found");
    }
}
