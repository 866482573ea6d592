//! A tree is checked as a whole: everything that is wrong with it is said.

mod examples;
mod operation;
mod others;
mod scope;
mod step;
mod url;
mod workloads;

use std::collections::{BTreeMap, BTreeSet};

use model::{OperationName, Target, TargetName};

pub(crate) use url::base_problem;

use crate::{
    Configuration, Problem, Report, Tree,
    calendar::Calendar,
    file::others::{
        BaselinesFile, BuildersFile, CalendarFile, LinksFile, RequestsFile, RolesFile, TargetsFile,
        WorkloadsFile,
    },
    people::{Links, Roles},
    read::{self, Decode, Reader},
    suggest,
};

/// Files right under the root that we read.
const FILES: &[&str] = &[
    "roles.yaml",
    "links.yaml",
    "targets.yaml",
    "builders.yaml",
    "calendar.yaml",
    "baselines.yaml",
    "requests.yaml",
    "workloads.yaml",
];

/// What other files may refer to; none: that file has mistakes, so nothing is said about references to it.
pub(super) struct Known<'a> {
    pub(super) tree: &'a Tree,
    pub(super) operations: BTreeSet<OperationName>,
    pub(super) links: Option<Links>,
    pub(super) roles: Option<Roles>,
    pub(super) targets: Option<BTreeMap<TargetName, Vec<Target>>>,
}

/// Checks a tree: what start runs before a commit is in force, and what `exq config check` prints. There is a
/// configuration if and only if the report holds no error. Policies are texts here: the `policy` crate checks them.
#[must_use]
pub fn check(tree: &Tree) -> (Option<Configuration>, Report) {
    let mut problems = strangers(tree);
    let mut known = Known { tree, operations: BTreeSet::new(), links: None, roles: None, targets: None };
    for (path, _) in tree.inside("operations/", ".yaml") {
        known.operations.extend(stem(path).parse().ok());
    }
    known.links = match tree.get("links.yaml") {
        Some(_) => {
            one(tree, "links.yaml", &mut problems, |file: LinksFile, reader| others::links(file, reader))
        }
        None => {
            let missing = Problem::of_file("links.yaml", "the file is missing");
            problems.push(missing.hint("without links no vote counts; an empty list is `[]`"));
            None
        }
    };
    known.roles = or_default(tree, "roles.yaml", &mut problems, |file: RolesFile, reader| {
        others::roles(file, &known, reader)
    });
    known.targets = or_default(tree, "targets.yaml", &mut problems, |file: TargetsFile, reader| {
        others::targets(file, reader)
    });
    let builders = or_default(tree, "builders.yaml", &mut problems, |file: BuildersFile, reader| {
        others::builders(file, reader)
    });
    let calendar: Option<Calendar> =
        or_default(tree, "calendar.yaml", &mut problems, |file: CalendarFile, reader| {
            others::calendar(file, &known, reader)
        });
    let mut operations = BTreeMap::new();
    for (path, _) in tree.inside("operations/", ".yaml") {
        let operation =
            one(tree, path, &mut problems, |file, reader| operation::operation(path, file, &known, reader));
        operations.extend(operation.map(|o| (o.name.clone(), o)));
    }
    let baselines = or_default(tree, "baselines.yaml", &mut problems, |file: BaselinesFile, reader| {
        others::baselines(file, &known, &operations, reader)
    });
    let requests = or_default(tree, "requests.yaml", &mut problems, |file: RequestsFile, reader| {
        others::requests(file, &operations, reader).map(Some)
    });
    let workloads = or_default(tree, "workloads.yaml", &mut problems, |file: WorkloadsFile, reader| {
        Some(workloads::workloads(file, reader))
    });
    let mut examples = Vec::new();
    for (path, _) in tree.inside("policies/tests/", ".yaml") {
        let of_file = one(tree, path, &mut problems, |file, reader| {
            examples::examples(path, file, &operations, reader)
        });
        examples.extend(of_file.into_iter().flatten());
    }
    for (path, bytes) in tree.inside("policies/", ".cedar") {
        problems.extend(read::source(path, bytes).err().map(|problem| *problem));
    }
    let report = Report::sorted(problems);
    let parts = (known.links, known.roles, known.targets, builders, calendar, baselines, requests, workloads);
    let configuration = match parts {
        (
            Some(links),
            Some(roles),
            Some(targets),
            Some(builders),
            Some(calendar),
            Some(baselines),
            Some(requests),
            Some(workloads),
        ) if report.is_ok() => Some(Configuration {
            tree: tree.clone(),
            operations,
            links,
            roles,
            targets,
            builders,
            calendar,
            baselines,
            requests,
            workloads,
            examples,
        }),
        _ => None,
    };
    (configuration, report)
}

/// `operations/shop-web.yaml` → `shop-web`
pub(super) fn stem(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path).trim_end_matches(".yaml")
}

/// Files that look as if they were meant for us but wouldn't be read.
fn strangers(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, _) in tree.files() {
        let problem = match path.split_once('/') {
            None if (path.ends_with(".yaml") || path.ends_with(".yml")) && !FILES.contains(&path) => {
                Some((format!("nothing reads {path}"), suggest::hint(path, FILES.iter().copied())))
            }
            Some(("operations", rest)) if rest.contains('/') || !rest.ends_with(".yaml") => Some((
                format!("nothing reads {path}"),
                "operations lie right in operations/, as NAME.yaml".to_owned(),
            )),
            Some(("policies", rest)) if rest.starts_with("tests/") => {
                let fine = rest.ends_with(".yaml") && rest.matches('/').count() == 1;
                (!fine).then(|| {
                    (
                        format!("nothing reads {path}"),
                        "tests of policies lie in policies/tests/, as NAME.yaml".to_owned(),
                    )
                })
            }
            Some(("policies", rest)) if rest.contains('/') || !rest.ends_with(".cedar") => Some((
                format!("nothing reads {path}"),
                "policies lie right in policies/, as NAME.cedar".to_owned(),
            )),
            Some((folder @ ("operation" | "policy"), _)) => Some((
                format!("nothing reads {path}"),
                format!("did you mean {}?", if folder == "policy" { "policies/" } else { "operations/" }),
            )),
            _ => None,
        };
        problems.extend(problem.map(|(message, hint)| Problem::of_file(path, message).hint(hint)));
    }
    problems
}

fn one<F: Decode, T>(
    tree: &Tree,
    path: &str,
    problems: &mut Vec<Problem>,
    then: impl FnOnce(F, &mut Reader) -> Option<T>,
) -> Option<T> {
    let source = match read::source(path, tree.get(path)?) {
        Ok(source) => source,
        Err(problem) => {
            problems.push(*problem);
            return None;
        }
    };
    let (file, mut reader) = match read::read(&source) {
        Ok(read) => read,
        Err(problem) => {
            problems.push(*problem);
            return None;
        }
    };
    let value = file.and_then(|file| then(file, &mut reader));
    problems.extend(reader.into_problems());
    value
}

fn or_default<F: Decode, T: Default>(
    tree: &Tree,
    path: &str,
    problems: &mut Vec<Problem>,
    then: impl FnOnce(F, &mut Reader) -> Option<T>,
) -> Option<T> {
    match tree.get(path) {
        Some(_) => one(tree, path, problems, then),
        None => Some(T::default()),
    }
}
