//! A YAML document as a tree of values, each with its place.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{
    Error, MergeKeyPolicy, MessageFormatter, Options, Spanned, UserMessageFormatter, budget::BudgetBreach,
};

use crate::problem::{Problem, Source, Span};

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// What YAML 1.2's core schema makes of a value.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that isn't a whole one of 64 bits.
    Float,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Span, String, Node)>),
}

impl Kind {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a whole number",
            Self::Float => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 1,
            max_depth: 24,
            flow_nesting_limit: 24,
            max_anchors: 0,
            max_aliases: 0,
            max_merge_keys: 0,
            max_nodes: 50_000,
            max_events: 150_000,
        },
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

pub(super) fn parse(source: &Source) -> Result<Node, Box<Problem>> {
    serde_saphyr::from_str_with_options(&source.text, options())
        .map_err(|why| Box::new(problem(source, &why)))
}

fn problem(source: &Source, why: &Error) -> Problem {
    let why = why.without_snippet();
    let message = match why {
        Error::Budget { breach: BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. }, .. } => {
            "anchors and aliases (`&`, `*`) aren't used in these files".to_owned()
        }
        Error::Budget { .. } => format!("larger or deeper than such a file may be ({why:?})"),
        Error::UnknownAnchor { .. } => "anchors and aliases (`&`, `*`) aren't used in these files".to_owned(),
        _ => UserMessageFormatter.format_message(why).into_owned(),
    };
    let hint = match why {
        Error::Budget { breach: BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. }, .. }
        | Error::UnknownAnchor { .. } => {
            Some("write the value out where it is needed; a text that begins so goes in quotes")
        }
        Error::DuplicateMappingKey { .. } => Some("each key stands once in a map"),
        Error::NonFiniteFloat { .. } => Some("write it in quotes"),
        Error::MergeKeyNotAllowed { .. } => Some("write the keys out"),
        _ => None,
    };
    let problem = match why.location() {
        Some(location) => Problem::at(source, span(source, location), message),
        None => Problem::of_file(&source.path, message),
    };
    match hint {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// Always inside the text, and on the borders of characters.
fn span(source: &Source, location: serde_saphyr::Location) -> Span {
    let text = &source.text;
    let byte = |at: Option<u64>| at.and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(byte(location.span().byte_offset()));
    let end = floor(start.saturating_add(byte(location.span().byte_len())));
    Span { start, len: end - start }
}

/// A node as the parser places it; [`Node`] after the places are byte spans.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Kind>::deserialize(from)?;
        Ok(Self { span: raw(spanned.referenced), kind: spanned.value })
    }
}

fn raw(location: serde_saphyr::Location) -> Span {
    let byte = |at: Option<u64>| at.and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
    let span = location.span();
    Span { start: byte(span.byte_offset()), len: byte(span.byte_len()) }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Kind, D::Error> {
        Kind::deserialize(from)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(i64::try_from(value).map_or(Kind::Float, Kind::Int))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Kind, E> {
        Ok(Kind::Float)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Kind, E> {
        Ok(Kind::Float)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Kind, E> {
        Ok(Kind::Float)
    }

    fn visit_str<E>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Kind, E> {
        Ok(Kind::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Kind, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = from.next_element()? {
            list.push(node);
        }
        Ok(Kind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Kind, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = from.next_key::<Spanned<String>>()? {
            let value = from.next_value()?;
            if map.len() >= 10_000 {
                return Err(A::Error::custom("more than 10,000 keys in one map"));
            }
            map.push((raw(key.referenced), key.value, value));
        }
        Ok(Kind::Map(map))
    }
}
