//! The loop of a run: what comes next, recorded, done. The same with any hands: those of the executor record in the store
//! and act on targets.

use grant::StepAt;
use model::{Plan, Timestamp};

use crate::{
    ExecutorError,
    advance::{Next, advance},
    journal::Journal,
};

/// What the loop needs done.
pub(crate) trait Hands {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Makes durable what the journal has pending; when it returns, it is. `over`: the run ends with it.
    async fn record(&self, journal: &mut Journal, over: bool) -> Result<(), ExecutorError>;

    /// Does the action whose intent is durable, and writes its outcome into the journal.
    async fn act(&self, journal: &mut Journal, at: StepAt) -> Result<(), ExecutorError>;
}

/// Goes on until the run is over.
///
/// # Errors
/// Whatever stops the hands; the run then stays as what is durable says.
pub(crate) async fn to_the_end<H: Hands>(
    journal: &mut Journal,
    plan: &Plan,
    hands: &H,
) -> Result<(), ExecutorError> {
    loop {
        let next = advance(journal, plan, hands.now())?;
        hands.record(journal, next == Next::Over).await?;
        let Next::Act(at) = next else { return Ok(()) };
        hands.act(journal, at).await?;
    }
}

#[cfg(test)]
mod tests;
