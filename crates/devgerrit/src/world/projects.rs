//! Projects: their repositories and their configuration, inheritance included.

use std::path::Path;
use std::sync::Arc;

use crate::config::{ConfigText, Label, ProjectConfig, Requirement, groups_file};
use crate::git::tree::{self, Entry, FILE};
use crate::git::{Ident, Oid, Repo};
use crate::refusal::Refusal;

use super::World;
use super::accounts::Caller;

/// The ref that holds a project's configuration.
pub(crate) const CONFIG: &str = "refs/meta/config";
/// The root of inheritance.
pub(crate) const ALL_PROJECTS: &str = "All-Projects";

/// Whether this may name a project: what could leave the folder, or hide in a URL, may not.
pub(crate) fn fine_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 200
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".git"))
        && !name.chars().any(|c| c.is_control() || "\\:*?\"<>|~%#&+{}^".contains(c))
}

impl World {
    pub(crate) fn repo(&self, project: &str) -> Option<Repo> {
        let dir = self.repo_dir(project)?;
        dir.join("HEAD").is_file().then(|| Repo::at(dir))
    }

    fn repo_dir(&self, project: &str) -> Option<std::path::PathBuf> {
        fine_name(project).then(|| self.dir.join("git").join(format!("{project}.git")))
    }

    /// The repository of a project that must be there.
    pub(crate) fn must_repo(&self, project: &str) -> Result<Repo, Refusal> {
        self.repo(project).ok_or_else(|| Refusal::not_found(project))
    }

    pub(crate) fn init_repo(&self, project: &str, head: &str) -> Result<Repo, Refusal> {
        let dir = self.repo_dir(project).ok_or_else(|| Refusal::bad("invalid project name"))?;
        Ok(Repo::init(dir, head)?)
    }

    /// All projects, by name.
    pub(crate) fn projects(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.dir.join("git"), "", &mut found);
        found.sort();
        found
    }

    pub(crate) fn config(&self, project: &str) -> Arc<ProjectConfig> {
        self.config_at(project).1
    }

    /// The configuration and the commit that it was read from.
    pub(crate) fn config_at(&self, project: &str) -> (Option<Oid>, Arc<ProjectConfig>) {
        let Some(repo) = self.repo(project) else { return (None, Arc::default()) };
        let Some(at) = repo.reference(CONFIG) else { return (None, Arc::default()) };
        let mut configs = self.configs.borrow_mut();
        if let Some(known) = configs.get(&(project.to_owned(), at)) {
            return (Some(at), Arc::clone(known));
        }
        let config = Arc::new(read_config(&repo, at));
        configs.retain(|(name, _), _| name != project);
        configs.insert((project.to_owned(), at), Arc::clone(&config));
        (Some(at), config)
    }

    /// The project and its parents, itself first.
    pub(crate) fn lineage(&self, project: &str) -> Vec<(String, Arc<ProjectConfig>)> {
        let mut found: Vec<(String, Arc<ProjectConfig>)> = Vec::new();
        let mut name = project.to_owned();
        loop {
            let config = self.config(&name);
            let parent = config.parent().unwrap_or(ALL_PROJECTS).to_owned();
            found.push((name.clone(), config));
            if name == ALL_PROJECTS || found.iter().any(|(has, _)| *has == parent) {
                return found;
            }
            name = parent;
        }
    }

    /// The labels in force, by name; a project's own definition comes before its parents'.
    pub(crate) fn labels(&self, project: &str) -> Vec<Label> {
        let mut found: Vec<Label> = Vec::new();
        for (name, config) in self.lineage(project) {
            for label in config.labels(&name) {
                if !found.iter().any(|has| has.name == label.name) {
                    found.push(label);
                }
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// The submit requirements in force: the project's own first, then its parents'. A parent's stands against a
    /// child's of the same name unless it allows to be overridden.
    pub(crate) fn requirements(&self, project: &str) -> Vec<Requirement> {
        let mut found: Vec<Requirement> = Vec::new();
        for (name, config) in self.lineage(project) {
            for own in config.requirements(&name) {
                let below = found.iter().position(|has| has.name.eq_ignore_ascii_case(&own.name));
                match below {
                    None => found.push(own),
                    Some(at) if !own.allow_override_in_child => {
                        if let Some(slot) = found.get_mut(at) {
                            *slot = own;
                        }
                    }
                    Some(_) => {}
                }
            }
        }
        found
    }

    pub(crate) fn submit_type(&self, project: &str) -> String {
        let mut lineage = self.lineage(project).into_iter();
        lineage
            .find_map(|(_, config)| config.submit_type())
            .unwrap_or_else(|| "MERGE_IF_NECESSARY".to_owned())
    }

    /// Commits a changed configuration and moves `refs/meta/config`.
    pub(crate) fn write_config(
        &mut self,
        caller: Caller,
        project: &str,
        config: &ProjectConfig,
        message: &str,
    ) -> Result<Oid, Refusal> {
        let repo = self.must_repo(project)?;
        let old = repo.reference(CONFIG);
        let author = caller.account.map_or_else(|| self.server_ident(), |id| self.ident(id));
        let new = self.commit_config(&repo, old, config, &author, message)?;
        repo.update(CONFIG, old.unwrap_or(Oid::ZERO), new)?;
        self.ref_updated(caller.account, project, CONFIG, old.unwrap_or(Oid::ZERO), new);
        Ok(new)
    }

    /// Writes the commit, without moving any ref.
    pub(crate) fn commit_config(
        &self,
        repo: &Repo,
        parent: Option<Oid>,
        config: &ProjectConfig,
        author: &Ident,
        message: &str,
    ) -> Result<Oid, Refusal> {
        let mut flat = match parent {
            Some(parent) => tree::flatten(repo, repo.commit(parent)?.tree)?,
            None => tree::Flat::new(),
        };
        let text = repo.write_blob(config.text.render().as_bytes())?;
        flat.insert("project.config".to_owned(), Entry { mode: FILE, id: text });
        let groups = groups_file::render(&config.groups);
        if groups.is_empty() {
            flat.remove("groups");
        } else {
            flat.insert("groups".to_owned(), Entry { mode: FILE, id: repo.write_blob(groups.as_bytes())? });
        }
        let tree = tree::build(repo, &flat)?;
        let parents: Vec<Oid> = parent.into_iter().collect();
        let message = format!("{}\n", message.trim_end());
        Ok(repo.write_commit(tree, &parents, author, &self.server_ident(), &message)?)
    }
}

/// The configuration at a commit; what can't be read is empty.
pub(crate) fn read_config(repo: &Repo, at: Oid) -> ProjectConfig {
    let file = |path| -> Option<String> {
        let tree = repo.commit(at).ok()?.tree;
        let entry = tree::lookup(repo, tree, path).ok()??;
        Some(String::from_utf8_lossy(&repo.blob(entry.id).ok()?).into_owned())
    };
    let text = file("project.config").and_then(|text| ConfigText::parse(&text).ok()).unwrap_or_default();
    ProjectConfig { text, groups: groups_file::parse(&file("groups").unwrap_or_default()) }
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        match name.strip_suffix(".git") {
            Some(project) => found.push(format!("{prefix}{project}")),
            None => collect(&entry.path(), &format!("{prefix}{name}/"), found),
        }
    }
}
