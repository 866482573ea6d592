//! A team's own examples of what its policies have to answer.

use std::collections::{BTreeMap, BTreeSet};

use model::{PersonKey, Revision, RoleName};
use operations::Example;
use policy::{Accept, Approve, Asked, ChangeFacts, Consent, Question, RangeFacts, Run};

use crate::{CaseError, Rulebook};

/// What came of one example.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// Whether it is as the example says.
    pub holds: bool,
    /// Whether it is allowed.
    pub allow: bool,
    /// The codes of the reasons.
    pub reasons: BTreeSet<String>,
    /// The ids of the policies that decided.
    pub policies: Vec<String>,
}

impl Rulebook {
    /// Asks the policies what an example asks: one change, reviewed, of a range with nothing else in it.
    ///
    /// # Errors
    /// [`CaseError::Configuration`] when the example is about something that this rulebook doesn't have.
    pub fn show(&self, example: &Example) -> Result<Shown, CaseError> {
        let verdict = self.policies.decide(&self.example(example)?);
        let reasons: BTreeSet<String> = verdict.reasons.into_iter().map(|reason| reason.code).collect();
        let expected = example.reasons.as_ref().is_none_or(|expected| *expected == reasons);
        let holds = verdict.allow == example.allow && expected;
        Ok(Shown { holds, allow: verdict.allow, reasons, policies: verdict.policies })
    }

    fn example(&self, example: &Example) -> Result<Question, CaseError> {
        let gone =
            |what: String| CaseError::Configuration { commit: self.commit, why: format!("it has no {what}") };
        let (asked, at) = match &example.run {
            None => (Asked::Accept(Accept { commit: self.commit }), None),
            Some((name, environment)) => {
                let operation = self.configuration.operation(name).ok_or_else(|| gone(name.to_string()))?;
                let defined =
                    operation.environment(environment).ok_or_else(|| gone(environment.to_string()))?;
                let approve = defined.approve.as_ref();
                let asked = Asked::Run(Run {
                    operation: name.clone(),
                    environment: environment.clone(),
                    mode: operation.mode,
                    people: operation.people,
                    approve: approve.map(|a| Approve {
                        role: a.role.clone(),
                        people: a.people,
                        present: a.present,
                    }),
                });
                (
                    asked,
                    operation
                        .trigger
                        .as_ref()
                        .map(|t| (t.server.clone(), t.project.clone(), t.branch.clone())),
                )
            }
        };
        let at = at.or_else(|| {
            let requests = self.configuration.requests()?;
            Some((requests.server.clone(), requests.project.clone(), requests.branch.clone()))
        });
        let unnamed = |_| gone("place".to_owned());
        let (server, project, branch) = match at {
            Some(at) => at,
            None => (
                "main".parse().map_err(unnamed)?,
                "operations".parse().map_err(|_| gone("place".to_owned()))?,
                "refs/heads/main".parse().map_err(|_| gone("place".to_owned()))?,
            ),
        };
        let named: BTreeSet<&PersonKey> = example
            .contributors
            .iter()
            .chain(&example.approvers)
            .chain(&example.consents)
            .chain(&example.requester)
            .chain(&example.submitter)
            .collect();
        let of = |person: &PersonKey| -> BTreeSet<RoleName> {
            let listed = self.configuration.roles().listed(person);
            listed.into_iter().chain(example.roles.get(person).into_iter().flatten().cloned()).collect()
        };
        let roles: BTreeMap<PersonKey, BTreeSet<RoleName>> =
            named.into_iter().map(|person| (person.clone(), of(person))).collect();
        let reviewed = example.findings.is_empty() && !example.approvers.is_empty();
        Ok(Question {
            schema: Question::SCHEMA.to_owned(),
            asked,
            range: RangeFacts {
                server,
                project,
                branch,
                base: Revision::from_bytes([1; 20]),
                tip: Revision::from_bytes([2; 20]),
                reviewed,
                findings: BTreeSet::new(),
                commits: 1,
                unaccounted: 0,
                changes: vec![ChangeFacts {
                    number: 1,
                    reviewed,
                    findings: example.findings.clone(),
                    approvers: example.approvers.clone(),
                    unlinked_approvers: 0,
                    contributors: example.contributors.iter().chain(&example.requester).cloned().collect(),
                    unlinked_contributors: 0,
                    earlier_uploaders: BTreeSet::new(),
                }],
            },
            roles,
            submitter: example.submitter.clone(),
            requester: example.requester.clone(),
            consents: example
                .consents
                .iter()
                .map(|person| Consent { person: person.clone(), present: true })
                .collect(),
            freezes: example.freezes.clone(),
            drift: example.drift.clone(),
            holds: example.holds.clone(),
            facts_age_s: example.facts_age_s,
        })
    }
}
