//! Editing a sync: what an edit raises.

use crate::sync::{Settings, SyncConfig};
use crate::time::Timestamp;

/// The sync with a new name and settings: its revision is one higher, and so is `unique_id_revision` where unique id or
/// lookup differ.
pub fn revised(before: &SyncConfig, friendly_name: &str, settings: &Settings, now: Timestamp) -> SyncConfig {
    let readdresses = before.settings.unique_id != settings.unique_id || before.settings.lookup != settings.lookup;
    SyncConfig {
        friendly_name: friendly_name.to_owned(),
        revision: before.revision + 1,
        unique_id_revision: before.unique_id_revision + i32::from(readdresses),
        settings: settings.clone(),
        updated_at: now,
        ..before.clone()
    }
}
