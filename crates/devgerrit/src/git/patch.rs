//! Applies a unified diff, as `POST /changes/` takes it.

use super::tree::{Entry, FILE, Flat};
use super::{GitError, Repo};

/// Why a patch was not applied.
pub(crate) enum PatchError {
    /// It can't be read.
    Invalid(String),
    /// It doesn't fit the files.
    Mismatch(String),
    Git(GitError),
}

impl From<GitError> for PatchError {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

struct FilePatch<'a> {
    old: Option<&'a str>,
    new: Option<&'a str>,
    mode: Option<u32>,
    hunks: Vec<Hunk<'a>>,
}

struct Hunk<'a> {
    /// First old line, counted from one; zero for a new file.
    start: usize,
    lines: Vec<(char, &'a str)>,
    no_newline_at_end: bool,
}

/// Changes `flat` as the patch says. Text that is no patch changes nothing, and neither does a new-file patch for
/// a path that exists: that is what Gerrit 3.13 does.
pub(crate) fn apply(repo: &Repo, flat: &mut Flat, text: &str) -> Result<(), PatchError> {
    for file in parse(text)? {
        match (file.old, file.new) {
            (None, Some(path)) if flat.contains_key(path) => {}
            (Some(path), None) => {
                if flat.remove(path).is_none() {
                    return Err(PatchError::Mismatch(format!("{path} does not exist")));
                }
            }
            (old, Some(path)) => {
                let was = old.and_then(|old| flat.get(old).copied());
                if old.is_some() && was.is_none() {
                    return Err(PatchError::Mismatch(format!("{path} does not exist")));
                }
                let before = was.map(|entry| repo.blob(entry.id)).transpose()?.unwrap_or_default();
                let after = splice(&String::from_utf8_lossy(&before), &file.hunks)
                    .ok_or_else(|| PatchError::Mismatch(format!("a hunk does not apply to {path}")))?;
                let mode = file.mode.or(was.map(|entry| entry.mode)).unwrap_or(FILE);
                if let Some(old) = old.filter(|old| *old != path) {
                    flat.remove(old);
                }
                flat.insert(path.to_owned(), Entry { mode, id: repo.write_blob(after.as_bytes())? });
            }
            (None, None) => {}
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Vec<FilePatch<'_>>, PatchError> {
    let mut files = Vec::new();
    let mut lines = text.split_terminator('\n').peekable();
    while let Some(line) = lines.next() {
        if !line.starts_with("diff --git ") {
            continue;
        }
        let mut file = FilePatch { old: None, new: None, mode: None, hunks: Vec::new() };
        while let Some(line) = lines.next_if(|next| !next.starts_with("diff --git ")) {
            if let Some(mode) = line.strip_prefix("new file mode ") {
                file.mode = u32::from_str_radix(mode, 8).ok();
            } else if let Some(name) = line.strip_prefix("--- ") {
                file.old = name.strip_prefix("a/");
            } else if let Some(name) = line.strip_prefix("+++ ") {
                file.new = name.strip_prefix("b/");
            } else if line.starts_with("@@ ") {
                // a header that can't be read ends this file's hunks, without an error
                let Some((start, mut old, mut new)) = hunk_header(line) else { break };
                let mut hunk = Hunk { start, lines: Vec::new(), no_newline_at_end: false };
                while old > 0 || new > 0 {
                    let line = lines.next().ok_or_else(|| invalid("a hunk ends too early"))?;
                    let sign = line.chars().next().unwrap_or(' ');
                    let rest = line.get(1..).unwrap_or("");
                    let (from_old, from_new) = match sign {
                        ' ' => (1, 1),
                        '-' => (1, 0),
                        '+' => (0, 1),
                        '\\' => (0, 0),
                        _ => return Err(invalid("a hunk line begins with none of ' ', '+', '-'")),
                    };
                    if old < from_old || new < from_new {
                        return Err(invalid("a hunk has more lines than its header says"));
                    }
                    (old, new) = (old - from_old, new - from_new);
                    if sign != '\\' {
                        hunk.lines.push((sign, rest));
                    }
                }
                if lines.next_if(|next| next.starts_with('\\')).is_some() {
                    hunk.no_newline_at_end = true;
                }
                file.hunks.push(hunk);
            }
        }
        if !file.hunks.is_empty() || (file.old.is_some() && file.new.is_none()) {
            files.push(file);
        }
    }
    Ok(files)
}

fn invalid(why: &str) -> PatchError {
    PatchError::Invalid(why.to_owned())
}

/// `@@ -a,b +c,d @@` → (a, b, d).
fn hunk_header(line: &str) -> Option<(usize, usize, usize)> {
    let mut words = line.strip_prefix("@@ ")?.split(' ');
    let old = range(words.next()?.strip_prefix('-')?)?;
    let new = range(words.next()?.strip_prefix('+')?)?;
    Some((old.0, old.1, new.1))
}

fn range(text: &str) -> Option<(usize, usize)> {
    match text.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}

fn splice(before: &str, hunks: &[Hunk<'_>]) -> Option<String> {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let mut out = String::new();
    let mut at = 0;
    for hunk in hunks {
        let start = hunk.start.saturating_sub(1);
        out.push_str(&old.get(at..start.max(at))?.concat());
        at = start.max(at);
        for (n, (sign, text)) in hunk.lines.iter().enumerate() {
            let last = n + 1 == hunk.lines.len() && hunk.no_newline_at_end;
            if *sign != '+' {
                let has = old.get(at)?;
                if has.trim_end_matches('\n') != *text {
                    return None;
                }
                at += 1;
            }
            if *sign != '-' {
                out.push_str(text);
                if !last {
                    out.push('\n');
                }
            }
        }
    }
    out.push_str(&old.get(at..)?.concat());
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spliced(before: &str, diff: &str) -> Option<String> {
        let files = parse(diff).ok()?;
        splice(before, &files.first()?.hunks)
    }

    #[test]
    fn a_hunk_changes_the_lines_that_it_names() {
        let diff = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n";
        assert_eq!(spliced("a\nb\nc\nd\n", diff).as_deref(), Some("a\nB\nc\nd\n"));
        assert_eq!(spliced("x\nb\nc\n", diff), None, "context must fit");
    }

    #[test]
    fn a_short_hunk_is_invalid() {
        let diff = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n";
        assert!(matches!(parse(diff), Err(PatchError::Invalid(_))));
    }

    #[test]
    fn text_that_is_no_patch_changes_nothing() {
        assert!(parse("not a patch").is_ok_and(|files| files.is_empty()));
    }
}
