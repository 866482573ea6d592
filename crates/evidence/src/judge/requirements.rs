//! The results of submit requirements that stood at the merge.

use notedb::requirements::{RequirementResult, stored};
use notedb::{HistoryError, Objects};

use super::story::Story;

/// The results in the merge commit's tree, in the note of the patch set that was reviewed, by name. A direct push has
/// none, whatever an abandon left there. For any other merge the note counts as it stands, even if the parent has the
/// same.
///
/// # Errors
/// [`HistoryError`] if they do not parse, or the store could not answer.
pub(super) fn of<O: Objects + ?Sized>(
    objects: &O,
    story: &Story<'_>,
) -> Result<Vec<RequirementResult>, HistoryError> {
    let Some((_, merge)) = story.merge().filter(|_| !story.pushed_directly()) else { return Ok(Vec::new()) };
    let results = stored(objects, merge.tree, story.reviewed.revision);
    let mut results = results.map_err(|error| match error.at(merge.id) {
        Ok(malformed) => HistoryError::Malformed(malformed),
        Err(read) => HistoryError::Read(read),
    })?;
    results.sort();
    Ok(results)
}
