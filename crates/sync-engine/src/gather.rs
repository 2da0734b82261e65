//! Gathering: what comes a moment later goes into the same transaction.

use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

/// Waits for something to come, and receives up to `most`. False once it is over: `stop` has turned true, and nothing is left
/// of what came until then.
pub(crate) async fn receive<T>(
    incoming: &mut mpsc::Receiver<T>,
    batch: &mut Vec<T>,
    most: usize,
    stop: &mut watch::Receiver<bool>,
) -> bool {
    if !incoming.is_closed() {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => incoming.close(),
            received = incoming.recv_many(batch, most) => return received > 0,
        }
    }
    incoming.recv_many(batch, most).await > 0
}

/// Receives more for so long at most, up to `most` in all, as long as more is expected and a sender is left.
pub(crate) async fn gather<T>(
    incoming: &mut mpsc::Receiver<T>,
    batch: &mut Vec<T>,
    most: usize,
    time: Duration,
    expects_more: impl Fn() -> bool,
) {
    let until = Instant::now() + time;
    while batch.len() < most && expects_more() {
        let room = most - batch.len();
        match timeout_at(until, incoming.recv_many(batch, room)).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
