//! News of syncs, told in the log of the server once the change is committed.

use sync_core::news::{News, NewsOf};

/// Tells them. Texts are those of the API's `statusReason` and `Hold.reason`.
pub(crate) fn tell(news: NewsOf) {
    for (sync, News { message, is_good, hold, operation, reason, until }) in news {
        let until = until.map(tracing::field::display);
        if is_good {
            tracing::info!(sync.id = %sync, hold, operation, "{message}");
        } else {
            tracing::warn!(sync.id = %sync, hold, operation, until, reason, "{message}");
        }
    }
}
