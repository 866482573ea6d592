//! What the executor keeps besides its runs: the set of grants that are spent.

use model::{GrantId, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use store::Kept;

/// A grant that is spent: created once, never changed, never removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpentGrant {
    /// The grant.
    pub grant: GrantId,
    /// The run that spent it.
    pub run: RunId,
    /// When.
    pub at: Timestamp,
}

impl Kept for SpentGrant {
    const KIND: &'static str = "spent-grant";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.grant.to_string()
    }

    fn state(&self) -> &'static str {
        "spent"
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}
