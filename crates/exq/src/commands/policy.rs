//! `exq policy`

use std::path::PathBuf;

use clap::Subcommand;

use super::{Answer, say, tree::rulebook};

/// The policies of an operations project.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Asks the policies what the project's own examples ask (`policies/tests/*.yaml`), offline.
    Test {
        /// A work tree of the operations project.
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

impl PolicyCommand {
    pub(super) fn run(self) -> Answer {
        let Self::Test { folder } = self;
        let Some(rulebook) = rulebook(&folder)? else { return Ok(false) };
        let examples = rulebook.configuration.examples();
        let mut failed = 0;
        for example in examples {
            let shown = rulebook.show(example)?;
            let answer = |allow: bool| if allow { "allow" } else { "deny" };
            let codes = |codes: &std::collections::BTreeSet<String>| {
                codes.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            };
            let mark = if shown.holds { "ok  " } else { "FAIL" };
            say(format_args!("{mark} {}: {}", example.file, example.name));
            if !shown.holds {
                failed += 1;
                let expected = example.reasons.as_ref().map(|reasons| format!(" ({})", codes(reasons)));
                say(format_args!(
                    "     expected {}{}, and it is {} ({})",
                    answer(example.allow),
                    expected.unwrap_or_default(),
                    answer(shown.allow),
                    codes(&shown.reasons)
                ));
            }
        }
        if examples.is_empty() {
            say("no examples: write some in policies/tests/NAME.yaml");
        } else {
            say(format_args!("{} of {} hold", examples.len() - failed, examples.len()));
        }
        Ok(failed == 0)
    }
}
