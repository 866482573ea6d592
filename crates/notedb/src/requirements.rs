//! The results of submit requirements, as the submit stores them in the notes of a meta commit's tree.

use serde_json::Value;

use crate::{Kind, ObjectId, Objects, ParseError, ReadError, Tree};

/// The status of a requirement at the submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RequirementStatus {
    /// Met.
    Satisfied,
    /// Not met.
    Unsatisfied,
    /// Not met, and its override said to ignore that.
    Overridden,
    /// It doesn't speak of this change.
    NotApplicable,
    /// An expression of it is broken.
    Error,
    /// Not asked: the change was pushed with `%submit`.
    Forced,
    /// Not asked, in the words of other versions.
    Bypassed,
}

/// One stored result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct RequirementResult {
    /// The requirement's name.
    pub name: String,
    /// What came of it.
    pub status: RequirementStatus,
}

/// Why stored results could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementsError {
    /// They do not parse; the reason, without a place.
    #[error("{0}")]
    Malformed(String),
    /// The store could not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl RequirementsError {
    /// The parse error at the meta commit that they were looked up from, or the read error.
    ///
    /// # Errors
    /// [`ReadError`] if it is one.
    pub fn at(self, commit: ObjectId) -> Result<ParseError, ReadError> {
        match self {
            Self::Malformed(reason) => Ok(ParseError { commit, line: 1, reason }),
            Self::Read(error) => Err(error),
        }
    }
}

/// The results stored for `revision` in the tree of a meta commit, in stored order.
///
/// # Errors
/// [`RequirementsError`] if an object is missing or does not parse. That the tree has no note of the revision, or a
/// note without results, is no error: there are none.
pub fn stored<O: Objects + ?Sized>(
    objects: &O,
    tree: ObjectId,
    revision: ObjectId,
) -> Result<Vec<RequirementResult>, RequirementsError> {
    let Some(blob) = note(objects, tree, revision)? else { return Ok(Vec::new()) };
    let data = read(objects, blob, Kind::Blob)?;
    // Notes of servers before 2.15 are a text format of comments only, and hold no results.
    if data.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return Ok(Vec::new());
    }
    parse(&data).map_err(|reason| RequirementsError::Malformed(format!("the note of {revision}: {reason}")))
}

/// The blob named by the revision; large note trees spread over folders of two hex digits.
fn note<O: Objects + ?Sized>(
    objects: &O,
    tree: ObjectId,
    revision: ObjectId,
) -> Result<Option<ObjectId>, RequirementsError> {
    let name = revision.to_string();
    let (mut tree, mut rest) = (tree, name.as_bytes());
    loop {
        let bytes = read(objects, tree, Kind::Tree)?;
        let parsed =
            Tree::parse(&bytes).ok_or_else(|| RequirementsError::Malformed(format!("{tree} is no tree")))?;
        if let Some(entry) = parsed.get(rest).filter(|entry| !entry.mode.is_tree()) {
            return Ok(Some(entry.id));
        }
        let Some((fan, more)) = rest.split_at_checked(2) else { return Ok(None) };
        let Some(folder) = parsed.get(fan).filter(|entry| entry.mode.is_tree()) else { return Ok(None) };
        (tree, rest) = (folder.id, more);
    }
}

fn read<O: Objects + ?Sized>(
    objects: &O,
    id: ObjectId,
    kind: Kind,
) -> Result<std::sync::Arc<[u8]>, RequirementsError> {
    match objects.get(&id)? {
        Some(object) if object.kind == kind => Ok(object.data),
        Some(_) => Err(RequirementsError::Malformed(format!("{id} is no {}", kind.as_str()))),
        // The empty tree is often not stored.
        None if kind == Kind::Tree && id == crate::Object::new(Kind::Tree, Vec::new()).id() => {
            Ok(Vec::new().into())
        }
        None => Err(RequirementsError::Malformed(format!("{} {id} is not there", kind.as_str()))),
    }
}

fn parse(data: &[u8]) -> Result<Vec<RequirementResult>, String> {
    let note: Value = serde_json::from_slice(data).map_err(|error| format!("is no JSON: {error}"))?;
    let results = match note.get("submitRequirementResults") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(results) => results.as_array().ok_or("submitRequirementResults is no list")?,
    };
    results.iter().map(result).collect()
}

fn result(value: &Value) -> Result<RequirementResult, String> {
    let name = value.pointer("/submitRequirement/name").and_then(Value::as_str);
    let name = name.ok_or("a result of a submit requirement has no name")?.to_owned();
    Ok(RequirementResult { status: status(value), name })
}

/// Gerrit's `SubmitRequirementResult.status()`: the first that holds.
fn status(value: &Value) -> RequirementStatus {
    let expression = |name: &str| optional(value.get(name)?).get("status").and_then(Value::as_str);
    let applicability = expression("applicabilityExpressionResult");
    let submittability = expression("submittabilityExpressionResult");
    let override_ = expression("overrideExpressionResult");
    if value.get("forced").map(optional).and_then(Value::as_bool) == Some(true) {
        RequirementStatus::Forced
    } else if [submittability, applicability, override_].contains(&Some("ERROR")) {
        RequirementStatus::Error
    } else if applicability == Some("FAIL") {
        RequirementStatus::NotApplicable
    } else if override_ == Some("PASS") {
        RequirementStatus::Overridden
    } else if submittability == Some("PASS") {
        RequirementStatus::Satisfied
    } else {
        RequirementStatus::Unsatisfied
    }
}

/// An optional is `{"value": …}` or `{}` in one generation, and the value itself in the other.
fn optional(value: &Value) -> &Value {
    value.get("value").unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MapObjects;
    use crate::{Entry, Mode};

    fn status_of(json: &str) -> RequirementStatus {
        status(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_first_status_that_holds_in_both_shapes() {
        use RequirementStatus as S;
        for (json, expected) in [
            (r#"{"submittabilityExpressionResult":{"value":{"status":"PASS"}}}"#, S::Satisfied),
            (r#"{"submittabilityExpressionResult":{"status":"PASS"},"legacy":true}"#, S::Satisfied),
            (r#"{"submittabilityExpressionResult":{"status":"FAIL"}}"#, S::Unsatisfied),
            (r#"{"submittabilityExpressionResult":{}}"#, S::Unsatisfied),
            (r#"{}"#, S::Unsatisfied),
            (
                r#"{"overrideExpressionResult":{"value":{"status":"PASS"}},"submittabilityExpressionResult":{"status":"PASS"}}"#,
                S::Overridden,
            ),
            (
                r#"{"overrideExpressionResult":{"status":"PASS"},"applicabilityExpressionResult":{"status":"FAIL"}}"#,
                S::NotApplicable,
            ),
            (
                r#"{"applicabilityExpressionResult":{"value":{"status":"FAIL"}},"submittabilityExpressionResult":{"status":"ERROR"}}"#,
                S::Error,
            ),
            (r#"{"forced":{"value":true},"submittabilityExpressionResult":{"status":"ERROR"}}"#, S::Forced),
            (r#"{"forced":true}"#, S::Forced),
            (
                r#"{"forced":{"value":false},"submittabilityExpressionResult":{"status":"PASS"}}"#,
                S::Satisfied,
            ),
            (
                r#"{"forced":null,"overrideExpressionResult":{"value":null},"submittabilityExpressionResult":{"status":"PASS"}}"#,
                S::Satisfied,
            ),
            (r#"{"forced":{},"submittabilityExpressionResult":{"status":"PASS"}}"#, S::Satisfied),
        ] {
            assert_eq!(status_of(json), expected, "{json}");
        }
    }

    #[test]
    fn a_note_is_found_flat_and_spread_out() {
        let revision = ObjectId::from_bytes([0xab; 20]);
        let name = revision.to_string();
        let mut objects = MapObjects::new();
        let json = br#"{"submitRequirementResults":[{"submitRequirement":{"name":"R"},"forced":true}]}"#;
        let blob = objects.insert(Kind::Blob, json.to_vec());
        let tree = |objects: &mut MapObjects, mode, name: &str, id| {
            let entry = Entry { mode: Mode::from_bits(mode), name: name.into(), id };
            objects.insert(Kind::Tree, Tree { entries: vec![entry] }.to_bytes())
        };
        let flat = tree(&mut objects, 0o100_644, &name, blob);
        let inner = tree(&mut objects, 0o100_644, &name[2..], blob);
        let spread = tree(&mut objects, 0o040_000, &name[..2], inner);
        for root in [flat, spread] {
            assert_eq!(stored(&objects, root, revision).unwrap().len(), 1);
            assert_eq!(stored(&objects, root, ObjectId::from_bytes([1; 20])).unwrap(), []);
        }
        objects.remove(&blob);
        assert!(stored(&objects, flat, revision).is_err());
    }

    #[test]
    fn notes_of_comments_only_hold_no_results() {
        for (note, ok) in [
            ("Revision: x", true),
            ("{\"comments\":[]}", true),
            ("{", false),
            ("{\"submitRequirementResults\":1}", false),
        ] {
            let mut objects = MapObjects::new();
            let revision = ObjectId::from_bytes([0xab; 20]);
            let blob = objects.insert(Kind::Blob, note.into());
            let entry =
                Entry { mode: Mode::from_bits(0o100_644), name: revision.to_string().into(), id: blob };
            let root = objects.insert(Kind::Tree, Tree { entries: vec![entry] }.to_bytes());
            assert_eq!(stored(&objects, root, revision).is_ok(), ok, "{note}");
        }
    }

    fn entry(mode: u32, name: &str, id: ObjectId) -> Entry {
        Entry { mode: Mode::from_bits(mode), name: name.into(), id }
    }

    #[test]
    fn a_note_is_a_file_in_folders_and_not_the_other_way_round() {
        let revision = ObjectId::from_bytes([0xab; 20]);
        let name = revision.to_string();
        let mut objects = MapObjects::new();
        let json = b" \n{\"submitRequirementResults\":[{\"submitRequirement\":{\"name\":\"R\"}}]}";
        let blob = objects.insert(Kind::Blob, json.to_vec());
        let tree =
            |objects: &mut MapObjects, entries| objects.insert(Kind::Tree, Tree { entries }.to_bytes());
        let good = tree(&mut objects, vec![entry(0o100_644, &name, blob)]);
        assert_eq!(stored(&objects, good, revision).unwrap().len(), 1, "blanks before it are fine");
        let inner = tree(&mut objects, vec![entry(0o100_644, &name[2..], blob)]);
        for odd in [entry(0o040_000, &name, blob), entry(0o100_644, &name[..2], inner)] {
            let odd = tree(&mut objects, vec![odd]);
            assert_eq!(stored(&objects, odd, revision), Ok(Vec::new()));
        }
        for wrong in [good, ObjectId::from_bytes([9; 20])] {
            let wrong = tree(&mut objects, vec![entry(0o100_644, &name, wrong)]);
            assert!(matches!(stored(&objects, wrong, revision), Err(RequirementsError::Malformed(_))));
        }
    }

    #[test]
    fn the_empty_tree_needs_not_be_stored_and_every_other_object_does() {
        let (objects, revision) = (MapObjects::new(), ObjectId::from_bytes([1; 20]));
        let empty = crate::Object::new(Kind::Tree, Vec::new()).id();
        assert_eq!(stored(&objects, empty, revision), Ok(Vec::new()));
        let error = stored(&objects, revision, revision).unwrap_err();
        let placed = error.at(revision).unwrap();
        assert_eq!((placed.line, placed.commit), (1, revision));
        let mut objects = MapObjects::new();
        let tree = Tree { entries: vec![entry(0o100_644, &revision.to_string(), empty)] };
        let tree = objects.insert(Kind::Tree, tree.to_bytes());
        assert!(stored(&objects, tree, revision).is_err(), "no file has the name of the empty tree");
    }
}
