//! One operation: from what is written to what is meant.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobSetBuilder};
use model::{EnvironmentName, Mode, OnFailure, RoleName, TargetName};

use super::{
    Known, base_problem,
    others::{branch, operation_is_known, text_is_said},
    scope::Scope,
    stem, step,
};
use crate::{
    Approve, Environment, Merged, Millis, Newer, Operation, RoleSource,
    file::operation::{
        ApproveFile, ArtifactFile, EnvironmentFile, InputFile, InputName, MergedFile, ModeWord, NewerWord,
        OnFailureWord, OperationFile,
    },
    read::{At, Entries, Reader},
    suggest,
};

/// Environments of one operation.
const ENVIRONMENTS: usize = 32;
/// Steps of one operation, and after each stands once for each target.
const STEPS: usize = 64;
const PLANNED: usize = 2000;
/// `review.people` and `approve.people`.
const PEOPLE: u32 = 100;
/// How long an outcome waits where nothing is said.
const WAIT: Millis = Millis(7 * 24 * 60 * 60 * 1000);

pub(super) fn operation(
    path: &str,
    file: OperationFile,
    known: &Known<'_>,
    reader: &mut Reader,
) -> Option<Operation> {
    if file.operation.value.as_str() != stem(path) {
        let hint = format!("the operation {} lies in operations/{0}.yaml", file.operation.value);
        reader.error_hint(file.operation.span, format!("the file is called {path}"), hint);
    }
    text_is_said(&file.title, reader);
    if let Some(artifact) = &file.artifact {
        no_artifacts_yet(artifact, reader);
    }
    if let Some(inverse) = &file.inverse {
        operation_is_known(inverse, known, reader);
    }
    let triggered = file.trigger.is_some();
    let trigger = file.trigger.and_then(|t| merged(t.merged, reader));
    let inputs = inputs(file.inputs, reader);
    let environments = environments(file.environments, known, reader);
    let scope = Scope { known, environments: &environments, inputs: &inputs, triggered, undo: false };
    let mut steps = Vec::new();
    let mut ids = BTreeSet::new();
    if file.steps.value.is_empty() || file.steps.value.len() > STEPS {
        reader.error(file.steps.span, format!("an operation has 1 to {STEPS} steps"));
    }
    for written in file.steps.value {
        if !ids.insert(written.id.value.clone()) {
            reader.error(written.id.span, format!("a second step {}", written.id.value));
        }
        steps.extend(step::step(written, &scope, reader));
    }
    let most = environments.iter().map(|e| scope.targets(e).map_or(1, <[_]>::len)).max().unwrap_or(1);
    if most.saturating_mul(steps.len()) > PLANNED {
        reader
            .error(file.steps.span, format!("more than {PLANNED} steps, each counted once for each target"));
    }
    Some(Operation {
        name: file.operation.value,
        title: file.title.value,
        file: path.to_owned(),
        mode: match file.mode {
            None | Some(ModeWord::Observe) => Mode::Observe,
            Some(ModeWord::Enforce) => Mode::Enforce,
        },
        trigger,
        people: file.review.map_or(1, |review| people(&review.people, reader)),
        inputs,
        environments,
        steps,
        on_failure: match file.on_failure {
            None | Some(OnFailureWord::Stop) => OnFailure::Stop,
            Some(OnFailureWord::Undo) => OnFailure::Undo,
        },
        newer: match file.newer {
            None | Some(NewerWord::Replaces) => Newer::Replaces,
            Some(NewerWord::Queues) => Newer::Queues,
        },
        wait: file.wait.map_or(WAIT, |wait| wait.within.value),
        inverse: file.inverse.map(|inverse| inverse.value),
    })
}

/// What can't be checked yet must not look as if it were.
fn no_artifacts_yet(artifact: &At<ArtifactFile>, reader: &mut Reader) {
    let ArtifactFile { image, builder, within } = &artifact.value;
    let wait = within.as_ref().map(|w| format!(", within {},", w.value)).unwrap_or_default();
    let message = format!(
        "the statement of {} about {}{wait} can't be verified yet, so nothing may rest on it",
        builder.value, image.value
    );
    reader.error_hint(
        artifact.span,
        message,
        "leave `artifact` out; the steps may check the artifact themselves",
    );
}

fn people(count: &At<u32>, reader: &mut Reader) -> u32 {
    if !(1..=PEOPLE).contains(&count.value) {
        let hint = "nothing runs without at least one person who looked at it";
        reader.error_hint(count.span, format!("from 1 to {PEOPLE} people"), hint);
    }
    count.value
}

fn merged(file: At<MergedFile>, reader: &mut Reader) -> Option<Merged> {
    let file = file.value;
    let branch = branch(&file.branch, reader);
    let mut globs = GlobSetBuilder::new();
    if let Some(At { span, value }) = &file.paths {
        if value.is_empty() || value.len() > 100 {
            reader.error_hint(*span, "1 to 100 globs", "leave `paths` out for any path");
        }
        for glob in value {
            let good =
                (glob.value.len() <= 255 && !glob.value.starts_with('/') && !glob.value.starts_with("./"))
                    .then(|| GlobBuilder::new(&glob.value).literal_separator(true).build().ok())
                    .flatten();
            match good {
                Some(glob) => {
                    globs.add(glob);
                }
                None => reader.error_hint(
                    glob.span,
                    "no glob of paths in the project",
                    "as in web/**, or **/*.html",
                ),
            }
        }
    }
    let set = globs.build().ok();
    Some(Merged {
        server: file.server.value,
        project: file.project.value,
        branch: branch?,
        globs: file.paths.is_some().then_some(set?),
        paths: file.paths.map(|paths| paths.value.into_iter().map(|glob| glob.value).collect()),
    })
}

fn inputs(file: Option<Entries<InputName, InputFile>>, reader: &mut Reader) -> BTreeMap<String, String> {
    let mut inputs = BTreeMap::new();
    for (name, input) in file.into_iter().flat_map(|entries| entries.0) {
        text_is_said(&input.title, reader);
        inputs.insert(name.value.0, input.title.value);
    }
    inputs
}

fn environments(
    file: At<Entries<EnvironmentName, EnvironmentFile>>,
    known: &Known<'_>,
    reader: &mut Reader,
) -> Vec<Environment> {
    let At { span, value: Entries(written) } = file;
    if written.is_empty() || written.len() > ENVIRONMENTS {
        reader.error(span, format!("an operation has 1 to {ENVIRONMENTS} environments"));
    }
    order(&written, reader);
    written.into_iter().map(|(name, file)| environment(name.value, file, known, reader)).collect()
}

/// `after` names an environment above, so that promotion has one order and no circle.
fn order(written: &[(At<EnvironmentName>, EnvironmentFile)], reader: &mut Reader) {
    let after = |name: &EnvironmentName| {
        written
            .iter()
            .find(|(n, _)| n.value == *name)
            .and_then(|(_, file)| file.after.as_ref())
            .map(|after| &after.value)
    };
    for (at, (name, file)) in written.iter().enumerate() {
        let Some(previous) = &file.after else {
            if let Some(soak) = &file.soak {
                reader.error_hint(
                    soak.span,
                    "`soak` without `after`",
                    "say which environment has to have run well",
                );
            }
            continue;
        };
        let mut circle = vec![name.value.as_str(), previous.value.as_str()];
        let mut next = Some(&previous.value);
        while let Some(name_after) = next.filter(|_| circle.len() <= written.len() + 1) {
            if *name_after == name.value {
                break;
            }
            next = after(name_after);
            circle.extend(next.map(EnvironmentName::as_str));
        }
        if next == Some(&name.value) {
            reader.error(previous.span, format!("a circle: {}", circle.join(" after ")));
        } else if !written.iter().any(|(n, _)| n.value == previous.value) {
            let hint = suggest::hint(previous.value.as_str(), written.iter().map(|(n, _)| n.value.as_str()));
            reader.error_hint(previous.span, format!("there is no environment {}", previous.value), hint);
        } else if !written.iter().take(at).any(|(n, _)| n.value == previous.value) {
            let message = format!("{} comes after {}, but stands above it", name.value, previous.value);
            reader.error_hint(previous.span, message, "environments stand in the order of promotion");
        }
    }
}

fn environment(
    name: EnvironmentName,
    file: EnvironmentFile,
    known: &Known<'_>,
    reader: &mut Reader,
) -> Environment {
    if let (Some(set), Some(targets)) = (&file.targets, &known.targets)
        && !targets.contains_key(&set.value)
    {
        let hint = suggest::hint(set.value.as_str(), targets.keys().map(TargetName::as_str));
        reader.error_hint(set.span, format!("targets.yaml has no {}", set.value), hint);
    }
    if let Some(url) = &file.url
        && let Some(why) = base_problem(&url.value)
    {
        reader.error(url.span, why);
    }
    Environment {
        name,
        targets: file.targets.map(|set| set.value),
        url: file.url.map(|url| url.value),
        after: file.after.map(|after| after.value),
        soak: file.soak.map(|soak| soak.value),
        approve: file.approve.map(|approval| approve(approval.value, known, reader)),
    }
}

fn approve(file: ApproveFile, known: &Known<'_>, reader: &mut Reader) -> Approve {
    let At { span, value: role } = file.role;
    let count = file.people.map_or(1, |count| people(&count, reader));
    if let Some(roles) = &known.roles {
        match roles.role(&role) {
            None => {
                let hint =
                    suggest::hint(role.as_str(), roles.roles().map(|(name, _)| RoleName::as_str(name)));
                reader.error_hint(span, format!("roles.yaml has no {role}"), hint);
            }
            Some(has) => {
                if let RoleSource::People(people) = &has.source
                    && people.len() < usize::try_from(count).unwrap_or(usize::MAX)
                {
                    let message =
                        format!("{} people have the role {role}, and {count} are asked for", people.len());
                    reader.advice(span, message, "it waits until more people have the role");
                }
            }
        }
    }
    Approve { role, people: count, present: file.present.unwrap_or(false) }
}
