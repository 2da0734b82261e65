//! A proxy before Postgres that passes everything, but swallows the answer to COMMIT of a transaction that it is told to look
//! out for, and cuts that connection: the database has carried it out, and nobody hears of it.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The longest message of a test.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// What asks for TLS, and what a Postgres without it answers.
const TLS_REQUEST: u32 = 80_877_103;
const NO_TLS: u8 = b'N';

/// A running proxy. Ends with all its connections when dropped.
pub struct LostCommits {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    /// What the text of a transaction's statement holds, whose COMMIT's answer is to be lost: once.
    wanted: Option<String>,
    lost: usize,
}

impl LostCommits {
    /// Starts one before the Postgres at `target`.
    ///
    /// # Panics
    /// Where no port is free.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Mutex<Shared>>::default();
        let accepting = tokio::spawn(accept(listener, target, shared.clone()));
        Self { address, shared, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Loses the answer to the COMMIT of the next transaction that has a statement with this text in it.
    pub fn lose_next(&self, text: &str) {
        lock(&self.shared).wanted = Some(text.to_owned());
    }

    /// How many answers were lost so far.
    pub fn lost(&self) -> usize {
        lock(&self.shared).lost
    }
}

impl Drop for LostCommits {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, target: SocketAddr, shared: Arc<Mutex<Shared>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let shared = shared.clone();
        connections.spawn(async move {
            let Ok(server) = TcpStream::connect(target).await else { return };
            // It ends with either side, or is cut.
            let _ended = pass(client, server, shared).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// What is known of one connection.
#[derive(Default)]
struct Watched {
    /// Texts of prepared statements, by their names.
    prepared: HashMap<Vec<u8>, String>,
    /// Its transaction is the one whose COMMIT's answer is to be lost.
    is_wanted: bool,
}

async fn pass(mut client: TcpStream, mut server: TcpStream, shared: Arc<Mutex<Shared>>) -> io::Result<()> {
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let ((mut asked, mut answer), (mut answered, mut ask)) = (client.split(), server.split());
    // The first message has no kind; before it, TLS may be asked for.
    loop {
        let first = body(&mut asked).await?;
        ask.write_all(&framed(None, &first)).await?;
        if first.get(..4) != Some(&TLS_REQUEST.to_be_bytes()) {
            break;
        }
        let said = answered.read_u8().await?;
        answer.write_u8(said).await?;
        assert_eq!(said, NO_TLS, "a test's Postgres has no TLS");
    }
    let watched = Mutex::new(Watched::default());
    tokio::select! {
        ended = questions(asked, ask, &watched, &shared) => ended,
        ended = answers(answered, answer, &watched, &shared) => ended,
    }
}

async fn questions(
    mut asked: ReadHalf<'_>,
    mut ask: WriteHalf<'_>,
    watched: &Mutex<Watched>,
    shared: &Mutex<Shared>,
) -> io::Result<()> {
    loop {
        let kind = asked.read_u8().await?;
        let message = body(&mut asked).await?;
        let mut texts = message.split(|byte| *byte == 0);
        let (first, second) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
        let text = {
            let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
            match kind {
                b'P' => {
                    watched.prepared.insert(first.to_vec(), String::from_utf8_lossy(second).into_owned());
                    None
                }
                b'B' => watched.prepared.get(second).cloned(),
                b'Q' => Some(String::from_utf8_lossy(first).into_owned()),
                _ => None,
            }
        };
        if let Some(text) = text {
            let mut shared = lock(shared);
            if shared.wanted.as_ref().is_some_and(|wanted| text.contains(wanted)) {
                shared.wanted = None;
                watched.lock().unwrap_or_else(PoisonError::into_inner).is_wanted = true;
            }
        }
        ask.write_all(&framed(Some(kind), &message)).await?;
    }
}

async fn answers(
    mut answered: ReadHalf<'_>,
    mut answer: WriteHalf<'_>,
    watched: &Mutex<Watched>,
    shared: &Mutex<Shared>,
) -> io::Result<()> {
    loop {
        let kind = answered.read_u8().await?;
        let message = body(&mut answered).await?;
        // That a statement was carried out: it names which.
        if kind == b'C' && message == b"COMMIT\0" && watched.lock().unwrap_or_else(PoisonError::into_inner).is_wanted {
            lock(shared).lost += 1;
            return Ok(());
        }
        answer.write_all(&framed(Some(kind), &message)).await?;
    }
}

/// A message without its kind and length.
async fn body(from: &mut ReadHalf<'_>) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await? as usize;
    let length =
        length.checked_sub(4).filter(|length| *length <= MESSAGE_BYTES_MAX).ok_or(io::ErrorKind::InvalidData)?;
    let mut body = vec![0; length];
    from.read_exact(&mut body).await?;
    Ok(body)
}

fn framed(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a bounded message");
    kind.into_iter().chain(length.to_be_bytes()).chain(body.iter().copied()).collect()
}
