//! The world behind the surface, and a server that shows it on a port of its own.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use engine::surface::{
    AccessView, Asked, ChangeEvidenceView, ConfigurationView, ConsentView, Deed, Health, HookAnswer,
    LinkAsked, LinkChallengeView, LinkView, Metric, Page, PasskeyView, PlanView, RangeEvidenceView,
    RangeQuestion, RequestView, RunQuery, RunRow, RunView, Subject, SubmissionView, Surface, SurfaceError,
    Viewer,
};
use grant::{Registration, SignedConsent};
use identity::{Person, Rule};
use model::{
    Account, Clock, Digest, Entropy, EnvironmentName, Identity, OperationName, OutcomeId, PersonKey, Project,
    RequestId, Requester, Revision, RunId, RunState, ServerName, SubmissionId, Timestamp,
};
use secrecy::SecretString;
use server::{Limits, ServerConfig, ServerError, SignIn};
use tokio::{
    net::TcpListener,
    sync::{Notify, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    client::{Answer, Events, Request, send_raw},
    log, samples,
};

pub const CLI_TOKEN: &str = "cli-token-cli-token-cli-token-cli-token";
pub const OPEN_TOKEN: &str = "open-token-open-token-open-token-open-token";
pub const HOOK_SECRET: &str = "hook-secret-c0ffee";

/// What the world holds, and how it behaves.
pub struct World {
    pub submissions: Mutex<Vec<SubmissionView>>,
    pub configuration: Mutex<ConfigurationView>,
    pub health: Mutex<Health>,
    /// The answer to a hook with the right secret.
    pub hook: Mutex<HookAnswer>,
    /// Server, secret, source and body's length of each hook that came so far.
    pub hooks: Mutex<Vec<(String, String, IpAddr, usize)>>,
    /// The store is away.
    pub broken: AtomicBool,
    /// Gerrit is away, or answers nonsense: whether asking again may help.
    pub gerrit: Mutex<Option<bool>>,
    /// Reading this submission panics.
    pub cursed: Mutex<Option<SubmissionId>>,
    /// Reading runs takes until this is notified.
    pub stuck: AtomicBool,
    pub released: Notify,
    pub progress: watch::Sender<u64>,
    /// What was asked for so far.
    pub asked: Mutex<Vec<RequestView>>,
    /// What lets services and agents in.
    pub rules: Mutex<Vec<Rule>>,
    /// Who revoked a link so far.
    pub revoked: Mutex<Vec<String>>,
    /// Consents that were given so far.
    pub given: Mutex<Vec<SignedConsent>>,
    /// Passkeys that were enrolled so far.
    pub passkeys: Mutex<Vec<PasskeyView>>,
    /// How often a submission was read.
    pub reads: watch::Sender<u64>,
}

impl World {
    pub fn new(submissions: Vec<SubmissionView>) -> Arc<Self> {
        Arc::new(Self {
            submissions: Mutex::new(submissions),
            configuration: Mutex::new(samples::configuration()),
            health: Mutex::new(samples::health()),
            hook: Mutex::new(HookAnswer::Stored),
            hooks: Mutex::default(),
            broken: AtomicBool::new(false),
            gerrit: Mutex::new(None),
            cursed: Mutex::new(None),
            stuck: AtomicBool::new(false),
            released: Notify::new(),
            progress: watch::Sender::new(0),
            asked: Mutex::default(),
            rules: Mutex::default(),
            revoked: Mutex::default(),
            given: Mutex::default(),
            passkeys: Mutex::default(),
            reads: watch::Sender::new(0),
        })
    }

    /// Changes a submission, as the engine does with a commit.
    pub fn change(&self, id: &SubmissionId, act: impl FnOnce(&mut SubmissionView)) {
        let mut all = self.submissions.lock().unwrap();
        act(all.iter_mut().find(|view| view.submission.id == *id).unwrap());
        drop(all);
        self.tick();
    }

    pub fn tick(&self) {
        self.progress.send_modify(|n| *n += 1);
    }

    fn whole(&self) -> Result<(), SurfaceError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(SurfaceError::Unavailable("/var/lib/exq/secret-path.db: disk I/O error".into()));
        }
        Ok(())
    }

    fn gerrit(&self) -> Result<(), SurfaceError> {
        self.whole()?;
        match *self.gerrit.lock().unwrap() {
            None => Ok(()),
            Some(again) => Err(SurfaceError::Gerrit {
                said: "Gerrit main doesn't answer.".into(),
                why: "http://10.0.0.7/secret-path: refused".into(),
                again,
            }),
        }
    }

    fn find(&self, is_it: impl Fn(&SubmissionView) -> bool) -> Result<SubmissionView, SurfaceError> {
        self.whole()?;
        let found = self.submissions.lock().unwrap().iter().find(|view| is_it(view)).cloned();
        found.ok_or_else(|| SurfaceError::NotFound("such thing".into()))
    }
}

fn run_of(view: &SubmissionView) -> impl Iterator<Item = &RunView> {
    view.outcomes.iter().filter_map(|outcome| outcome.run.as_ref())
}

fn has_run(view: &SubmissionView, id: &RunId) -> bool {
    run_of(view).any(|run| run.run.id == *id)
}

#[async_trait::async_trait]
impl Surface for World {
    async fn hook(&self, server: &str, secret: &str, source: IpAddr, body: &[u8]) -> HookAnswer {
        self.hooks.lock().unwrap().push((server.into(), secret.into(), source, body.len()));
        if server == "main" && secret == HOOK_SECRET {
            *self.hook.lock().unwrap()
        } else {
            HookAnswer::NotFound
        }
    }

    async fn submissions(
        &self,
        limit: usize,
        after: Option<String>,
    ) -> Result<Page<SubmissionView>, SurfaceError> {
        self.whole()?;
        let all = self.submissions.lock().unwrap();
        let from = after.and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        let rows: Vec<_> = all.iter().skip(from).take(limit).cloned().collect();
        let next = (from + rows.len() < all.len()).then(|| (from + rows.len()).to_string());
        Ok(Page { rows, next })
    }

    async fn submission(&self, id: &SubmissionId) -> Result<SubmissionView, SurfaceError> {
        assert!(self.cursed.lock().unwrap().as_ref() != Some(id), "cursed: the password is hunter2");
        let found = self.find(|view| view.submission.id == *id);
        self.reads.send_modify(|n| *n += 1);
        found
    }

    async fn why(&self, about: &Subject) -> Result<SubmissionView, SurfaceError> {
        self.find(|view| match about {
            Subject::Change(server, number) => {
                view.submission.server == *server && view.submission.changes.contains(number)
            }
            Subject::Submission(id) => view.submission.id == *id,
            Subject::Run(id) => has_run(view, id),
        })
    }

    async fn evidence(
        &self,
        server: &ServerName,
        change: u64,
        project: Option<Project>,
    ) -> Result<ChangeEvidenceView, SurfaceError> {
        self.gerrit()?;
        match (server.as_str(), change, project) {
            ("main", 40, _) => Ok(samples::evidence()),
            _ => Err(SurfaceError::NotFound(format!("change {change} that can be seen on {server}"))),
        }
    }

    async fn range_evidence(&self, asked: &RangeQuestion) -> Result<RangeEvidenceView, SurfaceError> {
        self.gerrit()?;
        if asked.base == asked.tip {
            return Err(SurfaceError::Asked("there is no such base\nhint: name another".into()));
        }
        Ok(samples::range_evidence(asked))
    }

    async fn plan(
        &self,
        operation: &OperationName,
        _environment: Option<&EnvironmentName>,
        inputs: &BTreeMap<String, String>,
    ) -> Result<PlanView, SurfaceError> {
        self.whole()?;
        let plan = samples::requested_plan(operation, inputs);
        Ok(PlanView {
            schema: PlanView::SCHEMA,
            hash: model::Canonical::digest(&plan).unwrap(),
            title: "Restart the shop".into(),
            configuration: samples::revision("configuration"),
            people: 1,
            plan,
        })
    }

    async fn ask(&self, asked: Asked) -> Result<RequestView, SurfaceError> {
        self.whole()?;
        let view = samples::asked(asked);
        self.asked.lock().unwrap().push(view.clone());
        Ok(view)
    }

    async fn ask_link(&self, by: &Person, wanted: LinkAsked) -> Result<LinkChallengeView, SurfaceError> {
        self.whole()?;
        Ok(samples::challenge(by, &wanted))
    }

    async fn prove_link(&self, by: &Person, id: &str, change: u64) -> Result<LinkView, SurfaceError> {
        self.whole()?;
        assert_eq!(id.len(), 32);
        match change {
            40 => Ok(samples::link(by.identity().clone())),
            41 => Err(SurfaceError::NotYet("nobody posted the text on change 41".into())),
            _ => Err(SurfaceError::Asked("what was posted proves nothing: it is late".into())),
        }
    }

    async fn access(
        &self,
        person: &PersonKey,
        deed: Deed,
        on: Option<(OperationName, EnvironmentName)>,
    ) -> Result<AccessView, SurfaceError> {
        self.whole()?;
        Ok(samples::access(
            person,
            deed,
            on.map(|(operation, environment)| format!("{operation}/{environment}")),
        ))
    }

    async fn person_of(
        &self,
        _identity: &Identity,
        key: Option<&PersonKey>,
    ) -> Result<Option<PersonKey>, SurfaceError> {
        Ok(key.cloned())
    }

    fn workloads(&self) -> (Revision, Vec<Rule>) {
        (samples::revision("configuration"), self.rules.lock().unwrap().clone())
    }

    async fn links(&self) -> Result<Vec<LinkView>, SurfaceError> {
        self.whole()?;
        Ok(vec![samples::link(samples::somebody())])
    }

    async fn revoke_link(
        &self,
        account: &Account,
        whose: Option<&Identity>,
        by: String,
    ) -> Result<LinkView, SurfaceError> {
        self.whole()?;
        let link = samples::link(samples::somebody());
        self.revoked.lock().unwrap().push(by);
        let own = whose.is_none_or(|identity| *identity == link.identity);
        if account.id.0 == link.account && own {
            return Ok(link);
        }
        Err(SurfaceError::NotFound("such link".into()))
    }

    async fn requests(
        &self,
        limit: usize,
        _after: Option<String>,
    ) -> Result<Page<RequestView>, SurfaceError> {
        self.whole()?;
        Ok(Page { rows: vec![samples::request()].into_iter().take(limit).collect(), next: None })
    }

    async fn request(&self, id: &RequestId) -> Result<RequestView, SurfaceError> {
        self.whole()?;
        let found = Some(samples::request()).filter(|view| view.request.id == *id);
        found.ok_or_else(|| SurfaceError::NotFound(format!("request {id}")))
    }

    async fn withdraw(&self, id: &RequestId, by: Requester) -> Result<RequestView, SurfaceError> {
        let view = self.request(id).await?;
        Ok(RequestView { state: "withdrawn", ended_by: Some(by), outcome: None, ..view })
    }

    async fn consents(&self, viewer: Option<&Viewer>) -> Result<Vec<ConsentView>, SurfaceError> {
        self.whole()?;
        Ok(vec![samples::consent(viewer)])
    }

    async fn consent(&self, id: &OutcomeId, viewer: Option<&Viewer>) -> Result<ConsentView, SurfaceError> {
        self.whole()?;
        let found = Some(samples::consent(viewer)).filter(|view| view.outcome == *id);
        found.ok_or_else(|| SurfaceError::NotFound(format!("outcome {id}")))
    }

    async fn give_consent(&self, signed: SignedConsent) -> Result<ConsentView, SurfaceError> {
        self.whole()?;
        let view = samples::consent(None);
        self.given.lock().unwrap().push(signed);
        Ok(view)
    }

    async fn passkeys(&self) -> Result<Vec<PasskeyView>, SurfaceError> {
        self.whole()?;
        Ok(self.passkeys.lock().unwrap().clone())
    }

    async fn enrol_passkey(
        &self,
        by: Viewer,
        made: Registration,
        label: &str,
    ) -> Result<PasskeyView, SurfaceError> {
        self.whole()?;
        let view = samples::passkey(by, made, label);
        self.passkeys.lock().unwrap().push(view.clone());
        Ok(view)
    }

    async fn confirm_passkey(&self, id: &Digest, by: Viewer) -> Result<PasskeyView, SurfaceError> {
        self.whole()?;
        let mut all = self.passkeys.lock().unwrap();
        let found = all.iter_mut().find(|one| one.id == *id && one.identity != by.identity);
        let found = found.ok_or_else(|| SurfaceError::Asked("by another person".into()))?;
        (found.state, found.confirmed_by) = ("confirmed", Some(by.identity.subject));
        Ok(found.clone())
    }

    async fn revoke_passkey(&self, id: &Digest, by: &Viewer) -> Result<PasskeyView, SurfaceError> {
        self.whole()?;
        let mut all = self.passkeys.lock().unwrap();
        let at = all.iter().position(|one| one.id == *id && one.identity == by.identity);
        at.map(|at| all.remove(at)).ok_or_else(|| SurfaceError::NotFound("such passkey".into()))
    }

    async fn runs(&self, query: &RunQuery) -> Result<Page<RunRow>, SurfaceError> {
        self.whole()?;
        if self.stuck.load(Ordering::SeqCst) {
            self.released.notified().await;
        }
        let all = self.submissions.lock().unwrap();
        let rows = all
            .iter()
            .flat_map(run_of)
            .filter(|run| query.states.is_empty() || query.states.iter().any(|s| s == run.run.state.name()))
            .take(query.limit)
            .map(|view| RunRow {
                id: view.run.id.clone(),
                operation: view.plan.operation.clone(),
                environment: view.plan.environment.clone(),
                revision: view.plan.triggered_by.revision,
                submission: view.submission.clone(),
                granted_at: view.run.granted_at,
                state: match &view.run.state {
                    RunState::Finished { result, .. } => result.name().into(),
                    other => other.name().into(),
                },
            })
            .collect();
        Ok(Page { rows, next: None })
    }

    async fn run(&self, id: &RunId) -> Result<RunView, SurfaceError> {
        let view = self.find(|view| has_run(view, id))?;
        Ok(run_of(&view).find(|run| run.run.id == *id).unwrap().clone())
    }

    async fn bundle(&self, id: &RunId) -> Result<Vec<u8>, SurfaceError> {
        self.run(id).await.map(|_| b"bundle \x00\xff of a run".to_vec())
    }

    async fn configuration(&self) -> Result<ConfigurationView, SurfaceError> {
        self.whole()?;
        Ok(self.configuration.lock().unwrap().clone())
    }

    fn watched(&self) -> Vec<(ServerName, Project)> {
        vec![("main".parse().unwrap(), "shop".parse().unwrap())]
    }

    async fn checkpoint(&self) -> Result<String, SurfaceError> {
        self.whole()?;
        Ok("exequatur.example/log\n42\nq83vEjRWeJA=\n\n— exequatur.example/log AAAA\n".into())
    }

    fn progress(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }

    async fn health(&self) -> Health {
        self.health.lock().unwrap().clone()
    }

    async fn metrics(&self) -> Vec<Metric> {
        vec![("exq_runs_total", vec![("result", "succeeded".into())], 3)]
    }
}

/// A clock that a test sets.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn step_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Never the same bytes twice, and always the same in the same test.
#[derive(Default)]
pub struct TestEntropy(AtomicU64);

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        for chunk in bytes.chunks_mut(32) {
            let n = self.0.fetch_add(1, Ordering::SeqCst);
            let random = model::Digest::of(&n.to_be_bytes());
            chunk.copy_from_slice(&random.as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A running server; it stops when this is dropped.
pub struct Site {
    pub world: Arc<World>,
    pub address: SocketAddr,
    pub clock: TestClock,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), ServerError>>,
}

impl Site {
    /// With the three sample submissions and default limits.
    pub async fn start() -> Self {
        Self::with(Limits::default(), samples::all()).await
    }

    pub async fn with(limits: Limits, submissions: Vec<SubmissionView>) -> Self {
        Self::where_people(limits, submissions, async |_, _| None).await
    }

    /// Where people sign in as `sign_in` says, which is told the address and the clock.
    pub async fn where_people(
        limits: Limits,
        submissions: Vec<SubmissionView>,
        sign_in: impl AsyncFnOnce(SocketAddr, &TestClock) -> Option<SignIn>,
    ) -> Self {
        log::keep();
        let world = World::new(submissions);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clock = TestClock(Arc::new(AtomicI64::new(samples::at(600_000).as_millis())));
        let sign_in = sign_in(address, &clock).await;
        let (stop, stopped) = oneshot::channel();
        let config = ServerConfig {
            limits,
            sign_in,
            ..ServerConfig::new(
                SecretString::from(CLI_TOKEN.to_owned()),
                SecretString::from(OPEN_TOKEN.to_owned()),
            )
        };
        let served = tokio::spawn(server::serve(
            listener,
            config,
            world.clone(),
            Arc::new(clock.clone()),
            Arc::new(TestEntropy::default()),
            async {
                let _ = stopped.await;
            },
        ));
        let site = Self { world, address, clock, stop: Some(stop), served };
        // From here on it serves: what a test does to the clock comes after the start.
        assert_eq!(site.send(Request::get("/healthz")).await.status, 200);
        site
    }

    pub async fn send(&self, request: Request) -> Answer {
        send_raw(self.address, &request.bytes(self.address)).await
    }

    /// As the command line.
    pub async fn cli(&self, request: Request) -> Answer {
        self.send(as_cli(request)).await
    }

    /// Opens a session with the printed token and returns its cookie.
    pub async fn open(&self) -> String {
        self.open_with(OPEN_TOKEN).await.expect("a session")
    }

    /// The cookie of the session that this token opens, if it does.
    pub async fn open_with(&self, token: &str) -> Option<String> {
        let form = format!("token={token}");
        let request = Request::post("/open", form).with("content-type", "application/x-www-form-urlencoded");
        let answer = self.send(request).await;
        let cookie = answer.header("set-cookie")?;
        Some(cookie.split(';').next().unwrap().to_owned())
    }

    pub async fn events(&self, request: Request) -> Events {
        Events::open(self.address, &request).await
    }

    /// Stops the server and waits until it has.
    pub async fn stop(mut self) -> Result<(), ServerError> {
        self.stop.take().unwrap().send(()).unwrap();
        self.served.await.unwrap()
    }
}

pub fn as_cli(request: Request) -> Request {
    request.with("authorization", &format!("Bearer {CLI_TOKEN}"))
}
