//! What is done with sessions beside requests: what is over ends, what ended elsewhere is heard of, and the identity provider
//! is asked again who is in which groups.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::{App, app::stopped, people::People};

/// Between two looks at whom the provider has to be asked about again.
const ASK_EACH: Duration = Duration::from_secs(5);
/// How many are asked about in one look: the others come next.
const AT_MOST: usize = 50;

/// Goes on until the server stops; does nothing where nobody signs in.
pub(crate) async fn sessions(app: App) {
    let Some(people) = &app.people else { return };
    let mut stopping = app.stopping.subscribe();
    tokio::select! {
        () = stopped(&mut stopping) => {}
        // Asking can take as long as the provider does; that must not keep an end from being heard of.
        () = follow(people) => {}
        () = ask(people) => {}
    }
}

async fn follow(people: &People) {
    let each = u64::try_from(people.sessions.limits().follow_ms).unwrap_or(500).max(50);
    let mut ticks = ticks(Duration::from_millis(each));
    loop {
        ticks.tick().await;
        for done in [people.sessions.follow().await, people.sessions.tend().await] {
            if let Err(error) = done {
                tracing::warn!(%error, "sessions could not be tended");
            }
        }
    }
}

async fn ask(people: &People) {
    let mut ticks = ticks(ASK_EACH);
    loop {
        ticks.tick().await;
        if let Err(error) = people.sessions.ask_again(&people.party, AT_MOST).await {
            tracing::warn!(%error, "what the identity provider said could not be recorded");
        }
    }
}

fn ticks(each: Duration) -> Interval {
    let mut ticks = interval(each);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
