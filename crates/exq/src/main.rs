//! The `exq` command.
fn main() {}
