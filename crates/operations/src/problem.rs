//! What is wrong with a tree, and where: everything, not just the first thing.

use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;

/// A part of a file, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// How long it is.
    pub len: usize,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The tree can't be in force.
    Error,
    /// It can, but it may not do what its author thinks.
    Advice,
}

/// One thing that is wrong.
#[derive(Clone, Debug, thiserror::Error, Serialize)]
#[error("{message}")]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The file.
    pub file: String,
    /// Where in it, if it is about a part.
    pub span: Option<Span>,
    /// The line of that part, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    #[serde(skip)]
    shown: Option<Arc<NamedSource<String>>>,
}

impl Problem {
    /// About a file as a whole.
    pub(crate) fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            span: None,
            line: None,
            message: message.into(),
            hint: None,
            shown: None,
        }
    }

    /// About a part of a file.
    pub(crate) fn at(source: &Source, span: Span, message: impl Into<String>) -> Self {
        let before = source.text.get(..span.start).unwrap_or_default();
        Self {
            span: Some(span),
            line: Some(before.bytes().filter(|b| *b == b'\n').count() + 1),
            shown: Some(Arc::clone(&source.named)),
            ..Self::of_file(&source.path, message)
        }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn advice(self) -> Self {
        Self { severity: Severity::Advice, ..self }
    }
}

impl miette::Diagnostic for Problem {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Advice => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.shown.as_deref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span?;
        Some(Box::new(std::iter::once(LabeledSpan::new(None, span.start, span.len))))
    }
}

/// A file's text, shared by what is said about it.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: Arc<str>,
    named: Arc<NamedSource<String>>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.into(),
            named: Arc::new(NamedSource::new(path, text.to_owned())),
        }
    }
}

/// Everything that was found in a tree, in the order of files and places.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What was found.
    pub problems: Vec<Problem>,
}

impl Report {
    pub(crate) fn sorted(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| (&a.file, a.span).cmp(&(&b.file, b.span)));
        Self { problems }
    }

    /// Whether the tree can be in force.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.iter().all(|p| p.severity != Severity::Error)
    }

    /// As a person reads it in a terminal: each problem with the lines that it is about.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
        let mut text = String::new();
        for problem in &self.problems {
            if problem.span.is_none() {
                text.push_str(&problem.file);
                text.push_str(":\n");
            }
            if handler.render_report(&mut text, problem).is_err() {
                text.push_str(&problem.message);
            }
            text.push('\n');
        }
        text
    }
}
