use crate::time::Timestamp;
use uuid::Uuid;

/// The wall clock of a node.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Where random values come from.
pub trait Random: Send + Sync {
    /// A random UUID (version 4).
    fn uuid(&self) -> Uuid;
    /// A number from 0 (included) to 1 (excluded).
    fn fraction(&self) -> f64;
}
