//! Services and agents: the reviewed rules that let them in.

use identity::{Condition, Kind, Matches, Rule};
use model::Revision;
use operations::{Claim, ClaimIs, Workload};

use crate::engine::Engine;

impl Engine {
    /// The rules in force, and the commit that they are of.
    pub(crate) fn workload_rules(&self) -> (Revision, Vec<Rule>) {
        let accepted = self.accepted.load();
        let rules = accepted.rulebook.configuration.workloads().iter().map(rule);
        (accepted.rulebook.commit, rules.collect())
    }
}

fn rule(workload: &Workload) -> Rule {
    Rule {
        name: workload.name.clone(),
        issuer: workload.issuer.clone(),
        audience: workload.audience.clone(),
        kind: if workload.is_agent { Kind::Agent } else { Kind::Service },
        when: workload.when.iter().map(condition).collect(),
    }
}

fn condition(Claim { path, is }: &Claim) -> Condition {
    let is = match is {
        ClaimIs::Equals(text) => Matches::Equals(text.clone()),
        ClaimIs::OneOf(all) => Matches::OneOf(all.clone()),
        ClaimIs::Begins(text) => Matches::Begins(text.clone()),
    };
    Condition { claim: path.clone(), is }
}
