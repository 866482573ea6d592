//! Git over HTTP, warm: protocol version 2 (git's `Documentation/gitprotocol-v2`) on connections that are kept, and
//! bare repositories that we keep. No program is started.

mod http;
mod mirror;
pub(crate) mod pkt;
mod unpack;

pub use http::{GitHttp, Pack};
pub use mirror::{Mirror, Want};
pub use notedb::ObjectId;

#[cfg(feature = "testing")]
pub(crate) fn parse_ref(line: &[u8]) -> Result<Option<(String, ObjectId)>, &'static str> {
    http::parse_ref(line)
}
