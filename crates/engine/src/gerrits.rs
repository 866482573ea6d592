//! The Gerrit servers that we read and write, and our mirrors of their projects.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
};

use gerrit::{
    Client,
    git::{GitHttp, Mirror, Want},
    repo::Repo,
};
use model::{Clock, Project, Revision, ServerName};
use notedb::ObjectId;
use tokio::sync::{Mutex, OnceCell};

use crate::EngineError;

/// How far two clocks may be apart, in milliseconds.
const SKEW_MS: i64 = 60_000;

/// One Gerrit server. Reading and writing are two accounts.
pub struct GerritServer {
    /// The name that operations use.
    pub name: ServerName,
    /// Its pinned id.
    pub server_id: String,
    /// Reads evidence.
    pub reader: Client,
    /// Posts results.
    pub writer: Client,
    /// The last part of the hook's path.
    pub hook_secret: Option<secrecy::SecretString>,
    /// Seconds between two polls.
    pub poll_s: u64,
    /// Seconds between two sweeps.
    pub sweep_s: u64,
    git: GitHttp,
    folder: PathBuf,
    mirrors: Mutex<HashMap<Project, Arc<Mutex<Mirror>>>>,
    /// The number of the account that writes, once it was asked for.
    pub(crate) writer_account: OnceCell<u64>,
}

/// What a server is told.
pub struct GerritConfig {
    /// The name that operations use.
    pub name: ServerName,
    /// Its pinned id.
    pub server_id: String,
    /// Reads evidence.
    pub reader: Client,
    /// Posts results.
    pub writer: Client,
    /// The last part of the hook's path; none: no hook.
    pub hook_secret: Option<secrecy::SecretString>,
    /// Seconds between two polls.
    pub poll_s: u64,
    /// Seconds between two sweeps.
    pub sweep_s: u64,
    /// Where its mirrors lie.
    pub mirrors: PathBuf,
}

/// A project as it was synchronised: its refs, and its objects.
pub struct Synced {
    /// Where the wanted refs point.
    pub refs: BTreeMap<String, ObjectId>,
    /// The objects.
    pub repo: Repo,
    /// The changes that have a commit as patch set, as far as the mirror knows: it may be several.
    pub patch_sets: HashMap<ObjectId, BTreeSet<u64>>,
}

impl Synced {
    /// Where a ref points.
    #[must_use]
    pub fn tip(&self, name: &str) -> Option<Revision> {
        self.refs.get(name).map(gate::revision)
    }
}

impl GerritServer {
    /// A server.
    #[must_use]
    pub fn new(config: GerritConfig) -> Self {
        Self {
            name: config.name,
            server_id: config.server_id,
            git: config.reader.git(),
            reader: config.reader,
            writer: config.writer,
            hook_secret: config.hook_secret,
            poll_s: config.poll_s,
            sweep_s: config.sweep_s,
            folder: config.mirrors,
            mirrors: Mutex::default(),
            writer_account: OnceCell::new(),
        }
    }

    /// An error of this server.
    pub fn error(&self, why: gerrit::Error) -> EngineError {
        EngineError::Gerrit { server: self.name.clone(), why }
    }

    /// Refuses to go on when an answer's `Date` and our clock are apart.
    ///
    /// # Errors
    /// [`EngineError::Clock`].
    pub fn check_clock<T>(&self, answer: &gerrit::Answer<T>, clock: &dyn Clock) -> Result<(), EngineError> {
        let Some(date) = answer.date else { return Ok(()) };
        let apart_ms = clock.now().as_millis().saturating_sub(date.timestamp().as_millisecond());
        // The header has whole seconds.
        if apart_ms.abs() > SKEW_MS + 1_000 {
            return Err(EngineError::Clock { server: self.name.clone(), apart_s: apart_ms / 1000 });
        }
        Ok(())
    }

    /// The refs of a project, without taking their objects.
    ///
    /// # Errors
    /// [`EngineError::Gerrit`].
    pub async fn list(
        &self,
        project: &Project,
        prefixes: &[&str],
    ) -> Result<Vec<(String, ObjectId)>, EngineError> {
        self.git.ls_refs(project.as_str(), prefixes).await.map_err(|why| self.error(why))
    }

    /// Brings what is wanted into our mirror.
    ///
    /// # Errors
    /// [`EngineError::Gerrit`], [`EngineError::Mirror`].
    pub async fn sync(&self, project: &Project, wants: &[Want<'_>]) -> Result<Synced, EngineError> {
        let mirror = self.mirror(project).await?;
        let mut mirror = mirror.lock().await;
        let refs = mirror.sync(&self.git, project.as_str(), wants).await.map_err(|why| self.error(why))?;
        let repo = Repo::open(mirror.path())
            .map_err(|why| EngineError::Mirror { project: project.to_string(), why: why.to_string() })?;
        let mut patch_sets: HashMap<ObjectId, BTreeSet<u64>> = HashMap::new();
        let changes = mirror.refs().range("refs/changes/".to_owned()..);
        for (name, id) in changes.take_while(|(name, _)| name.starts_with("refs/changes/")) {
            if let Some(number) = change_of_patch_set(name) {
                patch_sets.entry(*id).or_default().insert(number);
            }
        }
        Ok(Synced { refs, repo, patch_sets })
    }

    async fn mirror(&self, project: &Project) -> Result<Arc<Mutex<Mirror>>, EngineError> {
        let mut mirrors = self.mirrors.lock().await;
        if let Some(mirror) = mirrors.get(project) {
            return Ok(Arc::clone(mirror));
        }
        // A project's name has no `.` part, so this stays below the folder; `%` keeps `a/b` and `a%b` apart.
        let folder =
            self.folder.join(project.as_str().replace('%', "%25").replace('/', "%2F")).with_extension("git");
        let mirror = Mirror::open_or_init(folder).map_err(|why| self.error(why))?;
        let mirror = Arc::new(Mutex::new(mirror));
        mirrors.insert(project.clone(), Arc::clone(&mirror));
        Ok(mirror)
    }
}

/// The change whose patch set this ref is.
fn change_of_patch_set(name: &str) -> Option<u64> {
    let mut parts = name.strip_prefix("refs/changes/")?.split('/');
    let (_, number, patch_set) = (parts.next()?, parts.next()?, parts.next()?);
    patch_set.parse::<u32>().ok()?;
    number.parse().ok()
}

/// All refs of one change: its meta history and its patch sets.
#[must_use]
pub(crate) fn change_refs(number: u64) -> String {
    format!("refs/changes/{:02}/{number}/", number % 100)
}
