//! Names and ids: text with a grammar. A value of one of these types is safe in a log line, a path and a page.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::Digest;

/// Text that is no such name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is no {what}: {rule}")]
pub struct WrongName {
    text: String,
    what: &'static str,
    rule: &'static str,
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:expr, $says:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = WrongName;

            fn from_str(text: &str) -> Result<Self, WrongName> {
                let rule: fn(&str) -> bool = $rule;
                if rule(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(WrongName { text: text.chars().take(80).collect(), what: $what, rule: $says })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    };
}

/// `shop-web`: begins with a letter or digit; letters, digits and single dashes.
fn is_name(text: &str) -> bool {
    let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(ok) && !text.starts_with('-') && !text.ends_with('-')
}

/// A path without empty, `.` or `..` parts, of printable ASCII without the characters that git or a shell reads.
fn is_path(text: &str) -> bool {
    let ok = |b: u8| b.is_ascii_graphic() && !br#"\:?*[~^"'`$<>|&;(){}"#.contains(&b);
    (1..=255).contains(&text.len())
        && text.bytes().all(ok)
        && !text.contains("@{")
        && text.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"))
}

fn is_ref(text: &str) -> bool {
    text.starts_with("refs/") && is_path(text)
}

fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == 20 && rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

text!(/// A configured Gerrit server.
    ServerName, "server name", is_name, "1 to 63 of a-z, 0-9 and -, no - at either end");
text!(/// An operation.
    OperationName, "operation name", is_name, "1 to 63 of a-z, 0-9 and -, no - at either end");
text!(/// An environment of an operation.
    EnvironmentName, "environment name", is_name, "1 to 63 of a-z, 0-9 and -, no - at either end");
text!(/// A step of an operation.
    StepId, "step id", is_name, "1 to 63 of a-z, 0-9 and -, no - at either end");
text!(/// A role that policy speaks of.
    RoleName, "role name", is_name, "1 to 63 of a-z, 0-9 and -, no - at either end");
text!(/// A target, or a set of targets.
    TargetName, "target name", is_name, "1 to 63 of a-z, 0-9 and -, no - at either end");
text!(/// The key by which a company names one human: `1` to `128` printable ASCII characters without blanks.
    PersonKey, "person key",
    |t| (1..=128).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_graphic() && !b"\"'`<>&\\".contains(&b)),
    "1 to 128 printable ASCII characters, no blanks, quotes or brackets");
text!(/// A Gerrit project, `team/shop`.
    Project, "project", is_path, "a path of printable ASCII, at most 255, no part empty or beginning with a dot");
text!(/// A full ref name, `refs/heads/main`.
    RefName, "ref", is_ref, "begins with refs/, a path of printable ASCII, at most 255");
text!(/// Gerrit's `Change-Id`: `I` and 40 hex digits.
    ChangeId, "Change-Id",
    |t| t.len() == 41 && t.starts_with('I') && t.bytes().skip(1).all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
    "I and 40 lower-case hex digits");
text!(/// A public key, `ed25519:` and 64 hex digits. The key is its own name.
    KeyId, "key",
    |t| t.strip_prefix("ed25519:").is_some_and(|k| k.parse::<Digest>().is_ok()),
    "ed25519: and 64 lower-case hex digits");

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $prefix:literal) => {
        text!($(#[$doc])* $name, $what, |t| is_id(t, $prefix), "its prefix and 20 lower-case hex digits");

        impl $name {
            /// The id of the thing that these parts name: the same parts give the same id, on every replica.
            #[must_use]
            pub fn derive(parts: &[&[u8]]) -> Self {
                let digest = Digest::of_parts(concat!("exequatur.id/", $prefix), parts).to_string();
                Self(format!("{}{}", $prefix, digest.chars().take(20).collect::<String>()))
            }
        }
    };
}

id!(/// A submission: from server, project, branch and tip.
    SubmissionId, "submission id", "sub-");
id!(/// The outcome of a submission for one operation and environment.
    OutcomeId, "outcome id", "out-");
id!(/// A decision of the gate.
    DecisionId, "decision id", "dec-");
id!(/// A grant.
    GrantId, "grant id", "grt-");
id!(/// A run.
    RunId, "run id", "run-");
id!(/// A request.
    RequestId, "request id", "req-");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_break_out_of_a_path_or_a_page_are_refused() {
        for bad in ["", "-x", "x-", "X", "a b", "a/b", "a\u{202e}", &"a".repeat(64)] {
            assert!(bad.parse::<OperationName>().is_err(), "{bad}");
        }
        for bad in ["", "/a", "a/", "a//b", "a/../b", ".git", "a b", "a\nb", "a.lock", "a@{1}", "<a>"] {
            assert!(bad.parse::<Project>().is_err(), "{bad}");
        }
        assert!("team/shop.web_2".parse::<Project>().is_ok());
        assert!("heads/main".parse::<RefName>().is_err());
    }

    #[test]
    fn the_same_parts_derive_the_same_id_and_it_parses() {
        let id = RunId::derive(&[b"a", b"b"]);
        assert_eq!(id, RunId::derive(&[b"a", b"b"]));
        assert_ne!(id, RunId::derive(&[b"ab"]));
        assert_eq!(id.to_string().parse::<RunId>(), Ok(id.clone()));
        assert!(id.to_string().parse::<GrantId>().is_err());
    }
}
