//! What an executor signs about each step.

use model::{Canonical as _, Digest, GrantId, KeyId, Plan, RunId, StepId, StepResult, TargetName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Grant, GrantError, Purpose, SigningKey, StepAt,
    statement::{self, Predicate},
};

/// What a step did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Did {
    /// What it should.
    Succeeded,
    /// Not what it should.
    Failed,
    /// It may have acted.
    Unknown,
}

/// What is said of a step's output; the text lies beside its entry, and can be erased with its salt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputSummary {
    /// How many bytes it wrote, also those that were not kept.
    pub bytes: u64,
    /// Whether some were not kept.
    pub truncated: bool,
    /// Salted commitment to the text that was kept, as `docs/LEDGER.md` defines it for sealed texts. The entry about the
    /// step seals the same text with the same salt: so the two commitments are one, whether or not the text is erased.
    pub commitment: Digest,
}

/// What one attempt at one action did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepReport {
    /// `exequatur.step/1`
    pub schema: String,
    /// The run.
    pub run: RunId,
    /// The plan's hash.
    pub plan: Digest,
    /// The grant.
    pub grant: GrantId,
    /// The step's place in the plan, from 0.
    pub step: u32,
    /// Its id there.
    pub id: StepId,
    /// The target's name, where the step has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<TargetName>,
    /// Whether it was taken back.
    pub undo: bool,
    /// The first attempt is 1.
    pub attempt: u32,
    /// When its intent was recorded.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// What it did.
    pub did: Did,
    /// Why not what it should: one line of at most 500 characters, nothing of its output. Only for those that did not
    /// succeed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
    /// A program's exit code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exit: Option<i32>,
    /// What it wrote.
    pub output: OutputSummary,
}

impl StepReport {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.step/1";

    /// Signs it with the executor's key.
    ///
    /// # Errors
    /// [`GrantError::WrongPurpose`] for another key; [`GrantError::Unsound`] if it contradicts itself.
    pub fn sign(&self, executor: &SigningKey) -> Result<SignedReport, GrantError> {
        Ok(SignedReport(statement::sign(self.clone(), executor)?))
    }

    /// Reads a report that this executor signed.
    ///
    /// # Errors
    /// Whatever is wrong with envelope, signature, statement or report.
    pub fn verify(bytes: &[u8], executor: &KeyId) -> Result<Self, GrantError> {
        statement::read(bytes, executor)
    }

    /// Reads a report, and that it is about this grant and a step of this plan, by the executor that was granted.
    ///
    /// # Errors
    /// As [`Self::verify`]; [`GrantError::Other`] if it is about something else.
    pub fn verify_for(bytes: &[u8], grant: &Grant, plan: &Plan) -> Result<Self, GrantError> {
        let report = Self::verify(bytes, &grant.executor)?;
        let step = usize::try_from(report.step).ok().and_then(|index| plan.steps.get(index));
        let fits = step.is_some_and(|step| {
            step.id == report.id
                && step.target.as_ref().map(|t| &t.name) == report.target.as_ref()
                && (!report.undo || step.undo.is_some())
        });
        let other = |what, granted: &dyn ToString, here: &dyn ToString| {
            Err(GrantError::Other { what, granted: granted.to_string(), here: here.to_string() })
        };
        let digest = plan.digest()?;
        if grant.plan != digest {
            other("plan", &grant.plan, &digest)
        } else if report.plan != grant.plan {
            other("a report's plan", &grant.plan, &report.plan)
        } else if report.run != grant.run {
            other("a report's run", &grant.run, &report.run)
        } else if report.grant != grant.id {
            other("a report's grant", &grant.id, &report.grant)
        } else if !fits {
            other("a report's step", &"a step of its plan", &format!("{} {}", report.step, report.id))
        } else {
            Ok(report)
        }
    }

    /// Which action it is about.
    #[must_use]
    pub const fn at(&self) -> StepAt {
        StepAt { index: self.step, undo: self.undo }
    }
}

impl Predicate for StepReport {
    const TYPE: &'static str = "https://exequatur.dev/step/1";
    const PURPOSE: Purpose = Purpose::Executor;

    fn plan(&self) -> Digest {
        self.plan
    }

    fn check(&self) -> Result<(), GrantError> {
        let one_line =
            |why: &str| !why.is_empty() && why.chars().count() <= 500 && !why.chars().any(char::is_control);
        let why = if self.schema != Self::SCHEMA {
            "its schema is not exequatur.step/1"
        } else if self.attempt == 0 {
            "the first attempt is 1"
        } else if self.finished_at < self.started_at {
            "it ends before it begins"
        } else if (self.did == Did::Succeeded) != self.why.is_none() {
            "only what did not succeed has a reason, and it always has"
        } else if !self.why.as_deref().is_none_or(one_line) {
            "its reason is not one line of 1 to 500 characters"
        } else {
            return Ok(());
        };
        Err(GrantError::Unsound { what: "report", why })
    }
}

/// A report as its signed bytes: a DSSE envelope in canonical JSON.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedReport(Vec<u8>);

impl SignedReport {
    /// The bytes to store and to verify.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same, owned.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The plain SHA-256 of the bytes: [`StepResult::Succeeded`]'s `signed`.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// What the run's record says of it.
    #[must_use]
    pub fn result(&self, report: &StepReport) -> StepResult {
        let signed = self.digest();
        match report.did {
            Did::Succeeded => StepResult::Succeeded { signed },
            Did::Failed => StepResult::Failed { signed, why: report.why.clone().unwrap_or_default() },
            Did::Unknown => StepResult::Unknown { signed: Some(signed) },
        }
    }
}
