//! The files beside the operations.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Account, AccountId, Identity, OperationName, PersonKey, RefName, RoleName, Target, TargetName, Timestamp,
};

use super::Known;
use crate::{
    Baseline, Builder, Calendar, Freeze, GerritGroup, Links, Operation, Person, RequestsAt, Role, RoleSource,
    Roles,
    file::others::{
        BaselinesFile, BuildersFile, CalendarFile, FreezeFile, GerritGroupFile, LinksFile, PersonFile,
        RequestsFile, RolesFile, TargetsFile,
    },
    problem::Span,
    read::{At, Reader},
    suggest,
};

pub(super) fn links(file: LinksFile, reader: &mut Reader) -> Option<Links> {
    let mut links = Links::default();
    for person in file {
        person_of(person, &mut links, reader);
    }
    Some(links)
}

fn person_of(file: PersonFile, links: &mut Links, reader: &mut Reader) {
    let key = file.person.value;
    let mut accounts = BTreeSet::new();
    let mut identities = BTreeSet::new();
    for (server, numbers) in file.accounts.into_iter().flat_map(|entries| entries.0) {
        for number in numbers {
            let account = Account { server: server.value.clone(), id: AccountId(number.value) };
            if let Some(other) = links.accounts.insert(account.clone(), key.clone()) {
                let message = format!("account {} on {} is also {other}'s", number.value, server.value);
                reader.error_hint(number.span, message, "an account belongs to one person, and stands once");
            }
            accounts.insert(account);
        }
    }
    for At { span, value } in file.identities.into_iter().flatten() {
        let identity = Identity { issuer: value.issuer.value, subject: value.subject.value };
        if !identity.issuer.starts_with("https://") && !identity.issuer.starts_with("http://") {
            reader.error(value.issuer.span, "an issuer is a URL, exactly as in its tokens");
        }
        if let Some(other) = links.identities.insert(identity.clone(), key.clone()) {
            let hint = "an identity belongs to one person, and stands once";
            reader.error_hint(span, format!("this identity is also {other}'s"), hint);
        }
        identities.insert(identity);
    }
    let person = Person { key: key.clone(), name: file.name.map(|n| n.value), accounts, identities };
    if links.persons.insert(key.clone(), person).is_some() {
        reader.error_hint(
            file.person.span,
            format!("{key} stands twice"),
            "one entry a person, with all accounts",
        );
    }
}

pub(super) fn roles(file: RolesFile, known: &Known<'_>, reader: &mut Reader) -> Option<Roles> {
    let mut roles = Roles::default();
    for (name, role) in file.0 {
        let title = role.title.map(|title| title.value);
        let source = match (role.people, role.idp_group, role.gerrit_group) {
            (Some(people), None, None) => Some(RoleSource::People(listed(people, &name, known, reader))),
            (None, Some(group), None) => idp_group(group, reader),
            (None, None, Some(group)) => gerrit_group(group.value, reader),
            (people, idp, gerrit) => {
                let spans = [people.map(|p| p.span), idp.map(|g| g.span), gerrit.map(|g| g.span)];
                let span = spans.into_iter().flatten().nth(1).unwrap_or(name.span);
                let hint = "exactly one of people, idp_group and gerrit_group fills a role; a second source is a second role";
                reader.error_hint(
                    span,
                    format!("what fills the role {} is not one source", name.value),
                    hint,
                );
                None
            }
        };
        roles.roles.extend(source.map(|source| (name.value, Role { title, source })));
    }
    Some(roles)
}

fn listed(
    list: At<Vec<At<PersonKey>>>,
    name: &At<RoleName>,
    known: &Known<'_>,
    reader: &mut Reader,
) -> BTreeSet<PersonKey> {
    let mut people = BTreeSet::new();
    for person in list.value {
        if let Some(links) = &known.links
            && links.person(&person.value).is_none()
        {
            let hint = suggest::hint(person.value.as_str(), links.persons().map(|p| p.key.as_str()));
            reader.error_hint(person.span, format!("links.yaml knows no {}", person.value), hint);
        }
        if !people.insert(person.value.clone()) {
            reader.error(person.span, format!("{} stands twice", person.value));
        }
    }
    if people.is_empty() {
        let hint = "an empty list means nobody";
        reader.advice(name.span, format!("nobody has the role {}", name.value), hint);
    }
    people
}

fn idp_group(group: At<String>, reader: &mut Reader) -> Option<RoleSource> {
    if group.value.trim().is_empty() || group.value.len() > GROUP_BYTES {
        let hint = "the group exactly as it stands in the provider's tokens";
        reader.error_hint(group.span, format!("a group's name has 1 to {GROUP_BYTES} bytes"), hint);
        return None;
    }
    Some(RoleSource::IdpGroup(group.value))
}

fn gerrit_group(group: GerritGroupFile, reader: &mut Reader) -> Option<RoleSource> {
    let GerritGroupFile { server, uuid } = group;
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if uuid.value.len() != 40 || !uuid.value.bytes().all(hex) {
        let hint = "on the group's page under General, or the `id` of `GET /groups/NAME`; a name, and a group that Gerrit \
                    only knows from elsewhere (ldap:…, global:…), can't fill a role";
        reader.error_hint(uuid.span, "a group's UUID is 40 lower-case hex digits", hint);
        return None;
    }
    Some(RoleSource::GerritGroup(GerritGroup { server: server.value, uuid: uuid.value }))
}

/// What is taken of the name of a provider's group, in bytes (`identity::Limits`).
const GROUP_BYTES: usize = 256;

/// Targets of one set.
const TARGETS: usize = 256;

pub(super) fn targets(file: TargetsFile, reader: &mut Reader) -> Option<BTreeMap<TargetName, Vec<Target>>> {
    let mut sets = BTreeMap::new();
    for (set, targets) in file.0 {
        if targets.value.is_empty() || targets.value.len() > TARGETS {
            reader.error(targets.span, format!("a set has 1 to {TARGETS} targets"));
        }
        let mut names = BTreeSet::new();
        let mut list = Vec::new();
        for At { value: target, .. } in targets.value {
            if !names.insert(target.name.value.clone()) {
                reader.error(target.name.span, format!("a second target {} in this set", target.name.value));
            }
            if let Some(url) = target.values.get("url")
                && let Some(why) = super::base_problem(&url.value)
            {
                reader.error(url.span, why);
            }
            let values = target.values.into_iter().map(|(key, value)| (key, value.value)).collect();
            list.push(Target { name: target.name.value, values });
        }
        sets.insert(set.value, list);
    }
    Some(sets)
}

pub(super) fn builders(file: BuildersFile, reader: &mut Reader) -> Option<BTreeMap<String, Builder>> {
    let mut builders = BTreeMap::new();
    for (name, builder) in file.0 {
        if name.value.is_empty() || name.value.len() > 63 {
            reader.error(name.span, "a builder's name has 1 to 63 characters");
        }
        builders.insert(name.value, Builder { key: builder.key.value });
    }
    Some(builders)
}

pub(super) fn calendar(file: CalendarFile, known: &Known<'_>, reader: &mut Reader) -> Option<Calendar> {
    let mut names = BTreeSet::new();
    let mut freezes = Vec::new();
    for freeze in file.freezes {
        if !names.insert(freeze.name.value.clone()) {
            reader.error(freeze.name.span, format!("a second freeze {}", freeze.name.value));
        }
        freezes.extend(freeze_of(freeze, known, reader));
    }
    Some(Calendar { freezes })
}

fn freeze_of(file: FreezeFile, known: &Known<'_>, reader: &mut Reader) -> Option<Freeze> {
    if file.name.value.is_empty() || file.name.value.len() > 100 {
        reader.error(file.name.span, "a freeze's name has 1 to 100 characters");
    }
    let (from, until) = (time(&file.from, reader), time(&file.until, reader));
    let (from, until) = (from?, until?);
    if until <= from {
        reader.error(file.until.span, "it ends before it begins");
    }
    for operation in file.operations.iter().flat_map(|only| &only.value) {
        operation_is_known(operation, known, reader);
    }
    let empty = |only: &Option<At<_>>, reader: &mut Reader| {
        if let Some(At { span, value }) = only
            && Vec::is_empty(value)
        {
            reader.error_hint(*span, "an empty list freezes nothing", "leave the key out for all of them");
        }
    };
    empty(&file.operations, reader);
    if let Some(At { span, value }) = &file.environments
        && value.is_empty()
    {
        reader.error_hint(*span, "an empty list freezes nothing", "leave the key out for all of them");
    }
    Some(Freeze {
        name: file.name.value,
        from,
        until,
        operations: file.operations.map(|only| only.value.into_iter().map(|o| o.value).collect()),
        environments: file.environments.map(|only| only.value.into_iter().map(|e| e.value).collect()),
        reason: file.reason.value,
    })
}

fn time(text: &At<String>, reader: &mut Reader) -> Option<Timestamp> {
    let whole = text.value.strip_suffix('Z').filter(|rest| rest.len() == "2026-12-20T00:00:00".len());
    let time = whole.and_then(|rest| format!("{rest}.000Z").parse().ok());
    if time.is_none() {
        reader.error_hint(text.span, "no time", "in UTC, to the second: 2026-12-20T00:00:00Z");
    }
    time
}

pub(super) fn operation_is_known(name: &At<OperationName>, known: &Known<'_>, reader: &mut Reader) {
    if !known.operations.contains(&name.value) {
        let hint = suggest::hint(name.value.as_str(), known.operations.iter().map(OperationName::as_str));
        reader.error_hint(name.span, format!("there is no operation {}", name.value), hint);
    }
}

/// `main` or `refs/heads/main`.
pub(super) fn branch(text: &At<String>, reader: &mut Reader) -> Option<RefName> {
    let full = if text.value.starts_with("refs/") {
        text.value.clone()
    } else {
        format!("refs/heads/{}", text.value)
    };
    match full.parse() {
        Ok(branch) => Some(branch),
        Err(why) => {
            reader.error_hint(text.span, format!("{why}"), "a branch: main, or in full refs/heads/main");
            None
        }
    }
}

pub(super) fn baselines(
    file: BaselinesFile,
    known: &Known<'_>,
    operations: &BTreeMap<OperationName, Operation>,
    reader: &mut Reader,
) -> Option<Vec<Baseline>> {
    let mut seen = BTreeSet::new();
    let mut baselines: Vec<Baseline> = Vec::new();
    for line in file {
        operation_is_known(&line.operation, known, reader);
        if let Some(operation) = operations.get(&line.operation.value) {
            let At { span, value: environment } = &line.environment;
            if operation.environment(environment).is_none() {
                let hint = suggest::hint(
                    environment.as_str(),
                    operation.environments.iter().map(|e| e.name.as_str()),
                );
                reader.error_hint(
                    *span,
                    format!("{} has no environment {environment}", operation.name),
                    hint,
                );
            }
        }
        text_is_said(&line.reason, reader);
        let Some(branch) = branch(&line.branch, reader) else { continue };
        let baseline = Baseline {
            operation: line.operation.value,
            environment: line.environment.value,
            server: line.server.value,
            project: line.project.value,
            branch,
            revision: line.revision.value,
            reason: line.reason.value,
        };
        let key = [
            baseline.operation.to_string(),
            baseline.environment.to_string(),
            baseline.server.to_string(),
            baseline.project.to_string(),
            baseline.branch.to_string(),
        ];
        if !seen.insert(key) {
            let hint = "one line each: a later baseline takes the place of the earlier";
            reader.error_hint(
                line.revision.span,
                "a second baseline for the same operation, environment and branch",
                hint,
            );
        }
        baselines.push(baseline);
    }
    Some(baselines)
}

pub(super) fn requests(
    file: RequestsFile,
    operations: &BTreeMap<OperationName, Operation>,
    reader: &mut Reader,
) -> Option<RequestsAt> {
    let main = || At { span: file.project.span, value: "main".to_owned() };
    let branch = branch(&file.branch.clone().unwrap_or_else(main), reader)?;
    let here = |operation: &&Operation| {
        let at = |t: &crate::Merged| t.server == file.server.value && t.project == file.project.value;
        operation.trigger.as_ref().is_some_and(at)
    };
    if let Some(operation) = operations.values().find(here) {
        let message = format!("a submission to {} sets {} off", file.project.value, operation.name);
        let hint = "requests have a project of their own: there lies nothing else";
        reader.error_hint(file.project.span, message, hint);
    }
    Some(RequestsAt { server: file.server.value, project: file.project.value, branch })
}

/// A reason or title that says something.
pub(super) fn text_is_said(text: &At<String>, reader: &mut Reader) {
    let At { span, value } = text;
    if value.trim().is_empty() || value.len() > 1000 {
        let span: Span = *span;
        reader.error(span, "1 to 1,000 characters that say something");
    }
}
