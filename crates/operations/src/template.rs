//! `{{ path }}` in a text that was already parsed: paths only, not a language.

use std::{fmt, str::FromStr};

use crate::suggest;

/// What a path names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// `revision`: the revision that runs.
    Revision,
    /// `change.number`: the last change of the submission.
    ChangeNumber,
    /// `change.project`
    ChangeProject,
    /// `change.branch`: without `refs/heads/`.
    ChangeBranch,
    /// `inputs.x`: what a request gave.
    Input(String),
    /// `before.revision`: the revision that last succeeded there, from our own record.
    BeforeRevision,
    /// `environment.name`
    EnvironmentName,
    /// `environment.url`
    EnvironmentUrl,
    /// `target.name`
    TargetName,
    /// `target.x`: a plain value of the target.
    Target(String),
}

/// The paths that are always known, for hints.
pub(crate) const PLACES: &[&str] = &[
    "revision",
    "change.number",
    "change.project",
    "change.branch",
    "before.revision",
    "environment.name",
    "environment.url",
    "target.name",
];

/// Text with places in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Template {
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Text(String),
    Place(Place),
}

/// Text that is no template.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WrongTemplate {
    /// `{{` without its `}}`.
    #[error("`{{{{` without `}}}}`")]
    Open,
    /// No known path.
    #[error("`{path}` names nothing; {hint}")]
    Path {
        /// What stands there.
        path: String,
        /// What may.
        hint: String,
    },
}

impl Template {
    /// The places, in order.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place(place) => Some(place),
            Part::Text(_) => None,
        })
    }

    /// The text, if there are no places in it.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text with each place replaced.
    pub(crate) fn fill<E>(&self, mut value: impl FnMut(&Place) -> Result<String, E>) -> Result<String, E> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Place(place) => text.push_str(&value(place)?),
            }
        }
        Ok(text)
    }

    pub(crate) fn begins_with_place(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Place(_)))
    }
}

impl FromStr for Template {
    type Err = WrongTemplate;

    fn from_str(text: &str) -> Result<Self, WrongTemplate> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (path, after) = after.split_once("}}").ok_or(WrongTemplate::Open)?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Place(path.trim().parse()?));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }
}

impl FromStr for Place {
    type Err = WrongTemplate;

    fn from_str(path: &str) -> Result<Self, WrongTemplate> {
        Ok(match path {
            "revision" => Self::Revision,
            "change.number" => Self::ChangeNumber,
            "change.project" => Self::ChangeProject,
            "change.branch" => Self::ChangeBranch,
            "before.revision" => Self::BeforeRevision,
            "environment.name" => Self::EnvironmentName,
            "environment.url" => Self::EnvironmentUrl,
            "target.name" => Self::TargetName,
            _ => match path.split_once('.') {
                Some(("inputs", name)) if is_key(name) => Self::Input(name.to_owned()),
                Some(("target", name)) if is_key(name) => Self::Target(name.to_owned()),
                _ => {
                    let places = PLACES.iter().copied().chain(["inputs.x", "target.x"]);
                    let path: String = path.chars().take(60).flat_map(char::escape_debug).collect();
                    let hint = suggest::hint(&path, places);
                    return Err(WrongTemplate::Path { path, hint });
                }
            },
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revision => f.write_str("revision"),
            Self::ChangeNumber => f.write_str("change.number"),
            Self::ChangeProject => f.write_str("change.project"),
            Self::ChangeBranch => f.write_str("change.branch"),
            Self::Input(name) => write!(f, "inputs.{name}"),
            Self::BeforeRevision => f.write_str("before.revision"),
            Self::EnvironmentName => f.write_str("environment.name"),
            Self::EnvironmentUrl => f.write_str("environment.url"),
            Self::TargetName => f.write_str("target.name"),
            Self::Target(name) => write!(f, "target.{name}"),
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Place(place) => write!(f, "{{{{ {place} }}}}")?,
            }
        }
        Ok(())
    }
}

/// A key of an input or of a target's value: `region`, `max_hosts`.
pub(crate) fn is_key(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_text_and_paths() {
        let template: Template = "a {{ revision }}{{target.url}}/{b}".parse().unwrap();
        assert_eq!(template.to_string(), "a {{ revision }}{{ target.url }}/{b}");
        assert_eq!(template.places().count(), 2);
        assert_eq!("{{ revision".parse::<Template>(), Err(WrongTemplate::Open));
    }

    #[test]
    fn an_unknown_path_is_refused_with_what_was_meant() {
        for (bad, hint) in
            [("revison", "did you mean `revision`?"), ("before.revisoin", "did you mean `before.revision`?")]
        {
            let Err(WrongTemplate::Path { hint: said, .. }) = format!("{{{{ {bad} }}}}").parse::<Template>()
            else {
                panic!("{bad} is no path")
            };
            assert_eq!(said, hint);
        }
        for bad in
            ["", "1 + 1", "revision | upper", "inputs", "inputs.", "inputs.A", "target.a.b", "env.HOME"]
        {
            assert!(format!("{{{{{bad}}}}}").parse::<Template>().is_err(), "{bad}");
        }
    }
}
