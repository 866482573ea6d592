//! Questions about a history, which can be long: they are answered where a thread may be busy, never between requests.

use std::sync::Arc;

use gate::{object_id, revision};
use gerrit::repo::Repo;
use model::{OutcomeId, Revision};
use notedb::{ObjectId, Objects, ReadError, walk};

use crate::{
    EngineError,
    gerrits::Synced,
    lane::{Candidate, newest_first},
};

/// Does what takes long on a thread for that.
///
/// # Errors
/// Those of the work; or it broke off.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    let span = tracing::Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    done.map_err(|why| EngineError::Outside(format!("reading a history broke off: {why}")))?
}

/// Whether `a` is `b`, or an ancestor of it.
///
/// # Errors
/// When the mirror can't be read.
pub(crate) async fn is_ancestor(synced: &Synced, a: &Revision, b: &Revision) -> Result<bool, EngineError> {
    is_below(synced.repo.clone(), *a, *b).await
}

/// The same, of a mirror as it lies.
///
/// # Errors
/// When the mirror can't be read.
pub(crate) async fn is_below(repo: Arc<Repo>, a: Revision, b: Revision) -> Result<bool, EngineError> {
    let (a, b) = (object_id(&a), object_id(&b));
    off_thread(move || Ok(reaches(&*repo, &b, &a).map_err(gate::CaseError::from)?)).await
}

/// The candidates, newest first: one walk says who descends from whom.
///
/// # Errors
/// When the mirror can't be read.
pub(crate) async fn in_order(
    synced: &Synced,
    candidates: Vec<Candidate>,
) -> Result<Vec<OutcomeId>, EngineError> {
    let ids = |ordered: Vec<Candidate>| ordered.into_iter().map(|c| c.id).collect();
    if candidates.len() < 2 {
        return Ok(ids(candidates));
    }
    let repo = synced.repo.clone();
    off_thread(move || {
        let tips: Vec<ObjectId> = candidates.iter().map(|c| object_id(&c.tip)).collect();
        let ancestry = walk::Ancestry::new(&*repo, &tips).map_err(gate::CaseError::from)?;
        let below = |a: &Revision, b: &Revision| ancestry.is_ancestor(&object_id(a), &object_id(b));
        Ok(ids(newest_first(candidates, below)))
    })
    .await
}

/// Whether a commit reaches another.
pub(crate) fn reaches<O: Objects + ?Sized>(
    objects: &O,
    from: &ObjectId,
    to: &ObjectId,
) -> Result<bool, ReadError> {
    for id in [from, to] {
        if walk::links(objects, id)?.is_none() {
            return Ok(false);
        }
    }
    Ok(walk::difference(objects, &[*to], &[*from])?.is_empty())
}

/// That a revision is a commit that we have.
///
/// # Errors
/// [`evidence::RangeError::NoCommit`], as a case's error.
pub(crate) fn must_be_commit<O: Objects + ?Sized>(
    objects: &O,
    end: &'static str,
    id: &Revision,
) -> Result<(), EngineError> {
    let id = object_id(id);
    match walk::links(objects, &id).map_err(gate::CaseError::from)? {
        Some(_) => Ok(()),
        None => Err(gate::CaseError::from(evidence::RangeError::NoCommit { end, id }).into()),
    }
}

/// The meta revision to judge: the one that REST spoke of, if our copy of the history holds it on one line with where its
/// ref stands; else where the ref stands, and then REST is found to speak of another.
pub(crate) fn meta_to_judge<O: Objects + ?Sized>(
    objects: &O,
    told: Option<Revision>,
    stands: Option<ObjectId>,
) -> Result<Option<Revision>, ReadError> {
    let Some(stands) = stands else { return Ok(None) };
    if let Some(told) = told {
        let id = object_id(&told);
        if id == stands || reaches(objects, &stands, &id)? || reaches(objects, &id, &stands)? {
            return Ok(Some(told));
        }
    }
    Ok(Some(revision(&stands)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use notedb::{Kind, MapObjects, Object};

    use super::*;

    /// Counts what is read.
    struct Counted(MapObjects, AtomicUsize);

    impl Objects for Counted {
        fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.get(id)
        }
    }

    fn commit(objects: &mut MapObjects, seconds: i64, parents: &[ObjectId]) -> ObjectId {
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let person = format!("A <a@b> {seconds} +0000");
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let text = format!("tree {tree}\n{parents}author {person}\ncommitter {person}\n\n{seconds}\n");
        objects.insert(Kind::Commit, text.into_bytes())
    }

    /// A line of commits, and one beside it.
    fn history(length: i64) -> (Counted, Vec<ObjectId>, ObjectId) {
        let mut objects = MapObjects::new();
        let mut line = vec![commit(&mut objects, 1, &[])];
        for second in 2..=length {
            let parent = *line.last().unwrap();
            line.push(commit(&mut objects, second, &[parent]));
        }
        let beside = commit(&mut objects, length + 1, &[line[line.len() / 2]]);
        (Counted(objects, AtomicUsize::new(0)), line, beside)
    }

    #[test]
    fn a_commit_reaches_itself_and_what_is_below() {
        let (objects, line, beside) = history(20);
        let reaches = |from, to| reaches(&objects, &from, &to).unwrap();
        assert!(reaches(line[9], line[9]) && reaches(line[19], line[0]) && reaches(beside, line[10]));
        assert!(!reaches(line[0], line[19]) && !reaches(beside, line[11]) && !reaches(line[19], beside));
        let unknown = ObjectId::from_bytes([7; 20]);
        assert!(!reaches(unknown, line[0]) && !reaches(line[0], unknown) && !reaches(unknown, unknown));
    }

    #[test]
    fn a_wrong_clock_changes_no_answer() {
        let mut objects = MapObjects::new();
        let root = commit(&mut objects, 900, &[]);
        let early = commit(&mut objects, 1, &[root]);
        let late = commit(&mut objects, 500, &[early]);
        for (from, to, expected) in
            [(late, root, true), (early, root, true), (root, early, false), (root, late, false)]
        {
            assert_eq!(reaches(&objects, &from, &to).unwrap(), expected);
        }
    }

    #[test]
    fn what_lies_above_is_told_without_reading_the_history_below() {
        let (objects, line, _) = history(2000);
        assert!(!reaches(&objects, &line[1998], &line[1999]).unwrap());
        let read = objects.1.load(Ordering::Relaxed);
        assert!(read < 40, "{read} objects were read");
    }

    #[test]
    fn that_a_commit_lies_beside_is_told_without_reading_the_history_below() {
        let (objects, line, _) = history(2000);
        let mut objects = objects;
        let beside = commit(&mut objects.0, 2001, &[line[1990]]);
        assert!(!reaches(&objects, &line[1999], &beside).unwrap());
        assert!(!reaches(&objects, &beside, &line[1999]).unwrap());
        let read = objects.1.load(Ordering::Relaxed);
        assert!(read < 120, "{read} objects were read");
    }

    #[test]
    fn the_meta_revision_that_rest_named_is_judged_if_it_is_on_one_line_with_the_ref() {
        let (objects, line, beside) = history(20);
        let judged = |told: Option<ObjectId>, stands: Option<ObjectId>| {
            let judged = meta_to_judge(&objects.0, told.as_ref().map(revision), stands).unwrap();
            judged.as_ref().map(object_id)
        };
        assert_eq!(judged(Some(line[9]), Some(line[9])), Some(line[9]));
        assert_eq!(judged(Some(line[5]), Some(line[9])), Some(line[5]), "the ref moved on meanwhile");
        assert_eq!(judged(Some(line[9]), Some(line[5])), Some(line[9]), "the ref was read before");
        assert_eq!(judged(Some(beside), Some(line[19])), Some(line[19]), "of another history");
        assert_eq!(judged(Some(ObjectId::from_bytes([7; 20])), Some(line[9])), Some(line[9]), "unknown");
        assert_eq!(judged(None, Some(line[9])), Some(line[9]));
        assert_eq!(judged(Some(line[9]), None), None, "a change that has no ref is not judged");
    }
}
