//! Packet lines (gitprotocol-common): four hex digits of length, then the bytes; `0000` is a flush.

/// The most payload in one packet.
pub(crate) const MOST: usize = 65_515;

pub(crate) const FLUSH: &[u8] = b"0000";

/// One packet.
pub(crate) fn line(payload: &[u8]) -> Vec<u8> {
    let mut out = format!("{:04x}", payload.len() + 4).into_bytes();
    out.extend_from_slice(payload);
    out
}

/// A packet, or a flush.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    Data(&'a [u8]),
    Flush,
}

/// Takes the next packet off the front; `None` if what is there is none.
pub(crate) fn next<'a>(rest: &mut &'a [u8]) -> Option<Packet<'a>> {
    let digits = std::str::from_utf8(rest.get(..4)?).ok()?;
    let length = usize::from_str_radix(digits, 16).ok()?;
    let size = length.max(4);
    let packet = rest.get(4..size)?;
    *rest = rest.get(size..)?;
    Some(if length < 4 { Packet::Flush } else { Packet::Data(packet) })
}

/// Bytes for one band of a multiplexed answer.
pub(crate) fn band(band: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in bytes.chunks(MOST - 1) {
        let mut payload = vec![band];
        payload.extend_from_slice(chunk);
        out.extend(line(&payload));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_off_as_they_were_put() {
        let mut bytes = line(b"hello");
        bytes.extend_from_slice(FLUSH);
        bytes.extend_from_slice(b"PACK");
        let mut rest = bytes.as_slice();
        assert_eq!(next(&mut rest), Some(Packet::Data(b"hello")));
        assert_eq!(next(&mut rest), Some(Packet::Flush));
        assert_eq!(rest, b"PACK");
        assert_eq!(next(&mut rest), None);
    }
}
