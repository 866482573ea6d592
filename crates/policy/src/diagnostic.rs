//! What is wrong with a policy file, and where.

use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceCode};

/// A part of a file, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// How long it is.
    pub len: usize,
}

/// One thing that is wrong with a policy file.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Diagnostic {
    /// The file.
    pub file: String,
    /// Where in it, if it is about a part.
    pub span: Option<Span>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    shown: Arc<NamedSource<String>>,
}

impl Diagnostic {
    pub(crate) fn new(source: &Source, span: Option<Span>, message: impl Into<String>) -> Self {
        Self {
            file: source.path.clone(),
            span,
            message: message.into(),
            hint: None,
            shown: Arc::clone(&source.named),
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl miette::Diagnostic for Diagnostic {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&*self.shown)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.span?;
        Some(Box::new(std::iter::once(LabeledSpan::new(None, span.start, span.len))))
    }
}

/// A file's text, shared by what is said about it.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) path: String,
    named: Arc<NamedSource<String>>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            named: Arc::new(NamedSource::new(path, text.to_owned()).with_language("cedar")),
        }
    }
}
