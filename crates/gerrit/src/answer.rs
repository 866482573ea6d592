//! An answer, as read.

use bytes::Bytes;

use crate::Time;

/// The line that Gerrit puts before JSON, so that no page can include it as a script.
pub(crate) const PREFIX: &[u8] = b")]}'";

/// One answer of Gerrit: what it means, and what was read.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// The meaning.
    pub value: T,
    /// The body as it was read, after content decoding and with Gerrit's `)]}'` line: what an evidence bundle keeps.
    pub raw: Bytes,
    /// The server's own clock (its `Date` header, whole seconds), to be compared with ours. `None` if it sent none
    /// that can be read.
    pub date: Option<Time>,
    /// `X-Gerrit-Trace`: what the server's log calls this request.
    pub trace: Option<String>,
}

impl<T> Answer<T> {
    /// The JSON text without Gerrit's prefix line.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        without_prefix(&self.raw).unwrap_or(&self.raw)
    }

    /// The same answer with another meaning.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { value: change(self.value), raw: self.raw, date: self.date, trace: self.trace }
    }
}

/// The JSON behind the prefix line; `None` if the prefix is not there.
pub(crate) fn without_prefix(body: &[u8]) -> Option<&[u8]> {
    let rest = body.strip_prefix(PREFIX)?;
    Some(rest.strip_prefix(b"\n").unwrap_or(rest))
}
