//! Server-sent events: a page's body again whenever something in it changed, and a sign of life in between.
//!
//! The streams are bounded; each ends with its session, with the server, or when its reader goes.

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::response::{
    IntoResponse as _, Response,
    sse::{Event, Sse},
};
use futures_util::stream;
use model::Digest;
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::{Interval, MissedTickBehavior},
};

use crate::{App, access::Caller, answer::Problem, app::stopped};

/// Renders the body of a page; nothing if it can't be shown at the moment.
pub(crate) type Render = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Option<String>> + Send>> + Send + Sync>;

/// Between two looks at whether what let the reader in still holds: what is revoked is over within a second.
const GUARD: Duration = Duration::from_millis(400);

struct Live {
    app: App,
    caller: Caller,
    render: Render,
    progress: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    heartbeat: Interval,
    guard: Interval,
    sent: Option<Digest>,
    _place: OwnedSemaphorePermit,
}

/// Answers with a stream. The first event is the body as it is now.
pub(crate) fn stream(app: &App, caller: Caller, render: Render) -> Response {
    let Ok(place) = app.streams.clone().try_acquire_owned() else {
        return Problem::busy("busy", "Too many live pages are open.")
            .hint("The page itself can be read; reload it for news.")
            .retry_after(30)
            .into_response();
    };
    let mut heartbeat = tokio::time::interval(Duration::from_millis(app.limits.heartbeat_ms));
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.reset();
    let mut guard = tokio::time::interval(GUARD);
    guard.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut progress = app.surface.progress();
    progress.mark_changed();
    let live = Live {
        caller,
        render,
        progress,
        stopping: app.stopping.subscribe(),
        heartbeat,
        guard,
        sent: None,
        _place: place,
        app: app.clone(),
    };
    Sse::new(stream::unfold(live, |mut live| async move {
        live.next().await.map(|event| (Ok::<_, Infallible>(event), live))
    }))
    .into_response()
}

impl Live {
    /// The next event; none when the stream is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                () = stopped(&mut self.stopping) => return None,
                _ = self.guard.tick() => {
                    if !self.caller.still_holds(&self.app) {
                        return None;
                    }
                }
                _ = self.heartbeat.tick() => {
                    return self.caller.still_holds(&self.app).then(|| Event::default().comment("alive"));
                }
                changed = self.progress.changed() => {
                    changed.ok()?;
                    if !self.caller.still_holds(&self.app) {
                        return None;
                    }
                    if let Some(event) = self.news().await {
                        return Some(event);
                    }
                }
            }
        }
    }

    /// The body, if it is another than the one that was sent last.
    async fn news(&mut self) -> Option<Event> {
        if self.sent.is_some() {
            // Changes come in bursts; wait for the burst to be over rather than render each.
            tokio::time::sleep(Duration::from_millis(self.app.limits.settle_ms)).await;
        }
        self.progress.mark_unchanged();
        let html = (self.render)().await?.replace('\r', "");
        let digest = Digest::of(html.as_bytes());
        (self.sent.replace(digest) != Some(digest)).then(|| Event::default().event("body").data(html))
    }
}
