use super::*;
use std::collections::VecDeque;
use std::future::poll_fn;
use tokio::io::AsyncReadExt;

/// What is read, piece by piece; each read gets one piece at most, and is told to come again between two of them.
struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    is_pending: bool,
}

impl Pieces {
    fn of(pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { pieces: pieces.into_iter().filter(|piece| !piece.is_empty()).collect(), is_pending: false }
    }
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.is_pending = !self.is_pending;
        if self.is_pending {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(mut piece) = self.pieces.pop_front() {
            let rest = piece.split_off(piece.len().min(buffer.remaining()));
            buffer.put_slice(&piece);
            if !rest.is_empty() {
                self.pieces.push_front(rest);
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Everything that comes out of the pieces, read into buffers of `room` bytes.
async fn read(pieces: Pieces, room: usize) -> Vec<u8> {
    let (mut coded, mut all) = (Coded::new(pieces), Vec::new());
    loop {
        let mut buffer = vec![0; room];
        let n = coded.read(&mut buffer).await.unwrap();
        if n == 0 {
            return all;
        }
        all.extend_from_slice(&buffer[..n]);
    }
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind];
    frame.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    frame.extend_from_slice(body);
    frame
}

/// An error of these fields.
fn error(fields: &[(u8, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, value) in fields {
        body.push(*field);
        body.extend_from_slice(value.as_bytes());
        body.push(0);
    }
    body.push(0);
    frame(b'E', &body)
}

const GERMAN: &str = "Auf dem Gerät ist kein Speicherplatz mehr verfügbar";
const JAPANESE: &str = "デバイスに空き領域がありません";

fn full(message: &str) -> Vec<u8> {
    error(&[(b'S', "FEHLER"), (b'V', "ERROR"), (b'C', "53100"), (b'M', message), (b'H', "Hilfe"), (b'F', "md.c")])
}

/// What the server says of two statements that fail, and of others around them; and what the driver is to be given.
fn conversation() -> (Vec<u8>, Vec<u8>) {
    let before = [frame(b'R', &[0; 4]), frame(b'D', b"E is no error here, nor is EEEEE"), frame(b'2', b"")].concat();
    let between = [frame(b'N', b"SNOTICE\0ME\0\0"), frame(b'C', b"INSERT 0 1\0")].concat();
    let after = [frame(b'Z', b"E"), frame(b'1', b"")].concat();
    let said = [&before[..], &full(GERMAN), &full(JAPANESE), &between, &error(&[(b'M', "x")]), &after].concat();
    let (german, japanese) = (format!("[53100] {GERMAN}"), format!("[53100] {JAPANESE}"));
    let told =
        [&before[..], &full(&german), &full(&japanese), &between, &error(&[(b'M', "[-----] x")]), &after].concat();
    (said, told)
}

#[tokio::test]
async fn a_message_begins_with_its_code_wherever_the_reads_split_it() {
    let (said, told) = conversation();
    for first in 0..=said.len() {
        let pieces = [said[..first].to_vec(), said[first..].to_vec()];
        assert_eq!(read(Pieces::of(pieces), 8192).await, told, "split at {first}");
    }
    for size in 1..=said.len() {
        let pieces = said.chunks(size).map(<[u8]>::to_vec);
        assert_eq!(read(Pieces::of(pieces), 8192).await, told, "pieces of {size}");
    }
}

#[tokio::test]
async fn a_message_begins_with_its_code_however_little_room_there_is() {
    let (said, told) = conversation();
    for room in 1..=said.len() {
        assert_eq!(read(Pieces::of([said.clone()]), room).await, told, "room for {room}");
    }
    // Two splits, at every pair of places within an error and the frames next to it.
    let said = [frame(b'2', b""), full("ü"), frame(b'Z', b"I")].concat();
    let told = [frame(b'2', b""), full("[53100] ü"), frame(b'Z', b"I")].concat();
    for first in 0..said.len() {
        for second in first..said.len() {
            let pieces = [&said[..first], &said[first..second], &said[second..]].map(<[u8]>::to_vec);
            assert_eq!(read(Pieces::of(pieces), 64).await, told, "split at {first} and {second}");
        }
    }
}

#[tokio::test]
async fn an_error_beyond_the_bound_passes_as_it_is_and_those_behind_it_do_not() {
    let at_most = full(&"ä".repeat((ERROR_MAX - full("").len()) / 2));
    let beyond = full(&"ä".repeat(ERROR_MAX / 2));
    assert!(at_most.len() <= ERROR_MAX && beyond.len() > ERROR_MAX);
    let said = [&beyond[..], &full("behind"), &at_most].concat();
    let told = read(Pieces::of(said.chunks(7000).map(<[u8]>::to_vec)), 8192).await;
    assert!(told.starts_with(&beyond), "as it is");
    assert!(told[beyond.len()..].starts_with(&full("[53100] behind")));
    assert_eq!(told.len(), said.len() + 2 * "[53100] ".len());
}

#[tokio::test]
async fn what_is_no_error_of_fields_is_the_drivers_to_refuse() {
    // The end within an error, an error of nothing, one whose field never ends, and the text of a server that could not fork.
    let cases: [&[u8]; 5] = [
        &full(GERMAN)[..20],
        &[b'E', 0, 0],
        &frame(b'E', b""),
        &frame(b'E', b"Mno end"),
        b"Ecould not fork new process for connection: Cannot allocate memory\n\0",
    ];
    for case in cases {
        assert_eq!(read(Pieces::of([case.to_vec()]), 64).await, case);
    }
    // A length that is less than its own four bytes.
    assert_eq!(read(Pieces::of([vec![b'E', 0, 0, 0, 0, b'Z', 0, 0, 0, 5, b'I']]), 64).await.len(), 11);
}

#[tokio::test]
async fn a_code_that_is_none_is_not_taken_for_one() {
    for code in ["", "1", "123456", "5]] x"] {
        let told = read(Pieces::of([error(&[(b'C', code), (b'M', "[22000] x")])]), 64).await;
        assert_eq!(told, error(&[(b'C', code), (b'M', "[-----] [22000] x")]));
    }
}

#[tokio::test]
async fn what_passes_is_not_copied() {
    let row = frame(b'D', &[7; 6000]);
    let mut coded = Coded::new(Pieces::of([[row.clone(), row].concat()]));
    let mut buffer = vec![0; 16384];
    poll_fn(|context| Pin::new(&mut coded).poll_read(context, &mut ReadBuf::new(&mut buffer))).await.unwrap();
    assert_eq!((coded.frames.ready.capacity(), coded.frames.held.capacity()), (0, 0));
}

#[tokio::test]
async fn what_an_error_took_is_given_back() {
    let mut coded = Coded::new(Pieces::of([full(&"x".repeat(100_000)), full("y")]));
    coded.read_to_end(&mut Vec::new()).await.unwrap();
    assert!(coded.frames.ready.capacity() <= KEPT_MAX && coded.frames.held.capacity() <= KEPT_MAX);
}
