//! `policies/tests/NAME.yaml`: what policies have to answer.

use std::collections::{BTreeMap, BTreeSet};

use model::{OperationName, PersonKey};

use crate::{
    Example, Operation,
    file::others::{ExampleFile, ExamplesFile, Expected},
    read::{At, Reader},
    suggest,
};

pub(super) fn examples(
    path: &str,
    file: ExamplesFile,
    operations: &BTreeMap<OperationName, Operation>,
    reader: &mut Reader,
) -> Option<Vec<Example>> {
    Some(file.into_iter().filter_map(|example| of(path, example, operations, reader)).collect())
}

fn set<T: Ord>(list: Option<Vec<At<T>>>) -> BTreeSet<T> {
    list.into_iter().flatten().map(|one| one.value).collect()
}

fn of(
    path: &str,
    file: ExampleFile,
    operations: &BTreeMap<OperationName, Operation>,
    reader: &mut Reader,
) -> Option<Example> {
    super::others::text_is_said(&file.name, reader);
    let run = match (&file.operation, &file.environment) {
        (None, None) => None,
        (Some(operation), Some(environment)) => {
            match operations.get(&operation.value) {
                None => {
                    let known = operations.keys().map(OperationName::as_str);
                    let hint = suggest::hint(operation.value.as_str(), known);
                    reader.error_hint(
                        operation.span,
                        format!("there is no operation {}", operation.value),
                        hint,
                    );
                }
                Some(defined) if defined.environment(&environment.value).is_none() => {
                    let known = defined.environments.iter().map(|e| e.name.as_str());
                    let hint = suggest::hint(environment.value.as_str(), known);
                    let message = format!("{} has no environment {}", operation.value, environment.value);
                    reader.error_hint(environment.span, message, hint);
                }
                Some(_) => {}
            }
            Some((operation.value.clone(), environment.value.clone()))
        }
        _ => {
            let hint = "both, or neither: then it is about accepting a commit of this project";
            reader.error_hint(file.name.span, "an operation goes with an environment", hint);
            None
        }
    };
    let mut roles = BTreeMap::new();
    for (person, list) in file.roles.into_iter().flat_map(|entries| entries.0) {
        match person.value.parse::<PersonKey>() {
            Ok(key) => drop(roles.insert(key, set(Some(list)))),
            Err(why) => reader.error(person.span, why.to_string()),
        }
    }
    Some(Example {
        file: path.to_owned(),
        name: file.name.value,
        run,
        contributors: set(file.contributors),
        approvers: set(file.approvers),
        consents: set(file.consents),
        requester: file.requester.map(|person| person.value),
        submitter: file.submitter.map(|person| person.value),
        roles,
        findings: set(file.findings),
        freezes: set(file.freezes),
        drift: set(file.drift),
        holds: set(file.holds),
        facts_age_s: file.facts_age_s.map_or(1, |age| age.value),
        allow: file.expect == Expected::Allow,
        reasons: file.reasons.map(|list| set(Some(list))),
    })
}
