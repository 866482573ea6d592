//! Git over HTTP, warm: protocol version 2 (git's `Documentation/gitprotocol-v2`) on connections that are kept, and
//! bare repositories that we keep. No program is started.

mod http;
mod mirror;
mod pkt;
mod unpack;

pub use http::{GitHttp, Pack};
pub use mirror::{Mirror, Want};
pub use notedb::ObjectId;
