//! Text from outside on its way to a page.

use std::fmt;

/// Text that shows what it holds: characters that a reader can't see, or that change how others are read (controls,
/// bidirectional marks and overrides, zero-width and tag characters), stand as `‹U+202E›`.
///
/// It is not escaped: that is the template's work, which does it to every value. A page's model holds texts from outside
/// only as this type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shown(String);

/// The longest single line that a page shows, in characters.
const MAX_LINE: usize = 2_000;

impl Shown {
    /// One line; a line break is shown too, and what is very long is cut.
    pub(crate) fn line(text: &str) -> Self {
        let mut shown = make(text.chars().take(MAX_LINE), |_| false);
        if text.chars().nth(MAX_LINE).is_some() {
            shown.push('…');
        }
        Self(shown)
    }

    /// Many lines; line feeds and tabs stay.
    pub(crate) fn block(text: &str) -> Self {
        Self(make(text.chars(), |c| matches!(c, '\n' | '\t')))
    }
}

fn make(chars: impl Iterator<Item = char>, stays: fn(char) -> bool) -> String {
    let mut shown = String::new();
    for c in chars {
        if model::is_hidden(c) && !stays(c) {
            shown.push_str(&format!("‹U+{:04X}›", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_reorders_is_shown() {
        assert_eq!(
            Shown::line("a\u{202e}b\u{200b}\u{1b}[31m\n").to_string(),
            "a‹U+202E›b‹U+200B›‹U+001B›[31m‹U+000A›"
        );
        assert_eq!(Shown::block("a\n\tb\r\u{2066}").to_string(), "a\n\tb‹U+000D›‹U+2066›");
        assert_eq!(Shown::line("Müller שלום 日本 🙂").to_string(), "Müller שלום 日本 🙂");
    }

    #[test]
    fn a_very_long_line_is_cut() {
        assert_eq!(Shown::line(&"x".repeat(MAX_LINE + 1)).to_string().chars().count(), MAX_LINE + 1);
    }
}
