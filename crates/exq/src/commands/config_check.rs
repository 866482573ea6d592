//! `exq config check`: runs what start runs, on a folder.

use std::path::PathBuf;

use clap::Subcommand;
use gate::{Rulebook, RulebookError};
use model::Revision;

use super::{Answer, say, tree};

/// Checks a configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Checks a work tree of the operations project, as it is checked before it is in force.
    Check {
        /// The work tree.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

impl ConfigCommand {
    pub(super) fn run(self) -> Answer {
        let Self::Check { folder } = self;
        let tree = tree::read(&folder)?;
        let (_, report) = operations::check(&tree);
        if !report.problems.is_empty() {
            say(report.render(false));
        }
        match Rulebook::of_tree(Revision::from_bytes([0; 20]), &tree) {
            Ok(rulebook) => {
                let operations = rulebook.configuration.operations().count();
                say(format_args!(
                    "{}: sound (operations: {operations}, policies: {})",
                    folder.display(),
                    rulebook.policies.ids().count()
                ));
                Ok(true)
            }
            Err(RulebookError::Files(_)) => Ok(false),
            Err(why) => {
                say(why);
                Ok(false)
            }
        }
    }
}
