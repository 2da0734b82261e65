//! Pages: forward only, with opaque cursors.

use crate::errors::Result;
use crate::links::LinkNode;
use crate::logs::LogEntryNode;
use crate::people::{PersonChangeNode, PersonNode};
use crate::syncs::SyncNode;
use async_graphql::{OutputType, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sync_core::fault::Fault;
use sync_core::id::{LogId, PersonId, SyncId};
use sync_core::page::{PAGE_DEFAULT, PAGE_MAX, Page, PageRequest, SyncPlace};
use sync_core::person::Version;
use sync_core::time::Timestamp;
use uuid::Uuid;

/// What pages are ordered by.
pub(crate) trait CursorKey: Sized {
    fn to_bytes(&self) -> Vec<u8>;
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

macro_rules! uuid_cursor {
    ($($id:ident),*) => {$(
        impl CursorKey for $id {
            fn to_bytes(&self) -> Vec<u8> {
                self.0.as_bytes().to_vec()
            }
            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }
        }
    )*};
}
uuid_cursor!(LogId);

impl CursorKey for SyncPlace {
    fn to_bytes(&self) -> Vec<u8> {
        [self.created_at.as_micros().to_be_bytes().as_slice(), self.id.0.as_bytes()].concat()
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, id) = bytes.split_first_chunk()?;
        let created_at = Timestamp::from_micros(i64::from_be_bytes(*at));
        Some(Self { created_at, id: SyncId(Uuid::from_slice(id).ok()?) })
    }
}

impl CursorKey for PersonId {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_str().as_bytes().to_vec()
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::new(std::str::from_utf8(bytes).ok()?).ok()
    }
}

impl CursorKey for Version {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

/// A row of a page.
pub(crate) trait Node: OutputType + Clone {
    /// What the list is ordered by.
    type Key: CursorKey;
    /// The first byte of a cursor: which order it belongs to, and in which version it is written.
    const ORDER: u8;
    /// The row's place.
    fn key(&self) -> Self::Key;
}

/// The most characters of a cursor that is looked at: the longest person id, four bytes a character, in base64.
const CURSOR_CHARACTERS_MAX: usize = 1400;

fn cursor<N: Node>(node: &N) -> String {
    let mut bytes = vec![N::ORDER];
    bytes.extend(node.key().to_bytes());
    BASE64.encode(bytes)
}

fn parse_cursor<N: Node>(text: &str) -> Option<N::Key> {
    if text.len() > CURSOR_CHARACTERS_MAX {
        return None;
    }
    let bytes = BASE64.decode(text).ok()?;
    let (order, key) = bytes.split_first()?;
    (*order == N::ORDER).then(|| N::Key::from_bytes(key)).flatten()
}

/// What the arguments `first` and `after` ask for.
pub(crate) fn request<N: Node>(first: Option<i32>, after: Option<&str>) -> Result<PageRequest<N::Key>> {
    let first = match first {
        None => PAGE_DEFAULT,
        Some(first) => usize::try_from(first)
            .ok()
            .filter(|rows| (1..=PAGE_MAX).contains(rows))
            .ok_or_else(|| Fault::at(["first"], format!("is {first}; give 1 to {PAGE_MAX}")))?,
    };
    let after = match after {
        None => None,
        Some(text) => Some(parse_cursor::<N>(text).ok_or_else(|| {
            Fault::at(["after"], "is no cursor of this list; give an endCursor or cursor as it was answered")
        })?),
    };
    Ok(PageRequest { first, after })
}

/// Where a page stands in its list.
#[derive(Clone, SimpleObject)]
pub(crate) struct PageInfo {
    has_previous_page: bool,
    has_next_page: bool,
    start_cursor: Option<String>,
    end_cursor: Option<String>,
}

/// A page of a list
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "SyncConnection", params(SyncNode)),
    concrete(name = "PersonConnection", params(PersonNode)),
    concrete(name = "PersonChangeConnection", params(PersonChangeNode)),
    concrete(name = "LinkConnection", params(LinkNode)),
    concrete(name = "LogEntryConnection", params(LogEntryNode))
)]
pub(crate) struct Connection<N: OutputType>
where
    Edge<N>: OutputType,
{
    page_info: PageInfo,
    edges: Vec<Edge<N>>,
    nodes: Vec<N>,
}

/// A row with its place in the list
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "SyncEdge", params(SyncNode)),
    concrete(name = "PersonEdge", params(PersonNode)),
    concrete(name = "PersonChangeEdge", params(PersonChangeNode)),
    concrete(name = "LinkEdge", params(LinkNode)),
    concrete(name = "LogEntryEdge", params(LogEntryNode))
)]
pub(crate) struct Edge<N: OutputType> {
    node: N,
    cursor: String,
}

impl<N: Node> Connection<N>
where
    Edge<N>: OutputType,
{
    /// A page as it is answered. `after`: whether it was asked for with a cursor.
    pub(crate) fn of<T>(page: Page<T>, after: bool, node: impl FnMut(T) -> N) -> Self {
        let nodes: Vec<N> = page.items.into_iter().map(node).collect();
        let edges: Vec<_> = nodes.iter().map(|node| Edge { node: node.clone(), cursor: cursor(node) }).collect();
        let page_info = PageInfo {
            has_previous_page: after,
            has_next_page: page.has_next,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Self { page_info, edges, nodes }
    }
}
