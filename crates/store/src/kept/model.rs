//! How a word of the model is kept that several crates write.

use model::Run;

use crate::Kept;

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
