//! Tree objects.

use crate::ObjectId;

/// The mode of an entry: what it is, and whether it can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mode(u32);

impl Mode {
    /// A folder.
    pub const TREE: Self = Self(0o040_000);

    /// From the number that the tree holds.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The number itself.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether it is a folder.
    #[must_use]
    pub const fn is_tree(self) -> bool {
        self.0 & 0o170_000 == 0o040_000
    }

    /// Whether it is a plain file, which has lines that can be merged; neither a link nor a submodule.
    #[must_use]
    pub const fn is_file(self) -> bool {
        self.0 & 0o170_000 == 0o100_000
    }
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its mode.
    pub mode: Mode,
    /// Its name, as bytes.
    pub name: Vec<u8>,
    /// What it points at.
    pub id: ObjectId,
}

/// A parsed tree object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// The entries, in the order of the object.
    pub entries: Vec<Entry>,
}

impl Tree {
    /// Parses the bytes of a tree; `None` if they are none.
    #[must_use]
    pub fn parse(data: &[u8]) -> Option<Self> {
        let mut entries = Vec::new();
        let mut rest = data;
        while !rest.is_empty() {
            let blank = memchr::memchr(b' ', rest)?;
            let mode = rest.get(..blank)?;
            if mode.is_empty() || mode.len() > 7 || !mode.iter().all(|b| (b'0'..=b'7').contains(b)) {
                return None;
            }
            let mode = mode.iter().fold(0_u32, |bits, b| bits * 8 + u32::from(b - b'0'));
            rest = rest.get(blank + 1..)?;
            let nul = memchr::memchr(0, rest)?;
            let name = rest.get(..nul)?.to_vec();
            let id = ObjectId::from_slice(rest.get(nul + 1..nul + 21)?)?;
            entries.push(Entry { mode: Mode(mode), name, id });
            rest = rest.get(nul + 21..)?;
        }
        Some(Self { entries })
    }

    /// The entry of that name.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The bytes of the tree, entries sorted as git sorts them.
    #[must_use]
    pub fn to_bytes(mut self) -> Vec<u8> {
        // A folder sorts as if its name ended in a slash.
        let key = |entry: &Entry| {
            let mut name = entry.name.clone();
            name.extend(entry.mode.is_tree().then_some(b'/'));
            name
        };
        self.entries.sort_by_cached_key(key);
        let mut bytes = Vec::new();
        for entry in &self.entries {
            bytes.extend(format!("{:o} ", entry.mode.0).into_bytes());
            bytes.extend(&entry.name);
            bytes.push(0);
            bytes.extend(entry.id.as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(bits: u32, name: &str) -> Entry {
        Entry { mode: Mode(bits), name: name.into(), id: ObjectId::from_bytes([7; 20]) }
    }

    #[test]
    fn trees_go_there_and_back_in_the_order_of_git() {
        let tree =
            Tree { entries: vec![entry(0o40_000, "a"), entry(0o100_644, "a.b"), entry(0o100_755, "a0")] };
        let again = Tree::parse(&tree.to_bytes()).unwrap();
        let names: Vec<_> =
            again.entries.iter().map(|e| String::from_utf8(e.name.clone()).unwrap()).collect();
        assert_eq!(names, ["a.b", "a", "a0"]);
        assert!(again.get(b"a").unwrap().mode.is_tree());
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        for bad in [
            &b"x"[..],
            b"100644",
            b"100644 a",
            b"100644 a\0short",
            b"99 a\0aaaaaaaaaaaaaaaaaaaa",
            b" a\0aaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(Tree::parse(bad), None);
        }
    }

    #[test]
    fn a_mode_says_what_it_is_whatever_may_be_done_with_it() {
        for bits in [0o040_000, 0o040_755, 0o040_777] {
            assert!(Mode::from_bits(bits).is_tree() && !Mode::from_bits(bits).is_file());
        }
        for bits in [0o100_644, 0o100_755, 0o100_777] {
            assert!(Mode::from_bits(bits).is_file() && !Mode::from_bits(bits).is_tree());
        }
        for bits in [0o120_000, 0o160_000] {
            assert!(!Mode::from_bits(bits).is_file() && !Mode::from_bits(bits).is_tree());
        }
    }

    #[test]
    fn a_mode_has_up_to_seven_octal_digits_and_of_two_of_a_name_the_first_is_meant() {
        let entries = |modes: &[&str]| -> Option<Tree> {
            let all: Vec<Vec<u8>> =
                modes.iter().map(|mode| [mode.as_bytes(), b" a\0", &[7; 20][..]].concat()).collect();
            Tree::parse(&all.concat())
        };
        assert!(entries(&["0100644"]).is_some() && entries(&["1"]).is_some());
        for bad in ["00100644", "1x0644", "10064x", "8"] {
            assert!(entries(&[bad]).is_none(), "{bad}");
        }
        assert_eq!(entries(&["100644", "120000"]).unwrap().get(b"a").unwrap().mode, Mode(0o100_644));
    }
}
