//! The lines `Label:` and `Copied-Label:`.

use crate::Account;

/// What a vote line does to a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoteChange {
    /// Sets it to this value; 0 is a vote taken back by the voter.
    Set(i32),
    /// Takes it away.
    Removed,
}

impl VoteChange {
    /// The value that stands afterwards; 0 for none.
    #[must_use]
    pub const fn value(self) -> i32 {
        match self {
            Self::Set(value) => value,
            Self::Removed => 0,
        }
    }
}

/// A line `Label: Code-Review=+2, <uuid> Gerrit User 7 <7@srv>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelLine {
    /// The label.
    pub label: String,
    /// What it says.
    pub change: VoteChange,
    /// The voter, if named; else the author of the commit.
    pub account: Option<Account>,
}

/// A line `Copied-Label: Code-Review=+2, <uuid> Gerrit User 7 <7@srv>,Gerrit User 8 <8@srv>:"tag"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedLabel {
    /// The label.
    pub label: String,
    /// What it says.
    pub change: VoteChange,
    /// The voter.
    pub account: Account,
    /// Who really cast it, if that is written down.
    pub real: Option<Account>,
}

impl LabelLine {
    /// Parses the value of a `Label` footer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(line: &str) -> Result<Self, &'static str> {
        let (vote, rest) = split_vote(line);
        let (label, change) = parse_vote(vote)?;
        let account = match rest {
            "" => None,
            ident => Some(Account::from_ident(ident).ok_or("the voter of a label is no account")?),
        };
        Ok(Self { label, change, account })
    }
}

impl CopiedLabel {
    /// Parses the value of a `Copied-Label` footer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(line: &str) -> Result<Self, &'static str> {
        // The tag is free text in quotes, nothing escaped: whatever follows the first `:"` is not looked at.
        let line = line.split_once(":\"").map_or(line, |(before, _)| before);
        let (vote, rest) = split_vote(line);
        let (label, change) = parse_vote(vote)?;
        // Names may hold commas, but no angle brackets: the first `>` ends the first account.
        let (first, second) = match rest.split_once('>') {
            Some((_, after)) => {
                let end = rest.len() - after.len();
                (rest.get(..end).unwrap_or_default(), after.trim())
            }
            None => (rest, ""),
        };
        let account = Account::from_ident(first).ok_or("the voter of a copied label is no account")?;
        let real = match second {
            "" => None,
            more => {
                let ident = more.strip_prefix(',').ok_or("a copied label goes on after its voter")?;
                Some(Account::from_ident(ident).ok_or("the real voter of a copied label is no account")?)
            }
        };
        Ok(Self { label, change, account, real })
    }
}

/// Splits `L=V, <uuid> <ident>` and `L=V <ident>` into the vote and the ident.
fn split_vote(line: &str) -> (&str, &str) {
    let Some((word, rest)) = line.split_once(' ') else { return (line, "") };
    let Some(vote) = word.strip_suffix(',') else { return (word, rest.trim()) };
    let (_uuid, ident) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
    (vote, ident.trim())
}

/// Parses `Code-Review=+2` and `-Code-Review`.
fn parse_vote(vote: &str) -> Result<(String, VoteChange), &'static str> {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if let Some(label) = vote.strip_prefix('-') {
        return if is_label(label) {
            Ok((label.to_owned(), VoteChange::Removed))
        } else {
            Err("a label without a name")
        };
    }
    let (label, value) = vote.split_once('=').ok_or("a label without a value")?;
    if !is_label(label) {
        return Err("a label without a name");
    }
    // Gerrit's votes are shorts.
    let value = value.parse::<i16>().map_err(|_| "the value of a label is no number")?;
    Ok((label.to_owned(), VoteChange::Set(value.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u64) -> Account {
        Account { number, server: "srv".to_owned() }
    }

    #[test]
    fn a_label_of_the_author_in_both_generations() {
        for line in ["Code-Review=+2", "Code-Review=+2, 6cd9ed122fab11c4ede954b3e7b60bb9da4b11c6"] {
            let line = LabelLine::parse(line).unwrap();
            assert_eq!(
                (line.label.as_str(), line.change, line.account),
                ("Code-Review", VoteChange::Set(2), None)
            );
        }
    }

    #[test]
    fn a_label_of_another_in_both_generations() {
        for line in ["Code-Review=-1 A. B, C <7@srv>", "Code-Review=-1, 6cd9 Gerrit User 7 <7@srv>"] {
            let line = LabelLine::parse(line).unwrap();
            assert_eq!((line.change, line.account), (VoteChange::Set(-1), Some(account(7))));
        }
    }

    #[test]
    fn removals() {
        let own = LabelLine::parse("-Code-Review").unwrap();
        assert_eq!((own.change, own.account), (VoteChange::Removed, None));
        let others = LabelLine::parse("-Code-Review Gerrit User 7 <7@srv>").unwrap();
        assert_eq!((others.change, others.account), (VoteChange::Removed, Some(account(7))));
        let copied = CopiedLabel::parse("-Code-Review Gerrit User 7 <7@srv>").unwrap();
        assert_eq!((copied.change, copied.account), (VoteChange::Removed, account(7)));
    }

    #[test]
    fn copied_labels_with_and_without_uuid_real_voter_and_tag() {
        for (line, real) in [
            ("V=+1, 12ab Gerrit User 7 <7@srv>", None),
            ("V=+1 Gerrit User 7 <7@srv>,Gerrit User 8 <8@srv>", Some(account(8))),
            ("V=+1, 12ab Gerrit User 7 <7@srv>:\"ci:\"x,<9@srv>\"", None),
            ("V=+1, 12ab Last, First <7@srv>,Other, One <8@srv>:\"autogenerated:ci\"", Some(account(8))),
        ] {
            let copied = CopiedLabel::parse(line).unwrap();
            assert_eq!(
                (copied.change, &copied.account, &copied.real),
                (VoteChange::Set(1), &account(7), &real),
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_no_vote_is_refused() {
        for bad in
            ["", "X", "=1", "X=", "X=two", "X=99999", "-", "X=1 nobody", "X=1, u nobody", "--X", "a b=1"]
        {
            assert!(LabelLine::parse(bad).is_err(), "{bad}");
        }
        for bad in ["X=1", "X=1, u", "X=1, u A <7@srv>8", "X=1, u A <7@srv>,B", "X=1, u A <7@srv>,", ":\""] {
            assert!(CopiedLabel::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn blanks_too_many_say_nothing() {
        for line in ["X=1 ", "X=1   ", "X=1,  uuid", "X=1, uuid  "] {
            assert_eq!(LabelLine::parse(line).unwrap().account, None, "{line:?}");
        }
        let copied = CopiedLabel::parse("X=1, u A <7@srv> ,B <8@srv>").unwrap();
        assert_eq!(copied.real, Some(account(8)));
    }

    #[test]
    fn a_label_is_letters_digits_dashes_and_underscores() {
        assert_eq!(LabelLine::parse("A_b-1=1").unwrap().label, "A_b-1");
        for bad in ["A!b=1", "é=1", "-A!", "A.b=1", "A\0=1"] {
            assert!(LabelLine::parse(bad).is_err(), "{bad}");
        }
    }
}
