//! The checked-in list of mutants that may live, each with the reason: `mutants.txt` beside a crate's manifest.

use std::collections::BTreeMap;

use anyhow::bail;

/// Reasons by mutant.
pub(super) type Excuses = BTreeMap<String, String>;

/// Reads a list. A mutant stands on a line of its own as the report writes it; the reason follows on indented lines.
///
/// # Errors
/// A mutant without a reason, a reason without a mutant, a mutant that is there twice.
pub(super) fn read(text: &str) -> anyhow::Result<Excuses> {
    let mut excuses = Excuses::new();
    let mut mutant: Option<&str> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if !line.starts_with(' ') {
            if excuses.insert(line.to_owned(), String::new()).is_some() {
                bail!("{line}: is there twice");
            }
            mutant = Some(line);
            continue;
        }
        let Some(reason) = mutant.and_then(|mutant| excuses.get_mut(mutant)) else {
            bail!("{}: is a reason without a mutant", line.trim())
        };
        let blank = if reason.is_empty() { "" } else { " " };
        reason.push_str(&format!("{blank}{}", line.trim()));
    }
    if let Some((mutant, _)) = excuses.iter().find(|(_, reason)| reason.is_empty()) {
        bail!("{mutant}: has no reason\nhint: write on indented lines below it why no test can tell");
    }
    Ok(excuses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mutant_has_a_reason() {
        let excuses =
            read("# head\n\nsrc/a.rs f: x\n    because\n    of y\nsrc/a.rs g: z\n    so\n").unwrap();
        assert_eq!(excuses.len(), 2);
        assert_eq!(excuses["src/a.rs f: x"], "because of y");
        for bad in ["src/a.rs f: x\n", "    so\n", "a\n    so\na\n    so\n"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
