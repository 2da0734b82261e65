//! Draws a scenario from a seed.

use crate::scenario::{
    Call, Edit, FIRST_NAMES, Fate, Fault, Habits, Keys, LookupWhen, MARGIN, Means, Millis, Moment, NoId, Options,
    PEOPLE, Push, Quota, Scenario, Scope, Step, SyncPlan, Timed, Trouble,
};
use testkit::random::SeededRandom;

/// For how long things are done, at most.
const ACTIVE: usize = 120_000;

/// The scenario of a seed. The same seed always gives the same one.
pub fn scenario(seed: u64) -> Scenario {
    let random = SeededRandom::new(seed.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ 0x51_3A);
    Draw { random: &random }.scenario(seed)
}

struct Draw<'a> {
    random: &'a SeededRandom,
}

impl Draw<'_> {
    fn scenario(&self, seed: u64) -> Scenario {
        let random = self.random;
        let nodes = random.one_of(&[1, 2, 2, 3]);
        let syncs: Vec<SyncPlan> = (0..random.one_of(&[1, 1, 2, 3])).map(|_| self.sync()).collect();
        let active = random.one_of(&[15_000, 40_000, ACTIVE]);
        let people = 1 + random.below(PEOPLE.len());
        let mut steps: Vec<Timed> = (0..4 + random.below(40))
            .map(|_| Timed {
                at: random.below(active) as Millis,
                node: random.below(nodes),
                step: self.step(syncs.len(), people),
            })
            .collect();
        steps.sort_by_key(|step| step.at);
        let mut faults = Vec::new();
        // Some runs are calm: then the strictest of the promises are checked.
        if !random.once_in(6) {
            for (at, sync) in syncs.iter().enumerate() {
                faults.extend((0..random.below(4)).map(|_| self.crm_fault(at, sync, active)));
            }
        }
        if random.once_in(2) {
            faults.extend((0..=random.below(3)).map(|_| self.node_fault(nodes, active)));
        }
        if random.once_in(25) {
            let (node, from) = (random.below(nodes), random.below(active) as Millis);
            faults.push(Fault::Freeze { node, from, lasts: 20_000 + random.below(60_000) as Millis });
        }
        let skews =
            if random.once_in(8) { (0..nodes).map(|_| random.one_of(&[0, -3600, 3600])).collect() } else { Vec::new() };
        let mut scenario = Scenario { seed, nodes, skews, syncs, steps, faults, marks_max: None };
        self.second_edition(&mut scenario, active, people);
        scenario
    }

    /// Systems whose answers are worth less than they look. Drawn behind all else, so that the rest of a seed stays as it was.
    fn second_edition(&self, scenario: &mut Scenario, active: usize, people: usize) {
        let random = self.random;
        scenario.marks_max = random.once_in(4).then(|| random.below(6));
        let is_calm = scenario.faults.is_empty();
        for at in 0..scenario.syncs.len() {
            if random.once_in(8) {
                scenario.syncs[at].means = random.one_of(&[Means::KeyedByEmail, Means::KeyedByEmailFound]);
            }
            if random.once_in(2) {
                scenario.syncs[at].habits = self.habits(scenario.syncs[at].means, people);
            }
            if scenario.syncs[at].means.lookup() && random.once_in(2) {
                scenario.syncs[at].options = Options {
                    adopts: random.once_in(2),
                    looks_for_missing: random.once_in(2),
                    lookup_when: random.one_of(&[LookupWhen::Uncertain, LookupWhen::Existing, LookupWhen::Always]),
                    keeps_adopted: random.once_in(2),
                };
            }
            if !is_calm && random.once_in(3) {
                scenario.faults.extend((0..=random.below(2)).map(|_| self.doubtful_answer(at, active)));
            }
            if random.once_in(6) {
                scenario.faults.push(self.poison(at, active, people));
            }
            if random.once_in(10) {
                let wrong = if scenario.syncs[at].means.lookup() && random.once_in(2) {
                    Edit::WrongLookupUrl
                } else {
                    Edit::WrongUpdateUrl
                };
                let (from, node) = (random.below(active) as Millis, random.below(scenario.nodes));
                let until = from + random.one_of(&[1_000, 20_000, 300_000]);
                scenario.steps.extend([(from, true), (until, false)].map(|(time, is_wrong)| Timed {
                    at: time,
                    node,
                    step: Step::Edit(at, wrong(is_wrong)),
                }));
            }
        }
        scenario.steps.sort_by_key(|step| step.at);
    }

    fn habits(&self, means: Means, people: usize) -> Habits {
        let random = self.random;
        let quota = match random.below(6) {
            0 => Some(Quota::Window(random.one_of(&[1, 3, 10]), random.one_of(&[1_000, 10_000, 60_000]))),
            1 => Some(Quota::Sliding(random.one_of(&[1, 5]), random.one_of(&[200, 10_000]))),
            _ => None,
        };
        let lags = means.lookup() && random.once_in(2);
        let search_lag = if lags { random.one_of(&[500, 3_000, 9_000]) } else { 0 };
        let search_is_blind = means.lookup() && random.once_in(8);
        let keys = random.one_of(&[Keys::Replays, Keys::ChecksBody, Keys::Refuses]);
        let keys = if means == Means::Key { keys } else { Keys::Replays };
        let upserts = !means.chosen() && random.once_in(6);
        let is_unique = !means.chosen() && means != Means::Key && !upserts && random.once_in(3);
        let before =
            if means.lookup() && !means.moves() && random.once_in(3) { vec![random.below(people)] } else { Vec::new() };
        let updates_make = means == Means::KeyedByEmailFound && !search_is_blind && quota.is_none();
        Habits { search_lag, search_is_blind, keys, upserts, is_unique, updates_make, quota, before }
    }

    fn doubtful_answer(&self, sync: usize, active: usize) -> Fault {
        let random = self.random;
        let from = random.below(active) as Millis;
        let no_id = random.one_of(&[NoId::Empty, NoId::Object, NoId::Null, NoId::Text]);
        let fate =
            random.one_of(&[Fate::Page, Fate::PageAfter, Fate::ErrorInside, Fate::NoId(no_id), Fate::Status(423)]);
        let until = from + random.one_of(&[1_000, 10_000, 60_000]);
        Fault::Crm { sync, from, until, one_in: random.one_of(&[1, 2, 4]), person: None, fate }
    }

    /// One person whom the system answers 500, whatever is sent.
    fn poison(&self, sync: usize, active: usize, people: usize) -> Fault {
        let random = self.random;
        let person = Some(random.below(people));
        Fault::Crm { sync, from: 0, until: active as Millis, one_in: 1, person, fate: Fate::Status(500) }
    }

    fn sync(&self) -> SyncPlan {
        let random = self.random;
        SyncPlan {
            at: if random.once_in(3) { random.below(20_000) as Millis } else { 0 },
            include_existing: random.once_in(2),
            means: random.one_of(&Means::ALL[..7]),
            recreate: random.once_in(2),
            create_covers_update: !random.once_in(3),
            authenticates: random.once_in(3),
            max_concurrency: random.one_of(&[1, 2, 4, 16]),
            requests_per_second: random.once_in(5).then(|| random.one_of(&[0.5, 2.0, 40.0])),
            timeout_seconds: random.one_of(&[1, 5, 10]),
            habits: Habits::default(),
            options: Options::default(),
        }
    }

    fn step(&self, syncs: usize, people: usize) -> Step {
        let random = self.random;
        let sync = random.below(syncs);
        let some = |most: usize| -> Vec<usize> { (0..=random.below(most)).map(|_| random.below(people)).collect() };
        match random.below(40) {
            0..19 => Step::Upsert(some(4).into_iter().map(|person| self.push(person)).collect()),
            19..25 => Step::Delete(some(2)),
            25..27 => Step::Pause(sync),
            27..30 => Step::Resume(sync),
            30..33 => Step::Edit(sync, self.edit()),
            33 if random.once_in(3) => Step::DeleteSync(sync),
            33 | 34 => Step::Resync {
                sync,
                scope: random.one_of(&[Scope::All, Scope::Unlinked, Scope::Parked]),
                force: random.once_in(2),
            },
            35 | 36 => Step::Retry(random.once_in(2).then_some(sync)),
            37 => Step::RemoveRecord { sync, person: random.below(people) },
            38 => Step::Restart,
            _ => Step::Upsert((0..people).map(|person| self.push(person)).collect()),
        }
    }

    fn push(&self, person: usize) -> Push {
        let random = self.random;
        // Mostly the same two names, so that states come back (A, B, A).
        let first = if random.once_in(4) { random.below(FIRST_NAMES.len()) } else { random.below(2) };
        Push {
            person,
            first: (!random.once_in(3)).then_some(first),
            email: if random.once_in(3) { random.below(3) } else { 0 },
            phone: random.once_in(4).then(|| random.below(2)),
        }
    }

    fn edit(&self) -> Edit {
        let random = self.random;
        match random.below(7) {
            0..3 => Edit::Tag(random.below(3) as u8),
            3 => Edit::Create(random.once_in(2)),
            4 => Edit::Update(random.once_in(2)),
            5 => Edit::Delete(random.once_in(2)),
            _ => Edit::Name(random.below(9) as u8),
        }
    }

    fn crm_fault(&self, at: usize, sync: &SyncPlan, active: usize) -> Fault {
        let random = self.random;
        let from = random.below(active) as Millis;
        let lasts = random.one_of(&[1_000, 10_000, 30_000, 90_000]);
        let fate = match random.below(20) {
            0 | 1 => Fate::NotSent,
            2..4 => Fate::LostBefore,
            4..8 => Fate::LostAfter,
            8..10 => Fate::Late(100 + random.below(19_000) as Millis),
            10 | 11 => Fate::Slow,
            12 => Fate::Status(random.one_of(&[500, 502, 503, 504, 408, 501])),
            13 => Fate::StatusAfter(random.one_of(&[500, 502, 504, 408])),
            14 => Fate::RetryAfter(random.one_of(&[429, 503]), 1 + random.below(40) as u64),
            15 => Fate::Status(429),
            16 => Fate::Status(random.one_of(&[400, 409, 422, 302])),
            17 => Fate::Status(random.one_of(&[401, 403])),
            18 => Fate::Unreadable,
            _ if !sync.recreate => Fate::Status(404),
            _ => Fate::Slow,
        };
        let one_in = random.one_of(&[1, 1, 2, 4]);
        Fault::Crm { sync: at, from, until: from + lasts, one_in, person: None, fate }
    }

    fn node_fault(&self, nodes: usize, active: usize) -> Fault {
        let random = self.random;
        let node = random.below(nodes);
        let from = random.below(active) as Millis;
        let call = random.one_of(&[Call::RecordChanges, Call::Claim, Call::Settle, Call::WorkSweep, Call::Any]);
        match random.below(6) {
            0..3 => Fault::Crash {
                node,
                at: from,
                moment: random.one_of(&[
                    Moment::Now,
                    Moment::Before(call),
                    Moment::Before(Call::Settle),
                    Moment::After(call),
                    Moment::After(Call::Settle),
                    Moment::Sending,
                ]),
                down: random.one_of(&[0, 1_000, 20_000, 60_000]),
            },
            3 | 4 => Fault::Store {
                node,
                from,
                until: from + random.one_of(&[500, 5_000, 60_000]),
                one_in: random.one_of(&[1, 2, 5]),
                trouble: match random.below(5) {
                    0 | 1 => Trouble::Unavailable,
                    2 | 3 => Trouble::Unheard,
                    _ => Trouble::Slow(random.one_of(&[50, 1_000, 3_000])),
                },
            },
            _ => Fault::Freeze { node, from, lasts: 500 + random.below((MARGIN - 500) as usize) as Millis },
        }
    }
}
