//! A TCP proxy that goes wrong: it cuts, stalls and truncates, as its seed says.

use fastrand::Rng;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The most bytes that pass before a connection goes wrong: some requests with their answers.
const PASS_MAX: usize = 4000;
/// Connections under way and bytes taken at once.
const CONNECTIONS_MAX: usize = 1000;
const CHUNK: usize = 4096;

/// A running proxy. Ends with all its connections when dropped.
pub struct Proxy {
    address: SocketAddr,
    counts: Arc<[AtomicU64; 3]>,
    accepting: JoinHandle<()>,
}

/// How a connection goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Reset, in both directions.
    Reset,
    /// Closed in good order, with part of a message sent: it is truncated.
    Close,
    /// Nothing passes any more, and nothing ends.
    Stall,
}

const ENDS: [End; 3] = [End::Reset, End::Close, End::Stall];

/// Which direction goes wrong, and after how many bytes.
#[derive(Clone, Copy)]
struct Plan {
    end: End,
    in_answers: bool,
    after: usize,
}

impl Proxy {
    /// Starts one before `target`. Every connection goes wrong at some time, at a random byte of what is sent or answered.
    ///
    /// # Panics
    /// Where no port is free.
    pub async fn start(target: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let counts = Arc::new([const { AtomicU64::new(0) }; 3]);
        let accepting = tokio::spawn(accept(listener, target, Rng::with_seed(seed), counts.clone()));
        Self { address, counts, accepting }
    }

    /// Its URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were reset, closed and stalled.
    pub fn counts(&self) -> [u64; 3] {
        std::array::from_fn(|end| self.counts[end].load(Ordering::Relaxed))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, mut random: Rng, counts: Arc<[AtomicU64; 3]>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let plan = Plan { end: ENDS[random.usize(..3)], in_answers: random.bool(), after: random.usize(..PASS_MAX) };
        let counts = counts.clone();
        connections.spawn(async move {
            let Ok(server) = TcpStream::connect(target).await else { return };
            if let Some(end) = pass(client, server, plan).await {
                counts[end as usize].fetch_add(1, Ordering::Relaxed);
            }
        });
        while connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
    }
}

/// Passes bytes in both directions until one side ends the connection, or until its plan does. Returns how it went wrong.
async fn pass(mut client: TcpStream, mut server: TcpStream, plan: Plan) -> Option<End> {
    for stream in [&client, &server] {
        let _gone = stream.set_nodelay(true);
    }
    let (mut sent, mut answered) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut left = plan.after;
    loop {
        let (bytes, to, in_answers) = tokio::select! {
            read = client.read(&mut sent) => (&sent[..read.ok().filter(|read| *read > 0)?], &mut server, false),
            read = server.read(&mut answered) => (&answered[..read.ok().filter(|read| *read > 0)?], &mut client, true),
        };
        let counts = in_answers == plan.in_answers;
        let pass = if counts { bytes.len().min(left) } else { bytes.len() };
        to.write_all(&bytes[..pass]).await.ok()?;
        if counts {
            left -= pass;
        }
        if pass < bytes.len() {
            break;
        }
    }
    match plan.end {
        End::Reset => {
            for stream in [&client, &server] {
                let _gone = stream.set_zero_linger();
            }
        }
        End::Close => {}
        End::Stall => {
            // Until the client gives up. What it still sends is taken and dropped.
            while client.read(&mut sent).await.is_ok_and(|read| read > 0) {}
        }
    }
    Some(plan.end)
}
