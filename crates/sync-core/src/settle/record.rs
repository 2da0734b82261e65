//! Updates and deletes: requests to a record whose id is known.

use super::{Next, Settled, Settling, remembered};
use crate::judge::Verdict;
use crate::link::{Asking, LinkState, Notes, ParkReason, Sent, UniqueId};
use crate::sync::{OnMissing, Operation};
use std::time::Duration;

impl Settling<'_> {
    pub(super) fn updated(&self, mut settled: Settled) -> Settled {
        match &self.judged.verdict {
            Verdict::Accepted(id) => self.accepted_update(settled, id.as_ref()),
            Verdict::Gone => {
                settled.forget_digest();
                self.record_is_gone(settled)
            }
            Verdict::Unreadable(_) | Verdict::MaybeLater => {
                settled.forget_digest();
                self.may_have_moved(&mut settled);
                self.try_later(settled, ParkReason::RetriesSpent)
            }
            Verdict::NoAnswer(_) => {
                settled.forget_digest();
                self.may_have_moved(&mut settled);
                self.quiet(&mut settled);
                self.try_later(settled, ParkReason::RetriesSpent)
            }
            Verdict::NotYet => {
                settled.forget_digest();
                settled.notes.not_yet = Some((Operation::Update, self.attempt.person_version));
                self.try_later(settled, ParkReason::RetriesSpent)
            }
            Verdict::Limited(_) | Verdict::NotSent(_) | Verdict::Released => self.defer(settled),
            Verdict::EndpointFails { forgets_digest, .. } => {
                if *forgets_digest {
                    settled.forget_digest();
                }
                self.defer(settled)
            }
            verdict => self.rejected(settled, verdict),
        }
    }

    pub(super) fn deleted(&self, mut settled: Settled) -> Settled {
        match &self.judged.verdict {
            Verdict::Accepted(_) => self.finished_delete(settled, format!("deleted: {}", self.judged.said)),
            Verdict::Gone => {
                if let Some(elsewhere) = self.tried_elsewhere(&mut settled) {
                    return elsewhere;
                }
                self.finished_delete(settled, format!("already gone: {}", self.judged.said))
            }
            Verdict::Unreadable(_) | Verdict::MaybeLater => {
                self.leave(&mut settled);
                self.try_later(settled, ParkReason::RetriesSpent)
            }
            Verdict::NoAnswer(_) => {
                self.leave(&mut settled);
                self.quiet(&mut settled);
                self.try_later(settled, ParkReason::RetriesSpent)
            }
            Verdict::NotYet => {
                settled.notes.not_yet = Some((Operation::Delete, self.attempt.person_version));
                self.try_later(settled, ParkReason::RetriesSpent)
            }
            Verdict::Limited(_) | Verdict::EndpointFails { .. } | Verdict::NotSent(_) | Verdict::Released => {
                self.defer(settled)
            }
            verdict => {
                if matches!(verdict, Verdict::Redirected { may_be_done: true }) {
                    self.leave(&mut settled);
                }
                self.rejected(settled, verdict)
            }
        }
    }

    /// Forbidden, refused or redirected: the state stays, the digest is not believed any longer.
    fn rejected(&self, mut settled: Settled, verdict: &Verdict) -> Settled {
        settled.forget_digest();
        match verdict {
            Verdict::Forbidden => self.try_later(settled, ParkReason::Refused),
            Verdict::Redirected { may_be_done } => {
                if *may_be_done && self.attempt.operation == Operation::Update {
                    self.may_have_moved(&mut settled);
                }
                self.redirect(settled)
            }
            _ if self.attempt.operation == Operation::Delete => {
                self.refuse(settled, "correct Delete Users, or remove the record there; then retry")
            }
            _ => {
                // What is refused may be refused since another's record is there: that is neither written nor deleted unseen.
                if let Some(taken) = &self.attempt.moves_to {
                    settled.notes.moved_to.retain(|id| id != taken);
                    settled.notes.moved_unseen = false;
                }
                self.refuse(settled, "change the person's data or the rule")
            }
        }
    }

    fn accepted_update(&self, mut settled: Settled, read: Option<&UniqueId>) -> Settled {
        let attempt = self.attempt;
        settled.sent =
            Some(Sent { version: attempt.person_version, revision: attempt.revision, digest: attempt.digest });
        let held = settled.state.unique_id().cloned();
        let moved = read.filter(|read| self.context.rules.follow_id && held.as_ref() != Some(*read));
        let mut message = format!("updated: {}", self.judged.said);
        if let Some(to) = moved {
            message = format!("{message}; the record's unique id is {to} now");
        }
        if let Some(id) = moved.cloned().or(held) {
            settled.state = LinkState::Linked(id);
        }
        settled.recreated = false;
        settled.notes = Notes {
            adopted: settled.notes.adopted,
            lookup_digest: self.context.lookup_digest,
            create_again: settled.notes.create_again,
            forget: settled.notes.forget,
            ..Notes::default()
        };
        settled.next = Next::Done;
        settled.succeed(message)
    }

    fn finished_delete(&self, mut settled: Settled, message: String) -> Settled {
        settled.unlink();
        settled.notes.none_spent = false;
        settled.recreated = false;
        settled.next = if self.attempt.person_deleted { Next::Remove } else { Next::Owed(Duration::ZERO) };
        settled.succeed(message)
    }

    /// The delete may have been carried out.
    fn leave(&self, settled: &mut Settled) {
        if let Some(id) = &self.attempt.unique_id {
            settled.state = LinkState::Leaving(id.clone());
        }
        settled.forget_digest();
    }

    /// The update may have been carried out, and have moved the record's id.
    fn may_have_moved(&self, settled: &mut Settled) {
        if !self.context.rules.follow_id {
            return;
        }
        (settled.notes.may_have_moved, settled.notes.searched) = (true, false);
        settled.index_lags = self.context.rules.lookup;
        if let Some(to) = self.attempt.moves_to.clone().filter(|to| self.attempt.unique_id.as_ref() != Some(to)) {
            settled.notes.note_move(to);
        }
    }

    /// An update's record is gone.
    fn record_is_gone(&self, mut settled: Settled) -> Settled {
        let said = &self.judged.said;
        if let Some(elsewhere) = self.tried_elsewhere(&mut settled) {
            return elsewhere;
        }
        let id = self.link.state.unique_id().map(ToString::to_string).unwrap_or_default();
        let rules = self.context.rules;
        // A wrong URL says of every record that it is gone. At an id that stays the same no second record is made.
        let makes_no_second = rules.chosen_of_person && !rules.follow_id;
        if matches!(settled.state, LinkState::Leaving(_)) && (self.context.known.update_proven || makes_no_second) {
            settled.unlink();
            return settled.go_on(format!("{said}: the earlier delete was carried out, the person is created again"));
        }
        if matches!(settled.state, LinkState::Leaving(_)) {
            return self.missing(
                settled,
                &id,
                "Whether an earlier delete was carried out cannot be told: no update was accepted since Update Users was last \
                 edited, so its URL may be wrong. Check it, then retry; or switch Delete Users on, which finishes the delete",
            );
        }
        if settled.recreated {
            return self.missing(settled, &id, "it was linked or made anew already. Check the URL of Update Users");
        }
        if settled.notes.adopted_unseen && self.context.known.update_proven {
            // An index that lags may have shown a record that was there no more.
            settled.unlink();
            settled.notes.looked_up = true;
            settled.recreated = true;
            return settled
                .go_on(format!("{said}: the record {id} that the lookup had found is gone, the person is created"));
        }
        match rules.on_missing {
            OnMissing::Park if self.context.known.restored => self.missing(
                settled,
                &id,
                "An older copy of the database was restored, so the person may have been deleted since: then delete it here, \
                 too. Else check the URL of Update Users",
            ),
            OnMissing::Park => self.missing(
                settled,
                &id,
                "Check the URL of Update Users; to make a new record, set \"on missing\" to RECREATE, or to LOOKUP to look \
                 for it first",
            ),
            OnMissing::Recreate | OnMissing::Lookup if self.context.known.restored => self.missing(
                settled,
                &id,
                "An older copy of the database was restored, so the person may have been deleted since: then delete it here, \
                 too. Else release the hold RESTORED, then retry, which makes a new record",
            ),
            OnMissing::Recreate | OnMissing::Lookup if !self.context.known.update_proven => self.missing(
                settled,
                &id,
                "No update was accepted since Update Users was last edited, so its URL may be wrong: check it, then retry",
            ),
            OnMissing::Lookup if rules.lookup => {
                settled.notes.asking = Some(Asking::Gone(remembered(said)));
                settled.go_on(format!("{said}: the record {id} is gone, the lookup is asked where it went"))
            }
            OnMissing::Lookup if settled.notes.no_search.is_some() => self.missing(
                settled,
                &id,
                "The lookup has nothing of this person to search by. Look in the external system, then change the person's data \
                 or the lookup rule; then retry",
            ),
            OnMissing::Recreate | OnMissing::Lookup => {
                settled.unlink();
                settled.recreated = true;
                settled.go_on(format!("{said}: the record {id} is gone, it is created again"))
            }
        }
    }

    fn missing(&self, settled: Settled, id: &str, mend: &str) -> Settled {
        let detail = format!("{}: the record {id} is gone. {mend}", self.judged.said);
        settled.park(ParkReason::Missing, detail)
    }

    /// While the record may have moved, "gone" is not believed: the ids that it may have moved to are tried, then the lookup.
    fn tried_elsewhere(&self, settled: &mut Settled) -> Option<Settled> {
        if !settled.notes.may_have_moved {
            return None;
        }
        let said = &self.judged.said;
        let mut settled = settled.clone();
        settled.forget_digest();
        let is_elsewhere = |id: &UniqueId| self.attempt.unique_id.as_ref() != Some(id);
        settled.notes.moved_to.retain(is_elsewhere);
        // After a crash nobody knows where an update went: perhaps to the id that is chosen today.
        if std::mem::take(&mut settled.notes.moved_unseen)
            && let Some(today) = self.attempt.moves_to.clone().filter(is_elsewhere)
        {
            settled.notes.note_move(today);
        }
        if !settled.notes.moved_to.is_empty() {
            let next = settled.notes.moved_to.remove(0);
            let message = format!("{said}: the record may have moved, {next} is tried");
            settled.state = match settled.state {
                LinkState::Leaving(_) => LinkState::Leaving(next),
                _ => LinkState::Linked(next),
            };
            return Some(settled.go_on(message));
        }
        if self.context.rules.lookup {
            settled.notes.asking = Some(Asking::Gone(remembered(said)));
            return Some(settled.go_on(format!("{said}: the record may have moved, the lookup is asked for it")));
        }
        let detail = format!(
            "{said}: an update whose answer never came may have moved the record to another unique id. Look for it there, or \
             set up a lookup rule, then retry"
        );
        Some(settled.park(ParkReason::Missing, detail))
    }
}
