//! Requests: somebody's wish to run an operation that has no code of its own.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    Canonical, ChangeId, Digest, EnvironmentName, Identity, OperationName, PersonKey, Project, RefName,
    RequestId, Revision, ServerName, Timestamp,
    text::{hidden_character, is_hidden},
};

/// A wish to run an operation, as it was stored from a verified sign-in before anybody else saw it. What a change in the
/// requests project says is held against this value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `exequatur.request/1`
    pub schema: String,
    /// Ours.
    pub id: RequestId,
    /// The server where it becomes a change.
    pub server: ServerName,
    /// The project there.
    pub project: Project,
    /// The branch, in full.
    pub branch: RefName,
    /// The operation.
    pub operation: OperationName,
    /// The environment.
    pub environment: EnvironmentName,
    /// What the operation asks for.
    pub inputs: BTreeMap<String, String>,
    /// Why, to the people who review it.
    pub justification: Justification,
    /// Who asks.
    pub by: Requester,
    /// The hash of what would happen ([`crate::RequestedPlan`]).
    pub plan: Digest,
    /// The configuration in force when it was made.
    pub configuration: Revision,
    /// When it was made.
    pub made_at: Timestamp,
    /// It waits for its review at most until then.
    pub until: Timestamp,
}

impl Request {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.request/1";

    /// The path of its file in the requests project.
    #[must_use]
    pub fn path(&self) -> String {
        format!("requests/{}.yaml", self.id)
    }

    /// The id of the request whose file this path is.
    #[must_use]
    pub fn id_of_path(path: &str) -> Option<RequestId> {
        path.strip_prefix("requests/")?.strip_suffix(".yaml")?.parse().ok()
    }

    /// Its `Change-Id`: the same one however often the change is made.
    #[must_use]
    pub fn change_id(&self) -> Option<ChangeId> {
        let digest = Digest::of_parts("exequatur.request-change/1", &[self.id.as_str().as_bytes()]);
        format!("I{}", digest.to_string().chars().take(40).collect::<String>()).parse().ok()
    }

    /// Its file, to the byte: what reviewers read, and what the merged file has to be. Each text is a JSON string, which
    /// YAML reads as the same text, but for the justification, which stands as it was written.
    #[must_use]
    pub fn file(&self) -> String {
        let mut text = format!("operation: {}\nenvironment: {}\n", self.operation, self.environment);
        if self.inputs.is_empty() {
            text.push_str("inputs: {}\n");
        } else {
            text.push_str("inputs:\n");
            for (name, value) in &self.inputs {
                text.push_str(&format!("  {name}: {}\n", quoted(value)));
            }
        }
        text.push_str("justification: |2-\n");
        for line in self.justification.as_str().split('\n') {
            text.push_str(if line.is_empty() { "" } else { "  " });
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(&format!("by:\n  kind: {}\n", self.by.kind.name()));
        text.push_str(&format!("  subject: {}\n", quoted(&self.by.identity.subject)));
        text.push_str(&format!("  issuer: {}\n", quoted(&self.by.identity.issuer)));
        if let Some(person) = &self.by.person {
            text.push_str(&format!("  person: {}\n", quoted(person.as_str())));
        }
        if let Some(other) = &self.by.acts_for {
            let (subject, issuer) = (quoted(&other.subject), quoted(&other.issuer));
            text.push_str(&format!("  acts_for: {{ subject: {subject}, issuer: {issuer} }}\n"));
        }
        text.push_str(&format!("plan: {}\n", quoted(&self.plan.to_string())));
        text
    }
}

impl Canonical for Request {
    const DOMAIN: &'static str = "exequatur.request/1";
}

/// A JSON string of printable characters: one line, and YAML's double-quoted style reads it as the same text.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_hidden(c) => quoted.extend(
                c.encode_utf16(&mut [0; 2])
                    .iter()
                    .flat_map(|unit| format!("\\u{unit:04x}").chars().collect::<Vec<_>>()),
            ),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What kind of identity asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequesterKind {
    /// A human who signed in.
    Person,
    /// A workload.
    Service,
    /// A program that decides by itself.
    Agent,
}

impl RequesterKind {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
            Self::Agent => "agent",
        }
    }
}

/// Who asks, as an issuer proved it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// What it is.
    pub kind: RequesterKind,
    /// Issuer and subject.
    pub identity: Identity,
    /// The key by which the company names this human, where its provider says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub person: Option<PersonKey>,
    /// For whom an agent acts. That doesn't make it that person; that person doesn't approve what it asks for either.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub acts_for: Option<Identity>,
    /// What to call it: shown, never compared.
    pub shown: String,
}

/// Who it is first, by what the issuer vouches for; what they like to be called stands in quotes behind it, as they may have
/// chosen it themselves.
impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |text: &str| -> String { text.chars().filter(|c| !is_hidden(*c) && *c != '"').collect() };
        match (&self.person, self.kind) {
            (Some(person), _) => write!(f, "{person}")?,
            (None, RequesterKind::Person) => write!(f, "{}", plain(&self.identity.subject))?,
            (None, kind) => write!(f, "{} {}", kind.name(), plain(&self.identity.subject))?,
        }
        write!(f, " \"{}\"", plain(&self.shown))
    }
}

/// Why a text is no justification.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WrongJustification {
    /// It says nothing.
    #[error("a justification says in words why this has to be done now: at least {least} letters or digits")]
    SaysNothing {
        /// How many.
        least: usize,
    },
    /// It is too long.
    #[error("a justification has at most {limit} characters, in at most {lines} lines")]
    TooLong {
        /// Characters.
        limit: usize,
        /// Lines.
        lines: usize,
    },
    /// Some of it can't be seen, or changes how the rest is read.
    #[error("a justification holds only what can be seen: U+{code:04X} hides text, or turns its direction")]
    Hidden {
        /// The character.
        code: u32,
    },
}

/// Why something has to be done, in words that people read. What is one can be seen as a whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct Justification(String);

impl Justification {
    /// Characters that it has at most.
    pub const LONGEST: usize = 2_000;
    /// Lines that it has at most.
    pub const LINES: usize = 40;
    /// Letters and digits that it has at least.
    pub const LEAST: usize = 5;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its lines as one.
    #[must_use]
    pub fn in_a_line(&self) -> String {
        self.0.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

impl FromStr for Justification {
    type Err = WrongJustification;

    fn from_str(text: &str) -> Result<Self, WrongJustification> {
        let long = || WrongJustification::TooLong { limit: Self::LONGEST, lines: Self::LINES };
        if text.len() > Self::LONGEST * 4 {
            return Err(long());
        }
        if let Some((_, c)) = hidden_character(text) {
            return Err(WrongJustification::Hidden { code: u32::from(c) });
        }
        // A tab looks like blanks, and is written as one.
        let lines: Vec<String> =
            text.lines().map(|line| line.replace('\t', " ").trim_end().to_owned()).collect();
        let text = lines.join("\n").trim().to_owned();
        if text.chars().count() > Self::LONGEST || text.split('\n').count() > Self::LINES {
            return Err(long());
        }
        if text.chars().filter(|c| c.is_alphanumeric()).count() < Self::LEAST {
            return Err(WrongJustification::SaysNothing { least: Self::LEAST });
        }
        Ok(Self(text))
    }
}

impl fmt::Display for Justification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Justification {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let read: Self = text.parse().map_err(D::Error::custom)?;
        // What is stored is what was read: another writing of it isn't the same value.
        if read.0 == text {
            Ok(read)
        } else {
            Err(D::Error::custom("not written as a justification is kept"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(justification: &str) -> Request {
        Request {
            schema: Request::SCHEMA.to_owned(),
            id: RequestId::derive(&[b"1"]),
            server: "main".parse().unwrap(),
            project: "requests".parse().unwrap(),
            branch: "refs/heads/main".parse().unwrap(),
            operation: "shop-restart".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            inputs: [("why".to_owned(), "a\"b\\".to_owned())].into(),
            justification: justification.parse().unwrap(),
            by: Requester {
                kind: RequesterKind::Person,
                identity: Identity { issuer: "https://idp".into(), subject: "u-\u{202e}1".into() },
                person: Some("alice".parse().unwrap()),
                acts_for: None,
                shown: "Alice".into(),
            },
            plan: Digest::of(b"plan"),
            configuration: Revision::from_bytes([1; 20]),
            made_at: Timestamp::from_millis(0),
            until: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn a_justification_says_something_that_can_be_read_and_ends() {
        let wrong = |text: &str| text.parse::<Justification>().unwrap_err();
        for nothing in [
            "",
            "   \n ",
            "....................",
            "…·–—!?",
            "a b",
            "\u{2800}\u{2800}\u{2800}\u{2800}\u{2800}",
        ] {
            assert_eq!(wrong(nothing), WrongJustification::SaysNothing { least: 5 }, "{nothing:?}");
        }
        for c in ['\u{202e}', '\u{2066}', '\u{200b}', '\0', '\u{1b}', '\r', '\u{2028}', '\u{feff}'] {
            let text = format!("Restart the shop{c} now");
            assert_eq!(wrong(&text), WrongJustification::Hidden { code: u32::from(c) }, "{text:?}");
        }
        for long in ["x".repeat(2_001), "x".repeat(1024 * 1024), "line\n".repeat(41)] {
            assert!(matches!(wrong(&long), WrongJustification::TooLong { .. }), "{} bytes", long.len());
        }
        let html = "<script>alert(1)</script> the shop hängt 日本";
        assert_eq!(html.parse::<Justification>().unwrap().as_str(), html);
        assert_eq!(
            " a\t is why \n\n it is \n".parse::<Justification>().unwrap().as_str(),
            "a  is why\n\n it is"
        );
    }

    #[test]
    fn what_is_kept_is_read_back_and_nothing_else() {
        let kept = serde_json::to_string(&"Restart it".parse::<Justification>().unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<Justification>(&kept).unwrap().as_str(), "Restart it");
        for other in ["\" Restart it\"", "\"....\"", "\"Restart\\u202eit\""] {
            assert!(serde_json::from_str::<Justification>(other).is_err(), "{other}");
        }
    }

    #[test]
    fn no_text_of_a_request_gets_out_of_its_place_in_the_file() {
        let request = request("It hangs.\nplan: \"forged\"\n\n---\noperation: other");
        let expected = format!(
            "operation: shop-restart\nenvironment: prod\ninputs:\n  why: \"a\\\"b\\\\\"\njustification: |2-\n  \
             It hangs.\n  plan: \"forged\"\n\n  ---\n  operation: other\nby:\n  kind: person\n  subject: \"u-\\u202e1\"\n  \
             issuer: \"https://idp\"\n  person: \"alice\"\nplan: \"{}\"\n",
            Digest::of(b"plan")
        );
        assert_eq!(request.file(), expected);
    }

    #[test]
    fn its_change_id_is_its_own_and_always_the_same() {
        let request = request("Restart it");
        assert_eq!(request.change_id(), request.change_id());
        assert!(request.change_id().is_some());
        assert_eq!(Request::id_of_path(&request.path()), Some(request.id.clone()));
        for other in ["requests/x.yaml", "requests/../req-00000000000000000000.yaml", "a/requests/req-0.yaml"]
        {
            assert_eq!(Request::id_of_path(other), None);
        }
    }
}
