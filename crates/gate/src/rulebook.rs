//! The accepted configuration with its policies: what decides.

use std::sync::Arc;

use model::Revision;
use notedb::{Kind, ObjectId, Objects, walk};
use operations::{Configuration, Report, Tree};
use policy::{Diagnostic, Policies};

use crate::{CaseError, object_id};

/// How deep folders of the operations project may lie in each other.
const DEPTH: usize = 16;
/// How many folders are looked into: the same one may lie in many places, and cost nothing there.
const FOLDERS: usize = 4096;

/// The operations project at one commit, checked, with its policies.
#[derive(Debug)]
pub struct Rulebook {
    /// The commit.
    pub commit: Revision,
    /// Operations, links, roles, targets.
    pub configuration: Configuration,
    /// The policies.
    pub policies: Policies,
}

/// What is wrong with a commit of the operations project.
#[derive(Debug, thiserror::Error)]
pub enum RulebookError {
    /// It can't be read.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// It isn't a tree that can be a configuration at all.
    #[error("{0}")]
    Tree(String),
    /// Its files have mistakes.
    #[error("{}", .0.render(false))]
    Files(Report),
    /// Its policies have mistakes.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Policies(Vec<Diagnostic>),
}

impl Rulebook {
    /// Reads and checks the operations project at a commit.
    ///
    /// # Errors
    /// [`RulebookError`] with everything that is wrong.
    pub fn at<O: Objects + ?Sized>(objects: &O, commit: &Revision) -> Result<Arc<Self>, RulebookError> {
        Self::of_tree(*commit, &read_tree(objects, commit)?)
    }

    /// Checks a tree that was read already.
    ///
    /// # Errors
    /// [`RulebookError`] with everything that is wrong.
    pub fn of_tree(commit: Revision, tree: &Tree) -> Result<Arc<Self>, RulebookError> {
        let configuration = Configuration::parse(tree).map_err(RulebookError::Files)?;
        let texts: Vec<_> = configuration.policies().collect();
        let policies = Policies::parse(&texts).map_err(RulebookError::Policies)?;
        Ok(Arc::new(Self { commit, policies, configuration }))
    }
}

/// All regular files of a commit. Links and submodules are left out: a program that is one isn't found.
///
/// # Errors
/// [`RulebookError`] when an object is missing, or the tree is over a limit.
pub fn read_tree<O: Objects + ?Sized>(objects: &O, commit: &Revision) -> Result<Tree, RulebookError> {
    let missing =
        |what: &str| CaseError::Missing { what: format!("{what} of the operations project at {commit}") };
    let id = object_id(commit);
    let root =
        walk::commit(objects, &id).map_err(CaseError::from)?.ok_or_else(|| missing("the commit"))?.tree;
    let mut files = Tree::new();
    let mut folders = vec![(String::new(), root, 0)];
    let mut seen = 0;
    while let Some((prefix, id, depth)) = folders.pop() {
        seen += 1;
        if seen > FOLDERS {
            return Err(RulebookError::Tree(format!("more than {FOLDERS} folders")));
        }
        if depth > DEPTH {
            return Err(RulebookError::Tree(format!("{prefix} lies more than {DEPTH} folders deep")));
        }
        let tree = get(objects, &id, Kind::Tree)?.ok_or_else(|| missing("a folder"))?;
        let tree = notedb::Tree::parse(&tree).ok_or_else(|| missing("a readable folder"))?;
        for entry in tree.entries {
            let name = String::from_utf8(entry.name)
                .map_err(|_| RulebookError::Tree(format!("a name in {prefix:?} is not UTF-8")))?;
            if name.contains('/') {
                return Err(RulebookError::Tree(format!("a name in {prefix:?} is a path: {name:?}")));
            }
            let path = format!("{prefix}{name}");
            if entry.mode.is_tree() {
                folders.push((format!("{path}/"), entry.id, depth + 1));
            } else if entry.mode.is_file() {
                let bytes = get(objects, &entry.id, Kind::Blob)?.ok_or_else(|| missing(&path))?;
                files.insert(&path, bytes).map_err(|why| RulebookError::Tree(why.to_string()))?;
            }
        }
    }
    Ok(files)
}

fn get<O: Objects + ?Sized>(objects: &O, id: &ObjectId, kind: Kind) -> Result<Option<Arc<[u8]>>, CaseError> {
    Ok(objects.get(id)?.filter(|object| object.kind == kind).map(|object| object.data))
}
