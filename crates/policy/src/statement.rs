//! A file cut into its policies, so that one bad policy hides no other, and each can be shown by its place.

use crate::Span;

/// Deeper nesting than any policy that people read, and shallow enough for every recursion behind us.
const DEPTH: usize = 32;
/// Bytes of one policy.
const LENGTH: usize = 8 * 1024;

/// Why a file can't be cut.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoStatements {
    #[error("nested more than {DEPTH} deep")]
    Depth(usize),
    #[error("one policy has more than {LENGTH} bytes")]
    Long(Span),
    #[error("the last policy doesn't end in `;`")]
    Open(Span),
}

/// The place of each policy with its annotations and the comments before it, its `;` included.
pub(crate) fn statements(text: &str) -> Result<Vec<Span>, NoStatements> {
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut start = None;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        if byte == b'/' && bytes.peek().is_some_and(|(_, next)| *next == b'/') {
            while bytes.next_if(|(_, b)| *b != b'\n').is_some() {}
            continue;
        }
        if byte.is_ascii_whitespace() {
            continue;
        }
        let begin = *start.get_or_insert(at);
        match byte {
            b'"' => skip_string(&mut bytes),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b';' => {
                let span = Span { start: begin, len: at + 1 - begin };
                if span.len > LENGTH {
                    return Err(NoStatements::Long(span));
                }
                found.push(span);
                (start, depth) = (None, 0);
            }
            _ => {}
        }
        if depth > DEPTH {
            return Err(NoStatements::Depth(at));
        }
    }
    match start {
        Some(begin) => {
            Err(NoStatements::Open(Span { start: begin, len: text.trim_end().len().saturating_sub(begin) }))
        }
        None => Ok(found),
    }
}

fn skip_string(bytes: &mut impl Iterator<Item = (usize, u8)>) {
    while let Some((_, byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_don_t_end_a_policy() {
        let text = "// a; b\npermit(principal, action, resource) when { \"; // \\\"\" == \"x\" }; // c\nforbid(principal,action,resource);";
        let cut: Vec<&str> =
            statements(text).unwrap().iter().map(|s| &text[s.start..s.start + s.len]).collect();
        assert_eq!(cut.len(), 2);
        assert!(cut[0].starts_with("permit") && cut[0].ends_with("};"));
        assert!(cut[1].starts_with("forbid"));
    }

    #[test]
    fn what_is_too_deep_too_long_or_open_is_refused() {
        assert!(matches!(statements(&"(".repeat(100)), Err(NoStatements::Depth(32))));
        assert!(matches!(statements("permit(principal, action, resource)"), Err(NoStatements::Open(_))));
        assert!(matches!(statements(&format!("{};", "a".repeat(9000))), Err(NoStatements::Long(_))));
    }
}
