//! Looks names up, so that a name whose servers do not answer holds up nobody but those who ask for it.
//!
//! A look-up blocks a thread of the runtime's pool for as long as the system takes, which is longer than any deadline of ours
//! where a name's servers are silent: nothing can call it back. So each name is looked up once at a time, whoever asks for it
//! meanwhile waits for the same answer, and all names together take up a part of the pool only.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Names that are looked up at once; half of the runtime's blocking threads.
const NAMES_MAX: usize = 256;

type Found = Arc<[IpAddr]>;
type LookUp = Arc<dyn Fn(String) -> BoxFuture<'static, Vec<IpAddr>> + Send + Sync>;

/// Looks names up by the system. Cheap to clone, all clones are one.
#[derive(Clone)]
pub(crate) struct Resolver {
    look_up: LookUp,
    under_way: Arc<Mutex<HashMap<String, Shared<BoxFuture<'static, Found>>>>>,
    permits: Arc<Semaphore>,
}

impl Resolver {
    /// As the system does it.
    pub(crate) fn system() -> Self {
        Self::new(Arc::new(|host| {
            async move {
                match tokio::net::lookup_host((host, 0)).await {
                    Ok(found) => found.map(|address| address.ip()).collect(),
                    Err(_) => Vec::new(),
                }
            }
            .boxed()
        }))
    }

    fn new(look_up: LookUp) -> Self {
        Self { look_up, under_way: Arc::default(), permits: Arc::new(Semaphore::new(NAMES_MAX)) }
    }

    /// The addresses of a name; none where it does not resolve.
    pub(crate) async fn look_up(&self, host: &str) -> Found {
        let looking = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            under_way.entry(host.to_owned()).or_insert_with(|| self.begin(host.to_owned())).clone()
        };
        looking.await
    }

    /// Begins a look-up on a task of its own: it goes on where nobody waits any more, as its thread does.
    fn begin(&self, host: String) -> Shared<BoxFuture<'static, Found>> {
        let this = self.clone();
        let task = tokio::spawn(async move {
            let found = match this.permits.acquire().await {
                Ok(_permit) => (this.look_up)(host.clone()).await,
                Err(_) => Vec::new(),
            };
            this.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&host);
            Found::from(found)
        });
        task.map(|found| found.unwrap_or_else(|_| Found::from([]))).boxed().shared()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::sync::watch;

    /// A resolver whose `dead` names never resolve until `told`, and how many look-ups were begun.
    fn with_silent_servers(told: watch::Receiver<bool>) -> (Resolver, Arc<AtomicUsize>) {
        let begun = Arc::new(AtomicUsize::new(0));
        let count = begun.clone();
        let look_up: LookUp = Arc::new(move |host| {
            count.fetch_add(1, Ordering::SeqCst);
            let mut told = told.clone();
            async move {
                if host.starts_with("dead") {
                    told.wait_for(|told| *told).await.unwrap();
                    return Vec::new();
                }
                vec![Ipv4Addr::LOCALHOST.into()]
            }
            .boxed()
        });
        (Resolver::new(look_up), begun)
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_looked_up_once_at_a_time_and_holds_up_no_other() {
        let (tell, told) = watch::channel(false);
        let (resolver, begun) = with_silent_servers(told);
        for _ in 0..1000 {
            let asked = tokio::time::timeout(Duration::from_secs(1), resolver.look_up("dead.test")).await;
            assert!(asked.is_err(), "its servers are silent");
        }
        assert_eq!(begun.load(Ordering::SeqCst), 1, "whoever asks waits for the same answer");
        let found = resolver.look_up("alive.test").await;
        assert_eq!(*found, [IpAddr::from(Ipv4Addr::LOCALHOST)]);
        tell.send_replace(true);
        assert!(resolver.look_up("dead.test").await.is_empty());
        assert!(resolver.under_way.lock().unwrap().is_empty(), "answers are not kept");
        assert!(resolver.look_up("dead.test").await.is_empty());
        assert_eq!(begun.load(Ordering::SeqCst), 3, "it is asked for anew");
    }

    #[tokio::test(start_paused = true)]
    async fn silent_names_take_up_a_part_of_the_threads_only() {
        let (_tell, told) = watch::channel(false);
        let (resolver, begun) = with_silent_servers(told);
        let names: Vec<String> = (0..NAMES_MAX + 50).map(|n| format!("dead{n}.test")).collect();
        let all = futures_util::future::join_all(names.iter().map(|name| resolver.look_up(name)));
        assert!(tokio::time::timeout(Duration::from_secs(1), all).await.is_err());
        assert_eq!(begun.load(Ordering::SeqCst), NAMES_MAX);
    }
}
