//! From bytes to closed types, each thing with its place, and everything that is wrong said at once.

mod decode;
mod node;
mod shape;
mod text;

pub(crate) use decode::{At, Decode, Entries, Key, Reader, record, short, words};
pub(crate) use node::{Kind, Node};
pub(crate) use shape::{Shape, derived};
pub(crate) use text::source;

use crate::problem::{Problem, Source};

/// Reads one document: its value if enough of it is right, and a reader that has heard of all that is wrong.
pub(crate) fn read<T: Decode>(source: &Source) -> Result<(Option<T>, Reader), Box<Problem>> {
    let node = node::parse(source)?;
    let mut reader = Reader::new(source);
    let value = T::decode(&node, &mut reader);
    Ok((value, reader))
}
