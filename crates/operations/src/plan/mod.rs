//! From an operation to a plan: everything resolved. The same configuration and the same question give the same plan,
//! byte for byte, wherever it is made.

mod fill;
mod program;

use std::collections::BTreeMap;

use model::{
    EnvironmentName, OperationName, Plan, PlannedStep, Revision, StepId, Target, TargetName, TriggeredBy,
};

use crate::{Configuration, Environment, Operation, Place, StepDo, StepSpec};
use fill::Filling;

/// What a plan is made for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The commit of the operations project that the configuration was read from.
    pub commit: Revision,
    /// The operation.
    pub operation: &'a OperationName,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// The submission, the revision and the base.
    pub triggered_by: &'a TriggeredBy,
    /// What a request gave; empty for a submission.
    pub inputs: &'a BTreeMap<String, String>,
    /// The revision that last succeeded there, from our own record; none before the first rollout.
    pub before: Option<Revision>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// No such operation.
    #[error("there is no operation {0} in this configuration")]
    Operation(OperationName),
    /// No such environment.
    #[error("{operation} has no environment {environment}")]
    Environment {
        /// The operation.
        operation: OperationName,
        /// What was asked for.
        environment: EnvironmentName,
    },
    /// Inputs that aren't those that the operation asks for.
    #[error("{operation} asks for the inputs [{wanted}], given were [{given}]")]
    Inputs {
        /// The operation.
        operation: OperationName,
        /// Their names.
        wanted: String,
        /// Their names.
        given: String,
    },
    /// A value that can't be substituted anywhere.
    #[error("the value of {place} can't be used: {why}")]
    Value {
        /// Its path.
        place: String,
        /// Why not.
        why: &'static str,
    },
    /// A place without a value.
    #[error("step {step}: {place} has no value{}", hint(place))]
    Nothing {
        /// The step.
        step: StepId,
        /// The path.
        place: String,
    },
    /// An argument that would be read as an option.
    #[error("step {step}: the argument {argument:?} would be an option, and no value may be one")]
    Option {
        /// The step.
        step: StepId,
        /// The argument.
        argument: String,
    },
    /// An address that isn't what was reviewed.
    #[error("step {step}: {url:?} is no address to call: {why}")]
    Url {
        /// The step.
        step: StepId,
        /// The address.
        url: String,
        /// Why not.
        why: &'static str,
    },
    /// A text on Gerrit that can't be used.
    #[error("step {step}: {why}")]
    Text {
        /// The step.
        step: StepId,
        /// Why not.
        why: &'static str,
    },
    /// A program that brings too many files along.
    #[error("step {step}: {folder} holds more than {limit} files")]
    Files {
        /// The step.
        step: StepId,
        /// The folder.
        folder: String,
        /// How many it may hold.
        limit: usize,
    },
}

fn hint(place: &str) -> &'static str {
    if place == "before.revision" {
        "\nhint: nothing has run there yet; before the first rollout such a step can't run"
    } else {
        ""
    }
}

/// Makes the plan. Steps that act on targets stand once for each target: a run of such steps is done whole on one target
/// before the next, so that a bad revision meets one target first. A step on Gerrit stands once. Where nothing ran before, a
/// step whose undo needs `before.revision` has no undo.
///
/// # Errors
/// [`PlanError`]: the same question gives the same error.
pub fn plan(configuration: &Configuration, ask: &Ask<'_>) -> Result<Plan, PlanError> {
    let operation =
        configuration.operation(ask.operation).ok_or_else(|| PlanError::Operation(ask.operation.clone()))?;
    let environment = operation.environment(ask.environment).ok_or_else(|| PlanError::Environment {
        operation: operation.name.clone(),
        environment: ask.environment.clone(),
    })?;
    inputs_fit(operation, ask)?;
    let mut files = BTreeMap::new();
    let mut steps = Vec::new();
    for (each_target, group) in groups(&operation.steps) {
        for target in targets(configuration, environment, each_target) {
            for step in group {
                let filling = Filling { configuration, environment, ask, target, step: &step.id };
                steps.push(planned(&filling, step, &mut files)?);
            }
        }
    }
    Ok(Plan {
        schema: Plan::SCHEMA.to_owned(),
        operation: operation.name.clone(),
        environment: environment.name.clone(),
        configuration: ask.commit,
        triggered_by: ask.triggered_by.clone(),
        inputs: ask.inputs.clone(),
        before: ask.before.iter().map(|revision| ("revision".to_owned(), revision.to_string())).collect(),
        files,
        steps,
        on_failure: operation.on_failure,
    })
}

fn inputs_fit(operation: &Operation, ask: &Ask<'_>) -> Result<(), PlanError> {
    let names = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<Vec<_>>().join(", ");
    if operation.inputs.keys().ne(ask.inputs.keys()) {
        return Err(PlanError::Inputs {
            operation: operation.name.clone(),
            wanted: names(&operation.inputs),
            given: names(ask.inputs),
        });
    }
    for (name, value) in ask.inputs {
        let place = || Place::Input(name.clone()).to_string();
        if value.len() > 1024 {
            return Err(PlanError::Value { place: place(), why: "more than 1,024 bytes" });
        }
        if model::hidden_character(value).is_some() || value.contains(['\n', '\t']) {
            let why = "it holds a control character, or one that hides text";
            return Err(PlanError::Value { place: place(), why });
        }
    }
    Ok(())
}

/// Neighbours of one kind: those that act on targets, and those on Gerrit.
fn groups(steps: &[StepSpec]) -> impl Iterator<Item = (bool, &[StepSpec])> {
    let each_target = |step: &StepSpec| !matches!(step.does, StepDo::Gerrit(_));
    steps
        .chunk_by(move |a, b| each_target(a) == each_target(b))
        .map(move |group| (group.first().is_some_and(each_target), group))
}

fn targets<'a>(
    configuration: &'a Configuration,
    environment: &Environment,
    each_target: bool,
) -> Vec<Option<&'a Target>> {
    let set: Option<&TargetName> = environment.targets.as_ref().filter(|_| each_target);
    match set.and_then(|set| configuration.targets(set)) {
        Some(targets) => targets.iter().map(Some).collect(),
        None => vec![None],
    }
}

fn planned(
    filling: &Filling<'_>,
    step: &StepSpec,
    files: &mut BTreeMap<String, model::Digest>,
) -> Result<PlannedStep, PlanError> {
    let action = filling.action(&step.does, files)?;
    let undo = match &step.undo {
        Some(undo) if filling.ask.before.is_some() || !fill::needs_before(undo) => {
            Some(filling.action(undo, files)?)
        }
        _ => None,
    };
    Ok(PlannedStep { id: step.id.clone(), target: filling.target.cloned(), action, undo })
}
