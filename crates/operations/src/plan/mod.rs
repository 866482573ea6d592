//! From an operation to a plan: everything resolved. The same configuration and the same question give the same plan,
//! byte for byte, wherever it is made.

mod fill;
mod program;

use std::collections::BTreeMap;

use model::{
    EnvironmentName, OperationName, Plan, PlannedStep, RequestedPlan, Revision, StepId, Target, TargetName,
    TriggeredBy,
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

/// What somebody wishes to be done, before there is a submission.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The operation.
    pub operation: &'a OperationName,
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// What is given.
    pub inputs: &'a BTreeMap<String, String>,
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
    /// One that nobody can ask for.
    #[error(
        "{0} can't be asked for: a submission sets it off\n\
         hint: merge a reviewed change that it is set off by; an operation to ask for has no `trigger`"
    )]
    SetOff(OperationName),
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
    match place {
        "before.revision" => {
            "\nhint: nothing has run there yet; before the first rollout such a step can't run"
        }
        "revision" | "change.number" | "change.project" | "change.branch" => {
            "\nhint: a request runs no revision; only an operation that a submission sets off has one"
        }
        _ => "",
    }
}

/// What the places of a plan stand for, beside its target.
pub(super) struct Given<'a> {
    triggered_by: Option<&'a TriggeredBy>,
    inputs: &'a BTreeMap<String, String>,
    before: Option<Revision>,
}

/// An operation with everything resolved.
struct Resolved<'a> {
    operation: &'a Operation,
    environment: &'a Environment,
    files: BTreeMap<String, model::Digest>,
    steps: Vec<PlannedStep>,
}

/// Makes the plan. Steps that act on targets stand once for each target: a run of such steps is done whole on one target
/// before the next, so that a bad revision meets one target first. A step on Gerrit stands once. Where nothing ran before, a
/// step whose undo needs `before.revision` has no undo.
///
/// # Errors
/// [`PlanError`]: the same question gives the same error.
pub fn plan(configuration: &Configuration, ask: &Ask<'_>) -> Result<Plan, PlanError> {
    let given = Given { triggered_by: Some(ask.triggered_by), inputs: ask.inputs, before: ask.before };
    let Resolved { operation, environment, files, steps } =
        resolve(configuration, ask.operation, ask.environment, &given)?;
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

/// Makes the plan of a request: all of it is known before the request is made, since nothing in it may come from the change
/// that it becomes. So what was approved can be held against what runs.
///
/// # Errors
/// [`PlanError`]: the same wish gives the same error.
pub fn requested(configuration: &Configuration, wish: &Wish<'_>) -> Result<RequestedPlan, PlanError> {
    let given = Given { triggered_by: None, inputs: wish.inputs, before: None };
    let Resolved { operation, environment, files, steps } =
        resolve(configuration, wish.operation, wish.environment, &given)?;
    Ok(RequestedPlan {
        schema: RequestedPlan::SCHEMA.to_owned(),
        operation: operation.name.clone(),
        environment: environment.name.clone(),
        inputs: wish.inputs.clone(),
        files,
        steps,
        on_failure: operation.on_failure,
    })
}

fn resolve<'a>(
    configuration: &'a Configuration,
    operation: &OperationName,
    environment: &EnvironmentName,
    given: &Given<'_>,
) -> Result<Resolved<'a>, PlanError> {
    let operation =
        configuration.operation(operation).ok_or_else(|| PlanError::Operation(operation.clone()))?;
    let environment = operation.environment(environment).ok_or_else(|| PlanError::Environment {
        operation: operation.name.clone(),
        environment: environment.clone(),
    })?;
    // Said before anything that is wrong with the inputs: nothing that is given would help.
    if given.triggered_by.is_none() && operation.trigger.is_some() {
        return Err(PlanError::SetOff(operation.name.clone()));
    }
    inputs_fit(operation, given.inputs)?;
    let mut files = BTreeMap::new();
    let mut steps = Vec::new();
    for (each_target, group) in groups(&operation.steps) {
        for target in targets(configuration, environment, each_target) {
            for step in group {
                let filling = Filling { configuration, environment, given, target, step: &step.id };
                steps.push(planned(&filling, step, &mut files)?);
            }
        }
    }
    Ok(Resolved { operation, environment, files, steps })
}

fn inputs_fit(operation: &Operation, given: &BTreeMap<String, String>) -> Result<(), PlanError> {
    let names = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<Vec<_>>().join(", ");
    if operation.inputs.keys().ne(given.keys()) {
        return Err(PlanError::Inputs {
            operation: operation.name.clone(),
            wanted: names(&operation.inputs),
            given: names(given),
        });
    }
    for (name, value) in given {
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
        Some(undo) if filling.given.before.is_some() || !fill::needs_before(undo) => {
            Some(filling.action(undo, files)?)
        }
        _ => None,
    };
    Ok(PlannedStep { id: step.id.clone(), target: filling.target.cloned(), action, undo })
}
