//! `cargo xtask gerrit …` where this program was built without it: builds the one that has it, and hands over.

use std::ffi::OsString;

use anyhow::bail;
use clap::Args;

use crate::{process::Program, workspace::Workspace};

/// A real Gerrit on loopback: `up` or `down`, see `--help`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Gerrit {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, num_args = 0..)]
    arguments: Vec<OsString>,
}

impl Gerrit {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut cargo = Program::cargo(&Workspace::here());
        cargo.args(["run", "--quiet", "--package", "xtask", "--features", "gerrit", "--", "gerrit"]);
        cargo.args(self.arguments);
        if cargo.hand_over()?.success() {
            return Ok(());
        }
        bail!("see above")
    }
}
