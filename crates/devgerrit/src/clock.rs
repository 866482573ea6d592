//! Time and chance: both can be given, so that a test can hold them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Gives the time since 1970, UTC.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Fills a buffer with bytes that nobody can guess.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The machine's own clock.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the default of a parameter; a server of its own, outside the product"
)]
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// The machine's own randomness. If there is none the bytes are left as they are: a development server goes on.
#[must_use]
pub fn system_entropy() -> Entropy {
    Arc::new(|buffer| {
        if getrandom::fill(buffer).is_err() {
            tracing::warn!("no randomness from the system");
        }
    })
}

/// `2026-11-24 08:34:54.000000000`, as REST writes a time.
pub(crate) fn rest_time(seconds: i64) -> String {
    let stamp = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%d %H:%M:%S.000000000").to_string()
}
