//! The `o=` options of a change.

use crate::refusal::Refusal;
use crate::rest::Request;

/// Every option that Gerrit 3.13 knows; those without an effect here are taken silently.
const KNOWN: [&str; 27] = [
    "LABELS",
    "DETAILED_LABELS",
    "SUBMIT_REQUIREMENTS",
    "CURRENT_REVISION",
    "ALL_REVISIONS",
    "DOWNLOAD_COMMANDS",
    "CURRENT_COMMIT",
    "ALL_COMMITS",
    "CURRENT_FILES",
    "ALL_FILES",
    "DETAILED_ACCOUNTS",
    "REVIEWER_UPDATES",
    "MESSAGES",
    "CURRENT_ACTIONS",
    "CHANGE_ACTIONS",
    "REVIEWED",
    "SKIP_DIFFSTAT",
    "SUBMITTABLE",
    "WEB_LINKS",
    "CHECK",
    "COMMIT_FOOTERS",
    "PUSH_CERTIFICATES",
    "TRACKING_IDS",
    "CUSTOM_KEYED_VALUES",
    "STAR",
    "PARENTS",
    "SUBMIT_TYPE",
];

/// Which parts of a change are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options(Vec<String>);

impl Options {
    pub(crate) fn of(request: &Request) -> Result<Self, Refusal> {
        Self::of_also(request, &[])
    }

    /// Also with options that only this endpoint knows.
    pub(crate) fn of_also(request: &Request, also: &[&str]) -> Result<Self, Refusal> {
        let mut found = Vec::new();
        for name in request.params("o") {
            if !KNOWN.contains(&name) && !also.contains(&name) && !name.is_empty() {
                return Err(Refusal::bad(format!("\"{name}\" is not a valid value for \"-o\"")));
            }
            found.push(name.to_owned());
        }
        Ok(Self(found))
    }

    pub(crate) fn with(mut self, names: &[&str]) -> Self {
        self.0.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|has| has == name)
    }
}
