//! Who wrote a commit, and which account that is.

use std::borrow::Cow;

use crate::Time;

/// An account on one Gerrit server. The same number on another server is another account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// Its number there.
    pub number: u64,
    /// The id of that server.
    pub server: String,
}

impl Account {
    /// From an address as NoteDb writes it: `1000001@<server id>`. `None` if it has another form.
    #[must_use]
    pub fn from_address(address: &str) -> Option<Self> {
        let (number, server) = address.split_once('@')?;
        let plain = !number.is_empty() && number.len() <= 10 && number.bytes().all(|b| b.is_ascii_digit());
        if !plain || server.is_empty() {
            return None;
        }
        Some(Self { number: number.parse().ok()?, server: server.to_owned() })
    }

    /// From an ident as footers write it: `Gerrit User 1000001 <1000001@<server id>>`, or with any other name.
    #[must_use]
    pub fn from_ident(ident: &str) -> Option<Self> {
        let (_, rest) = ident.split_once('<')?;
        let (address, rest) = rest.split_once('>')?;
        rest.trim().is_empty().then(|| Self::from_address(address))?
    }
}

/// The author or committer of a commit: a name, an address, a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident {
    /// The name; bytes that are no UTF-8 are replaced.
    pub name: String,
    /// The address, without the angle brackets.
    pub email: String,
    /// The moment, in UTC.
    pub time: Time,
}

impl Ident {
    /// From the value of an `author` or `committer` line.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let open = memchr::memchr(b'<', line).ok_or("an ident without an address")?;
        let close = memchr::memrchr(b'>', line).ok_or("an ident without an address")?;
        let name = line.get(..open).unwrap_or_default();
        let email = line.get(open + 1..close).ok_or("an ident without an address")?;
        let rest = text(line.get(close + 1..).unwrap_or_default());
        let seconds = rest.split_whitespace().next().and_then(|word| word.parse().ok());
        let time = seconds.and_then(Time::from_unix_seconds).ok_or("an ident without a moment")?;
        Ok(Self { name: text(name).trim().to_owned(), email: text(email).into_owned(), time })
    }

    /// The account, if the address is one of NoteDb.
    #[must_use]
    pub fn account(&self) -> Option<Account> {
        Account::from_address(&self.email)
    }

    /// Whether both are the same person, whenever.
    #[must_use]
    pub fn is_same_person(&self, other: &Self) -> bool {
        self.name == other.name && self.email == other.email
    }
}

pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_a_number_at_a_server() {
        let account = Account::from_ident("Gerrit User 7 <7@srv>").unwrap();
        assert_eq!((account.number, account.server.as_str()), (7, "srv"));
        assert_eq!(Account::from_ident("Ann, B. <7@srv>").unwrap(), account);
        for other in
            ["<ann@example.com>", "<7@>", "<@srv>", "7@srv", "<+7@srv>", "<7@srv> x", "<99999999999@srv>"]
        {
            assert_eq!(Account::from_ident(other), None, "{other}");
        }
    }

    #[test]
    fn idents_without_address_or_moment_are_refused() {
        assert!(Ident::parse(b"A <a@b> 12 +0000").is_ok());
        for bad in
            [&b"A"[..], b"A <a@b", b"A a@b> 12", b"A <a@b>", b"A <a@b> x", b"A <a@b> 99999999999999", b"> <"]
        {
            assert!(Ident::parse(bad).is_err());
        }
    }

    #[test]
    fn an_address_ends_where_it_ends() {
        assert_eq!(Account::from_address("7@a@b").unwrap().server, "a@b");
        assert_eq!(Account::from_address("9999999999@s").unwrap().number, 9_999_999_999);
        assert!(Account::from_ident("A <7@srv>  ").is_some());
        for other in ["A <x <7@srv>", "A <7@srv>x>"] {
            assert_eq!(Account::from_ident(other), None, "{other}");
        }
    }

    #[test]
    fn an_ident_is_taken_apart_at_its_brackets() {
        let ident = Ident::parse(b"A B <a@b>12 +0000").unwrap();
        assert_eq!(
            (ident.name.as_str(), ident.email.as_str(), ident.time.unix_seconds()),
            ("A B", "a@b", 12)
        );
        let later = Ident::parse(b"A B <a@b> 13 +0000").unwrap();
        assert!(ident.is_same_person(&later));
        for other in [&b"A <a@b> 12 +0000"[..], b"A B <a@c> 12 +0000"] {
            assert!(!ident.is_same_person(&Ident::parse(other).unwrap()));
        }
    }
}
