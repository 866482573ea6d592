//! How the words of the model are kept. All of them are recorded.

use model::{Answer, Canonical as _, Decision, Outcome, Plan, Run, Submission};

use crate::Kept;

impl Kept for Submission {
    const KIND: &'static str = "submission";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn state(&self) -> &'static str {
        "seen"
    }

    fn sort(&self) -> i64 {
        self.submitted_at.as_millis()
    }
}

impl Kept for Outcome {
    const KIND: &'static str = "outcome";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.key.id().to_string()
    }

    fn state(&self) -> &'static str {
        self.state.name()
    }

    fn sort(&self) -> i64 {
        self.opened_at.as_millis()
    }
}

impl Kept for Decision {
    const KIND: &'static str = "decision";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn state(&self) -> &'static str {
        match self.answer {
            Answer::Allow => "allow",
            Answer::Deny => "deny",
        }
    }

    fn sort(&self) -> i64 {
        self.at.as_millis()
    }
}

impl Kept for Plan {
    const KIND: &'static str = "plan";
    const RECORDED: bool = true;

    /// The plan's hash. A plan has one whenever it can be written at all; without one it would have no key, which
    /// [`crate::Transition`] refuses.
    fn key(&self) -> String {
        self.digest().map(|hash| hash.to_string()).unwrap_or_default()
    }

    fn state(&self) -> &'static str {
        "made"
    }

    fn sort(&self) -> i64 {
        0
    }
}

impl Kept for Run {
    const KIND: &'static str = "run";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn state(&self) -> &'static str {
        self.state.name()
    }

    fn sort(&self) -> i64 {
        self.granted_at.as_millis()
    }
}
