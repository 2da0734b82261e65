//! Creates: first ones, and repeated ones, whose earlier request may have been carried out.

use super::{Next, Settled, Settling, remembered};
use crate::decide::no_unique_id_mend;
use crate::governor::Signal;
use crate::judge::Verdict;
use crate::link::{Asking, LinkState, ParkReason, Sent, UniqueId};
use crate::log::{FailureKind, LogOutcome};
use crate::sync::{OnExisting, Operation};
use crate::unique_id::{self, IdFault};
use std::time::Duration;

impl Settling<'_> {
    pub(super) fn created(&self, mut settled: Settled) -> Settled {
        let repeat = self.attempt.repeat;
        match &self.judged.verdict {
            Verdict::Accepted(Some(id)) => self.accepted_create(settled, id.clone()),
            Verdict::Accepted(None) => self.told_no_id(settled, &IdFault::NotConfigured),
            Verdict::NoId(fault) => self.told_no_id(settled, fault),
            Verdict::Unreadable(_) => {
                self.doubt(&mut settled);
                settled.notes.page = true;
                self.try_later(settled, ParkReason::RetriesSpent)
            }
            Verdict::Exists if repeat => self.exists_on_repeat(settled),
            Verdict::Exists => self.exists_already(settled),
            Verdict::Refused { of_repetition } if repeat => self.refused_on_repeat(settled, *of_repetition),
            Verdict::Refused { .. } | Verdict::Gone | Verdict::Found(_) | Verdict::NoneFound => {
                settled.unlink();
                let mend = match self.judged.verdict {
                    Verdict::Refused { .. } => "change the person's data or the rule",
                    _ => "correct the URL and method of Create Users",
                };
                self.refuse(settled, mend)
            }
            Verdict::Forbidden if repeat => {
                settled.state = LinkState::Uncertain;
                self.try_later(settled, ParkReason::Uncertain)
            }
            Verdict::Forbidden => {
                settled.unlink();
                self.try_later(settled, ParkReason::Refused)
            }
            Verdict::MaybeLater => {
                self.doubt(&mut settled);
                self.try_later(settled, ParkReason::RetriesSpent)
            }
            Verdict::NoAnswer(_) => {
                self.doubt(&mut settled);
                self.quiet(&mut settled);
                self.try_later(settled, ParkReason::RetriesSpent)
            }
            Verdict::NotYet => {
                self.not_carried_out(&mut settled);
                self.try_later(settled, ParkReason::RetriesSpent)
            }
            Verdict::Limited(_) | Verdict::EndpointFails { .. } | Verdict::NotSent(_) | Verdict::Released => {
                self.not_carried_out(&mut settled);
                self.defer(settled)
            }
            Verdict::Redirected { may_be_done } => {
                if *may_be_done {
                    self.doubt(&mut settled);
                } else if repeat {
                    settled.state = LinkState::Uncertain;
                } else {
                    settled.unlink();
                }
                self.redirect(settled)
            }
        }
    }

    /// The create may have been carried out.
    fn doubt(&self, settled: &mut Settled) {
        let attempt = self.attempt;
        settled.state = LinkState::Uncertain;
        settled.allow_resend = false;
        settled.index_lags = self.context.rules.lookup;
        (settled.notes.repeats, settled.notes.first_refused) = (true, false);
        settled.notes.create_digest = attempt.digest;
        if !attempt.repeat || self.context.rules.chosen_id {
            // An id of ours that is another by now may stand for a record all the same.
            if let Some(before) =
                settled.notes.create_id.take().filter(|before| Some(before) != attempt.unique_id.as_ref())
            {
                settled.notes.note_move(before);
            }
            settled.notes.create_id.clone_from(&attempt.unique_id);
        }
        settled.notes.create_said = Some(remembered(&self.judged.said));
    }

    /// This request was certainly not carried out. An earlier one may have been, unless a lookup has found none: that is not
    /// asked again only because this one had to wait.
    fn not_carried_out(&self, settled: &mut Settled) {
        let in_doubt = self.attempt.repeat && self.link.state != LinkState::Unlinked;
        settled.state = if in_doubt { LinkState::Uncertain } else { LinkState::Unlinked };
    }

    fn accepted_create(&self, mut settled: Settled, id: UniqueId) -> Settled {
        let attempt = self.attempt;
        let message = format!("created: {}, unique id {id}", self.judged.said);
        settled.sent = Some(if attempt.repeat {
            self.first_sent()
        } else {
            let digest = self.context.update_digest;
            Sent { version: attempt.person_version, revision: attempt.revision, digest }
        });
        settled.link_to(id);
        (settled.notes.adopted, settled.notes.adopted_unseen) = (false, false);
        settled.notes.lookup_digest = self.context.lookup_digest;
        // An answer replayed by the key speaks of the first request: the newest state is still owed.
        settled.next = if attempt.repeat { Next::Owed(Duration::ZERO) } else { Next::Done };
        settled.succeed(message)
    }

    /// Accepted once, so it is never repeated by itself: the record is there, its id is not known.
    fn told_no_id(&self, mut settled: Settled, fault: &IdFault) -> Settled {
        let (attempt, rules) = (self.attempt, self.context.rules);
        settled.sent = Some(if attempt.repeat {
            self.first_sent()
        } else {
            Sent { version: attempt.person_version, revision: attempt.revision, digest: None }
        });
        settled.state = LinkState::Unaddressable;
        settled.resolved = true;
        settled.answer = self.answer.map(|answer| Box::new(unique_id::keep(answer, rules.unique_id_revision)));
        let looked_up = settled.notes.looked_up;
        settled.notes.resolve_create();
        settled.notes.looked_up = looked_up;
        let message = format!("created: {}, but {fault}", self.judged.said);
        if !rules.unique_id && !rules.lookup {
            settled.signal = crate::governor::Signal::Works { operation: attempt.operation, accepted: true };
            settled.next = Next::Done;
            return settled.succeed(message);
        }
        if rules.lookup {
            // The record may take a while until searches find it.
            settled.index_lags = true;
            settled.outcome = LogOutcome::Retrying;
            settled.message = message;
            settled.next = Next::Owed(rules.lookup_settle.max(self.context.policy.quiet_time));
            return settled;
        }
        settled.failure = settled.failure.or(Some(FailureKind::NoUniqueId));
        settled.park(ParkReason::NoUniqueId, format!("{message}. {}", no_unique_id_mend(rules)))
    }

    /// A first create whose record exists already.
    fn exists_already(&self, mut settled: Settled) -> Settled {
        let rules = self.context.rules;
        let said = &self.judged.said;
        let recreated = settled.recreated;
        settled.unlink();
        if recreated {
            let detail = format!(
                "{said}: the record that was held before is gone, and another stands in the way of a new one. Merge or \
                 remove it there, then retry"
            );
            return settled.park(ParkReason::Missing, detail);
        }
        if rules.on_existing == OnExisting::Adopt && rules.lookup {
            settled.notes.asking = Some(Asking::Exists(remembered(said)));
            return settled.go_on(format!("{said}: the record exists already, the lookup is asked for it"));
        }
        self.refuse(
            settled,
            "the record exists already. To link and update it, set up a lookup rule and set \"on existing\" of Create Users \
             to ADOPT",
        )
    }

    /// The record is probably our own, made by the earlier request.
    fn exists_on_repeat(&self, mut settled: Settled) -> Settled {
        let rules = self.context.rules;
        let said = &self.judged.said;
        if rules.lookup {
            settled.state = LinkState::Uncertain;
            settled.notes.asking = Some(Asking::Exists(remembered(said)));
            return settled.go_on(format!("{said} to a repeated create: the lookup is asked for the record"));
        }
        if rules.chosen_of_person
            && let Some(id) = self.attempt.unique_id.clone()
        {
            settled.sent = Some(self.first_sent());
            // After a restore everybody is answered so: it is no rule that refuses everybody.
            settled.signal = Signal::Works { operation: Operation::Create, accepted: false };
            let message = format!("{said}: the earlier create was carried out, the record is {id}");
            settled.link_to(id);
            settled.next = Next::Owed(Duration::ZERO);
            return settled.learn(message);
        }
        self.doubt_on(&mut settled);
        let detail = self.both("set up a lookup rule, which finds the record and links it");
        settled.park(ParkReason::Uncertain, detail)
    }

    /// Nothing definite came. What was refused once is not sent again and again: the next create carries the newest state,
    /// under the kept key.
    fn doubt_on(&self, settled: &mut Settled) {
        settled.state = LinkState::Uncertain;
        if settled.notes.create_id.is_none() {
            // After a crash it is known from the repetition alone, which carried the first snapshot.
            settled.notes.create_id.clone_from(&self.attempt.unique_id);
        }
        if self.attempt.first_bytes {
            settled.notes.create_digest = None;
        }
    }

    fn refused_on_repeat(&self, mut settled: Settled, of_repetition: bool) -> Settled {
        let (attempt, rules) = (self.attempt, self.context.rules);
        if attempt.first_bytes && !of_repetition {
            // Under a key that is honoured, this is the first request's own answer.
            settled.unlink();
            if attempt.outdated {
                return settled
                    .go_on(format!("{}: what was sent first was refused, the newest state is sent", self.judged.said));
            }
            return self.refuse(settled, "change the person's data or the rule");
        }
        self.doubt_on(&mut settled);
        settled.notes.first_refused = true;
        if rules.lookup {
            let said = remembered(&self.judged.said);
            settled.notes.asking = Some(Asking::Refused(said, attempt.person_version));
            settled =
                settled.go_on(format!("{} to a repeated create: the lookup is asked once more", self.judged.said));
            settled.next = Next::Owed(rules.lookup_settle);
            return settled;
        }
        if attempt.unique_id.is_some() && rules.chosen_id {
            if attempt.outdated {
                return settled.go_on(format!(
                    "{}: what was sent first is refused when it is repeated, the newest state is sent",
                    self.judged.said
                ));
            }
            return self.refuse(settled, "change the person's data or the rule");
        }
        let detail = self.both("look whether the record is there, then retry; or set up a lookup rule");
        settled.park(ParkReason::Uncertain, detail)
    }

    /// What came of the repetition and of the first request, with the mend.
    fn both(&self, mend: &str) -> String {
        let first = match &self.link.notes().create_said {
            Some(first) => format!("what came of the first was \"{first}\""),
            None => "whose own answer never came".to_owned(),
        };
        format!("{} to a repeated create; {first}. The external system may hold this person: {mend}", self.judged.said)
    }
}
