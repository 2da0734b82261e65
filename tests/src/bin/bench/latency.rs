//! People pushed one by one at a steady rate that the server can keep.

use crate::stage::Common;
use crate::{deliver, parse_rate};
use anyhow::Result;
use serde_json::json;

/// How long a change takes to its CRM while the server is not overloaded
///
/// As `deliver`, but one person per request and at a steady rate. From the push being accepted to its arrival at the
/// sink (a request that arrives before its push is answered counts as 0), and from the push being sent to its arrival.
/// Look at the people accepted per second: where they are fewer than asked for, the server is overloaded.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// How many people are pushed
    #[arg(long, value_name = "N", default_value_t = 3000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// People pushed per second
    #[arg(long, value_name = "R", default_value_t = 300.0, value_parser = parse_rate)]
    rate: f64,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { common, people, rate } = arguments;
    deliver::measure(common, json!({ "people": people, "rate": rate }), *people, 1, Some(*rate)).await
}
