//! What is shown of requests.

use model::{Request, RequestId, ServerName};
use store::{Query, StoreExt as _};

use super::{KeptRequest, RequestState};
use crate::{
    engine::Engine,
    kept::{KeptOutcome, KeptSubmission},
    surface::{Page, RequestView, SurfaceError},
    views::{cursor, place},
};

/// Requests that are looked through for a change.
const KNOWN: usize = 10_000;

impl Engine {
    pub(crate) async fn request_page(
        &self,
        limit: usize,
        after: Option<String>,
    ) -> Result<Page<RequestView>, SurfaceError> {
        let query = Query::of("request").after(cursor(after)?).limit(u32::try_from(limit).unwrap_or(100));
        let page = self.store.page::<KeptRequest>(query).await?;
        let mut rows = Vec::new();
        for kept in page.items {
            rows.push(self.request_view(kept.value).await?);
        }
        Ok(Page { rows, next: page.next.map(place) })
    }

    pub(crate) async fn request_shown(&self, id: &RequestId) -> Result<RequestView, SurfaceError> {
        let kept = self.store.get::<KeptRequest>(id.as_str()).await?;
        let kept = kept.ok_or_else(|| SurfaceError::NotFound(format!("request {id}")))?;
        self.request_view(kept.value).await
    }

    pub(super) async fn request_view(&self, kept: KeptRequest) -> Result<RequestView, SurfaceError> {
        let seen = self.seen_of(&kept.request.id);
        let change = kept.opened().map(|opened| opened.change);
        let state = store::Kept::state(&kept);
        let mut view = RequestView {
            schema: RequestView::SCHEMA,
            state: if state == "ending" { "ended" } else { state },
            since: kept.at,
            change,
            change_url: change.map(|number| self.change_url(&kept.request, number)),
            waits_for: seen.reasons,
            trouble: seen.trouble,
            reasons: Vec::new(),
            ended_by: None,
            submission: None,
            outcome: None,
            request: kept.request,
        };
        match kept.state {
            RequestState::Merged { submission, .. } => {
                let of = self.store.get::<KeptSubmission>(submission.as_str()).await?;
                let outcome = of.and_then(|of| of.value.outcomes.first().cloned());
                if let Some(id) = outcome {
                    let kept = self.store.get::<KeptOutcome>(id.as_str()).await?;
                    view.outcome = kept.map(|kept| kept.value.outcome.state);
                }
                view.submission = Some(submission);
            }
            RequestState::Ended { how, reasons, by, .. } => {
                view.state = how.name();
                view.reasons = reasons;
                view.ended_by = by.map(|by| *by);
            }
            RequestState::Made | RequestState::Open { .. } | RequestState::Submitting { .. } => {}
        }
        Ok(view)
    }

    /// What there is to say of a change that isn't merged: of a request's, how it stands.
    pub(crate) async fn why_not_merged(
        &self,
        server: &ServerName,
        number: u64,
    ) -> Result<SurfaceError, SurfaceError> {
        let states = KeptRequest::LIVE.iter().chain(KeptRequest::ENDED).copied().collect::<Vec<_>>();
        let live = self.store.all::<KeptRequest>(&states, KNOWN).await?;
        let of_change = |kept: &KeptRequest| {
            kept.request.server == *server && kept.opened().is_some_and(|opened| opened.change == number)
        };
        let Some(kept) = live.items.into_iter().find(|kept| of_change(&kept.value)) else {
            let what = format!("merged change {number} on {server} that a watched branch has");
            return Ok(SurfaceError::NotFound(what));
        };
        let view = self.request_view(kept.value).await?;
        let reasons = view.waits_for.iter().chain(&view.reasons).map(|reason| reason.text.as_str());
        let reasons: Vec<&str> = reasons.chain(view.trouble.as_deref()).collect();
        let reasons = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) };
        Ok(SurfaceError::NotYet(format!(
            "change {number} isn't merged; it is request {}, and that is {}{reasons}",
            view.request.id, view.state
        )))
    }

    fn change_url(&self, request: &Request, number: u64) -> String {
        let base = self.servers.get(&request.server).map_or("", |s| s.reader.base_url().as_str());
        format!("{base}c/{}/+/{number}", request.project)
    }
}
