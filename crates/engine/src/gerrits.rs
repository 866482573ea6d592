//! The Gerrit servers that we read and write, and our mirrors of their projects.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
    sync::{Arc, Mutex as StdMutex, PoisonError},
};

use gerrit::{
    Client,
    git::{GitHttp, Mirror, Want},
    repo::Repo,
};
use model::{Clock, Project, Revision, ServerName};
use notedb::ObjectId;
use tokio::sync::{Mutex, OnceCell};

use crate::{EngineError, history::is_below, line::Line};

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
    mirrors: Mutex<HashMap<Project, Arc<Mutex<Held>>>>,
    /// The number of the account that writes, once it was asked for.
    pub(crate) writer_account: OnceCell<u64>,
}

/// A mirror, and what is known of it as long as it doesn't change.
struct Held {
    mirror: Mirror,
    patch_sets: Arc<PatchSets>,
    lines: Arc<Lines>,
}

/// The lines of first parents of a project's branches, as far as they were read.
type Lines = StdMutex<HashMap<String, Arc<StdMutex<Line>>>>;

/// The changes that have a commit as patch set: it may be several.
pub(crate) type PatchSets = HashMap<ObjectId, BTreeSet<u64>>;

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
    /// Where those that were wanted by name pointed when we looked before: each of these was true at some moment.
    pub before: BTreeMap<String, ObjectId>,
    /// The objects.
    pub repo: Arc<Repo>,
    /// The patch sets that the mirror knows.
    pub patch_sets: Arc<PatchSets>,
    lines: Arc<Lines>,
}

impl Synced {
    /// Where a ref points.
    #[must_use]
    pub fn tip(&self, name: &str) -> Option<Revision> {
        self.refs.get(name).map(gate::revision)
    }

    /// The line of first parents of a branch, as far as it was read.
    pub(crate) fn line(&self, branch: &str) -> Arc<StdMutex<Line>> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lines.entry(branch.to_owned()).or_default())
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
        let held = self.mirror(project).await?;
        let mut held = held.lock().await;
        let Held { mirror, patch_sets, lines } = &mut *held;
        let named = wants.iter().filter_map(|want| match want {
            Want::Ref(name) => Some(((*name).to_owned(), *mirror.refs().get(*name)?)),
            Want::Prefix(_) | Want::RefAt(..) => None,
        });
        let before = named.collect();
        let had = mirror.refs().len();
        let refs = mirror.sync(&self.git, project.as_str(), wants).await.map_err(|why| self.error(why))?;
        // There may be a hundred thousand: they are gathered anew only when there is a new one, or some are gone.
        let known = |(name, id): (&String, &ObjectId)| {
            change_of_patch_set(name).is_none_or(|n| patch_sets.get(id).is_some_and(|of| of.contains(&n)))
        };
        if mirror.refs().len() < had || !refs.iter().all(known) {
            *patch_sets = Arc::new(patch_sets_of(mirror));
        }
        Ok(Synced {
            refs,
            before,
            repo: mirror.shared_repo(),
            patch_sets: Arc::clone(patch_sets),
            lines: Arc::clone(lines),
        })
    }

    /// The first project whose mirror has refs like that. One that is being brought up to date is passed over.
    pub(crate) async fn mirror_with(
        &self,
        fits: impl Fn(&BTreeMap<String, ObjectId>) -> bool,
    ) -> Option<Project> {
        let mirrors = self.mirrors.lock().await;
        let has = |held: &Arc<Mutex<Held>>| held.try_lock().is_ok_and(|held| fits(held.mirror.refs()));
        mirrors.iter().find(|(_, held)| has(held)).map(|(project, _)| project.clone())
    }

    /// A project's name has no `.` part, so this stays below the folder; `%` keeps `a/b` and `a%b` apart.
    fn folder_of(&self, project: &Project) -> PathBuf {
        self.folder.join(format!("{}.git", project.as_str().replace('%', "%25").replace('/', "%2F")))
    }

    /// Sees to it that a name which somebody asks about is a project's before a mirror is made for it.
    ///
    /// # Errors
    /// [`EngineError::Gerrit`]: there is no such project, or we may not see it.
    pub(crate) async fn must_exist(&self, project: &Project) -> Result<(), EngineError> {
        if !self.folder_of(project).is_dir() {
            self.list(project, &["refs/meta/config"]).await?;
        }
        Ok(())
    }

    /// Whether a commit lies below another, as far as our mirror has them.
    pub(crate) async fn has_below(
        &self,
        project: &Project,
        below: Revision,
        above: Revision,
    ) -> Result<bool, EngineError> {
        let repo = self.mirror(project).await?.lock().await.mirror.shared_repo();
        is_below(repo, below, above).await
    }

    async fn mirror(&self, project: &Project) -> Result<Arc<Mutex<Held>>, EngineError> {
        let mut mirrors = self.mirrors.lock().await;
        if let Some(mirror) = mirrors.get(project) {
            return Ok(Arc::clone(mirror));
        }
        let mirror = Mirror::open_or_init(self.folder_of(project)).map_err(|why| self.error(why))?;
        let patch_sets = Arc::new(patch_sets_of(&mirror));
        let mirror = Arc::new(Mutex::new(Held { mirror, patch_sets, lines: Arc::default() }));
        mirrors.insert(project.clone(), Arc::clone(&mirror));
        Ok(mirror)
    }
}

fn patch_sets_of(mirror: &Mirror) -> PatchSets {
    let mut patch_sets = PatchSets::new();
    let changes = mirror.refs().range("refs/changes/".to_owned()..);
    for (name, id) in changes.take_while(|(name, _)| name.starts_with("refs/changes/")) {
        if let Some(number) = change_of_patch_set(name) {
            patch_sets.entry(*id).or_default().insert(number);
        }
    }
    patch_sets
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

#[cfg(test)]
mod tests {
    use gerrit::ClientConfig;

    use super::*;

    #[test]
    fn no_two_projects_share_a_mirror() {
        let client = || {
            Client::new(&ClientConfig::new("http://127.0.0.1:1/", "reader", "t".to_owned().into())).unwrap()
        };
        let server = GerritServer::new(GerritConfig {
            name: "main".parse().unwrap(),
            server_id: "id".to_owned(),
            reader: client(),
            writer: client(),
            hook_secret: None,
            poll_s: 1,
            sweep_s: 1,
            mirrors: PathBuf::from("mirrors"),
        });
        let names = ["a", "a.b", "a.c", "a/b", "a%b", "a%2Fb", "a.git"];
        let folders: BTreeSet<PathBuf> =
            names.iter().map(|name| server.folder_of(&name.parse().unwrap())).collect();
        assert_eq!(folders.len(), names.len());
        assert!(folders.contains(&PathBuf::from("mirrors/a%2Fb.git")));
    }
}
