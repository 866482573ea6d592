//! From a tree of values to closed types. A decoder goes on after a mistake, so that all of them are said.

use std::str::FromStr;

use model::hidden_character;

use super::{Kind, Node};
use crate::{
    duration::Millis,
    problem::{Problem, Source, Span},
    suggest,
};

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub(crate) span: Span,
    pub(crate) value: T,
}

/// Collects what is wrong with one document.
pub(crate) struct Reader {
    pub(crate) source: Source,
    problems: Vec<Problem>,
}

impl Reader {
    pub(crate) fn new(source: &Source) -> Self {
        Self { source: source.clone(), problems: Vec::new() }
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub(crate) fn error(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(Problem::at(&self.source, span, message));
    }

    pub(crate) fn error_hint(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::at(&self.source, span, message).hint(hint));
    }

    pub(crate) fn advice(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::at(&self.source, span, message).hint(hint).advice());
    }

    /// Says that something else was expected.
    pub(crate) fn expected(&mut self, node: &Node, what: &str) {
        let message = format!("expected {what}, found {}", node.kind.name());
        let raw = self.source.text.get(node.span.start..node.span.start + node.span.len).unwrap_or_default();
        match node.kind {
            Kind::Bool(_) | Kind::Int(_) | Kind::Float if what.starts_with("text") && raw.len() < 100 => {
                self.error_hint(node.span, message, format!("write it in quotes: \"{raw}\""));
            }
            Kind::Null => self.error_hint(node.span, message, "give it a value, or leave the key out"),
            _ => self.error(node.span, message),
        }
    }

    fn is_quoted(&self, span: Span) -> bool {
        self.source.text.get(span.start..).is_some_and(|text| text.starts_with(['"', '\'']))
    }

    /// The members of a map that has only these keys.
    pub(crate) fn members<'n>(&mut self, node: &'n Node, keys: &[&str]) -> Option<Members<'n>> {
        let Kind::Map(entries) = &node.kind else {
            self.expected(node, &format!("a map with {}", keys.join(", ")));
            return None;
        };
        for (span, key, _) in entries {
            if !keys.contains(&key.as_str()) {
                self.error_hint(
                    *span,
                    format!("there is no key `{}` here", short(key)),
                    suggest::hint(key, keys.iter().copied()),
                );
            }
        }
        Some(Members { node, entries })
    }
}

/// What a person sees of a text that may be anything.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

/// The members of a map.
pub(crate) struct Members<'n> {
    node: &'n Node,
    entries: &'n [(Span, String, Node)],
}

impl Members<'_> {
    /// The value of a key; says what is wrong where it is missing and needed.
    pub(crate) fn take<T: Decode>(&self, key: &str, reader: &mut Reader) -> Option<T> {
        match self.entries.iter().find(|(_, k, _)| k == key) {
            Some((span, _, node)) => {
                // a value that isn't written has no place of its own: the key's is shown
                let node = Node {
                    span: if matches!(node.kind, Kind::Null) { *span } else { node.span },
                    ..node.clone()
                };
                T::decode(&node, reader)
            }
            None => {
                let absent = T::absent();
                if absent.is_none() {
                    reader.error(self.node.span, format!("the key `{key}` is missing"));
                }
                absent
            }
        }
    }
}

/// Can be read from a document.
pub(crate) trait Decode: Sized {
    /// `None` after saying what is wrong.
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self>;

    /// What it is where its key isn't written.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        T::decode(node, reader).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Decode> Decode for At<T> {
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        T::decode(node, reader).map(|value| Self { span: node.span, value })
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Kind::List(list) = &node.kind else {
            reader.expected(node, "a list");
            return None;
        };
        let decoded: Vec<Option<T>> = list.iter().map(|item| T::decode(item, reader)).collect();
        decoded.into_iter().collect()
    }
}

/// A key that isn't one of ours.
pub(crate) trait Key: FromStr {
    /// Somebody else chose it, so where YAML 1.1 reads it as a boolean it may stand in quotes.
    const MAY_BE_QUOTED: bool = false;
}

impl Key for String {}
impl Key for model::ServerName {}
impl Key for model::EnvironmentName {}
impl Key for model::RoleName {}
impl Key for model::TargetName {}

/// A map with keys that people choose, in the order of the document.
#[derive(Debug, Clone)]
pub(crate) struct Entries<K, V>(pub(crate) Vec<(At<K>, V)>);

impl<K: Key, V: Decode> Decode for Entries<K, V>
where
    K::Err: std::fmt::Display,
{
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Kind::Map(entries) = &node.kind else {
            reader.expected(node, "a map");
            return None;
        };
        let mut decoded = Vec::new();
        for (span, key, value) in entries {
            if is_yaml_1_1_boolean(key) && !(K::MAY_BE_QUOTED && reader.is_quoted(*span)) {
                let hint = if K::MAY_BE_QUOTED { "write it in quotes" } else { "choose another name" };
                reader.error_hint(
                    *span,
                    format!("`{key}` can't be a key: YAML 1.1 reads it as a boolean"),
                    hint,
                );
                decoded.push(None);
                continue;
            }
            let parsed = match key.parse() {
                Ok(key) => Some(At { span: *span, value: key }),
                Err(why) => {
                    reader.error(*span, format!("{why}"));
                    None
                }
            };
            decoded.push(parsed.zip(V::decode(value, reader)));
        }
        decoded.into_iter().collect::<Option<Vec<_>>>().map(Self)
    }
}

fn is_yaml_1_1_boolean(key: &str) -> bool {
    ["y", "n", "yes", "no", "on", "off", "true", "false"].iter().any(|word| key.eq_ignore_ascii_case(word))
}

/// The text of a node, which shows what it says (an escape could hide it).
pub(crate) fn text<'n>(node: &'n Node, reader: &mut Reader) -> Option<&'n str> {
    let Kind::Text(text) = &node.kind else {
        reader.expected(node, "text");
        return None;
    };
    if let Some((_, c)) = hidden_character(text) {
        reader.error(
            node.span,
            format!("U+{:04X} is a character that can hide what a text says", u32::from(c)),
        );
        return None;
    }
    if text.len() > 8 * 1024 {
        reader.error(node.span, "more than 8,192 bytes in one text");
        return None;
    }
    Some(text)
}

impl Decode for String {
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        text(node, reader).map(str::to_owned)
    }
}

impl Decode for bool {
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.kind {
            Kind::Bool(value) => Some(value),
            _ => {
                reader.expected(node, "true or false");
                None
            }
        }
    }
}

macro_rules! whole {
    ($($type:ty),*) => {$(
        impl Decode for $type {
            fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
                let Kind::Int(value) = node.kind else {
                    reader.expected(node, "a whole number");
                    return None;
                };
                let fits = <$type>::try_from(value).ok();
                if fits.is_none() {
                    reader.error(node.span, format!("a whole number from 0 to {}", <$type>::MAX));
                }
                fits
            }
        }
    )*};
}
whole!(u16, u32, u64);

/// Types with a grammar, read from text by it.
macro_rules! parsed {
    ($($type:ty: $hint:expr),* $(,)?) => {$(
        impl Decode for $type {
            fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
                if !matches!(node.kind, Kind::Text(_)) && !$hint.is_empty() {
                    reader.error_hint(node.span, format!("expected text, found {}", node.kind.name()), $hint);
                    return None;
                }
                let text = text(node, reader)?;
                match text.parse() {
                    Ok(value) => Some(value),
                    Err(why) => {
                        let (why, hint): (String, &str) = (format!("{why}"), $hint);
                        if hint.is_empty() {
                            reader.error(node.span, why);
                        } else {
                            reader.error_hint(node.span, why, hint);
                        }
                        None
                    }
                }
            }
        }
    )*};
}
parsed! {
    Millis: "a number and s, m, h or d: 30s, 45m, 1h, 7d; a year at most",
    crate::template::Template: "",
    model::ServerName: "",
    model::OperationName: "",
    model::EnvironmentName: "",
    model::StepId: "",
    model::RoleName: "",
    model::TargetName: "",
    model::PersonKey: "",
    model::Project: "",
    model::KeyId: "",
    model::Revision: "the whole commit id, in lower case",
}

/// A closed map: a type with its decoder and its schema, from one list of keys.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub(crate) struct $name { $($(#[$about])* pub(crate) $field: $type,)* }

        impl $crate::read::Decode for $name {
            fn decode(node: &$crate::read::Node, reader: &mut $crate::read::Reader) -> Option<Self> {
                let members = reader.members(node, &[$(stringify!($field)),*])?;
                $(let $field = members.take::<$type>(stringify!($field), reader);)*
                Some(Self { $($field: $field?,)* })
            }
        }
    };
}
pub(crate) use record;

/// A closed list of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, schemars::JsonSchema)]
        pub(crate) enum $name { $($(#[$about])* #[schemars(rename = $word)] $variant,)* }

        impl $crate::read::Decode for $name {
            fn decode(node: &$crate::read::Node, reader: &mut $crate::read::Reader) -> Option<Self> {
                let known = [$($word),*];
                match &node.kind {
                    $($crate::read::Kind::Text(text) if text == $word => Some(Self::$variant),)*
                    $crate::read::Kind::Text(text) => {
                        let message = format!("expected {}", known.join(" or "));
                        reader.error_hint(node.span, message, $crate::suggest::hint(text, known));
                        None
                    }
                    _ => {
                        reader.expected(node, &known.join(" or "));
                        None
                    }
                }
            }
        }
    };
}
pub(crate) use words;
