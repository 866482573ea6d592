//! Services and agents that call with a token of their platform, under the reviewed rules that are in force.

use std::sync::Arc;

use identity::{Http, Limits, Principal, Timeouts, Workloads};
use model::Revision;
use tokio::sync::Mutex;

use crate::App;

/// The rules in force, ready to be asked.
#[derive(Default)]
pub(crate) struct LetIn {
    ready: Mutex<Option<(Revision, Arc<Workloads>)>>,
}

impl LetIn {
    /// The service or agent that holds this token; none if no rule lets it in, or if that can't be found out now.
    pub(crate) async fn holder(&self, app: &App, token: &str) -> Option<Principal> {
        // A signed JWT has three parts; no token of our own has a dot.
        if token.bytes().filter(|b| *b == b'.').count() != 2 {
            return None;
        }
        let workloads = self.in_force(app).await?;
        match workloads.verify(token).await {
            Ok(principal) => Some(principal),
            Err(why) => {
                tracing::info!(error = %why, "a workload's token is refused");
                None
            }
        }
    }

    async fn in_force(&self, app: &App) -> Option<Arc<Workloads>> {
        let (commit, rules) = app.surface.workloads();
        if rules.is_empty() {
            return None;
        }
        let mut ready = self.ready.lock().await;
        if let Some((of, workloads)) = &*ready
            && *of == commit
        {
            return Some(Arc::clone(workloads));
        }
        let limits = Limits::default();
        let http = Http::new(Timeouts::default(), &limits);
        let made = http.and_then(|http| Workloads::new(rules, &http, &app.clock, limits));
        match made {
            Ok(workloads) => {
                let workloads = Arc::new(workloads);
                *ready = Some((commit, Arc::clone(&workloads)));
                Some(workloads)
            }
            Err(error) => {
                tracing::error!(%error, "the rules for services and agents can't be used: none is let in");
                None
            }
        }
    }
}
