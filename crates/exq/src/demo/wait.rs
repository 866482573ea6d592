//! Waits for something that others do.

use std::time::{Duration, Instant};

use anyhow::bail;

/// Asks again and again until there is an answer.
pub async fn until<T, F>(what: &str, within: Duration, mut ask: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    #[allow(clippy::disallowed_types, clippy::disallowed_methods)]
    // a deadline of the watcher, no time of the product
    let begun = Instant::now();
    let mut last = None;
    while begun.elapsed() < within {
        match ask().await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => {}
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    match last {
        Some(error) => Err(error.context(format!("{what}: not within {} s", within.as_secs()))),
        None => bail!("{what}: not within {} s", within.as_secs()),
    }
}
