//! Packets (git's `Documentation/gitprotocol-common`, "pkt-line Format").

use bytes::{Buf as _, Bytes, BytesMut};

/// The most that one packet holds, its four digits included.
const MAX_PACKET: usize = 65_520;

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    /// `0000`
    Flush,
    /// `0001`
    Delimiter,
    /// `0002`
    ResponseEnd,
    /// Data.
    Data(Bytes),
}

/// Takes packets out of a stream that comes in pieces.
#[derive(Default)]
pub(crate) struct Decoder {
    buffer: BytesMut,
}

impl Decoder {
    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next whole packet; `None` if it hasn't come yet.
    pub(crate) fn next(&mut self) -> Result<Option<Packet>, &'static str> {
        let Some(digits) = self.buffer.get(..4) else { return Ok(None) };
        // from_str_radix alone would also take "+0a1"
        let length = std::str::from_utf8(digits)
            .ok()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| usize::from_str_radix(digits, 16).ok())
            .ok_or("a packet does not begin with four hex digits")?;
        let special = match length {
            0 => Some(Packet::Flush),
            1 => Some(Packet::Delimiter),
            2 => Some(Packet::ResponseEnd),
            3 => return Err("a packet of length 3"),
            _ => None,
        };
        if let Some(packet) = special {
            self.buffer.advance(4);
            return Ok(Some(packet));
        }
        if length > MAX_PACKET {
            return Err("a packet is longer than a packet may be");
        }
        if self.buffer.len() < length {
            return Ok(None);
        }
        let mut packet = self.buffer.split_to(length);
        packet.advance(4);
        Ok(Some(Packet::Data(packet.freeze())))
    }

    /// True if no part of a packet is left.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }
}

/// Writes a request.
#[derive(Default)]
pub(crate) struct Encoder(Vec<u8>);

impl Encoder {
    /// A line; the line feed is added.
    pub(crate) fn line(&mut self, text: &str) {
        let length = text.len() + 5;
        self.0.extend_from_slice(format!("{length:04x}{text}\n").as_bytes());
    }

    pub(crate) fn delimiter(&mut self) {
        self.0.extend_from_slice(b"0001");
    }

    /// Ends the request.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"0000");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_out_whole_however_they_went_in() {
        let mut encoder = Encoder::default();
        encoder.line("command=ls-refs");
        encoder.delimiter();
        encoder.line("ref-prefix refs/heads/");
        let bytes = encoder.finish();
        for size in [1, 3, 7, bytes.len()] {
            let mut decoder = Decoder::default();
            let mut packets = Vec::new();
            for chunk in bytes.chunks(size) {
                decoder.feed(chunk);
                while let Some(packet) = decoder.next().unwrap() {
                    packets.push(packet);
                }
            }
            assert!(decoder.is_empty());
            assert_eq!(
                packets,
                [
                    Packet::Data(Bytes::from_static(b"command=ls-refs\n")),
                    Packet::Delimiter,
                    Packet::Data(Bytes::from_static(b"ref-prefix refs/heads/\n")),
                    Packet::Flush
                ]
            );
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for bad in ["<htm", "0003", "+0a1", "fff5", "ffff"] {
            let mut decoder = Decoder::default();
            decoder.feed(bad.as_bytes());
            assert!(decoder.next().is_err(), "{bad}");
        }
    }
}
