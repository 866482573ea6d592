//! What is read of git's answers, without a server: for fuzz targets.

use notedb::ObjectId;

use crate::git::pkt::{Decoder, Packet};

/// The packets of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packets {
    /// Those with data, in order.
    pub data: Vec<Vec<u8>>,
    /// How many without.
    pub special: usize,
    /// Why the stream was refused, if it was.
    pub refused: Option<&'static str>,
}

impl Packets {
    /// Reads a stream that comes in these pieces.
    pub fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let (mut packets, mut decoder) = (Self::default(), Decoder::default());
        for piece in pieces {
            decoder.feed(piece);
            loop {
                match decoder.next() {
                    Ok(Some(Packet::Data(data))) => packets.data.push(data.to_vec()),
                    Ok(Some(Packet::Flush | Packet::Delimiter | Packet::ResponseEnd)) => packets.special += 1,
                    Ok(None) => break,
                    Err(why) => return Self { refused: Some(why), ..packets },
                }
            }
        }
        packets
    }
}

/// A line of the answer to `ls-refs`; `None` for a ref that points at nothing yet.
///
/// # Errors
/// What is wrong with it.
pub fn reference(line: &[u8]) -> Result<Option<(String, ObjectId)>, &'static str> {
    crate::git::parse_ref(line)
}
