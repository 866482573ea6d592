//! Events: Gerrit's JSON, posted to each hook URL.

pub(crate) mod post;
pub(crate) mod shape;

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::faults::Faults;

/// How many events may wait for one receiver; above that they are lost, with one log line each.
const MOST_WAITING: usize = 10_000;

/// Hands events to the tasks that post them, one task a hook: each receiver gets them in order.
pub(crate) struct Outbox {
    hooks: Vec<mpsc::Sender<Arc<str>>>,
    faults: Arc<Faults>,
}

impl Outbox {
    /// Starts one task for each hook. They end when the outbox is dropped and all is posted, or by their handles.
    pub(crate) fn start(
        hooks: Vec<post::Hook>,
        origin: &str,
        faults: Arc<Faults>,
    ) -> (Self, Vec<AbortHandle>) {
        let (mut senders, mut posting) = (Vec::new(), Vec::new());
        for hook in hooks {
            let (sender, waiting) = mpsc::channel(MOST_WAITING);
            posting.push(tokio::spawn(post::deliver(hook, origin.to_owned(), waiting)).abort_handle());
            senders.push(sender);
        }
        (Self { hooks: senders, faults }, posting)
    }

    pub(crate) fn post(&self, event: &Value) {
        if self.hooks.is_empty() || self.faults.drops_event() {
            return;
        }
        let body: Arc<str> = event.to_string().into();
        for hook in &self.hooks {
            if hook.try_send(Arc::clone(&body)).is_err() {
                tracing::warn!("an event is lost: too many are waiting");
            }
        }
    }
}
