//! From evidence to the question that policy is asked: accounts become persons, by the reviewed links (I11).

use std::collections::BTreeSet;

use evidence::{Account as Accounted, ChangeEvidence, FindingCode, ReviewRules, Status};
use grant::ConsentAnswer;
use model::{Account, AccountId, Digest, PersonKey, Reason, Timestamp};
use operations::{Environment, Links, Operation, Proven};
use policy::{Accept, Approve, Asked, ChangeFacts, Consent, Question, RangeFacts, Run};

use crate::{
    Case, CaseError, CaseEvidence, Matter, RequestMatter, Rulebook, RunMatter, consent,
    request::{Asking, asking},
    revision,
    roles::{Missing, Roles, roles},
};

/// The question about a case, under one rulebook; `plan` is the hash of what would run, where there is a plan.
///
/// # Errors
/// [`CaseError::Configuration`] when the rulebook no longer has the operation or environment: nobody can allow it.
pub fn question(
    case: &Case,
    evidence: &CaseEvidence,
    rulebook: &Rulebook,
    plan: Option<&Digest>,
    now: Timestamp,
) -> Result<Question, CaseError> {
    pose(case, evidence, rulebook, plan, now).map(|posed| posed.question)
}

/// A question, and what couldn't be said of roles.
pub(crate) struct Posed {
    pub(crate) question: Question,
    /// Why a role isn't known at all: nothing is allowed then.
    pub(crate) unknown: Vec<Reason>,
    /// Why somebody has no role whom the provider may have in its group, by that role.
    pub(crate) missing: Vec<Missing>,
}

/// The links that were proven by challenge.
pub(crate) fn proven(case: &Case) -> Vec<Proven> {
    case.links.iter().map(|read| read.link.proven()).collect()
}

pub(crate) fn pose(
    case: &Case,
    evidence: &CaseEvidence,
    rulebook: &Rulebook,
    plan: Option<&Digest>,
    now: Timestamp,
) -> Result<Posed, CaseError> {
    let proven = proven(case);
    let links = rulebook.configuration.links().with(&proven);
    let asked = match &case.matter {
        Matter::Accept => Asked::Accept(Accept { commit: case.tip }),
        Matter::Run(matter) => {
            let (operation, environment) = defined(rulebook, matter)?;
            run(operation, environment, environment.approve.as_ref())
        }
        Matter::Submit(asked) => {
            let (operation, environment) = asked_for(rulebook, asked)?;
            // Its plan is approved once it is one: after the merge.
            run(operation, environment, None)
        }
    };
    let consents = consent::persons(case, &links, plan, ConsentAnswer::Approve)?;
    let saying = consent::everybody(case, &links);
    let asking = case.matter.request().map(|asked| asking(&asked.request, &links)).unwrap_or_default();
    let requester = asking.persons.first().cloned();
    let people = People { case, links: &links, asking };
    let judged = judged(case, evidence);
    let changes: Vec<ChangeFacts> = judged.iter().map(|change| people.change(change)).collect();
    let submitter = people.submitter(&judged);
    let named: BTreeSet<&PersonKey> = changes
        .iter()
        .flat_map(|c| c.approvers.iter().chain(&c.contributors).chain(&c.earlier_uploaders))
        .chain(&submitter)
        .chain(&requester)
        .chain(&saying)
        .collect();
    let approvers = changes.iter().flat_map(|c| &c.approvers);
    let acting: BTreeSet<&PersonKey> = approvers.chain(&submitter).chain(&requester).chain(&saying).collect();
    let Roles { of: roles, unknown, missing } = roles(case, evidence, rulebook, &links, named, &acting, now)?;
    let range = &evidence.range;
    let open = matches!(case.matter, Matter::Submit(_));
    let unaccounted = |commit: &&evidence::RangeCommit| match &case.matter {
        // Not merged yet, its own revision is accounted for by no merged change.
        Matter::Submit(asked) => revision(&commit.sha) != asked.revision,
        _ => commit.account == Accounted::Unaccounted,
    };
    let mut findings: BTreeSet<String> =
        range.findings.iter().map(|f| code(&f.code)).collect::<Result<_, _>>()?;
    // That an open one isn't on the branch is what is asked about.
    let on_branch = !open || findings.remove("tip-not-on-branch");
    let question = Question {
        schema: Question::SCHEMA.to_owned(),
        asked,
        range: RangeFacts {
            server: case.server.clone(),
            project: case.project.clone(),
            branch: case.branch.clone(),
            base: case.base,
            tip: case.tip,
            reviewed: (range.reviewed || (open && on_branch && findings.is_empty()))
                && changes.iter().all(|c| c.reviewed),
            findings,
            commits: u32::try_from(range.commits.len()).unwrap_or(u32::MAX),
            unaccounted: u32::try_from(range.commits.iter().filter(unaccounted).count()).unwrap_or(u32::MAX),
            changes,
        },
        roles,
        submitter,
        requester,
        consents: consents.into_keys().map(|person| Consent { person, present: true }).collect(),
        freezes: case.freezes.clone(),
        drift: BTreeSet::new(),
        holds: BTreeSet::new(),
        // Begun seconds are whole ones; facts from the future are as little worth as old ones.
        facts_age_s: u32::try_from(now.ms_since(case.read_at).unsigned_abs().div_ceil(1000))
            .unwrap_or(u32::MAX),
    };
    Ok(Posed { question, unknown, missing })
}

fn run(operation: &Operation, environment: &Environment, approve: Option<&operations::Approve>) -> Asked {
    Asked::Run(Run {
        operation: operation.name.clone(),
        environment: environment.name.clone(),
        mode: operation.mode,
        people: operation.people,
        approve: approve.map(|a| Approve { role: a.role.clone(), people: a.people, present: a.present }),
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
    if let Some(asked) = &matter.request {
        return asked_for(rulebook, asked);
    }
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

/// The operation and environment of a request, as a rulebook defines them.
fn asked_for<'a>(
    rulebook: &'a Rulebook,
    asked: &RequestMatter,
) -> Result<(&'a Operation, &'a Environment), CaseError> {
    let gone =
        |what: String| CaseError::Configuration { commit: rulebook.commit, why: format!("it has no {what}") };
    let (request, configuration) = (&asked.request, &rulebook.configuration);
    let here = configuration.requests().is_some_and(|at| {
        at.server == request.server && at.project == request.project && at.branch == request.branch
    });
    if !here {
        return Err(gone(format!("requests in {} {}", request.project, request.branch)));
    }
    let operation = configuration.operation(&request.operation).filter(|o| o.trigger.is_none());
    let operation =
        operation.ok_or_else(|| gone(format!("operation {} that can be asked for", request.operation)))?;
    let environment = operation
        .environment(&request.environment)
        .ok_or_else(|| gone(format!("environment {} of {}", request.environment, request.operation)))?;
    Ok((operation, environment))
}

fn code<T: serde::Serialize>(value: &T) -> Result<String, CaseError> {
    Ok(serde_json::to_value(value)?.as_str().unwrap_or_default().to_owned())
}

struct People<'a> {
    case: &'a Case,
    links: &'a Links,
    /// Who asks, where it is a request: they contributed, though our writer made the change.
    asking: Asking,
}

impl People<'_> {
    fn person(&self, account: u64) -> Option<&PersonKey> {
        let account = Account { server: self.case.server.clone(), id: AccountId(account) };
        self.links.person_of(&account)
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
        // What our own account says of a request of ours is worth nothing.
        let voters: BTreeSet<u64> =
            votes.map(|vote| vote.account).filter(|voter| Some(*voter) != self.writer()).collect();
        let (approvers, unlinked_approvers) = self.persons(&voters);
        let (mut contributors, _) = self.persons(&change.contributors());
        contributors.extend(self.asking.persons.iter().cloned());
        let (earlier_uploaders, _) = self.persons(&change.earlier_uploaders);
        // Of whom nobody knows who it is, nobody can say that the reviewer is somebody else. Our writer is nobody: who asked
        // is known.
        let mut everybody: BTreeSet<u64> =
            change.contributors().union(&change.earlier_uploaders).copied().collect();
        everybody.retain(|account| Some(*account) != self.writer());
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
        let mut reviewed = change.reviewed;
        // Of another change, one to the project's rules, holds what holds of every merged change.
        if let Matter::Submit(asked) = &self.case.matter
            && change.change.number == asked.change
        {
            (reviewed, findings) = self.if_merged(change, findings);
        }
        ChangeFacts {
            number: change.change.number,
            reviewed: reviewed && ours,
            findings,
            approvers,
            unlinked_approvers,
            contributors,
            unlinked_contributors,
            earlier_uploaders,
        }
    }

    /// What would be said of the open change of a request if it were merged as it is. Evidence says some things of merged
    /// changes only; where in doubt this says no, and after the merge everything is judged anew.
    fn if_merged(&self, change: &ChangeEvidence, mut findings: BTreeSet<String>) -> (bool, BTreeSet<String>) {
        let rules = ReviewRules::default();
        let open = change.status == Some(Status::New);
        if open {
            findings.remove("not-merged");
        }
        let is_review = |vote: &&evidence::Vote| rules.review_labels.contains(&vote.label);
        let approved = change.counting_votes().any(|vote| is_review(&vote));
        if !approved {
            findings.insert("no-independent-approval".to_owned());
        }
        let against =
            |v: &evidence::Vote| is_review(&v) && v.value < 0 && Some(v.patch_set) == change.patch_set;
        let vetoed = change.votes.iter().any(against);
        if vetoed {
            findings.insert("vetoed".to_owned());
        }
        let refusing = |finding: &evidence::Finding| {
            finding.code.is_refusing() && finding.code != FindingCode::NotMerged
        };
        (open && approved && !vetoed && !change.findings.iter().any(refusing), findings)
    }

    fn writer(&self) -> Option<u64> {
        self.case.matter.request().map(|asked| asked.writer.0)
    }

    /// Who pressed Submit: of the change that is the tip, else of those of the submission. None unless they agree.
    fn submitter(&self, judged: &[&ChangeEvidence]) -> Option<PersonKey> {
        let is_tip = |c: &&ChangeEvidence| {
            [c.revision, c.landed_as].iter().flatten().any(|commit| revision(commit) == self.case.tip)
        };
        let submitted = |c: &&ChangeEvidence| match &self.case.matter {
            Matter::Run(matter) => matter.submission.changes.contains(&c.change.number),
            Matter::Accept | Matter::Submit(_) => true,
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
