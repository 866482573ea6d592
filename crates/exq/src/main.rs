//! `exq`: operations under the authority of code review.

use std::process::ExitCode;

use clap::Parser as _;
use exq::commands::Cli;

fn main() -> ExitCode {
    exq::commands::run(Cli::parse())
}
