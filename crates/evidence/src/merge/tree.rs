//! Three-way merge of trees.

use std::collections::BTreeMap;

use imara_diff::Algorithm;
use notedb::{Entry, Kind, Mode, ObjectId, Objects, Tree};

use super::Stop;
use super::overlay::Overlay;
use super::text::{Merged, merge_text};

/// The deepest nesting of folders that is looked at: as deep as a thread with a stack of 2 MiB can go, with room to spare.
const MAX_FOLDERS: usize = 128;
/// The largest file of which lines are merged, in bytes.
const MAX_FILE: usize = 64 << 20;

/// What to do where both sides changed the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnConflict {
    /// Stop: a person must have resolved it.
    Stop,
    /// Only a base is wanted: leave text with marks in it, or the base's version where there is no text.
    Mark,
}

/// A file, link or submodule.
type Leaf = (Mode, ObjectId);

/// What a name is in one tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Named {
    leaf: Option<Leaf>,
    folder: Option<ObjectId>,
}

impl Named {
    fn add(&mut self, entry: Entry) {
        if entry.mode.is_tree() {
            self.folder = Some(entry.id);
        } else {
            self.leaf = Some((entry.mode, entry.id));
        }
    }
}

/// The same thing in the base and on both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Three<T> {
    base: T,
    ours: T,
    theirs: T,
}

impl<T: PartialEq + Copy> Three<T> {
    /// What stands if at most one side changed it, or both did the same.
    fn trivial(self) -> Option<T> {
        if self.ours == self.theirs || self.base == self.theirs {
            Some(self.ours)
        } else if self.base == self.ours {
            Some(self.theirs)
        } else {
            None
        }
    }

    fn map<U>(self, f: impl Fn(T) -> U) -> Three<U> {
        Three { base: f(self.base), ours: f(self.ours), theirs: f(self.theirs) }
    }
}

/// Merges trees over one store.
pub(super) struct Merger<'m, 'a, O: ?Sized> {
    overlay: &'m mut Overlay<'a, O>,
    algorithm: Algorithm,
    on_conflict: OnConflict,
    path: Vec<Vec<u8>>,
    /// Folders that were merged already: a tree can hold the same one again and again.
    merged: BTreeMap<Three<Option<ObjectId>>, Option<ObjectId>>,
}

impl<'m, 'a, O: Objects + ?Sized> Merger<'m, 'a, O> {
    pub(super) fn new(
        overlay: &'m mut Overlay<'a, O>,
        algorithm: Algorithm,
        on_conflict: OnConflict,
    ) -> Self {
        Self { overlay, algorithm, on_conflict, path: Vec::new(), merged: BTreeMap::new() }
    }

    /// The merged tree.
    pub(super) fn merge(
        mut self,
        base: Option<ObjectId>,
        ours: ObjectId,
        theirs: ObjectId,
    ) -> Result<ObjectId, Stop> {
        let merged = self.folders(Three { base, ours: Some(ours), theirs: Some(theirs) })?;
        Ok(merged.unwrap_or_else(|| self.overlay.insert(Kind::Tree, Vec::new())))
    }

    /// Merges folders; `None` where nothing is left in it.
    fn folders(&mut self, three: Three<Option<ObjectId>>) -> Result<Option<ObjectId>, Stop> {
        if let Some(same) = three.trivial() {
            return Ok(same);
        }
        if let Some(known) = self.merged.get(&three) {
            return Ok(*known);
        }
        if self.path.len() > MAX_FOLDERS {
            return Err(Stop::Unreadable("folders are nested too deep".to_owned()));
        }
        let (base, ours) = (self.read_tree(three.base)?.entries, self.read_tree(three.ours)?.entries);
        let theirs = self.read_tree(three.theirs)?.entries;
        self.overlay.budget.entries(base.len() + ours.len() + theirs.len())?;
        let mut names: BTreeMap<Vec<u8>, Three<Named>> = BTreeMap::new();
        for entry in base {
            names.entry(entry.name.clone()).or_default().base.add(entry);
        }
        for entry in ours {
            names.entry(entry.name.clone()).or_default().ours.add(entry);
        }
        for entry in theirs {
            names.entry(entry.name.clone()).or_default().theirs.add(entry);
        }
        let mut merged = Tree::default();
        for (name, three) in names {
            self.path.push(name.clone());
            let (mode, id) = match self.name(three)? {
                (Some(_), Some(_)) => return Err(self.conflict()),
                (Some(leaf), None) => leaf,
                (None, Some(folder)) => (Mode::TREE, folder),
                (None, None) => {
                    self.path.pop();
                    continue;
                }
            };
            merged.entries.push(Entry { mode, name, id });
            self.path.pop();
        }
        let merged = (!merged.entries.is_empty()).then(|| self.overlay.insert(Kind::Tree, merged.to_bytes()));
        self.merged.insert(three, merged);
        Ok(merged)
    }

    /// Merges what one name is; as a leaf and as a folder apart, for one may give way to the other.
    fn name(&mut self, three: Three<Named>) -> Result<(Option<Leaf>, Option<ObjectId>), Stop> {
        let folder = self.folders(three.map(|named| named.folder))?;
        Ok((self.leaves(three.map(|named| named.leaf))?, folder))
    }

    fn leaves(&mut self, three: Three<Option<Leaf>>) -> Result<Option<Leaf>, Stop> {
        if let Some(same) = three.trivial() {
            return Ok(same);
        }
        let (Some(ours), Some(theirs)) = (three.ours, three.theirs) else {
            // Changed on one side and gone on the other.
            return self.unresolved(three.base);
        };
        if !ours.0.is_file() || !theirs.0.is_file() || three.base.is_some_and(|base| !base.0.is_file()) {
            return self.unresolved(three.base);
        }
        let modes = Three { base: three.base.map(|base| base.0), ours: Some(ours.0), theirs: Some(theirs.0) };
        let Some(Some(mode)) = modes.trivial() else { return self.unresolved(three.base) };
        let ids = Three { base: three.base.map(|base| base.1), ours: Some(ours.1), theirs: Some(theirs.1) };
        if let Some(Some(id)) = ids.trivial() {
            return Ok(Some((mode, id)));
        }
        let base = match ids.base {
            Some(base) => self.read_blob(base)?,
            None => Vec::new().into(),
        };
        let (ours, theirs) = (self.read_blob(ours.1)?, self.read_blob(theirs.1)?);
        let binary = [&base, &ours, &theirs].into_iter().any(|data| is_binary(data));
        if binary {
            return self.unresolved(three.base);
        }
        self.overlay.budget.bytes(base.len() + ours.len() + theirs.len())?;
        match merge_text(&base, &ours, &theirs, self.algorithm) {
            Merged::Clean(text) => Ok(Some((mode, self.overlay.insert(Kind::Blob, text)))),
            Merged::Marked(text) if self.on_conflict == OnConflict::Mark => {
                Ok(Some((mode, self.overlay.insert(Kind::Blob, text))))
            }
            Merged::Marked(_) => Err(self.conflict()),
        }
    }

    fn unresolved(&self, base: Option<Leaf>) -> Result<Option<Leaf>, Stop> {
        match self.on_conflict {
            OnConflict::Stop => Err(self.conflict()),
            OnConflict::Mark => Ok(base),
        }
    }

    fn conflict(&self) -> Stop {
        Stop::Conflict(self.path.join(&b'/'))
    }

    fn read_tree(&self, id: Option<ObjectId>) -> Result<Tree, Stop> {
        let Some(id) = id else { return Ok(Tree::default()) };
        match self.overlay.get(&id)? {
            Some(object) if object.kind == Kind::Tree => {
                Tree::parse(&object.data).ok_or_else(|| Stop::Unreadable(format!("tree {id} does not parse")))
            }
            Some(_) => Err(Stop::Unreadable(format!("{id} is no tree"))),
            // Git knows the empty tree without storing it.
            None if id == notedb::Object::new(Kind::Tree, Vec::new()).id() => Ok(Tree::default()),
            None => Err(Stop::Unreadable(format!("tree {id} is not there"))),
        }
    }

    fn read_blob(&self, id: ObjectId) -> Result<std::sync::Arc<[u8]>, Stop> {
        match self.overlay.get(&id)? {
            Some(object) if object.kind == Kind::Blob && object.data.len() <= MAX_FILE => Ok(object.data),
            Some(_) => Err(Stop::Unreadable(format!("{id} is no file of at most {MAX_FILE} bytes"))),
            None => Err(Stop::Unreadable(format!("file {id} is not there"))),
        }
    }
}

/// As git has it: a NUL among the first 8,000 bytes.
fn is_binary(data: &[u8]) -> bool {
    data.iter().take(8000).any(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use notedb::MapObjects;

    use super::*;

    /// Merges a file that both sides changed, after something was spent.
    fn merged_after(spend: impl Fn(&mut Overlay<'_, MapObjects>)) -> Result<ObjectId, Stop> {
        let mut objects = MapObjects::new();
        let [base, ours, theirs] = ["1\n2\n3\n", "X\n2\n3\n", "1\n2\nX\n"].map(|content| {
            let id = objects.insert(Kind::Blob, content.into());
            let entry = Entry { mode: Mode::from_bits(0o100_644), name: b"f".to_vec(), id };
            objects.insert(Kind::Tree, Tree { entries: vec![entry] }.to_bytes())
        });
        let mut overlay = Overlay::new(&objects);
        spend(&mut overlay);
        Merger::new(&mut overlay, Algorithm::Myers, OnConflict::Stop).merge(Some(base), ours, theirs)
    }

    #[test]
    fn comparing_files_and_merging_lines_costs() {
        assert!(merged_after(|_| {}).is_ok());
        let entries = |left: usize| {
            merged_after(|overlay| {
                let mut most = 1 << 40;
                while most > 0 {
                    // Down to what is left.
                    if overlay.budget.clone().entries(most + left).is_ok() {
                        overlay.budget.entries(most).unwrap();
                    } else {
                        most /= 2;
                    }
                }
            })
        };
        assert!(entries(3).is_ok(), "three folders of one file each");
        assert!(matches!(entries(2), Err(Stop::Unreadable(_))));
        let bytes = |left: usize| {
            merged_after(|overlay| {
                let mut most = 1 << 40;
                while most > 0 {
                    // Down to what is left.
                    if overlay.budget.clone().bytes(most + left).is_ok() {
                        overlay.budget.bytes(most).unwrap();
                    } else {
                        most /= 2;
                    }
                }
            })
        };
        assert!(bytes(18).is_ok(), "three files of six bytes each");
        assert!(matches!(bytes(17), Err(Stop::Unreadable(_))));
    }
}
