//! Text that shows what it says.

use crate::problem::{Problem, Source, Span};

/// Bytes of one document.
const DOCUMENT: usize = 256 * 1024;

/// The text of a file that people write and review.
pub(crate) fn source(path: &str, bytes: &[u8]) -> Result<Source, Box<Problem>> {
    if bytes.len() > DOCUMENT {
        let message = format!("{} bytes; such a file may have {DOCUMENT}", bytes.len());
        return Err(Box::new(Problem::of_file(path, message).hint("split it into several")));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(why) => {
            let message = format!("not UTF-8 from byte {} on", why.valid_up_to());
            return Err(Box::new(Problem::of_file(path, message).hint("save it as UTF-8")));
        }
    };
    // Windows' line ends hide nothing
    let source = Source::new(path, text);
    match model::hidden_character(&text.replace("\r\n", " \n")) {
        Some((start, c)) => {
            let message = format!("U+{:04X} is a character that can hide what a text says", u32::from(c));
            let problem = Problem::at(&source, Span { start, len: c.len_utf8() }, message);
            Err(Box::new(problem.hint("take it out, or write it visibly")))
        }
        None => Ok(source),
    }
}
