//! Keeps the beginning and the end of an output, and counts the rest.

use std::collections::VecDeque;

use super::{SafeOutput, Secrets, make_safe};

/// Takes any amount of bytes in bounded memory.
#[derive(Debug)]
pub(crate) struct Capture {
    head: Vec<u8>,
    head_limit: usize,
    tail: VecDeque<u8>,
    tail_limit: usize,
    bytes: u64,
}

impl Capture {
    pub(crate) fn new(head_limit: usize, tail_limit: usize) -> Self {
        Self { head: Vec::new(), head_limit, tail: VecDeque::new(), tail_limit, bytes: 0 }
    }

    pub(crate) fn push(&mut self, chunk: &[u8]) {
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        let room = self.head_limit.saturating_sub(self.head.len()).min(chunk.len());
        let (head, rest) = chunk.split_at_checked(room).unwrap_or((chunk, &[]));
        self.head.extend_from_slice(head);
        let (_, last) =
            rest.split_at_checked(rest.len().saturating_sub(self.tail_limit)).unwrap_or((&[], rest));
        let over = (self.tail.len() + last.len()).saturating_sub(self.tail_limit);
        self.tail.drain(..over.min(self.tail.len()));
        self.tail.extend(last);
    }

    /// What is shown: secrets are taken out before anything is cut or cleaned, and again afterwards, when what stood
    /// between their parts is gone.
    pub(crate) fn finish(self, secrets: &Secrets) -> SafeOutput {
        let Self { mut head, tail, bytes, .. } = self;
        let tail = Vec::from(tail);
        let left_out = bytes.saturating_sub((head.len() + tail.len()) as u64);
        let truncated = left_out > 0;
        let text = if truncated {
            // Whole values first: the cut of a part must not open one.
            let (head, tail) = (secrets.redact(&head), secrets.redact(&tail));
            let head = make_safe(secrets.without_cut_end(&head));
            let tail = make_safe(secrets.without_cut_beginning(&tail));
            format!("{head}\n[… {left_out} bytes left out …]\n{tail}")
        } else {
            head.extend_from_slice(&tail);
            make_safe(&secrets.redact(&head))
        };
        let text = String::from_utf8_lossy(&secrets.redact(text.as_bytes())).into_owned();
        SafeOutput { text, bytes, truncated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finish(chunks: &[&[u8]], secrets: &[&str]) -> SafeOutput {
        let mut capture = Capture::new(8, 8);
        chunks.iter().for_each(|chunk| capture.push(chunk));
        capture.finish(&Secrets::new(secrets.iter().map(|s| s.as_bytes().to_vec())))
    }

    #[test]
    fn what_fits_is_kept_whole_and_what_does_not_shows_how_much_is_left_out() {
        let whole = finish(&[b"12345", b"67890123456"], &[]);
        assert_eq!((whole.text(), whole.bytes(), whole.truncated()), ("1234567890123456", 16, false));
        let cut = finish(&[b"12345678", b"x", b"abcdefgh"], &[]);
        assert_eq!(cut.text(), "12345678\n[… 1 bytes left out …]\nabcdefgh");
        assert_eq!((cut.bytes(), cut.truncated()), (17, true));
        assert_eq!(finish(&[], &[]), SafeOutput::default());
    }

    #[test]
    fn a_secret_does_not_show_even_in_parts() {
        assert_eq!(finish(&[b"a hunter2 b"], &["hunter2"]).text(), "a [redacted] b");
        assert_eq!(finish(&[b"hun", b"ter2"], &["hunter2"]).text(), "[redacted]");
        assert_eq!(finish(&[b"hun\x1b[0mter2"], &["hunter2"]).text(), "[redacted]");
        // cut by the limit on either side
        let cut = finish(&[b"1234hunter2", &[b'x'; 30], b"hunter2abcde"], &["hunter2"]);
        assert_eq!(cut.text(), "1234\n[… 37 bytes left out …]\nabcde");
        let at_the_cut = finish(&[b"1234abab", &[b'x'; 30]], &["abab"]);
        assert!(at_the_cut.text().starts_with("1234[redacted]\n"), "{}", at_the_cut.text());
    }

    #[test]
    fn debug_shows_no_output() {
        assert!(!format!("{:?}", finish(&[b"hello"], &[])).contains("hello"));
    }

    proptest! {
        #[test]
        fn memory_stays_bounded_and_the_count_right(chunks in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 0..50), 0..50,
        )) {
            let mut capture = Capture::new(8, 8);
            let all: Vec<u8> = chunks.concat();
            for chunk in &chunks {
                capture.push(chunk);
                prop_assert!(capture.head.len() <= 8 && capture.tail.len() <= 8);
            }
            prop_assert_eq!(capture.bytes, all.len() as u64);
            prop_assert_eq!(&capture.head[..], &all[..all.len().min(8)]);
            let rest = &all[all.len().min(8)..];
            prop_assert_eq!(Vec::from(capture.tail.clone()), &rest[rest.len().saturating_sub(8)..]);
        }
    }
}
