use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};
use std::collections::VecDeque;
use sync_core::id::{AccountId, LogId};
use sync_core::ports::Signal;
use tokio::sync::broadcast;

/// How far a listener may fall behind.
const BEHIND_MAX: usize = 1024;
/// The most log entries that one signal names.
const LOGGED_MAX: usize = 100;

/// What tells of log entries.
pub(crate) fn logged(ids: &[(AccountId, LogId)]) -> impl Iterator<Item = Signal> {
    ids.chunks(LOGGED_MAX).map(|ids| Signal::Logged(ids.to_vec()))
}

/// Tells listeners in this process what happened.
pub(crate) struct Signals(broadcast::Sender<Signal>);

impl Default for Signals {
    fn default() -> Self {
        Self(broadcast::channel(BEHIND_MAX).0)
    }
}

impl Signals {
    pub(crate) fn publish(&self, signal: Signal) {
        // An error says that nobody listens.
        let _ = self.0.send(signal);
    }

    pub(crate) fn listen(&self) -> BoxStream<'static, Signal> {
        let start = (self.0.subscribe(), VecDeque::new());
        stream::unfold(start, |(mut receiver, mut missed)| async move {
            if let Some(signal) = missed.pop_front() {
                return Some((signal, (receiver, missed)));
            }
            match receiver.recv().await {
                Ok(signal) => Some((signal, (receiver, missed))),
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    // Whatever was missed: look at everything.
                    missed.extend([Signal::Changed, Signal::Due]);
                    Some((Signal::Logged(Vec::new()), (receiver, missed)))
                }
                Err(broadcast::error::RecvError::Closed) => None,
            }
        })
        .boxed()
    }
}
