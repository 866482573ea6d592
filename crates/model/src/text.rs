//! Characters that make a text look like another.

/// Whether a character can't be seen, or changes how others are read: controls, bidirectional marks and overrides, separators
/// of lines and paragraphs, characters without width, fillers, tags. Unicode's `Cc`, `Zl` and `Zp`, and those of `Cf`, `Lo` and
/// `Mn` that show nothing.
#[must_use]
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The first character of a text of several lines that [`is_hidden`], with its place in bytes; line feeds and tabs may stand
/// there.
#[must_use]
pub fn hidden_character(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(_, c)| is_hidden(*c) && !matches!(c, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_and_every_turn_of_direction_is_hidden_and_what_people_write_is_not() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| c.is_control()) {
            assert!(is_hidden(c), "{c:?}");
        }
        for c in "\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{61c}\u{2028}\u{ad}\u{3164}".chars() {
            assert!(is_hidden(c), "{c:?}");
        }
        assert_eq!(hidden_character("a\n\tMüller שלום 日本 🙂 ✓\u{fe0f}"), None);
        assert_eq!(hidden_character("ab\u{202e}c"), Some((2, '\u{202e}')));
    }
}
