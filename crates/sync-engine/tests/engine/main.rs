//! The engine from outside, over a store in memory and an external system that answers as the test says. Time is tokio's, and
//! paused: waits cost none.

mod cases;
mod dropping;
mod echo;
mod failing;
mod hazards;
mod intake;
mod keys;
mod rarer;
mod running;
mod searching;
mod settling;
mod stopping;
mod support;
mod turns;
