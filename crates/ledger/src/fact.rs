//! The values in a leaf's `facts`: ids, hashes and codes; never names, texts or mail addresses.

use crate::{Error, name::is_visible_ascii};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// The largest integer, either side of zero: what a JSON number holds exactly (RFC 8785, section 3.2.2.3).
pub const MAX_INTEGER: i64 = (1 << 53) - 1;
/// Longest text of a fact, in bytes.
pub(crate) const MAX_TEXT_BYTES: usize = 1024;
/// Most texts in a list.
pub(crate) const MAX_LIST: usize = 1024;

/// One value: a text, an integer, or a list of texts.
///
/// A text is at most 1024 visible ASCII characters, without spaces, and doesn't look like a mail address; texts from
/// outside (branch names, file names) go through [`Fact::id`]. Checked when the draft is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// An id, a hash or a code.
    Text(String),
    /// Within ±(2^53 − 1).
    Integer(i64),
    /// Ids, hashes or codes, in an order that means something or is sorted.
    List(Vec<String>),
}

impl Fact {
    /// A text from outside, made fit for a leaf: every byte but `A-Z a-z 0-9` and `- . _ ~ / : # = ,` becomes `%XX`.
    /// Different texts stay different.
    pub fn id(text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~/:#=,".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Text(text) => check_text(text),
            Self::Integer(number) if number.unsigned_abs() > MAX_INTEGER.unsigned_abs() => {
                Err(Error::grammar("fact", &number.to_string(), "an integer lies within ±(2^53 − 1)"))
            }
            Self::Integer(_) => Ok(()),
            Self::List(list) if list.len() > MAX_LIST => {
                Err(Error::limit("texts in a list", list.len(), MAX_LIST))
            }
            Self::List(list) => list.iter().try_for_each(|text| check_text(text)),
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The integer, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[String]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }
}

fn check_text(text: &str) -> Result<(), Error> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::limit("bytes in a fact", text.len(), MAX_TEXT_BYTES));
    }
    if !is_visible_ascii(text) {
        return Err(Error::grammar(
            "fact",
            text,
            "facts are visible ASCII without spaces: escape ids from outside with `Fact::id`, seal texts",
        ));
    }
    if looks_like_mail(text) {
        return Err(Error::grammar(
            "fact",
            "(a mail address)",
            "people are named by issuer and subject; seal the rest",
        ));
    }
    Ok(())
}

/// `local@host.domain`, and nothing that a digest (`@sha256:…`) or a path would have.
fn looks_like_mail(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    !local.is_empty()
        && host.contains('.')
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Fact {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Fact {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Fact {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<u64> for Fact {
    /// Numbers over `i64::MAX` become that, which sealing refuses.
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Vec<String>> for Fact {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}

impl From<&[&str]> for Fact {
    fn from(list: &[&str]) -> Self {
        Self::List(list.iter().map(|text| (*text).to_owned()).collect())
    }
}

struct FactVisitor;

impl<'de> de::Visitor<'de> for FactVisitor {
    type Value = Fact;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, an integer or a list of texts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Fact, E> {
        Ok(Fact::Text(text.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Fact, E> {
        Ok(Fact::Integer(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Fact, E> {
        i64::try_from(number).map(Fact::Integer).map_err(|_| E::custom("integer too large"))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Fact, A::Error> {
        let mut list = Vec::new();
        while let Some(text) = seq.next_element::<String>()? {
            list.push(text);
        }
        Ok(Fact::List(list))
    }
}

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FactVisitor)
    }
}
