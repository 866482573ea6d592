//! From evidence to the question that policy is asked: accounts become persons, by the reviewed links (I11).

use std::collections::{BTreeMap, BTreeSet};

use evidence::{Account as Accounted, ChangeEvidence, FindingCode, ReviewRules};
use model::{Account, AccountId, PersonKey, RoleName, Timestamp};
use operations::{Configuration, Environment, Operation};
use policy::{Accept, Approve, Asked, ChangeFacts, Question, RangeFacts, Run};

use crate::{Case, CaseError, CaseEvidence, Matter, Rulebook, RunMatter, revision};

/// The question about a case, under one rulebook.
///
/// # Errors
/// [`CaseError::Configuration`] when the rulebook no longer has the operation or environment: nobody can allow it.
pub fn question(
    case: &Case,
    evidence: &CaseEvidence,
    rulebook: &Rulebook,
    now: Timestamp,
) -> Result<Question, CaseError> {
    let configuration = &rulebook.configuration;
    let asked = match &case.matter {
        Matter::Accept => Asked::Accept(Accept { commit: case.tip }),
        Matter::Run(matter) => {
            let (operation, environment) = defined(rulebook, matter)?;
            Asked::Run(Run {
                operation: operation.name.clone(),
                environment: environment.name.clone(),
                mode: operation.mode,
                people: operation.people,
                approve: environment.approve.as_ref().map(|a| Approve {
                    role: a.role.clone(),
                    people: a.people,
                    present: a.present,
                }),
            })
        }
    };
    let people = People { case, configuration };
    let judged = judged(case, evidence);
    let changes: Vec<ChangeFacts> = judged.iter().map(|change| people.change(change)).collect();
    let submitter = people.submitter(&judged);
    let named: BTreeSet<&PersonKey> = changes
        .iter()
        .flat_map(|c| c.approvers.iter().chain(&c.contributors).chain(&c.earlier_uploaders))
        .chain(&submitter)
        .collect();
    let roles: BTreeMap<PersonKey, BTreeSet<RoleName>> =
        named.into_iter().map(|person| (person.clone(), configuration.roles().of(person))).collect();
    let range = &evidence.range;
    Ok(Question {
        schema: Question::SCHEMA.to_owned(),
        asked,
        range: RangeFacts {
            server: case.server.clone(),
            project: case.project.clone(),
            branch: case.branch.clone(),
            base: case.base,
            tip: case.tip,
            reviewed: range.reviewed && changes.iter().all(|c| c.reviewed),
            findings: range.findings.iter().map(|f| code(&f.code)).collect::<Result<_, _>>()?,
            commits: u32::try_from(range.commits.len()).unwrap_or(u32::MAX),
            unaccounted: u32::try_from(
                range.commits.iter().filter(|c| c.account == Accounted::Unaccounted).count(),
            )
            .unwrap_or(u32::MAX),
            changes,
        },
        roles,
        submitter,
        requester: None,
        consents: vec![],
        freezes: case.freezes.clone(),
        drift: BTreeSet::new(),
        holds: BTreeSet::new(),
        // Begun seconds are whole ones; facts from the future are as little worth as old ones.
        facts_age_s: u32::try_from(now.ms_since(case.read_at).unsigned_abs().div_ceil(1000))
            .unwrap_or(u32::MAX),
    })
}

/// The changes that the range rests on, in ascending order of number: those that account for its commits, and, where the
/// project's own rules moved, those that moved them: who may change what a vote is worth has to be as independent. Where
/// a commit is unaccounted for, also those that would account for it but for what is wrong with them, to say so (I10).
fn judged<'a>(case: &Case, evidence: &'a CaseEvidence) -> Vec<&'a ChangeEvidence> {
    let commits = &evidence.range.commits;
    let in_range: BTreeSet<u64> = commits.iter().filter_map(|c| c.change).collect();
    let rules_moved = case.rules.base.is_some() && case.rules.base != case.rules.now;
    let of_rules = |change: &ChangeEvidence| change.change.branch.as_deref() == Some("refs/meta/config");
    let unaccounted: Vec<_> = commits.iter().filter(|c| c.account == Accounted::Unaccounted).collect();
    let would_account = |change: &ChangeEvidence| {
        let its = |sha| {
            change.revision == Some(sha) && change.change.branch.as_deref() == Some(case.branch.as_str())
        };
        unaccounted.iter().any(|commit| its(commit.sha) || change.finding(FindingCode::Malformed).is_some())
    };
    let rests_on = |change: &&ChangeEvidence| {
        in_range.contains(&change.change.number) || (rules_moved && of_rules(change)) || would_account(change)
    };
    evidence.changes.iter().filter(rests_on).collect()
}

/// The operation and environment of a matter, as a rulebook defines them.
///
/// # Errors
/// [`CaseError::Configuration`] when it doesn't, or when submissions to that branch don't set the operation off. Which
/// paths do, only who read the differences knows.
pub fn defined<'a>(
    rulebook: &'a Rulebook,
    matter: &RunMatter,
) -> Result<(&'a Operation, &'a Environment), CaseError> {
    let gone =
        |what: &str| CaseError::Configuration { commit: rulebook.commit, why: format!("it has no {what}") };
    let operation = rulebook
        .configuration
        .operation(&matter.operation)
        .ok_or_else(|| gone(&format!("operation {}", matter.operation)))?;
    let submission = &matter.submission;
    let sets_off = operation.trigger.as_ref().is_some_and(|trigger| {
        trigger.server == submission.server
            && trigger.project == submission.project
            && trigger.branch == submission.branch
    });
    if !sets_off {
        return Err(gone(&format!(
            "operation {} that a submission to {} {} sets off",
            matter.operation, submission.project, submission.branch
        )));
    }
    let environment = operation
        .environment(&matter.environment)
        .ok_or_else(|| gone(&format!("environment {} of {}", matter.environment, matter.operation)))?;
    Ok((operation, environment))
}

fn code<T: serde::Serialize>(value: &T) -> Result<String, CaseError> {
    Ok(serde_json::to_value(value)?.as_str().unwrap_or_default().to_owned())
}

struct People<'a> {
    case: &'a Case,
    configuration: &'a Configuration,
}

impl People<'_> {
    fn person(&self, account: u64) -> Option<&PersonKey> {
        let account = Account { server: self.case.server.clone(), id: AccountId(account) };
        self.configuration.links().person_of(&account)
    }

    /// The persons of some accounts, and how many accounts no link names.
    fn persons(&self, accounts: &BTreeSet<u64>) -> (BTreeSet<PersonKey>, u32) {
        let found: Vec<_> = accounts.iter().map(|account| self.person(*account)).collect();
        let unlinked = found.iter().filter(|person| person.is_none()).count();
        (found.into_iter().flatten().cloned().collect(), u32::try_from(unlinked).unwrap_or(u32::MAX))
    }

    fn change(&self, change: &ChangeEvidence) -> ChangeFacts {
        let rules = ReviewRules::default();
        let votes = change.counting_votes().filter(|vote| rules.review_labels.contains(&vote.label));
        let voters: BTreeSet<u64> = votes.map(|vote| vote.account).collect();
        let (approvers, unlinked_approvers) = self.persons(&voters);
        let (contributors, _) = self.persons(&change.contributors());
        let (earlier_uploaders, _) = self.persons(&change.earlier_uploaders);
        // Of whom nobody knows who it is, nobody can say that the reviewer is somebody else.
        let everybody = change.contributors().union(&change.earlier_uploaders).copied().collect();
        let nobodys_upload = u32::from(change.status.is_some() && change.people.uploaders.is_empty());
        let unlinked_contributors = self.persons(&everybody).1.saturating_add(nobodys_upload);
        let mut findings: BTreeSet<String> =
            change.findings.iter().filter_map(|f| code(&f.code).ok()).collect();
        // Account numbers mean something on the pinned server only.
        let ours = change.change.server.as_deref() == Some(self.case.server_id.as_str())
            || change.finding(FindingCode::Malformed).is_some();
        if !ours {
            findings.insert("other-server".to_owned());
        }
        ChangeFacts {
            number: change.change.number,
            reviewed: change.reviewed && ours,
            findings,
            approvers,
            unlinked_approvers,
            contributors,
            unlinked_contributors,
            earlier_uploaders,
        }
    }

    /// Who pressed Submit: of the change that is the tip, else of those of the submission. None unless they agree.
    fn submitter(&self, judged: &[&ChangeEvidence]) -> Option<PersonKey> {
        let is_tip = |c: &&ChangeEvidence| {
            [c.revision, c.landed_as].iter().flatten().any(|commit| revision(commit) == self.case.tip)
        };
        let submitted = |c: &&ChangeEvidence| match &self.case.matter {
            Matter::Run(matter) => matter.submission.changes.contains(&c.change.number),
            Matter::Accept => true,
        };
        let mut of: Vec<_> = judged.iter().copied().filter(is_tip).collect();
        if of.is_empty() {
            of = judged.iter().copied().filter(submitted).collect();
        }
        let mut by = of.iter().map(|c| self.person(c.submitted.as_ref()?.by?));
        let first = by.next()??;
        by.all(|other| other == Some(first)).then(|| first.clone())
    }
}
