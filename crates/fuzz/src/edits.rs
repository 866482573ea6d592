//! Edits of something that is right: how a forger begins.

use crate::reader::Reader;

/// The most edits that are made.
const MOST: usize = 8;

/// The original with what the script does to it: bytes changed, taken out, put in, said twice, moved.
#[must_use]
pub fn edited(original: &[u8], script: &[u8]) -> Vec<u8> {
    let mut text = original.to_vec();
    let mut script = Reader::new(script);
    for _ in 0..MOST {
        if script.is_empty() {
            break;
        }
        edit(&mut text, &mut script);
    }
    text
}

fn edit(text: &mut Vec<u8>, script: &mut Reader<'_>) {
    let kind = script.byte() % 6;
    let at = script.below(text.len() + 1);
    let end = (at + usize::from(script.byte())).min(text.len());
    let piece = text.get(at..end).unwrap_or_default().to_vec();
    match kind {
        0 => {
            let with = script.byte();
            if let Some(byte) = text.get_mut(at) {
                *byte = with;
            }
        }
        1 => drop(text.drain(at..end)),
        2 => {
            let length = usize::from(script.byte() % 32);
            let put = script.take(length).to_vec();
            text.splice(at..at, put);
        }
        3 => drop(text.splice(at..at, piece)),
        4 => {
            text.drain(at..end);
            let to = script.below(text.len() + 1);
            text.splice(to..to, piece);
        }
        _ => {
            if let Some(byte) = text.get_mut(at) {
                *byte ^= 1 << (script.byte() % 8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_script_changes_nothing_and_each_edit_does_what_it_says() {
        assert_eq!(edited(b"abcdef", b""), b"abcdef");
        assert_eq!(edited(b"abcdef", &[0, 1, 0, b'X']), b"aXcdef");
        assert_eq!(edited(b"abcdef", &[1, 1, 2]), b"adef");
        assert_eq!(edited(b"abcdef", &[2, 6, 0, 2, b'X', b'Y']), b"abcdefXY");
        assert_eq!(edited(b"abcdef", &[3, 0, 3]), b"abcabcdef");
        assert_eq!(edited(b"abcdef", &[4, 0, 3, 3]), b"defabc");
        assert_eq!(edited(b"abcdef", &[5, 0, 0, 1]), b"cbcdef");
    }
}
