//! Work that takes milliseconds, off the threads that everything else waits for.

use std::panic::resume_unwind;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tracing::Span;

/// Answers up to this size are read where they arrive: handing them over would cost more, and a path can do no more on
/// them than about a millisecond's work. In bytes.
const READ_IN_PLACE_BYTES_MAX: usize = 16 * 1024;

/// Reads large answers and renders long templates on blocking threads, on as many at a time as there are cores: the work
/// is the processor's, and more would only take it from what must go on meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct LongWork {
    turns: Arc<Semaphore>,
}

impl LongWork {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { turns: Arc::new(Semaphore::new(cores)) }
    }

    /// Does work that goes over an answer's body of `bytes`.
    pub(crate) async fn read<T: Send + 'static>(&self, bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.run(bytes > READ_IN_PLACE_BYTES_MAX, work).await
    }

    /// Does work that may take long; where it does not, in place. A panic of the work is one of the caller.
    pub(crate) async fn run<T: Send + 'static>(&self, long: bool, work: impl FnOnce() -> T + Send + 'static) -> T {
        if !long {
            return work();
        }
        // Nobody closes the semaphore.
        let turn = self.turns.clone().acquire_owned().await.ok();
        let span = Span::current();
        let worked = spawn_blocking(move || {
            // Until the work is done, whether or not somebody still waits for it.
            let _turn = turn;
            span.in_scope(work)
        });
        match worked.await {
            Ok(done) => done,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime ends, and the task that waits here with it.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread::{ThreadId, current};
    use tokio::sync::oneshot;

    /// The thread that did the work.
    async fn done_by(work: &LongWork, bytes: usize) -> ThreadId {
        work.read(bytes, || current().id()).await
    }

    #[tokio::test]
    async fn small_answers_are_read_in_place_and_large_ones_are_not() {
        let work = LongWork::new();
        assert_eq!(done_by(&work, READ_IN_PLACE_BYTES_MAX).await, current().id());
        assert_ne!(done_by(&work, READ_IN_PLACE_BYTES_MAX + 1).await, current().id());
    }

    /// One thread runs everything else, so it would stand still if the work were done on it.
    #[tokio::test]
    async fn everything_else_goes_on_meanwhile_and_the_turns_are_bounded() {
        let work = LongWork { turns: Arc::new(Semaphore::new(1)) };
        let (go, wait) = mpsc::channel::<()>();
        let (began, begun) = oneshot::channel();
        let long = tokio::spawn({
            let work = work.clone();
            async move {
                let held = move || {
                    let _ = began.send(());
                    wait.recv().is_ok()
                };
                work.run(true, held).await
            }
        });
        begun.await.unwrap();
        assert_eq!(done_by(&work, 1).await, current().id(), "short work needs no turn");
        let mut next = tokio::spawn({
            let work = work.clone();
            async move { done_by(&work, usize::MAX).await }
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!next.is_finished() && !long.is_finished(), "there is one turn");
        go.send(()).unwrap();
        assert!(long.await.unwrap());
        (&mut next).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_keeps_the_turn_until_the_work_is_done() {
        let work = LongWork { turns: Arc::new(Semaphore::new(1)) };
        let (go, wait) = mpsc::channel::<()>();
        let (began, begun) = oneshot::channel();
        let given_up = tokio::spawn({
            let work = work.clone();
            let held = move || {
                let _ = began.send(());
                wait.recv().is_ok()
            };
            async move { work.run(true, held).await }
        });
        begun.await.unwrap();
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        assert_eq!(work.turns.available_permits(), 0);
        go.send(()).unwrap();
        assert_ne!(done_by(&work, usize::MAX).await, current().id());
    }

    #[tokio::test]
    async fn a_panic_of_the_work_is_the_callers() {
        let work = LongWork::new();
        let panicked = tokio::spawn(async move { work.run(true, || panic!("of the work")).await });
        let panic = panicked.await.unwrap_err().into_panic();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"of the work"));
    }
}
