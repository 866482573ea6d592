//! Making a request: what would happen is said, and the wish is durable before anything else is done.

use std::collections::BTreeMap;

use model::{Canonical as _, Digest, EnvironmentName, OperationName, Request, RequestId, RequestedPlan};
use operations::{Operation, RequestsAt, Wish};
use store::{Commit, Expect, StoreExt as _, Transition};

use super::{KeptRequest, RequestState};
use crate::{
    engine::{Accepted, Engine},
    entries,
    surface::{Asked, PlanView, RequestView, SurfaceError},
};

/// Requests that wait at once, of everybody and of one who asks.
const WAITING: usize = 1_000;
const OF_ONE: usize = 50;

impl Engine {
    /// What a request would do, with the hash that it would have to name.
    ///
    /// # Errors
    /// [`SurfaceError::Asked`]: it can't be asked for, and why.
    pub(crate) fn plan_of(
        &self,
        operation: &OperationName,
        environment: Option<&EnvironmentName>,
        inputs: &BTreeMap<String, String>,
    ) -> Result<PlanView, SurfaceError> {
        let accepted = self.accepted.load();
        self.requests_at(&accepted)?;
        let (operation, plan, hash) = planned(&accepted, operation, environment, inputs)?;
        Ok(PlanView {
            schema: PlanView::SCHEMA,
            hash,
            title: operation.title.clone(),
            configuration: accepted.rulebook.commit,
            people: operation.people,
            plan,
        })
    }

    /// Stores a request; its change is made as soon as Gerrit takes it.
    ///
    /// # Errors
    /// [`SurfaceError`]: nothing was stored.
    pub(crate) async fn make_request(&self, asked: Asked) -> Result<RequestView, SurfaceError> {
        let accepted = self.accepted.load_full();
        let at = self.requests_at(&accepted)?.clone();
        let Asked { by, operation, environment, inputs, justification, plan: seen, nonce } = asked;
        let (defined, plan, hash) = planned(&accepted, &operation, environment.as_ref(), &inputs)?;
        if let Some(seen) = seen.filter(|seen| *seen != hash) {
            return Err(SurfaceError::Asked(format!(
                "what would happen is not what you looked at: its hash is {hash} now, and was {seen}\n\
                 hint: look at the plan again, `exq plan`"
            )));
        }
        let now = self.clock.now();
        let request = Request {
            schema: Request::SCHEMA.to_owned(),
            id: RequestId::derive(&[by.identity.issuer.as_bytes(), by.identity.subject.as_bytes(), &nonce]),
            server: at.server,
            project: at.project,
            branch: at.branch,
            operation: plan.operation,
            environment: plan.environment,
            inputs: plan.inputs,
            justification,
            by,
            plan: hash,
            configuration: accepted.rulebook.commit,
            made_at: now,
            until: now.plus_ms(i64::try_from(defined.wait.0).unwrap_or(i64::MAX)),
        };
        // Counted and made by one at a time, or many at once would all be let in.
        let _one_at_a_time = self.requests.making.lock().await;
        self.not_too_many(&request).await?;
        let unwritable = |why: serde_json::Error| SurfaceError::Unavailable(why.to_string());
        let mut commit = Commit::new();
        let object = commit.object(model::to_canonical(&request).map_err(unwritable)?);
        let kept = KeptRequest { request, object, state: RequestState::Made, at: now };
        let entry = entries::request(&kept);
        let made = Transition::recorded(Expect::Absent, &kept, entry);
        commit.push(made.map_err(|why| SurfaceError::Unavailable(why.to_string()))?);
        self.store.commit(commit).await.map_err(|why| SurfaceError::Unavailable(why.to_string()))?;
        tracing::info!(request = %kept.request.id, operation = %kept.request.operation, "request made");
        self.moved();
        self.requests.bell.notify_one();
        self.request_view(kept).await
    }

    /// Where requests become changes, if they do.
    fn requests_at<'a>(&self, accepted: &'a Accepted) -> Result<&'a RequestsAt, SurfaceError> {
        let at = accepted.rulebook.configuration.requests().ok_or_else(|| {
            SurfaceError::Asked(
                "nothing can be asked for here: the operations project names no project for requests\n\
                 hint: a reviewed `requests.yaml` there does"
                    .to_owned(),
            )
        })?;
        if self.is_operations(&at.server, &at.project) || !self.servers.contains_key(&at.server) {
            return Err(SurfaceError::Asked(format!(
                "nothing can be asked for here: requests.yaml names {} on {}, which can't be a project for requests\n\
                 hint: it is a project of its own, on a server of exq.yaml",
                at.project, at.server
            )));
        }
        Ok(at)
    }

    /// Who asks without end keeps nobody else from asking.
    async fn not_too_many(&self, request: &Request) -> Result<(), SurfaceError> {
        let waiting = self.store.all::<KeptRequest>(KeptRequest::LIVE, WAITING).await?.items;
        let own = waiting.iter().filter(|kept| kept.value.request.by.identity == request.by.identity).count();
        if waiting.len() >= WAITING || own >= OF_ONE {
            return Err(SurfaceError::Asked(format!(
                "{own} requests of yours wait, and {} in all: no more are taken now\n\
                 hint: withdraw some, `exq request withdraw ID`, or have them reviewed",
                waiting.len()
            )));
        }
        Ok(())
    }
}

/// The plan of a wish, and its hash.
fn planned<'a>(
    accepted: &'a Accepted,
    name: &OperationName,
    environment: Option<&EnvironmentName>,
    inputs: &BTreeMap<String, String>,
) -> Result<(&'a Operation, RequestedPlan, Digest), SurfaceError> {
    let configuration = &accepted.rulebook.configuration;
    let operation = configuration.operation(name).ok_or_else(|| {
        let names = configuration.operations().filter(|o| o.trigger.is_none()).map(|o| o.name.to_string());
        SurfaceError::Asked(format!(
            "there is no operation {name}\nhint: what can be asked for: {}",
            names.collect::<Vec<_>>().join(", ")
        ))
    })?;
    let environment = match (environment, operation.environments.as_slice()) {
        (Some(environment), _) => environment,
        (None, [only]) => &only.name,
        (None, all) => {
            let names: Vec<&str> = all.iter().map(|e| e.name.as_str()).collect();
            return Err(SurfaceError::Asked(format!(
                "{name} has several environments\nhint: say which: {}",
                names.join(", ")
            )));
        }
    };
    let wish = Wish { operation: name, environment, inputs };
    let plan =
        operations::requested(configuration, &wish).map_err(|why| SurfaceError::Asked(why.to_string()))?;
    let hash = plan.digest().map_err(|why| SurfaceError::Unavailable(why.to_string()))?;
    Ok((operation, plan, hash))
}
