//! The engine: what it is made of, and its loops.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex as StdMutex, PoisonError, Weak},
    time::Duration,
};

use arc_swap::ArcSwap;
use executor::Executor;
use gate::Rulebook;
use grant::{Grounds, SigningKey};
use model::{Clock, Project, RefName, Revision, ServerName};
use store::{Store, Versioned};
use tokio::sync::{Mutex, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    EngineError, gerrits::GerritServer, inbox::Inbox, intake::Swept, kept::AcceptedConfiguration,
    people::SignedIn, read::Reader, report::Marker, requests::Requests,
};

/// Where operations come from.
#[derive(Clone, Debug)]
pub struct OperationsAt {
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// The branch.
    pub branch: RefName,
    /// The commit that is trusted without review.
    pub genesis: Revision,
}

/// What an engine is made of.
pub struct EngineConfig {
    /// The ledger's origin.
    pub origin: String,
    /// The servers.
    pub servers: Vec<GerritServer>,
    /// Where operations come from.
    pub operations: OperationsAt,
    /// Signs grants.
    pub gate: SigningKey,
    /// Runs them.
    pub executor: Executor,
    /// Marks our messages.
    pub marker: Marker,
    /// Where this server's pages are, for links in messages.
    pub pages: String,
    /// Where people sign in, if they do: what the provider says of them fills roles.
    pub signed_in: Option<SignedIn>,
    /// What is taken as proof of presence.
    pub grounds: Grounds,
}

/// The configuration in force.
pub(crate) struct Accepted {
    /// Its record.
    pub record: Versioned<AcceptedConfiguration>,
    /// What it says.
    pub rulebook: Arc<Rulebook>,
}

/// The engine.
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) origin: String,
    pub(crate) servers: BTreeMap<ServerName, Arc<GerritServer>>,
    pub(crate) operations: OperationsAt,
    pub(crate) gate: SigningKey,
    pub(crate) executor: Executor,
    pub(crate) marker: Marker,
    pub(crate) pages: String,
    pub(crate) signed_in: Option<SignedIn>,
    pub(crate) grounds: Grounds,
    /// Itself, for what goes on after a call of its surface.
    pub(crate) me: Weak<Engine>,
    pub(crate) accepted: ArcSwap<Accepted>,
    pub(crate) rulebooks: Mutex<HashMap<Revision, Arc<Rulebook>>>,
    pub(crate) inboxes: BTreeMap<ServerName, Arc<Inbox>>,
    pub(crate) problems: StdMutex<BTreeMap<String, String>>,
    /// How far the saying is.
    pub(crate) reports: StdMutex<crate::report::Reports>,
    /// What is known of requests beside their records.
    pub(crate) requests: Requests,
    /// Changes that a sweep needn't look at again, by server and number.
    pub(crate) swept: StdMutex<HashMap<ServerName, HashMap<u64, Swept>>>,
    lanes: Mutex<HashMap<String, Arc<Mutex<()>>>>,
    pub(crate) configuring: Mutex<()>,
    pub(crate) tree: Mutex<ledger::Tree>,
    progress: watch::Sender<u64>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Engine {
    /// Reads what the store holds, or begins a ledger with genesis, and is ready to be run.
    ///
    /// # Errors
    /// [`EngineError`], when there is no configuration that could be in force.
    pub async fn start(
        config: EngineConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, EngineError> {
        let servers: BTreeMap<_, _> =
            config.servers.into_iter().map(|s| (s.name.clone(), Arc::new(s))).collect();
        let accepted = crate::configuration::load(
            &*store,
            &*clock,
            &servers,
            &config.operations,
            config.gate.id(),
            config.executor.key(),
        )
        .await?;
        let rulebooks = HashMap::from([(accepted.rulebook.commit, Arc::clone(&accepted.rulebook))]);
        let inboxes = Inbox::load(&*store, servers.keys().cloned()).await?;
        // What was refused before the last stop still is: the alarm stays until something is accepted.
        let refused = accepted.record.value.refused.as_ref().map(crate::configuration::alarm_of);
        let problems: BTreeMap<_, _> =
            refused.into_iter().map(|said| ("configuration".to_owned(), said)).collect();
        Ok(Arc::new_cyclic(|me| Self {
            me: me.clone(),
            store,
            clock,
            origin: config.origin,
            servers,
            operations: config.operations,
            gate: config.gate,
            executor: config.executor,
            marker: config.marker,
            pages: config.pages,
            signed_in: config.signed_in,
            grounds: config.grounds,
            accepted: ArcSwap::from_pointee(accepted),
            rulebooks: Mutex::new(rulebooks),
            inboxes,
            problems: StdMutex::new(problems),
            reports: StdMutex::default(),
            requests: Requests::default(),
            swept: StdMutex::default(),
            lanes: Mutex::default(),
            configuring: Mutex::default(),
            tree: Mutex::new(ledger::Tree::new()),
            progress: watch::Sender::new(0),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }))
    }

    /// Starts the loops: what was begun is taken up, hints are looked at, what no hint told is found.
    pub async fn run(self: &Arc<Self>) -> Result<(), EngineError> {
        self.resume_runs().await?;
        for server in self.servers.values().cloned() {
            let (engine, poll_s) = (Arc::clone(self), server.poll_s);
            self.every(poll_s, {
                let server = Arc::clone(&server);
                move || {
                    let (engine, server) = (Arc::clone(&engine), Arc::clone(&server));
                    async move { engine.poll(&server).await }
                }
            });
            let (engine, sweep_s) = (Arc::clone(self), server.sweep_s);
            self.every(sweep_s, move || {
                let (engine, server) = (Arc::clone(&engine), Arc::clone(&server));
                async move { engine.sweep(&server).await }
            });
        }
        for server in self.servers.keys() {
            let (engine, name) = (Arc::clone(self), server.clone());
            self.every(5, move || {
                let (engine, name) = (Arc::clone(&engine), name.clone());
                async move { engine.reconsider(&name).await }
            });
            let (engine, name) = (Arc::clone(self), server.clone());
            self.every(1, move || {
                let (engine, name) = (Arc::clone(&engine), name.clone());
                async move { engine.say_reports(&name).await }
            });
        }
        self.tasks.spawn(Arc::clone(self).tend_requests());
        for inbox in self.inboxes.values() {
            let (engine, inbox) = (Arc::clone(self), Arc::clone(inbox));
            self.tasks.spawn(async move { engine.look_at_hints(&inbox).await });
        }
        Ok(())
    }

    /// Does something at once, and then again after each pause; what goes wrong is said and tried again.
    fn every<F, T>(self: &Arc<Self>, seconds: u64, mut work: F)
    where
        F: FnMut() -> T + Send + 'static,
        T: Future<Output = Result<(), EngineError>> + Send + 'static,
    {
        let engine = Arc::clone(self);
        self.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = engine.stop.cancelled() => return,
                    done = work() => if let Err(error) = done { tracing::warn!(%error, "tried again later") },
                }
                tokio::select! {
                    () = engine.stop.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
                }
            }
        });
    }

    /// Stops: nothing new begins; a step that acts is stopped and settled after the next start.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(crate) fn reader<'a>(&'a self, server: &'a GerritServer) -> Reader<'a> {
        Reader { server, clock: &*self.clock, store: &*self.store }
    }

    pub(crate) fn server(&self, name: &ServerName) -> Result<&Arc<GerritServer>, EngineError> {
        self.servers.get(name).ok_or_else(|| EngineError::NoServer(name.clone()))
    }

    pub(crate) fn inbox(&self, name: &ServerName) -> Result<&Arc<Inbox>, EngineError> {
        self.inboxes.get(name).ok_or_else(|| EngineError::NoServer(name.clone()))
    }

    /// One decision at a time in a lane, in this process; the lane's record keeps others out.
    pub(crate) async fn lane_lock(&self, key: &str) -> Arc<Mutex<()>> {
        let mut lanes = self.lanes.lock().await;
        lanes.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(lanes.entry(key.to_owned()).or_default())
    }

    /// Tells whoever watches that something was committed.
    pub(crate) fn moved(&self) {
        self.progress.send_modify(|count| *count += 1);
    }

    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }

    /// Sets or clears a problem that a person should see.
    pub(crate) fn problem(&self, about: &str, what: Option<String>) {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        match what {
            Some(what) => drop(problems.insert(about.to_owned(), what)),
            None => drop(problems.remove(about)),
        }
    }

    /// The branches that somebody watches in a project.
    pub(crate) fn watched_branches(&self, server: &ServerName, project: &Project) -> Vec<RefName> {
        let accepted = self.accepted.load();
        let mut branches: Vec<RefName> = accepted
            .rulebook
            .configuration
            .operations()
            .filter_map(|operation| operation.trigger.as_ref())
            .filter(|trigger| trigger.server == *server && trigger.project == *project)
            .map(|trigger| trigger.branch.clone())
            .collect();
        if self.is_operations(server, project) {
            branches.push(self.operations.branch.clone());
        }
        let requests = accepted.rulebook.configuration.requests();
        branches.extend(
            requests.filter(|at| at.server == *server && at.project == *project).map(|at| at.branch.clone()),
        );
        branches.sort();
        branches.dedup();
        branches
    }

    /// The projects of a server that somebody watches.
    pub(crate) fn watched_projects(&self, server: &ServerName) -> Vec<Project> {
        let accepted = self.accepted.load();
        let triggers = accepted.rulebook.configuration.operations().filter_map(|o| o.trigger.as_ref());
        let mut projects: Vec<Project> =
            triggers.filter(|t| t.server == *server).map(|t| t.project.clone()).collect();
        if self.operations.server == *server {
            projects.push(self.operations.project.clone());
        }
        let requests = accepted.rulebook.configuration.requests();
        projects.extend(requests.filter(|at| at.server == *server).map(|at| at.project.clone()));
        projects.sort();
        projects.dedup();
        projects
    }

    pub(crate) fn is_operations(&self, server: &ServerName, project: &Project) -> bool {
        self.operations.server == *server && self.operations.project == *project
    }
}
