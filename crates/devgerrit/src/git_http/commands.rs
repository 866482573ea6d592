//! The request of a push: commands, capabilities, and the pack behind them.

use crate::git::Oid;

use super::pkt::{self, Packet};

/// The most refs that one push may name.
const MOST_COMMANDS: usize = 1000;

/// One line of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) old: Oid,
    pub(crate) new: Oid,
    pub(crate) name: String,
}

/// A push, as it came.
#[derive(Debug, Default)]
pub(crate) struct Push<'a> {
    pub(crate) commands: Vec<Command>,
    pub(crate) report_status: bool,
    pub(crate) side_band: bool,
    /// `git push -o …`
    pub(crate) options: Vec<String>,
    pub(crate) pack: &'a [u8],
}

/// `None` if the request can't be read.
pub(crate) fn parse(request: &[u8]) -> Option<Push<'_>> {
    let mut rest = request;
    let mut push = Push::default();
    let mut with_options = false;
    while let Packet::Data(line) = pkt::next(&mut rest)? {
        let text = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
        let (text, capabilities) = text.split_once('\0').unwrap_or((text, ""));
        for word in capabilities.split(' ') {
            match word {
                "report-status" => push.report_status = true,
                "side-band-64k" => push.side_band = true,
                "push-options" => with_options = true,
                _ => {}
            }
        }
        let mut words = text.splitn(3, ' ');
        let old = Oid::parse(words.next()?)?;
        let new = Oid::parse(words.next()?)?;
        push.commands.push(Command { old, new, name: words.next()?.to_owned() });
        if push.commands.len() > MOST_COMMANDS {
            return None;
        }
    }
    if with_options {
        while let Packet::Data(line) = pkt::next(&mut rest)? {
            push.options.push(std::str::from_utf8(line).ok()?.trim_end_matches('\n').to_owned());
        }
    }
    push.pack = rest;
    Some(push)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_is_taken_apart() {
        let zero = Oid::ZERO;
        let mut bytes = pkt::line(
            format!("{zero} {zero} refs/for/main%submit\0 report-status side-band-64k push-options")
                .as_bytes(),
        );
        bytes.extend_from_slice(pkt::FLUSH);
        bytes.extend(pkt::line(b"topic=x"));
        bytes.extend_from_slice(pkt::FLUSH);
        bytes.extend_from_slice(b"PACK...");
        let push = parse(&bytes).expect("readable");
        assert_eq!(push.commands[0].name, "refs/for/main%submit");
        assert!(push.report_status && push.side_band);
        assert_eq!(push.options, ["topic=x"]);
        assert_eq!(push.pack, b"PACK...");
        assert!(parse(b"0009junk").is_none());
    }
}
