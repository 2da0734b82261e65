//! The network between a node and the external systems: it loses, delays and refuses as the scenario says. A request that
//! is on its way goes on without its node.

use crate::Sabotage;
use crate::crm::Asked;
use crate::oracle::{Arrived, Promise};
use crate::rules::PASSWORD;
use crate::scenario::{Fate, Fault, Millis, Moment};
use crate::world::{Life, World};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use sync_core::outcome::{Answer, BodyRead, Exchange, NoAnswer, NotSent, Outcome, Request};
use sync_core::ports::Dispatcher;
use sync_core::sync::Operation;
use tokio::sync::oneshot;

/// What a system shows while it is maintained.
const PAGE: &str = "<!DOCTYPE html><html><body>We will be back soon</body></html>";

/// The dispatcher of one life of a node.
pub(crate) struct NodeDispatcher {
    life: Arc<Life>,
}

impl NodeDispatcher {
    /// Through this life.
    pub(crate) fn of(life: Arc<Life>) -> Self {
        Self { life }
    }
}

#[async_trait]
impl Dispatcher for NodeDispatcher {
    async fn send(&self, request: &Request) -> Exchange {
        let (life, world) = (&self.life, &self.life.world);
        life.gate().await;
        let began = world.now();
        let timeout = request.timeout.as_millis() as Millis;
        let Some(sync) = sync_of(request) else {
            let what = format!("a request left its origin: {}", request.url);
            world.oracle().broken(Promise::WellFormed, began, what);
            return exchange(Outcome::NotSent(NotSent::Dns, "no such name".to_owned()), 0);
        };
        self.check_password(sync, request, began);
        let asked = Asked::read(request);
        let arrived = world.oracle().sends(began, life.node, life.incarnation, sync, asked, timeout);
        let Some(arrived) = arrived else {
            return exchange(Outcome::Answered(answer(400, Vec::new(), String::new())), 0);
        };
        life.began(sync);
        let fate = fate_of(world, &arrived, began);
        let (told, outcome) = oneshot::channel();
        tokio::spawn(travel(world.clone(), arrived.clone(), fate, timeout, told));
        life.may_crash(|moment| moment == Moment::Sending).await;
        let outcome = outcome.await.unwrap_or_else(|_| Outcome::NoAnswer(NoAnswer::Cut, "cut".to_owned()));
        life.gate().await;
        let mut outcome = outcome;
        let (status, retry_after) = match &outcome {
            Outcome::Answered(answer) => {
                (Some(answer.status), answer.header("retry-after").and_then(|seconds| seconds.parse().ok()))
            }
            _ => (None, None),
        };
        // What it accepted is not told by a page.
        let status = status.filter(|_| !matches!(fate, Some(Fate::Page | Fate::PageAfter)));
        life.finished(sync);
        world.oracle().outcome(world.now(), &arrived, status, retry_after);
        if world.sabotage == Some(Sabotage::IgnoreRetryAfter)
            && let Outcome::Answered(answer) = &mut outcome
        {
            answer.headers.clear();
        }
        exchange(outcome, world.now() - began)
    }
}

impl NodeDispatcher {
    fn check_password(&self, sync: usize, request: &Request, at: Millis) {
        let world = &self.life.world;
        let header = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("authorization"));
        let wanted = world.scenario.syncs[sync].authenticates;
        if header.is_some_and(|header| header.secret && header.value.starts_with("Basic ")) != wanted {
            let what = format!("sync {sync} authenticates: {wanted}, but its request does otherwise");
            world.oracle().broken(Promise::WellFormed, at, what);
        }
        if format!("{request:?}").contains(PASSWORD) {
            world.oracle().broken(Promise::SecretsStaySecret, at, "a request shows its password".to_owned());
        }
    }
}

fn sync_of(request: &Request) -> Option<usize> {
    request.url.host_str()?.strip_prefix("crm")?.strip_suffix(".test")?.parse().ok()
}

fn exchange(outcome: Outcome, took: Millis) -> Exchange {
    Exchange { outcome, duration: Duration::from_millis(took) }
}

fn answer(status: u16, headers: Vec<(String, String)>, body: String) -> Answer {
    Answer { status, headers, body: body.into(), body_read: BodyRead::Whole }
}

/// How a request fares: as the first fault says that hits it.
fn fate_of(world: &World, arrived: &Arrived, at: Millis) -> Option<Fate> {
    let means = world.scenario.syncs[arrived.pair.0].means;
    let chosen = means.chosen();
    let operation = arrived.asked.operation;
    world.scenario.faults.iter().find_map(|fault| match fault {
        Fault::Crm { sync, from, until, one_in, person, fate }
            if *sync == arrived.pair.0
                && person.is_none_or(|person| person == arrived.pair.1)
                && (*from..*until).contains(&at)
                && world.draw().is_multiple_of((*one_in).max(1)) =>
        {
            Some(*fate).filter(|fate| match fate {
                // It would lie about what it holds.
                Fate::Status(404) => operation == Operation::Update && !means.lookup(),
                Fate::Status(409) => operation != Operation::Create || !chosen,
                // Whoever honours keys looks at the key before anything else.
                Fate::Status(400) => !world.crms()[*sync].knows_key(&arrived.asked),
                Fate::Unreadable | Fate::NoId(_) => operation == Operation::Create && !chosen,
                Fate::ErrorInside => operation == Operation::Lookup || (operation == Operation::Create && !chosen),
                _ => true,
            })
        }
        _ => None,
    })
}

/// A request's way there and back.
async fn travel(
    world: Arc<World>,
    arrived: Arrived,
    fate: Option<Fate>,
    timeout: Millis,
    told: oneshot::Sender<Outcome>,
) {
    let sleep = |millis: Millis| tokio::time::sleep(Duration::from_millis(millis));
    let draw = world.draw();
    let there = 5 + draw % 60;
    let slow = timeout * 3 / 4;
    let at_the_deadline = (draw >> 8).is_multiple_of(2);
    let cut = || Outcome::NoAnswer(NoAnswer::Cut, "the connection was cut".to_owned());
    let late = || Outcome::NoAnswer(NoAnswer::Timeout, "the deadline passed".to_owned());
    let done = || {
        if arrived.asked.operation != Operation::Lookup {
            world.oracle().done(arrived.pair);
        }
    };
    let tell = |outcome| {
        // The node may be gone.
        let _gone = told.send(outcome);
    };
    if fate.is_none() && world.crms()[arrived.pair.0].refuses(world.now()) {
        done();
        sleep(there).await;
        return tell(Outcome::Answered(answer(429, Vec::new(), String::new())));
    }
    match fate {
        Some(Fate::NotSent) => {
            done();
            sleep(there).await;
            tell(Outcome::NotSent(NotSent::Connection, "connection refused".to_owned()));
        }
        Some(Fate::LostBefore) => {
            done();
            sleep(if at_the_deadline { timeout } else { there }).await;
            tell(if at_the_deadline { late() } else { cut() });
        }
        Some(Fate::LostAfter) => {
            sleep(there).await;
            carry_out(&world, &arrived);
            done();
            sleep(if at_the_deadline { timeout - there } else { 0 }).await;
            tell(if at_the_deadline { late() } else { cut() });
        }
        Some(Fate::Late(by)) => {
            sleep(timeout).await;
            tell(late());
            sleep(by).await;
            carry_out(&world, &arrived);
            done();
        }
        Some(Fate::Status(status)) => {
            done();
            sleep(there).await;
            tell(Outcome::Answered(answer(status, Vec::new(), "as the fault says".to_owned())));
        }
        Some(Fate::RetryAfter(status, seconds)) => {
            done();
            sleep(there).await;
            let headers = vec![("retry-after".to_owned(), seconds.to_string())];
            tell(Outcome::Answered(answer(status, headers, String::new())));
        }
        Some(Fate::StatusAfter(status)) => {
            sleep(there).await;
            carry_out(&world, &arrived);
            done();
            tell(Outcome::Answered(answer(status, Vec::new(), String::new())));
        }
        Some(Fate::Unreadable | Fate::NoId(_) | Fate::PageAfter) => {
            sleep(there).await;
            let mut answer = carry_out(&world, &arrived);
            if answer.is_success() {
                match fate {
                    Some(Fate::NoId(form)) => answer.body = form.body().into(),
                    Some(Fate::PageAfter) => answer = self::answer(200, Vec::new(), PAGE.to_owned()),
                    _ => {
                        answer.body = "{\"id\": ".into();
                        answer.body_read = BodyRead::Cut;
                    }
                }
                world.oracle().told_no_id(&arrived);
            }
            done();
            tell(Outcome::Answered(answer));
        }
        Some(Fate::Page | Fate::ErrorInside) => {
            done();
            sleep(there).await;
            world.oracle().told_no_id(&arrived);
            let body = if fate == Some(Fate::Page) { PAGE } else { r#"{"errors":[{"message":"slow down"}]}"# };
            tell(Outcome::Answered(answer(200, Vec::new(), body.to_owned())));
        }
        Some(Fate::Slow) | None => {
            let whole = if fate.is_some() { slow } else { there };
            sleep(whole / 2).await;
            let answer = carry_out(&world, &arrived);
            if world.sabotage == Some(Sabotage::SendTwice) && draw.is_multiple_of(3) {
                carry_out(&world, &arrived);
            }
            done();
            sleep(whole - whole / 2).await;
            tell(Outcome::Answered(answer));
        }
    }
}

/// The external system does what is asked.
fn carry_out(world: &World, arrived: &Arrived) -> Answer {
    let reply = world.crms()[arrived.pair.0].carry_out(&arrived.asked, world.now());
    world.oracle().carried_out(world.now(), arrived, reply.status, reply.wrote);
    let body = if reply.body.is_null() { String::new() } else { reply.body.to_string() };
    answer(reply.status, vec![("content-type".to_owned(), "application/json".to_owned())], body)
}
