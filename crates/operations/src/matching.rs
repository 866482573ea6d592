//! Which operations a submission sets off.

use model::{Project, RefName, ServerName};

use crate::{Configuration, Operation, operation::Merged};

impl Merged {
    /// Whether a submission to that branch that changed these paths (old and new name of what was moved) sets it off.
    #[must_use]
    pub fn matches<P: AsRef<str>>(
        &self,
        server: &ServerName,
        project: &Project,
        branch: &RefName,
        changed_paths: &[P],
    ) -> bool {
        self.server == *server
            && self.project == *project
            && self.branch == *branch
            && self
                .globs
                .as_ref()
                .is_none_or(|globs| changed_paths.iter().any(|path| globs.is_match(path.as_ref())))
    }
}

impl Configuration {
    /// The operations that a submission sets off, by name.
    #[must_use]
    pub fn matches<P: AsRef<str>>(
        &self,
        server: &ServerName,
        project: &Project,
        branch: &RefName,
        changed_paths: &[P],
    ) -> Vec<&Operation> {
        let sets_off = |operation: &&Operation| {
            operation.trigger.as_ref().is_some_and(|t| t.matches(server, project, branch, changed_paths))
        };
        self.operations().filter(sets_off).collect()
    }
}
