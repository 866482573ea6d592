//! The configurations from genesis on, each accepted by the one before (I5).

use std::sync::Arc;

use gate::{Matter, Rulebook};
use ledger::Fact;
use model::{KeyId, Revision};

use crate::{
    ProofError,
    error::same,
    log::{Entry, Log},
    objects::Objects,
    people::People,
    rederive::{Rulebooks, rederive, rulebook},
};

/// What the ledger began with: entry 0.
pub(crate) struct Genesis<'a> {
    pub(crate) entry: &'a Entry,
    /// Whose grants count.
    pub(crate) gate: KeyId,
    /// Who may act.
    pub(crate) executor: KeyId,
    /// The Gerrit servers, each `name=id`.
    pub(crate) servers: &'a [String],
}

impl<'a> Genesis<'a> {
    pub(crate) fn read(log: &'a Log) -> Result<Self, ProofError> {
        let entry = log.one("genesis.accepted")?;
        if entry.index != 0 {
            return Err(ProofError::Ledger(format!("genesis is entry {}, not entry 0", entry.index)));
        }
        let (gate, executor) = (entry.parsed("gate")?, entry.parsed("executor")?);
        Ok(Self { entry, gate, executor, servers: entry.list("servers")? })
    }
}

/// The rulebooks from genesis on, each accepted by the one before.
pub(crate) struct Chain {
    pub(crate) rulebooks: Rulebooks,
    /// Each with the entry that accepted it, in that order.
    accepted_by: Vec<(Revision, u64)>,
    current: Arc<Rulebook>,
    /// `refs/meta/config` of the operations project when the current one was accepted.
    rules: Option<Revision>,
}

impl Chain {
    /// Follows the chain up to the entry by which the run began.
    pub(crate) fn follow(
        log: &Log,
        objects: &Objects,
        genesis: &Genesis<'_>,
        running: &Entry,
        people: &mut People<'_>,
    ) -> Result<Self, ProofError> {
        let first: Revision = genesis.entry.parsed("configuration")?;
        let current = rulebook(objects, &genesis.entry.object("git")?, &first)?;
        let mut chain = Self {
            rulebooks: Rulebooks::from([(first, Arc::clone(&current))]),
            accepted_by: vec![(first, genesis.entry.index)],
            current,
            rules: None,
        };
        let mut version = 1;
        for entry in log.configurations().skip(1) {
            if entry.index > running.index {
                return Err(ProofError::Stray(format!("entry {} ({})", entry.index, entry.kind())));
            }
            // Whatever was judged was judged under the version before.
            if entry.kind() == "configuration.accepted" || entry.maybe("decision").is_some() {
                in_force(entry, version)?;
            }
            version = entry.state()?.version;
            match entry.kind() {
                "configuration.accepted" => chain.accept(log, objects, genesis, entry, people)?,
                // What was refused changed nothing; that it was is told, so that nothing between can be left out.
                _ => drop(entry.parsed::<Revision>("configuration")?),
            }
        }
        in_force(running, version)?;
        Ok(chain)
    }

    fn accept(
        &mut self,
        log: &Log,
        objects: &Objects,
        genesis: &Genesis<'_>,
        entry: &Entry,
        people: &mut People<'_>,
    ) -> Result<(), ProofError> {
        let again = rederive(objects, entry, &self.current, &self.rulebooks, genesis.servers, people)?;
        let next: Revision = entry.parsed("configuration")?;
        let before = self.current.commit;
        if again.case.matter != Matter::Accept {
            return Err(ProofError::format("the case of a configuration", "it is about something else"));
        }
        same("the configuration before", &entry.parsed("before")?, &before)?;
        same("where the configuration's range begins", &again.case.base, &before)?;
        same("where the configuration's range ends", &again.case.tip, &next)?;
        let at = [
            ("server", again.case.server.as_str()),
            ("project", again.case.project.as_str()),
            ("branch", again.case.branch.as_str()),
        ];
        for (fact, here) in at {
            genesis.entry.escaped(fact, &format!("the {fact} of the operations project"), here)?;
        }
        same_rules("the operations project", again.case.rules.base, self.rules)?;
        let now = again.case.rules.now.map(|rules| rules.to_string());
        same(
            "the rules that the configuration was accepted under",
            or_none(entry.maybe("rules")),
            or_none(now.as_deref()),
        )?;
        repeats_decision(log, entry, &again.judgement)?;
        let rulebook = rulebook(objects, &entry.object("git")?, &next)?;
        self.rulebooks.insert(next, Arc::clone(&rulebook));
        self.accepted_by.push((next, entry.index));
        self.current = rulebook;
        self.rules = again.case.rules.now;
        Ok(())
    }

    /// The one in force when the run began.
    pub(crate) fn accepted(&self) -> &Rulebook {
        &self.current
    }

    /// That a configuration was in force before an entry was written.
    pub(crate) fn before(&self, configuration: &Revision, entry: &Entry) -> Result<(), ProofError> {
        match self.accepted_by.iter().find(|(commit, _)| commit == configuration) {
            Some((_, by)) if *by < entry.index => Ok(()),
            Some((_, by)) => Err(ProofError::Ledger(format!(
                "entry {} was opened under {configuration}, which entry {by} accepted later",
                entry.index
            ))),
            None => Err(ProofError::missing(format!("the configuration {configuration}"))),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.accepted_by.len()
    }
}

/// That an entry was judged under this version of the configuration's record: the newest in the bundle, so that none is
/// left out. Where a grant is spent the store holds the ledger to it, in the same commit.
fn in_force(entry: &Entry, version: u64) -> Result<(), ProofError> {
    let said = entry.integer("configuration-version")?;
    if u64::try_from(said) == Ok(version) {
        return Ok(());
    }
    Err(ProofError::Ledger(format!(
        "entry {} ({}) was judged under version {said} of the configuration, and the newest one before it here is {version}: \
         something is left out",
        entry.index,
        entry.kind()
    )))
}

/// A revision, or the word for none.
pub(crate) fn or_none(text: Option<&str>) -> &str {
    text.unwrap_or("none")
}

/// That a case knew the project's own rules as they were when its base was granted.
pub(crate) fn same_rules(
    what: &str,
    here: Option<Revision>,
    there: Option<Revision>,
) -> Result<(), ProofError> {
    let text = |rules: Option<Revision>| rules.map(|rules| rules.to_string());
    let (here, there) = (text(here), text(there));
    same(
        &format!("refs/meta/config of {what} at the base"),
        or_none(here.as_deref()),
        or_none(there.as_deref()),
    )
}

/// Whether the entry's facts say what the decision says.
pub(crate) fn repeats_decision(
    log: &Log,
    entry: &Entry,
    judgement: &gate::Judgement,
) -> Result<(), ProofError> {
    same("the answer", entry.text("answer")?, "allow")?;
    let policies: Vec<String> = judgement.decision.policies.iter().map(|policy| Fact::id(policy)).collect();
    same("the policies", entry.list("policies")?.join(" ").as_str(), policies.join(" ").as_str())?;
    if let Some(text) = log.texts.get(&(entry.index, "approvers".to_owned())) {
        let approvers: Vec<String> = judgement.approvers.iter().map(ToString::to_string).collect();
        same("the approvers", String::from_utf8_lossy(text).as_ref(), approvers.join("\n").as_str())?;
    }
    Ok(())
}
