//! Text that shows as it is, on a terminal and on a page.

/// How long an escape sequence may be; what is longer is text again, so that it can't hide the rest.
const SEQUENCE_LIMIT: usize = 1024;

/// Makes bytes safe to show: escape sequences (ECMA-48) go, line ends become LF, and whatever else does not show as it
/// is becomes U+FFFD: invalid UTF-8, controls, direction marks, and what takes no room.
pub(crate) fn make_safe(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut safe = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => safe.push(c),
            '\r' => {
                // CR LF is one line end; a lone CR would write over the line.
                if !rest.as_str().starts_with('\n') {
                    safe.push('\n');
                }
            }
            '\u{1b}' | '\u{9b}' | '\u{9d}' | '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => {
                match after_sequence(c, rest.as_str()) {
                    Some(after) => rest = after.chars(),
                    None => safe.push(char::REPLACEMENT_CHARACTER),
                }
            }
            c if model::is_hidden(c) => safe.push(char::REPLACEMENT_CHARACTER),
            c => safe.push(c),
        }
    }
    safe
}

/// The text after an escape sequence that begins with `first`; none if it is not ended in time.
fn after_sequence(first: char, text: &str) -> Option<&str> {
    let (kind, text) = match first {
        '\u{1b}' => {
            let kind = text.chars().next()?;
            (kind, text.get(kind.len_utf8()..)?)
        }
        '\u{9b}' => ('[', text),
        _ => (']', text),
    };
    let mut within = text.char_indices().take(SEQUENCE_LIMIT);
    match kind {
        '[' => {
            let (end, last) = within.find(|(_, c)| !(' '..='?').contains(c))?;
            ('@'..='~').contains(&last).then(|| text.get(end + 1..))?
        }
        // Strings (title, hyperlink, device control): until BEL, ST, or the end of the line.
        ']' | 'P' | 'X' | '^' | '_' => {
            let (end, last) = within.find(|(_, c)| matches!(c, '\u{7}' | '\u{1b}' | '\u{9c}' | '\n'))?;
            let after = text.get(end..)?;
            match last {
                '\n' => Some(after),
                '\u{1b}' => Some(after.strip_prefix("\u{1b}\\").unwrap_or(after)),
                last => after.get(last.len_utf8()..),
            }
        }
        ' '..='/' => {
            let (end, last) = within.find(|(_, c)| !(' '..='/').contains(c))?;
            ('0'..='~').contains(&last).then(|| text.get(end + 1..))?
        }
        '0'..='~' => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn safe(text: &str) -> String {
        make_safe(text.as_bytes())
    }

    #[test]
    fn escape_sequences_are_gone_and_their_text_stays() {
        assert_eq!(safe("\u{1b}[1;31mred\u{1b}[0m"), "red");
        assert_eq!(safe("\u{9b}31mred"), "red");
        assert_eq!(safe("\u{1b}]0;title\u{7}text"), "text");
        assert_eq!(safe("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\"), "link");
        assert_eq!(safe("\u{1b}(Btext\u{1b}Mup\u{1b}[2Jgone"), "textupgone");
    }

    #[test]
    fn an_unended_sequence_hides_nothing() {
        assert_eq!(safe("\u{1b}]0;title\nnext line"), "\nnext line");
        let long = "x".repeat(2 * SEQUENCE_LIMIT);
        assert_eq!(safe(&format!("\u{1b}]{long}")), format!("\u{fffd}]{long}"));
        assert_eq!(safe("\u{1b}"), "\u{fffd}");
        assert_eq!(safe("\u{1b}[31"), "\u{fffd}[31");
        assert_eq!(safe("\u{1b}[3ä"), "\u{fffd}[3ä");
        assert_eq!(safe("\u{1b}ä"), "\u{fffd}ä");
    }

    #[test]
    fn what_turns_or_hides_text_is_replaced() {
        assert_eq!(safe("a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\u{e0041}f"), "a�b�c�d�e�f");
        assert_eq!(safe("a\u{8}b\0c\u{7f}d"), "a�b�c�d");
        assert_eq!(safe("grün ✓ 日本\tx"), "grün ✓ 日本\tx");
    }

    #[test]
    fn a_carriage_return_can_not_write_over_a_line() {
        assert_eq!(safe("ok\r\nfailed\rok    "), "ok\nfailed\nok    ");
    }

    #[test]
    fn invalid_utf8_is_replaced() {
        assert_eq!(make_safe(b"a\xff\xc3b"), "a��b");
    }

    proptest! {
        #[test]
        fn whatever_comes_in_shows_as_it_is(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let safe = make_safe(&bytes);
            prop_assert!(safe.chars().all(|c| c == '\n' || c == '\t' || !model::is_hidden(c)));
        }

        #[test]
        fn what_is_safe_stays_as_it_is(text in "[ -~\n\täöü✓]{0,200}") {
            prop_assert_eq!(safe(&text), text);
        }
    }
}
