//! What mutations begin with.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Seeds with their file names, and words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corpus {
    /// Inputs, good and nearly good.
    pub seeds: Vec<(String, Vec<u8>)>,
    /// Pieces that the format is made of.
    pub words: Vec<Vec<u8>>,
}

impl Corpus {
    /// What is checked in for a target.
    ///
    /// # Errors
    /// If its folder of seeds can't be read, or a line of its words is none.
    pub fn of(target: &str) -> anyhow::Result<Self> {
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = crate_folder.join("seeds").join(target);
        let files = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let mut files: Vec<PathBuf> =
            files.map(|file| file.map(|file| file.path())).collect::<Result<_, _>>()?;
        files.sort();
        let mut seeds = Vec::new();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            seeds.push((name, std::fs::read(&file).with_context(|| file.display().to_string())?));
        }
        let words = crate_folder.join("words").join(format!("{target}.dict"));
        let words = std::fs::read_to_string(&words).with_context(|| words.display().to_string())?;
        let words = words.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let words = words.map(|line| word(line).with_context(|| format!("{line}: is no word")));
        Ok(Self { seeds, words: words.collect::<Result<_, _>>()? })
    }
}

/// A line of libFuzzer's dictionaries: `"text"`, in which `\\`, `\"` and `\xAB` are escapes.
fn word(line: &str) -> Option<Vec<u8>> {
    let mut rest = line.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut word = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            word.push(*first);
            continue;
        }
        let (escaped, after) = rest.split_first()?;
        rest = after;
        match escaped {
            b'\\' | b'"' => word.push(*escaped),
            b'x' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                word.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            }
            _ => return None,
        }
    }
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_as_libfuzzer_reads_them() {
        assert_eq!(word(r#""a\"\\\x0aé""#).unwrap(), "a\"\\\né".as_bytes());
        for bad in ["a", "\"a", r#""\x1""#, r#""\n""#] {
            assert_eq!(word(bad), None, "{bad}");
        }
    }
}
