//! Lookups: for what a create in doubt made, for a record that exists, is gone or may have moved, and before a first create.

use super::{Next, Settled, Settling};
use crate::governor::Signal;
use crate::judge::Verdict;
use crate::link::{Asking, LinkState, ParkReason, UniqueId};
use crate::log::{FailureKind, LogOutcome};
use crate::person::Version;
use std::time::Duration;

/// How long after a first "none" for a deleted person the second one is asked for, before the row goes.
const DELETED_AGAIN: Duration = Duration::from_secs(3600);

const NONE_YET: &str = "looked up: no record yet";

impl Settling<'_> {
    pub(super) fn looked_up(&self, settled: Settled) -> Settled {
        match &self.judged.verdict {
            Verdict::Found(ids) => self.found(settled, ids),
            Verdict::NoneFound => self.none_found(settled),
            // A search changes nothing there, so that nothing has to be waited out.
            Verdict::Accepted(_)
            | Verdict::NoId(_)
            | Verdict::Unreadable(_)
            | Verdict::Forbidden
            | Verdict::MaybeLater
            | Verdict::NotYet
            | Verdict::NoAnswer(_) => self.try_later(settled, ParkReason::RetriesSpent),
            Verdict::Limited(_) | Verdict::EndpointFails { .. } | Verdict::NotSent(_) | Verdict::Released => {
                self.defer(settled)
            }
            Verdict::Redirected { .. } => self.redirect(settled),
            Verdict::Refused { .. } | Verdict::Exists | Verdict::Gone => {
                self.refuse(settled, "correct the lookup rule, then retry")
            }
        }
    }

    fn found(&self, mut settled: Settled, ids: &[UniqueId]) -> Settled {
        settled.lookup_found = true;
        let [id] = ids else {
            settled.failure = Some(FailureKind::Ambiguous);
            // No more than two are read of an answer.
            let first = ids.iter().take(2).map(ToString::to_string).collect::<Vec<_>>().join(" and ");
            let detail = format!(
                "the lookup finds several records ({first} come first): remove or merge the others there, then retry"
            );
            return settled.park(ParkReason::Ambiguous, detail);
        };
        let rules = self.context.rules;
        // Proven ours: the search names the person's own id, or found nobody before our first create.
        let ours = rules.lookup_names_person
            || (settled.notes.looked_up && !matches!(settled.state, LinkState::Linked(_) | LinkState::Leaving(_)));
        match &settled.state {
            LinkState::Linked(held) | LinkState::Leaving(held) if held == id && settled.notes.asking.is_none() => {
                if let Some(left) = self.index_lags() {
                    let message = format!("looked up: the record is {id} still");
                    return Self::ask_again(settled, left, &message);
                }
                settled.notes.may_have_moved = false;
                settled.notes.moved_to.clear();
                settled.next = Next::Owed(Duration::ZERO);
                return settled.learn(format!("looked up: the record is {id}, as before"));
            }
            LinkState::Linked(held) if held == id => {
                let said = match &settled.notes.asking {
                    Some(Asking::Gone(said)) => said.clone(),
                    _ => "gone".to_owned(),
                };
                settled.notes.asking = None;
                let detail = format!(
                    "{said} to the record {id}, which the lookup finds all the same: check the URL of Update Users"
                );
                return settled.park(ParkReason::Missing, detail);
            }
            LinkState::Leaving(held) if held == id => {
                settled.notes.asking = None;
                settled.notes.may_have_moved = false;
                let detail = format!(
                    "the record {id} is gone, and the lookup finds it all the same: check the URL of Delete Users"
                );
                return settled.park(ParkReason::Missing, detail);
            }
            LinkState::Linked(_) | LinkState::Leaving(_) => {
                let moved = settled.notes.may_have_moved;
                let message = format!("looked up: the record is {id} now");
                settled.forget_digest();
                settled.recreated |= !moved;
                let adopted = settled.notes.adopted || !(ours || moved);
                settled.link_to(id.clone());
                (settled.notes.may_have_moved, settled.notes.adopted) = (false, adopted);
                settled.notes.moved_to.clear();
                settled.next = Next::Owed(Duration::ZERO);
                return settled.learn(message);
            }
            LinkState::Unlinked | LinkState::Uncertain | LinkState::Unaddressable => {}
        }
        let before_any_create = settled.state == LinkState::Unlinked;
        settled.sent = (!before_any_create).then(|| self.first_sent());
        let message = format!("looked up: the record is {id}");
        settled.link_to(id.clone());
        (settled.notes.adopted, settled.notes.adopted_unseen) = (!ours, !ours);
        settled.next = Next::Owed(Duration::ZERO);
        settled.learn(message)
    }

    fn none_found(&self, settled: Settled) -> Settled {
        match settled.state {
            LinkState::Unlinked => Self::none_before_create(settled),
            LinkState::Uncertain => self.none_after_create(settled),
            LinkState::Unaddressable => self.none_after_silence(settled),
            LinkState::Linked(_) | LinkState::Leaving(_) => self.none_for_lost(settled),
        }
    }

    /// Asked before a first create, or since the record was said to exist.
    fn none_before_create(mut settled: Settled) -> Settled {
        if let Some(Asking::Exists(said)) = settled.notes.asking.take() {
            let detail = format!(
                "{said}, but the lookup finds no record: correct the lookup rule, or look why the external system refuses \
                 this person"
            );
            settled.failure = Some(FailureKind::Status);
            return settled.park(ParkReason::Refused, detail);
        }
        settled.notes.looked_up = true;
        settled.next = Next::Owed(Duration::ZERO);
        settled.learn("looked up before the create: no record")
    }

    /// How much longer a search index is given before its "none" is believed.
    fn index_lags(&self) -> Option<Duration> {
        let settle = self.context.rules.lookup_settle;
        let since = self.context.known.since_doubt?;
        settle.checked_sub(since).filter(|left| !left.is_zero())
    }

    fn none_after_create(&self, mut settled: Settled) -> Settled {
        if let Some(Asking::Exists(said)) = &settled.notes.asking {
            settled.message =
                format!("{said} to a repeated create, but the lookup finds no record yet: an index may lag behind");
            settled.failure = Some(FailureKind::Status);
            return self.try_later(settled, ParkReason::Uncertain);
        }
        if let Some(left) = self.index_lags() {
            return Self::ask_again(settled, left, NONE_YET);
        }
        if let Some(Asking::Refused(said, version)) = settled.notes.asking.clone() {
            return self.refused_for_good(settled, &said, version);
        }
        // A repetition at the id that we choose makes no second record.
        let page = settled.notes.page && !self.context.rules.chosen_id;
        if page && !self.context.known.lookup_proven {
            return self.not_proven(settled);
        }
        if self.attempt.person_deleted {
            return self.none_for_deleted(settled);
        }
        if page {
            if settled.notes.none_spent {
                let detail =
                    "a page came instead of an answer to a second create, too: look in the external system, then retry";
                return settled.park(ParkReason::Uncertain, detail);
            }
            settled.notes.none_spent = true;
        }
        // The key survives: the create that follows is the same operation.
        settled.state = LinkState::Unlinked;
        settled.sent = None;
        settled.notes.asking = None;
        settled.next = Next::Owed(Duration::ZERO);
        settled.learn(match self.context.known.since_doubt {
            Some(since) => format!(
                "looked up {} s after the create: no record, so it was not carried out (lookup.settleSeconds)",
                since.as_secs()
            ),
            None => "looked up: no record, so the create was not carried out (lookup.settleSeconds)".to_owned(),
        })
    }

    /// The create was accepted once, and its record is not found.
    fn none_after_silence(&self, mut settled: Settled) -> Settled {
        if let Some(left) = self.index_lags() {
            return Self::ask_again(settled, left, NONE_YET);
        }
        settled.failure = Some(FailureKind::NoUniqueId);
        if !self.context.known.lookup_proven {
            let detail = "the create was accepted, but the lookup finds no record, and it has found nobody yet since its last \
                          edit: look in the external system, then correct the lookup rule or the unique id path";
            return settled.park(ParkReason::NoUniqueId, detail);
        }
        settled.signal = Signal::Vanished;
        if settled.notes.none_spent {
            let detail = "the create was accepted twice, and the lookup finds no record: look in the external system, then \
                          correct the lookup rule or the unique id path";
            return settled.park(ParkReason::NoUniqueId, detail);
        }
        if self.attempt.person_deleted {
            return self.none_for_deleted(settled);
        }
        settled.unlink();
        settled.notes.none_spent = true;
        settled.notes.looked_up = true;
        settled.next = Next::Owed(Duration::ZERO);
        settled.learn("looked up: no record, so the create that told no unique id made none")
    }

    /// A record that is gone, or may have moved, is found nowhere.
    fn none_for_lost(&self, mut settled: Settled) -> Settled {
        if let Some(left) = self.index_lags() {
            return Self::ask_again(settled, left, NONE_YET);
        }
        let said = match settled.notes.asking.take() {
            Some(Asking::Gone(said)) => said,
            _ if self.attempt.person_deleted || matches!(settled.state, LinkState::Leaving(_)) => {
                // Nothing was sent to the record yet: where it is gone, its own 404 says so.
                settled.notes.searched = true;
                settled.next = Next::Owed(Duration::ZERO);
                return settled.learn("looked up: no record, so it is deleted at the id that is held");
            }
            _ => {
                let held = settled.state.unique_id().map(ToString::to_string).unwrap_or_default();
                settled.message = format!(
                    "the record {held} may have moved, and the lookup finds it nowhere. A retry sends the update to {held}, which \
                     makes a second record where the system makes what it does not find"
                );
                settled.failure = Some(FailureKind::Status);
                return self.try_later(settled, ParkReason::Missing);
            }
        };
        let moved = settled.notes.may_have_moved;
        let same_search = settled.notes.lookup_digest.is_some() && settled.notes.lookup_digest == self.attempt.digest;
        let another_search = if same_search { "" } else { ". The search is not the one that found it before" };
        settled.failure = Some(FailureKind::Status);
        if self.attempt.person_deleted || matches!(settled.state, LinkState::Leaving(_)) {
            if !self.context.known.lookup_proven {
                let detail = format!(
                    "{said}: the record may have moved, and the lookup has found nobody yet: look for it there"
                );
                return settled.park(ParkReason::Missing, detail);
            }
            if moved && !same_search {
                let detail =
                    format!("{said}, and the lookup finds no record{another_search}: look for it there, then retry");
                return settled.park(ParkReason::Missing, detail);
            }
            if self.attempt.person_deleted && !settled.notes.none_for_deleted {
                settled.notes.asking = Some(Asking::Gone(said));
                return self.none_for_deleted(settled);
            }
            settled.unlink();
            settled.recreated = false;
            settled.next = if self.attempt.person_deleted { Next::Remove } else { Next::Owed(Duration::ZERO) };
            return settled.learn(format!("{said}, and the lookup finds no record: already gone"));
        }
        if moved || !same_search || !self.context.known.lookup_proven || settled.recreated {
            let detail =
                format!("{said}, and the lookup finds no record{another_search}: look for it there, then retry");
            return settled.park(ParkReason::Missing, detail);
        }
        settled.unlink();
        settled.notes.looked_up = true;
        settled.recreated = true;
        settled.next = Next::Owed(Duration::ZERO);
        settled.learn(format!("{said}, and the lookup finds no record: it is created again"))
    }

    fn none_for_deleted(&self, mut settled: Settled) -> Settled {
        if settled.notes.none_for_deleted {
            settled.unlink();
            settled.next = Next::Remove;
            return settled.learn("looked up: no record, there is nothing to delete");
        }
        settled.notes.none_for_deleted = true;
        settled.outcome = LogOutcome::Retrying;
        settled.failure = None;
        let again = if self.context.policy.quiet_time < Duration::from_secs(30) {
            self.context.policy.quiet_time
        } else {
            DELETED_AGAIN
        };
        settled.message = format!(
            "looked up: no record. Since the person is deleted, it is asked once more in {} min",
            again.as_secs().div_ceil(60)
        );
        settled.next = Next::Owed(again);
        settled
    }

    fn refused_for_good(&self, mut settled: Settled, said: &str, version: Version) -> Settled {
        settled.unlink();
        if self.attempt.person_deleted {
            settled.next = Next::Remove;
            return settled.learn(format!("looked up: no record, the create was refused ({said})"));
        }
        if self.attempt.person_version != version || self.attempt.outdated {
            return settled
                .go_on(format!("looked up: no record, the create was refused ({said}); the newest state is sent"));
        }
        settled.failure = Some(FailureKind::Status);
        let detail = format!("{said}, and the lookup finds no record (change the person's data or the rule)");
        settled.park(ParkReason::Refused, detail)
    }

    fn not_proven(&self, mut settled: Settled) -> Settled {
        settled.message =
            "the lookup finds no record, but has found nobody yet since its last edit, so it proves nothing".to_owned();
        settled.failure = Some(FailureKind::NoUniqueId);
        self.try_later(settled, ParkReason::Uncertain)
    }

    /// What is found so soon is no proof.
    fn ask_again(mut settled: Settled, left: Duration, message: &str) -> Settled {
        settled.outcome = LogOutcome::Retrying;
        settled.failure = None;
        settled.message =
            format!("{message}; it is asked again in {} s, since an index may lag", left.as_secs().max(1));
        settled.next = Next::Owed(left);
        settled
    }
}
