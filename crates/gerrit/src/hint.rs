//! Events that somebody posted to us: hints that something may be worth a look, never facts.
//!
//! Gerrit's webhooks post the JSON of its stream events (`Documentation/cmd-stream-events.html`), unsigned, and of
//! private changes too. So a hint keeps only *where to look*; what is true is read with our own credentials.

use serde::Deserialize;

use crate::encode::shorten;

/// The largest event that is read, in bytes. It holds whole commit messages, but no diffs.
pub const MAX_EVENT_BYTES: usize = 1 << 20;

const MAX_NAME_BYTES: usize = 1024;

/// What the sender says happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HintKind {
    /// `change-merged`
    ChangeMerged,
    /// `ref-updated`
    RefUpdated,
    /// `patchset-created`
    PatchsetCreated,
    /// `comment-added`: votes come by it.
    CommentAdded,
    /// Any other word, shortened.
    Other(String),
}

/// Where to look. Nothing in it is believed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hint {
    /// What the sender says happened.
    pub kind: HintKind,
    /// The project.
    pub project: String,
    /// The change, if one is named.
    pub number: Option<u64>,
    /// The ref (whole name), if one is named.
    pub reference: Option<String>,
    /// The commit that the ref is said to point at now, if one is named.
    pub new_revision: Option<String>,
}

/// Why an event gives no hint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HintError {
    /// More than [`MAX_EVENT_BYTES`].
    #[error("the event is larger than {MAX_EVENT_BYTES} bytes")]
    TooLarge,
    /// Not the JSON of an event.
    #[error("this is not the JSON of a Gerrit event: {0}")]
    Malformed(String),
    /// It names no project: an event of an account or of the server. There is nothing to look at.
    #[error("the event names no project")]
    NoProject,
    /// A name that can't be one.
    #[error("the event names something that can't be: {0:?}")]
    BadName(String),
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    project: Option<Project>,
    #[serde(default, rename = "projectName")]
    project_name: Option<String>,
    #[serde(default, rename = "refName")]
    ref_name: Option<String>,
    #[serde(default, rename = "refUpdate")]
    ref_update: Option<RefUpdate>,
    #[serde(default, rename = "newRev")]
    new_rev: Option<String>,
    #[serde(default)]
    change: Option<Change>,
}

/// Some events name the project as text, some as an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Project {
    Text(String),
    Object { name: String },
}

#[derive(Deserialize)]
struct RefUpdate {
    project: String,
    #[serde(rename = "refName")]
    ref_name: String,
    #[serde(default, rename = "newRev")]
    new_rev: Option<String>,
}

#[derive(Deserialize)]
struct Change {
    project: String,
    number: Number,
}

/// Older servers write the number as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

impl Hint {
    /// Reads one event.
    ///
    /// # Errors
    /// [`HintError`]; whoever takes events answers all of them alike, so that a prober learns nothing.
    pub fn parse(body: &[u8]) -> Result<Self, HintError> {
        if body.len() > MAX_EVENT_BYTES {
            return Err(HintError::TooLarge);
        }
        let event: Event = serde_json::from_slice(body)
            .map_err(|error| HintError::Malformed(shorten(&error.to_string())))?;
        let (mut ref_name, mut new_rev, mut project) = (event.ref_name, event.new_rev, None);
        if let Some(update) = event.ref_update {
            ref_name = Some(update.ref_name);
            new_rev = update.new_rev;
            project = Some(update.project);
        }
        let mut number = None;
        if let Some(change) = event.change {
            number = match change.number {
                Number::Number(number) => Some(number),
                Number::Text(text) => Some(text.parse().map_err(|_| HintError::BadName(shorten(&text)))?),
            };
            project = Some(change.project);
        }
        let named = event.project.map(|project| match project {
            Project::Text(name) | Project::Object { name } => name,
        });
        let project = project.or(named).or(event.project_name).ok_or(HintError::NoProject)?;
        let reference = ref_name.map(whole_ref);
        for name in [Some(&project), reference.as_ref()].into_iter().flatten() {
            if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
                return Err(HintError::BadName(shorten(name)));
            }
        }
        let new_revision =
            new_rev.filter(|id| id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let number = number.or_else(|| notedb::change_of_meta_ref(reference.as_deref()?));
        Ok(Self { kind: kind(&event.kind), project, number, reference, new_revision })
    }
}

fn kind(word: &str) -> HintKind {
    match word {
        "change-merged" => HintKind::ChangeMerged,
        "ref-updated" => HintKind::RefUpdated,
        "patchset-created" => HintKind::PatchsetCreated,
        "comment-added" => HintKind::CommentAdded,
        other => HintKind::Other(shorten(other)),
    }
}

/// Some servers name a branch without `refs/heads/`.
fn whole_ref(name: String) -> String {
    if name.starts_with("refs/") { name } else { format!("refs/heads/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "eb976d42aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn a_merge_names_project_change_branch_and_head() {
        let event = format!(
            r#"{{"submitter":{{"name":"Bob"}},"newRev":"{NEW}","patchSet":{{"number":1}},
            "change":{{"project":"app","branch":"main","id":"I1","number":35,"subject":"M2"}},
            "project":"app","refName":"refs/heads/main","type":"change-merged","eventCreatedOn":1795503534}}"#
        );
        let hint = Hint::parse(event.as_bytes()).unwrap();
        assert_eq!(hint.kind, HintKind::ChangeMerged);
        assert_eq!((hint.project.as_str(), hint.number), ("app", Some(35)));
        assert_eq!(hint.reference.as_deref(), Some("refs/heads/main"));
        assert_eq!(hint.new_revision.as_deref(), Some(NEW));
    }

    #[test]
    fn an_update_of_a_meta_ref_names_its_change() {
        let event = format!(
            r#"{{"refUpdate":{{"oldRev":"x","newRev":"{NEW}","refName":"refs/changes/35/135/meta","project":"app"}},
            "type":"ref-updated"}}"#
        );
        let hint = Hint::parse(event.as_bytes()).unwrap();
        assert_eq!((hint.kind, hint.number), (HintKind::RefUpdated, Some(135)));
        assert_eq!(hint.new_revision.as_deref(), Some(NEW));
    }

    #[test]
    fn unknown_kinds_and_numbers_as_text_are_tolerated() {
        let event =
            br#"{"type":"wip-state-changed","change":{"project":"app","number":"7","extra":[1]},"new":{}}"#;
        let hint = Hint::parse(event).unwrap();
        assert_eq!(hint.kind, HintKind::Other("wip-state-changed".into()));
        assert_eq!(hint.number, Some(7));
        assert_eq!(hint.new_revision, None);
    }

    #[test]
    fn what_is_no_event_gives_no_hint() {
        assert_eq!(Hint::parse(br#"{"type":"dropped-output"}"#), Err(HintError::NoProject));
        assert!(matches!(Hint::parse(b"<html>"), Err(HintError::Malformed(_))));
        assert!(matches!(Hint::parse(br#"{"project":"app"}"#), Err(HintError::Malformed(_))));
        assert_eq!(Hint::parse(&vec![b' '; MAX_EVENT_BYTES + 1]), Err(HintError::TooLarge));
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(Hint::parse(deep.as_bytes()), Err(HintError::Malformed(_))));
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        for project in ["", "a\\u0000b", &"x".repeat(2000)] {
            let event = format!(r#"{{"type":"ref-updated","project":"{project}","refName":"main"}}"#);
            assert!(matches!(Hint::parse(event.as_bytes()), Err(HintError::BadName(_))), "{project}");
        }
        let event = br#"{"type":"ref-updated","project":"a","refName":"main","newRev":"../../etc"}"#;
        let hint = Hint::parse(event).unwrap();
        assert_eq!((hint.new_revision, hint.reference.as_deref()), (None, Some("refs/heads/main")));
    }
}
