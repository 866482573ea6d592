//! How a request ends without having run: recorded first, then said on its change, then the change is given up.

use std::fmt::Write as _;

use gerrit::{ChangeId, DetailLevel, info::ChangeStatus};
use model::{Reason, Requester};
use store::{Commit, Expect, StoreExt as _, Transition, Versioned};

use super::{
    KeptRequest, RequestState,
    kept::{End, Opened},
};
use crate::{
    EngineError,
    engine::Engine,
    entries,
    kept::Report,
    report::{LONGEST, say_reasons},
    surface::{RequestView, SurfaceError},
};

impl Engine {
    /// Ends a request.
    ///
    /// # Errors
    /// [`EngineError`]: it stands as it did.
    pub(super) async fn end_request(
        &self,
        kept: Versioned<KeptRequest>,
        how: End,
        reasons: Vec<Reason>,
        by: Option<Requester>,
    ) -> Result<(), EngineError> {
        let opened = kept.value.opened().copied();
        let closed = opened.is_none() || how == End::Abandoned;
        let next = KeptRequest {
            state: RequestState::Ended { how, reasons, by: by.map(Box::new), opened, closed },
            at: self.clock.now(),
            ..kept.value
        };
        let mut commit = Commit::new();
        let entry = entries::request(&next);
        commit.push(Transition::recorded(Expect::Version(kept.version), &next, entry)?);
        if let Some(opened) = opened {
            let report = self.request_ended(&next, &opened);
            let entry = entries::report(&report);
            commit.push(Transition::recorded(Expect::Absent, &report, entry)?);
        }
        self.store.commit(commit).await?;
        tracing::info!(request = %next.request.id, how = how.name(), "request ended");
        self.forget_request(&next.request.id);
        self.moved();
        self.requests.bell.notify_one();
        Ok(())
    }

    /// Gives up the change of a request that ended.
    ///
    /// # Errors
    /// [`EngineError`]: it is tried again.
    pub(super) async fn close_request(
        &self,
        kept: Versioned<KeptRequest>,
        how: End,
        opened: Opened,
    ) -> Result<(), EngineError> {
        let request = &kept.value.request;
        let server = self.server(&request.server)?;
        let id = ChangeId::new(request.project.as_str(), opened.change);
        let status = match server.writer.change(&id, DetailLevel::Brief, None).await {
            Ok(read) => Some(read.value.status),
            // Deleted: there is nothing to give up.
            Err(why) if why.class() == gerrit::Class::NotFound => None,
            Err(why) => return Err(server.error(why)),
        };
        if status == Some(ChangeStatus::New) {
            let text = format!("Request {}: {}", request.id, how.in_words());
            server.writer.abandon(&id, &text).await.map_err(|why| server.error(why))?;
        }
        let mut next = kept.value;
        if let RequestState::Ended { closed, .. } = &mut next.state {
            *closed = true;
        }
        let entry = entries::request(&next);
        let closed = Transition::recorded(Expect::Version(kept.version), &next, entry)?;
        self.store.commit(vec![closed].into()).await?;
        self.forget_request(&next.request.id);
        self.moved();
        Ok(())
    }

    /// Whoever asked takes it back.
    ///
    /// # Errors
    /// [`SurfaceError`]: it stands as it did.
    pub(crate) async fn withdraw_request(
        &self,
        id: &model::RequestId,
        by: Requester,
    ) -> Result<RequestView, SurfaceError> {
        let missing = || SurfaceError::NotFound(format!("request {id}"));
        let kept = self.store.get::<KeptRequest>(id.as_str()).await?.ok_or_else(missing)?;
        let asked = &kept.value.request.by;
        let same_person = asked.person.is_some() && asked.person == by.person;
        if asked.identity != by.identity && !same_person {
            return Err(SurfaceError::Asked(format!(
                "request {id} is not yours to withdraw\nhint: {asked} asked for it"
            )));
        }
        match &kept.value.state {
            RequestState::Merged { .. } => {
                return Err(SurfaceError::Asked(format!(
                    "request {id} is merged: it can't be withdrawn any more\nhint: `exq request show {id}` says what became of it"
                )));
            }
            RequestState::Ended { .. } => return self.request_view(kept.value).await,
            RequestState::Made | RequestState::Open { .. } | RequestState::Submitting { .. } => {}
        }
        // Also against a submit at this very moment: what runs needs this record as it was.
        self.end_request(kept, End::Withdrawn, Vec::new(), Some(by)).await?;
        let kept = self.store.get::<KeptRequest>(id.as_str()).await?.ok_or_else(missing)?;
        self.request_view(kept.value).await
    }

    /// What is said on the change of a request once it is there.
    pub(super) fn request_opened(&self, kept: &KeptRequest, change: u64) -> Report {
        let request = &kept.request;
        let mut text = format!("Asked for: {} in {}\n\n", request.operation, request.environment);
        say_request(&mut text, request);
        let _ = writeln!(text, "  plan         {}", request.plan);
        let _ = writeln!(
            text,
            "\nIt is submitted by us as soon as enough people have approved it who did not ask for it, and then runs. It waits \
             until {}.",
            request.until
        );
        self.request_report(kept, change, "opened", text)
    }

    fn request_ended(&self, kept: &KeptRequest, opened: &Opened) -> Report {
        let RequestState::Ended { how, reasons, by, .. } = &kept.state else {
            return self.request_report(kept, opened.change, "ended", String::new());
        };
        let mut text = format!("Not run: {}", how.in_words());
        if let Some(by) = by {
            let _ = write!(text, " by {by}");
        }
        text.push_str("\n\n");
        say_request(&mut text, &kept.request);
        say_reasons(&mut text, reasons);
        if *how == End::Refused {
            text.push_str("\nA new request takes its place; the votes on this one don't carry over.\n");
        }
        self.request_report(kept, opened.change, how.name(), text)
    }

    fn request_report(&self, kept: &KeptRequest, change: u64, state: &str, text: String) -> Report {
        let request = &kept.request;
        Report {
            about: format!("{}/{state}", request.id),
            server: request.server.clone(),
            project: request.project.clone(),
            change,
            text: text.chars().take(LONGEST).collect(),
            deployed: false,
            hashtags: if state == "opened" { Vec::new() } else { vec![format!("exq-{state}")] },
            at: self.clock.now(),
            tries: 0,
            posted: false,
        }
    }
}

/// Who asked, and why: texts of people are one line each, so that none of them looks like another line of ours.
pub(crate) fn say_request(text: &mut String, request: &model::Request) {
    let _ = writeln!(text, "  request      {}", request.id);
    let _ = writeln!(text, "  asked by     {}", crate::look::safe_line(&request.by.to_string()));
    let _ = writeln!(text, "  because      {}", request.justification.in_a_line());
    for (name, value) in &request.inputs {
        let _ = writeln!(text, "  with {name} = {value}");
    }
}
