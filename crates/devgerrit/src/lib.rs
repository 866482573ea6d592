//! A small Gerrit over the wire, for the demo and for tests.
//!
//! It speaks what a reader of Gerrit needs, in the shapes, texts and error codes of Gerrit 3.13: REST behind
//! `/a/` with Basic authentication, git over smart HTTP with `refs/for/…`, and event hooks. Changes live in NoteDb
//! format in bare repositories, accounts and groups in one small JSON file; both in one folder, so that a server
//! started again there goes on where it stopped. It listens on loopback only.
//!
//! It is no Gerrit: no SSH, no UI, no mail, no plugins, no drafts. Where it answers and the real one answers
//! otherwise, it is wrong.
//!
//! ```no_run
//! # async fn demo() -> Result<(), devgerrit::Error> {
//! let gerrit = devgerrit::DevGerrit::start(devgerrit::Options::new("/tmp/site", "secret")).await?;
//! println!("{}", gerrit.url());
//! gerrit.stop().await;
//! # Ok(())
//! # }
//! ```

mod change;
mod clock;
mod config;
mod error;
mod events;
mod faults;
mod git;
mod git_http;
mod notedb;
mod refusal;
mod requirements;
mod rest;
mod server;
mod submit;
mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinHandle};

pub use clock::{Clock, Entropy, system_clock, system_entropy};
pub use error::Error;
pub use faults::{Faults, Hold};

use events::Outbox;
use events::post::Hook;
use server::App;
use world::World;
use world::state::State;

/// How long [`DevGerrit::stop`] waits for requests on their way.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a server is started with.
#[derive(Clone)]
pub struct Options {
    /// Everything lies here. Made if it is missing; a folder of an earlier server is used on.
    pub dir: PathBuf,
    /// The password of `admin` on a new site; an old site keeps what it has.
    pub admin_password: String,
    /// Where events are posted (`http://HOST:PORT/PATH`).
    pub hook_urls: Vec<String>,
    /// The time; the system's by default.
    pub clock: Clock,
    /// Chance for tokens, UUIDs and Change-Ids; the system's by default.
    pub entropy: Entropy,
    /// A free one by default.
    pub port: Option<u16>,
    /// Gerrit's `change.submitWholeTopic`: changes of one topic are submitted together. On by default here.
    pub submit_whole_topic: bool,
}

impl Options {
    /// The defaults for a folder and a password.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, admin_password: impl Into<String>) -> Self {
        Self {
            dir: dir.into(),
            admin_password: admin_password.into(),
            hook_urls: Vec::new(),
            clock: system_clock(),
            entropy: system_entropy(),
            port: None,
            submit_whole_topic: true,
        }
    }
}

/// A running server. It ends when this is dropped; [`stop`](Self::stop) also waits until it has.
pub struct DevGerrit {
    url: String,
    dir: PathBuf,
    faults: Arc<Faults>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
    posting: Vec<AbortHandle>,
}

impl DevGerrit {
    /// Starts a server in the current Tokio runtime; when this returns it answers.
    ///
    /// # Errors
    /// When the folder, the port or a hook URL can't be used.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let hooks = options.hook_urls.iter().map(|url| Hook::parse(url)).collect::<Result<Vec<_>, _>>()?;
        let port = options.port.unwrap_or(0);
        let listen = |source| Error::Listen { port, source };
        let listener =
            TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(listen)?;
        let url = format!("http://{}", listener.local_addr().map_err(listen)?);
        let faults = Arc::new(Faults::default());
        let (outbox, posting) = Outbox::start(hooks, &format!("{url}/"), Arc::clone(&faults));
        let dir = options.dir.clone();
        let world = open(options, url.clone(), Arc::clone(&faults), outbox)
            .map_err(|why| Error::Folder { dir: dir.clone(), why })?;
        let app = App { world: Arc::new(Mutex::new(world)), faults: Arc::clone(&faults) };
        let router = Router::new().fallback(server::handle).with_state(app);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            // no new connections, no further request on old ones; what is being answered is answered
            let over = async { drop(stopped.await) };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(over).await {
                tracing::error!("devgerrit ended: {error}");
            }
        });
        Ok(Self { url, dir, faults, stop: Some(stop), task: Some(task), posting })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The bare repository of a project, for looking at it with git.
    #[must_use]
    pub fn repository(&self, project: &str) -> PathBuf {
        self.dir.join("git").join(format!("{project}.git"))
    }

    /// The switches for misbehaviour.
    #[must_use]
    pub fn faults(&self) -> Arc<Faults> {
        Arc::clone(&self.faults)
    }

    /// Stops the server and waits until nobody listens any more. The folder stays; events that were not posted yet
    /// are lost, as with the real one.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            let _ = tokio::time::timeout(PATIENCE, task).await;
        }
    }
}

impl Drop for DevGerrit {
    fn drop(&mut self) {
        self.posting.iter().for_each(AbortHandle::abort);
    }
}

fn open(options: Options, url: String, faults: Arc<Faults>, outbox: Outbox) -> Result<World, String> {
    std::fs::create_dir_all(options.dir.join("git")).map_err(|error| error.to_string())?;
    let file = options.dir.join("state.json");
    let now = i64::try_from((options.clock)().as_secs()).unwrap_or(i64::MAX);
    let random = || {
        let mut bytes = [0; 20];
        (options.entropy)(&mut bytes);
        hex::encode(bytes)
    };
    let state = match State::load(&file)? {
        Some(state) => state,
        None => State::founded(&options.admin_password, now, &random),
    };
    state.save(&file)?;
    let mut world = World {
        dir: options.dir,
        url,
        state,
        clock: options.clock,
        entropy: options.entropy,
        faults,
        outbox,
        whole_topic: options.submit_whole_topic,
        index: std::collections::BTreeMap::new(),
        parsed: std::cell::RefCell::default(),
        configs: std::cell::RefCell::default(),
        drawn: (0, 0),
    };
    world.found_projects().map_err(|refusal| refusal.text)?;
    world.scan();
    Ok(world)
}
