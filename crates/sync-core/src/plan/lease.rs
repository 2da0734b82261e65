//! Claiming: how a call is shared out between syncs, which due links are taken, and what leasing them writes.

use super::LinkWrite;
use super::next::next_request;
use crate::claim::{ClaimRequest, Leased};
use crate::governor::{Fresh, Governor, Grant};
use crate::id::{LeaseToken, PersonId};
use crate::link::Link;
use crate::person::Person;
use crate::sync::{Operation, SyncConfig};
use crate::time::Timestamp;
use crate::transition::{LeaseTerms, Leasing, catch_up, lease};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::Duration;

/// The furthest ahead that [`next_in`] looks.
pub const NEXT_IN_MAX: Duration = Duration::from_secs(60);

/// An active sync that has due links, its runtime row locked.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its configuration.
    pub config: SyncConfig,
    /// Its governor.
    pub governor: Governor,
    /// Leases out over all nodes: links whose lease has not ended.
    pub leased: usize,
    /// How many of its links are claimable now; counted no further than one above the call's bound.
    pub due: usize,
}

/// What a candidate may lease in this call.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// What its governor grants.
    pub grant: Grant,
    /// At most this many links.
    pub links: usize,
}

impl Share {
    /// How many rows are to be looked at to pick this share.
    pub fn rows(&self) -> usize {
        match self.grant.fresh {
            Some(_) if self.links > 0 => FRESH_LOOKED_AT,
            _ => self.links,
        }
    }
}

/// Among how many links somebody fresh is looked for.
const FRESH_LOOKED_AT: usize = 50;

/// Shares the call's bound out between the candidates, so that none takes the room of another.
pub fn shares(candidates: &[Candidate], request: &ClaimRequest, now: Timestamp) -> Vec<Share> {
    let grants: Vec<Grant> = candidates
        .iter()
        .map(|c| c.governor.grant(now, &c.config.settings.limits, c.leased, request.links_max))
        .collect();
    let wants: Vec<usize> = candidates.iter().zip(&grants).map(|(c, grant)| c.due.min(grant.links)).collect();
    let links = spread(&wants, request.links_max, request.token);
    grants.into_iter().zip(links).map(|(grant, links)| Share { grant, links }).collect()
}

/// Spreads `total` over wishes as evenly as it goes. Where it does not reach round, the token's chance says who comes
/// first.
pub fn spread(wants: &[usize], total: usize, token: LeaseToken) -> Vec<usize> {
    let mut shares = vec![0; wants.len()];
    let mut left = total;
    let start = (token.0.as_u128() % wants.len().max(1) as u128) as usize;
    while left > 0 {
        let in_turn = (start..wants.len()).chain(0..start);
        let hungry: Vec<usize> = in_turn.filter(|&at| shares[at] < wants[at]).collect();
        if hungry.is_empty() {
            break;
        }
        let each = (left / hungry.len()).max(1);
        for at in hungry {
            let given = each.min(wants[at] - shares[at]).min(left);
            shares[at] += given;
            left -= given;
        }
    }
    shares
}

/// Whether a link is retried, as claims tell retries from fresh work.
pub fn is_retrying(link: &Link) -> bool {
    link.tries > 0 || link.deferrals > 0
}

/// The order in which links of a sync are taken: by when they became claimable, then by person.
pub fn in_turn(a: &Link, b: &Link) -> Ordering {
    a.claimable_at().cmp(&b.claimable_at()).then_with(|| a.id.person.cmp(&b.id.person))
}

/// The other way round: what a probe takes where the oldest may be the fault.
pub fn newest_first(a: &Link, b: &Link) -> Ordering {
    in_turn(b, a)
}

/// Picks from the oldest claimable links, at most a share of each kind, both [`in_turn`]. At least half are fresh
/// where there are some, so that retries do not starve fresh work; a share of one is drawn by the token, or fresh where it
/// ends a hold. A probe takes the oldest whatever it is, or the newest where the grant says so (then both lists are [`newest_first`]).
pub fn pick(fresh: Vec<Link>, retrying: Vec<Link>, share: Share, token: LeaseToken) -> Vec<Link> {
    if let Some(probe) = share.grant.fresh {
        return pick_fresh(fresh, probe, share);
    }
    let reserved = match share.links {
        _ if share.grant.probe => 0,
        1 if share.grant.ends_hold => 1,
        1 => usize::from(token.0.as_bytes()[0] & 1 == 0),
        links => links.div_ceil(2),
    };
    let retries_max = share.links - fresh.len().min(reserved);
    let mut all: Vec<Link> = fresh.into_iter().chain(retrying.into_iter().take(retries_max)).collect();
    all.sort_by(if share.grant.newest_first { newest_first } else { in_turn });
    all.truncate(share.links);
    all
}

/// Whom the probe beside the schedule takes: whose last request was accepted, else the newest change, or the oldest in its turn.
fn pick_fresh(mut fresh: Vec<Link>, probe: Fresh, share: Share) -> Vec<Link> {
    let in_order = if share.grant.newest_first { newest_first } else { in_turn };
    let is_linked = |link: &Link| link.state.unique_id().is_some();
    fresh.retain(|link| probe.creates || is_linked(link));
    fresh.sort_by(|a, b| is_linked(b).cmp(&is_linked(a)).then_with(|| in_order(a, b)));
    fresh.truncate(share.links);
    fresh
}

/// What leasing a sync's picked links comes to.
#[derive(Debug, Default)]
pub struct LeasedShare {
    /// What the claim gives out.
    pub leased: Vec<Leased>,
    /// Rows to write, those that only wait out their quiet time too.
    pub writes: Vec<LinkWrite>,
}

/// Leases picked links and takes them out of the governor's grant. `people` were read after the links were locked.
pub fn lease_share(
    candidate: &mut Candidate,
    share: Share,
    picked: Vec<Link>,
    people: &HashMap<PersonId, Person>,
    request: &ClaimRequest,
    now: Timestamp,
) -> LeasedShare {
    let Candidate { config, governor, due, .. } = candidate;
    let terms = LeaseTerms::of(config, governor, request.token, &request.policy, share.grant.probe);
    let mut out = LeasedShare::default();
    for before in picked {
        let mut after = before.clone();
        let person = people.get(&before.id.person);
        if !catch_up(&mut after, person, &terms, now) {
            out.writes.push(LinkWrite { before: Some(before), after: Some(after) });
            continue;
        }
        let next = next_request(&mut after, person, &terms, now);
        let doubtful = governor.holds_doubtful_creates(now).filter(|_| next.is_doubtful);
        // One kind of request may be held back while the others go on.
        if let Some(until) = next.operation.and_then(|operation| governor.holds_back(operation, now)).max(doubtful) {
            after.due_at = Some(until.plus(turn(&after, person, until)));
            after.updated_at = now;
            out.writes.push(LinkWrite { before: Some(before), after: Some(after) });
            continue;
        }
        if let Leasing::Leased(leased) = lease(&mut after, person, &terms, now) {
            if let Some(operation) = leased.decision.operation_sent(&terms.rules.for_link(&leased.link)) {
                governor.let_through(operation, now);
                // What the schedule takes is beside the rate of those who are fresh.
                if share.grant.fresh.is_some() && operation == Operation::Create {
                    governor.note_created(now);
                }
            }
            out.leased.push(*leased);
        }
        out.writes.push(LinkWrite { before: Some(before), after: Some(after) });
    }
    let probe = share.grant.probe.then(|| (request.token, now.plus(terms.duration)));
    let waits = candidate_waits(*due, out.leased.len());
    governor.take(now, &config.settings.limits, share.grant, out.leased.len(), probe, waits);
    out
}

/// The longest [`turn`].
pub(super) const TURN_MAX: Duration = Duration::from_millis(900);

/// How long after the end of a brake's wait somebody is looked at, so that one is let through who is likely to be accepted:
/// whose last request was, then whose newest change was not tried yet, the newest first. Whoever was tried comes last, the
/// longest ago first, so that everybody has a turn, and another one.
pub(super) fn turn(link: &Link, person: Option<&Person>, until: Timestamp) -> Duration {
    let rank = TURN_MAX / 3;
    // By the logarithm of the age: a century stays below the next rank.
    let age = |at| Duration::from_secs_f64((until.since(at).as_secs_f64() + 1.0).ln() * 0.012).min(rank);
    let changed = person.map_or(link.updated_at, |person| person.updated_at);
    if link.sent.as_ref().is_some_and(|sent| sent.digest.is_some()) {
        return age(changed);
    }
    match link.last_tried_at.filter(|&tried| tried >= changed) {
        None => rank + age(changed),
        Some(tried) => TURN_MAX.saturating_sub(age(tried)),
    }
}

/// Whether others had to wait when some were leased.
fn candidate_waits(due: usize, leased: usize) -> bool {
    due > leased
}

/// Whether links were left for want of the call's bound or of the sync's room (and not for a hold, a probe or a rate
/// limit, which time alone ends: see [`waits_until`]).
pub fn leaves_more(candidate: &Candidate, share: Share, taken: usize) -> bool {
    candidate.due > taken && (share.links < share.grant.links || share.grant.again_at.is_none())
}

/// When to ask again for what a hold, a probe or a rate limit left.
pub fn waits_until(candidate: &Candidate, share: Share, taken: usize) -> Option<Timestamp> {
    share.grant.again_at.filter(|_| candidate.due > taken)
}

/// In how long the earliest of some times comes, at most [`NEXT_IN_MAX`]; `None` where there is none.
pub fn next_in(now: Timestamp, times: impl IntoIterator<Item = Timestamp>) -> Option<Duration> {
    times.into_iter().min().map(|at| at.since(now).min(NEXT_IN_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::id::{AccountId, LinkId, SyncId};
    use crate::link::Sent;
    use uuid::Uuid;

    fn token(number: u128) -> LeaseToken {
        LeaseToken(Uuid::from_u128(number))
    }

    fn link(person: &str, due_second: i64, tries: i16) -> Link {
        let at = Timestamp::from_micros(due_second * 1_000_000);
        let id = LinkId {
            account: AccountId(Uuid::nil()),
            sync: SyncId(Uuid::nil()),
            person: PersonId::new(person).unwrap(),
        };
        Link { due_at: Some(at), tries, ..Link::new(id, at) }
    }

    fn people(picked: &[Link]) -> Vec<&str> {
        picked.iter().map(|link| link.id.person.as_str()).collect()
    }

    fn share(links: usize, probe: bool, newest_first: bool) -> Share {
        let grant = Grant { links, probe, newest_first, ends_hold: false, fresh: None, again_at: None };
        Share { grant, links }
    }

    #[test]
    fn shares_are_even_and_what_one_does_not_need_is_the_others() {
        for (wants, total, shares) in [
            (vec![10, 10], 4, vec![2, 2]),
            (vec![1, 10], 4, vec![1, 3]),
            (vec![10, 0, 1], 5, vec![4, 0, 1]),
            (vec![2, 2], 100, vec![2, 2]),
            (vec![2, 2], 0, vec![0, 0]),
            (vec![], 3, vec![]),
        ] {
            assert_eq!(spread(&wants, total, token(0)), shares, "{wants:?} of {total}");
        }
    }

    #[test]
    fn where_the_bound_does_not_reach_round_chance_says_who_comes_first() {
        assert_eq!(spread(&[5, 5, 5], 1, token(0)), [1, 0, 0]);
        assert_eq!(spread(&[5, 5, 5], 1, token(1)), [0, 1, 0]);
        assert_eq!(spread(&[5, 5, 5], 1, token(2)), [0, 0, 1]);
        assert_eq!(spread(&[5, 5, 5], 4, token(2)), [1, 1, 2]);
    }

    #[test]
    fn half_of_a_share_is_fresh_where_there_is_fresh_work() {
        let fresh = || vec![link("f1", 10, 0), link("f2", 11, 0)];
        let retrying = || vec![link("r1", 1, 1), link("r2", 2, 1), link("r3", 3, 1)];
        let picked = |share, token| people(&pick(fresh(), retrying(), share, token)).join(" ");
        assert_eq!(picked(share(3, false, false), token(0)), "r1 f1 f2");
        assert_eq!(picked(share(4, false, false), token(0)), "r1 r2 f1 f2");
        assert_eq!(people(&pick(vec![], retrying(), share(2, false, false), token(0))), ["r1", "r2"]);
        // Of a share of one, chance gives neither kind all.
        assert_eq!(picked(share(1, false, false), token(0)), "f1");
        assert_eq!(picked(share(1, false, false), token(1 << 120)), "r1");
        // A probe takes the oldest whatever it is, or the newest.
        assert_eq!(picked(share(1, true, false), token(0)), "r1");
        assert_eq!(picked(share(1, true, true), token(0)), "f2");
    }

    #[test]
    fn who_is_likely_to_be_accepted_is_let_through_first() {
        let now = Timestamp::from_micros(4_000_000_000_000_000);
        let ago = |seconds: u64| now.minus(Duration::from_secs(seconds));
        let digest = |digest| Some(Sent { version: 1, revision: 1, digest });
        let accepted = Link { sent: digest(Some(Digest([0; 32]))), ..link("accepted", 0, 0) };
        let lost = Link { sent: digest(None), ..link("lost", 0, 0) };
        let refused = Link { last_tried_at: Some(ago(5)), ..lost.clone() };
        let before = Link { last_tried_at: Some(ago(70)), ..lost.clone() };
        let order =
            [(&accepted, 1), (&accepted, 3_000_000_000), (&lost, 0), (&lost, 60), (&before, 90), (&refused, 10)];
        let turns = order.map(|(link, changed)| {
            let person = Person { updated_at: ago(changed), ..Person::empty(link.id.person.clone(), 1, ago(changed)) };
            turn(link, Some(&person), now)
        });
        assert!(turns.is_sorted_by(|a, b| a < b) && turns[5] < Duration::from_secs(1), "{turns:?}");
        // The change that mends was not tried yet.
        let mended = Person { updated_at: now, ..Person::empty(refused.id.person.clone(), 2, now) };
        assert_eq!(turn(&refused, Some(&mended), now), turns[2]);
    }

    #[test]
    fn nobody_looks_further_ahead_than_a_minute() {
        let at = |second: i64| Timestamp::from_micros(second * 1_000_000);
        assert_eq!(next_in(at(10), []), None);
        assert_eq!(next_in(at(10), [at(90), at(14)]), Some(Duration::from_secs(4)));
        assert_eq!(next_in(at(10), [at(900)]), Some(NEXT_IN_MAX));
        assert_eq!(next_in(at(10), [at(3)]), Some(Duration::ZERO));
    }
}
