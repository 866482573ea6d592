//! Configuration is accepted, not just merged (I5): genesis is pinned, and each later commit is judged by the last
//! accepted one.

use std::{collections::BTreeMap, sync::Arc};

use gate::{Matter, Rulebook};
use gerrit::git::Want;
use ledger::{Fact, Leaf};
use model::{Answer, Clock, Digest, KeyId, Need, OperationName, Reason, Revision, ServerName, Timestamp};
use notedb::Recorder;
use proof::GitObjects;
use store::{Commit, Expect, Store, StoreExt as _, Transition, Versioned};

use crate::{
    EngineError,
    engine::{Accepted, Engine, OperationsAt},
    entries,
    gerrits::{GerritServer, Synced},
    history::is_ancestor,
    kept::{AcceptedConfiguration, RefusedConfiguration},
    lanes::keep_judgement,
    look::pinned,
    people::{GroupsFound, group_troubles, require_people},
    read::{About, Known},
    report::configuration_reports,
};

/// Rulebooks that are held ready.
const RULEBOOKS: usize = 64;

/// The configuration that the store says is in force, or genesis.
pub(crate) async fn load(
    store: &dyn Store,
    clock: &dyn Clock,
    servers: &BTreeMap<ServerName, Arc<GerritServer>>,
    at: &OperationsAt,
    gate: &KeyId,
    executor: &KeyId,
) -> Result<Accepted, EngineError> {
    let server = servers.get(&at.server).ok_or_else(|| {
        EngineError::Genesis(format!("operations.server: there is no server {}", at.server))
    })?;
    match store.get::<AcceptedConfiguration>(AcceptedConfiguration::KEY).await? {
        // From our own store: Gerrit may be away.
        Some(record) => {
            check_pins(store, servers, at, gate, executor).await?;
            let rulebook = kept_rulebook(store, &record.value.commit, record.value.git_object).await?;
            Ok(Accepted { record, rulebook })
        }
        None => {
            let synced = server.sync(&at.project, &[Want::Ref(at.branch.as_str())]).await?;
            genesis(store, clock, servers, at, gate, executor, &synced).await
        }
    }
}

/// A rulebook from the git objects that were kept when it was accepted.
async fn kept_rulebook(
    store: &dyn Store,
    commit: &Revision,
    object: Digest,
) -> Result<Arc<Rulebook>, EngineError> {
    let missing = || EngineError::Outside(format!("the store doesn't have the configuration {commit}"));
    let bytes = store.object(object).await?.ok_or_else(missing)?;
    let objects =
        GitObjects::decode(&bytes).map_err(|why| EngineError::Outside(format!("{commit}: {why}")))?;
    Ok(Rulebook::at(&objects, commit)?)
}

async fn genesis(
    store: &dyn Store,
    clock: &dyn Clock,
    servers: &BTreeMap<ServerName, Arc<GerritServer>>,
    at: &OperationsAt,
    gate: &KeyId,
    executor: &KeyId,
    synced: &Synced,
) -> Result<Accepted, EngineError> {
    let recorder = Recorder::new(&synced.repo);
    let rulebook = Rulebook::at(&recorder, &at.genesis).map_err(|why| {
        EngineError::Genesis(format!(
            "the pinned commit {} of {} can't be the first configuration: {why}\n\
             hint: operations.genesis in exq.yaml names a commit of {} that `exq config check` accepts",
            at.genesis, at.project, at.branch
        ))
    })?;
    let troubles = group_troubles(servers, clock, &rulebook).await?;
    if let Some(Reason { text, cure, .. }) = troubles.into_iter().next() {
        return Err(EngineError::Genesis(format!(
            "the pinned commit {} of {} can't be the first configuration: {text}\nhint: {}",
            at.genesis,
            at.project,
            cure.unwrap_or_default()
        )));
    }
    let now = clock.now();
    let mut commit = Commit::new();
    let git_object = commit.object(GitObjects::encode(&recorder.into_recorded())?);
    let value = AcceptedConfiguration {
        commit: at.genesis,
        rules: None,
        at: now,
        since: since(&rulebook, None, now),
        git_object,
        judged: None,
        refused: None,
    };
    let pins = servers.values().map(|server| pinned(server)).collect();
    let entry = entries::genesis(&value, pins, gate, executor, at);
    commit.push(Transition::recorded(Expect::Absent, &value, entry)?);
    let receipt = store.commit(commit).await?;
    if receipt.entries.start != 0 {
        return Err(EngineError::Genesis(
            "this ledger has entries and no configuration: it is not one of ours".to_owned(),
        ));
    }
    Ok(Accepted { record: Versioned { value, version: 1, entry: Some(0) }, rulebook })
}

/// The ledger was begun with the keys and the commit that `exq.yaml` pins.
async fn check_pins(
    store: &dyn Store,
    servers: &BTreeMap<ServerName, Arc<GerritServer>>,
    at: &OperationsAt,
    gate: &KeyId,
    executor: &KeyId,
) -> Result<(), EngineError> {
    let entry =
        store.entry(0).await?.ok_or_else(|| EngineError::Genesis("the ledger has no entry 0".to_owned()))?;
    let leaf = Leaf::decode(&entry.leaf).map_err(|why| EngineError::Genesis(format!("entry 0: {why}")))?;
    let pins = [
        ("configuration", "operations.genesis", at.genesis.to_string()),
        ("gate", "the gate's key", gate.to_string()),
        ("executor", "the executor's key", executor.to_string()),
        ("server", "operations.server", at.server.to_string()),
        ("project", "operations.project", Fact::id(at.project.as_str())),
        ("branch", "operations.branch", Fact::id(at.branch.as_str())),
    ];
    let pinned: Vec<String> = servers.values().map(|server| pinned(server)).collect();
    let there = leaf.fact("servers").and_then(Fact::as_list).unwrap_or_default();
    // Which servers there are, and what their accounts are called, is pinned: a bundle is judged by that alone.
    if let Some(added) = pinned.iter().find(|one| !there.contains(one)) {
        return Err(EngineError::Genesis(format!(
            "exq.yaml names the Gerrit server {added}, and this ledger began without it: no run from there could be proven\n\
             hint: name and server_id of each server are pinned by the first start; begin a new ledger in another data folder"
        )));
    }
    if let Some(moved) = there.iter().find(|one| !pinned.contains(one)) {
        return Err(EngineError::Genesis(format!(
            "this ledger began with the Gerrit server {moved}, and exq.yaml says something else of it\n\
             hint: put name and server_id back"
        )));
    }
    for (fact, what, here) in pins {
        let there = leaf.fact(fact).and_then(Fact::as_text).unwrap_or_default();
        if there != here {
            return Err(EngineError::Genesis(format!(
                "{what} is {here}, and this ledger began with {there}\n\
                 hint: the beginning of a ledger never changes; put it back, or begin a new ledger in another data folder"
            )));
        }
    }
    Ok(())
}

/// Since when each operation is in force without a break, and for what it is triggered by now: who moves a trigger to
/// another branch doesn't set off what merged there before.
fn since(
    next: &Rulebook,
    before: Option<(&Rulebook, &BTreeMap<OperationName, Timestamp>)>,
    now: Timestamp,
) -> BTreeMap<OperationName, Timestamp> {
    let unmoved = |operation: &operations::Operation| {
        let (rulebook, since) = before?;
        let former = rulebook.configuration.operation(&operation.name)?;
        let same = match (&former.trigger, &operation.trigger) {
            (Some(a), Some(b)) => {
                (&a.server, &a.project, &a.branch, &a.paths) == (&b.server, &b.project, &b.branch, &b.paths)
            }
            (None, None) => true,
            _ => false,
        };
        since.get(&operation.name).copied().filter(|_| same)
    };
    let of = |operation: &operations::Operation| (operation.name.clone(), unmoved(operation).unwrap_or(now));
    next.configuration.operations().map(of).collect()
}

impl Engine {
    /// The rulebook of a commit that was accepted once.
    ///
    /// # Errors
    /// When it never was, or can't be read.
    pub(crate) async fn rulebook(&self, commit: &Revision) -> Result<Arc<Rulebook>, EngineError> {
        let mut rulebooks = self.rulebooks.lock().await;
        if let Some(rulebook) = rulebooks.get(commit) {
            return Ok(Arc::clone(rulebook));
        }
        let object = self.git_object_of(commit).await?;
        let rulebook = kept_rulebook(&*self.store, commit, object).await?;
        if rulebooks.len() >= RULEBOOKS {
            rulebooks.clear();
        }
        rulebooks.insert(*commit, Arc::clone(&rulebook));
        Ok(rulebook)
    }

    /// Where the git objects of an accepted commit are kept, as the ledger says.
    async fn git_object_of(&self, commit: &Revision) -> Result<Digest, EngineError> {
        let kind = <AcceptedConfiguration as store::Kept>::KIND;
        for made in self.store.history(kind, AcceptedConfiguration::KEY).await?.into_iter().rev() {
            let Some(entry) = self.store.entry(made.entry).await? else { continue };
            let leaf = Leaf::decode(&entry.leaf)
                .map_err(|why| EngineError::Outside(format!("entry {}: {why}", made.entry)))?;
            let text = |name: &str| leaf.fact(name).and_then(Fact::as_text);
            let accepted = matches!(leaf.kind(), "genesis.accepted" | "configuration.accepted");
            if accepted && text("configuration") == Some(commit.to_string().as_str()) {
                return text("git").and_then(|digest| digest.parse().ok()).ok_or_else(|| {
                    EngineError::Outside(format!("entry {} names no git objects", made.entry))
                });
            }
        }
        Err(EngineError::Outside(format!("the configuration {commit} was never accepted")))
    }

    /// Looks whether the operations project has moved, and whether what it says now may be in force.
    ///
    /// # Errors
    /// [`EngineError`]: it can't be said now; the last accepted stays.
    pub(crate) async fn reconfigure(self: &Arc<Self>) -> Result<(), EngineError> {
        let _one_at_a_time = self.configuring.lock().await;
        let at = self.operations.clone();
        let server = Arc::clone(self.server(&at.server)?);
        let wants = [Want::Ref(at.branch.as_str()), Want::Ref("refs/meta/config")];
        let synced = server.sync(&at.project, &wants).await?;
        let accepted = self.accepted.load_full();
        let value = &accepted.record.value;
        let Some(tip) = synced.tip(at.branch.as_str()) else {
            return self
                .refuse(
                    &accepted,
                    value.commit,
                    vec![alarm("branch-missing", "the branch of the operations project is gone")],
                )
                .await;
        };
        if tip == value.commit || value.refused.as_ref().is_some_and(|r| r.commit == tip && r.is_final()) {
            return Ok(());
        }
        if !is_ancestor(&synced, &value.commit, &tip).await? {
            let text = format!(
                "{tip} doesn't descend from {}, the last accepted commit: the branch was set back",
                value.commit
            );
            return self.refuse(&accepted, tip, vec![alarm("branch-reset", &text)]).await;
        }
        let about = About {
            matter: Matter::Accept,
            configuration: value.commit,
            project: at.project.clone(),
            branch: at.branch.clone(),
            base: value.commit,
            tip,
            rules: value.rules,
            freezes: std::collections::BTreeSet::new(),
            groups: GroupsFound::default(),
            consents: Vec::new(),
            passkeys: Vec::new(),
        };
        let rulebook = &accepted.rulebook;
        let examined = self.examine(&server, about, Known::new(), synced, &[rulebook]).await?;
        let now = self.clock.now();
        let judgement = gate::decide(&examined.case, &examined.evidence, rulebook, rulebook, now)?;
        let mut commit = Commit::new();
        let judged = keep_judgement(&mut commit, &examined, &judgement, &accepted)?;
        if judgement.decision.answer != Answer::Allow {
            return self.refuse_with(&accepted, tip, judgement.decision.reasons, commit, Some(&judged)).await;
        }
        let synced = server.sync(&at.project, &wants).await?;
        let recorder = Recorder::new(&synced.repo);
        let next = match Rulebook::at(&recorder, &tip) {
            Ok(next) => next,
            Err(gate::RulebookError::Case(error)) => return Err(error.into()),
            Err(why) => {
                let reasons = vec![alarm("not-sound", &format!("what it says can't be in force:\n{why}"))];
                return self.refuse_with(&accepted, tip, reasons, commit, Some(&judged)).await;
            }
        };
        let git_object = commit.object(GitObjects::encode(&recorder.into_recorded())?);
        let troubles = group_troubles(&self.servers, &*self.clock, &next).await?;
        if !troubles.is_empty() {
            return self.refuse_with(&accepted, tip, troubles, commit, Some(&judged)).await;
        }
        require_people(&mut commit, &examined.case)?;
        let new = AcceptedConfiguration {
            commit: tip,
            rules: examined.case.rules.now,
            at: now,
            since: since(&next, Some((rulebook, &value.since)), now),
            git_object,
            judged: Some(judged),
            refused: None,
        };
        let expect = Expect::Version(accepted.record.version);
        let entry = entries::configuration_accepted(&new, &value.commit);
        commit.push(Transition::recorded(expect, &new, entry)?);
        for report in configuration_reports(self, tip, &examined.evidence, None) {
            commit.push(Transition::recorded(Expect::Absent, &report, entries::report(&report))?);
        }
        let receipt = self.store.commit(commit).await?;
        let record = Versioned {
            value: new,
            version: accepted.record.version + 1,
            entry: Some(receipt.entries.start),
        };
        self.rulebooks.lock().await.insert(tip, Arc::clone(&next));
        self.accepted.store(Arc::new(Accepted { record, rulebook: next }));
        self.problem("configuration", None);
        tracing::info!(commit = %tip, "configuration accepted");
        self.ring_for_rules();
        self.moved();
        Ok(())
    }

    async fn refuse(
        self: &Arc<Self>,
        accepted: &Accepted,
        tip: Revision,
        reasons: Vec<Reason>,
    ) -> Result<(), EngineError> {
        self.refuse_with(accepted, tip, reasons, Commit::new(), None).await
    }

    async fn refuse_with(
        self: &Arc<Self>,
        accepted: &Accepted,
        tip: Revision,
        reasons: Vec<Reason>,
        mut commit: Commit,
        judged: Option<&crate::kept::Judged>,
    ) -> Result<(), EngineError> {
        // What can still be supplied is asked for again at each look, and said once.
        let before = accepted.record.value.refused.as_ref().filter(|refused| refused.commit == tip);
        let codes = |reasons: &[Reason]| reasons.iter().map(|r| r.code.clone()).collect::<Vec<_>>();
        if before.is_some_and(|before| codes(&before.reasons) == codes(&reasons)) {
            return Ok(());
        }
        let said_before = before.is_some();
        tracing::error!(commit = %tip, reason = reasons.first().map_or("", |r| &r.text), "configuration refused; the last accepted stays");
        let refused = RefusedConfiguration { commit: tip, reasons: reasons.clone(), at: self.clock.now() };
        self.problem("configuration", Some(alarm_of(&refused)));
        let value = AcceptedConfiguration { refused: Some(refused), ..accepted.record.value.clone() };
        let entry = entries::configuration_refused(&tip, &reasons, judged);
        commit.push(Transition::recorded(Expect::Version(accepted.record.version), &value, entry)?);
        if let Some(judged) = judged
            && !said_before
            && let Some(bytes) = commit.objects().iter().find(|o| o.digest() == judged.evidence_object)
        {
            let evidence: gate::CaseEvidence = serde_json::from_slice(bytes.bytes())?;
            for report in configuration_reports(self, tip, &evidence, Some(&reasons)) {
                commit.push(Transition::recorded(Expect::Absent, &report, entries::report(&report))?);
            }
        }
        let receipt = self.store.commit(commit).await?;
        let version = accepted.record.version + 1;
        let record = Versioned { value, version, entry: Some(receipt.entries.start) };
        self.accepted.store(Arc::new(Accepted { record, rulebook: Arc::clone(&accepted.rulebook) }));
        self.moved();
        Ok(())
    }
}

/// What the alarm about a refused configuration says.
pub(crate) fn alarm_of(refused: &RefusedConfiguration) -> String {
    let reason = refused.reasons.first().map_or("", |reason| &reason.text);
    format!("{} of the operations project is not in force: {reason}", refused.commit)
}

fn alarm(code: &str, text: &str) -> Reason {
    Reason {
        code: code.to_owned(),
        text: text.to_owned(),
        cure: Some(
            "have the branch set back to the last accepted commit by an administrator, then merge reviewed changes on it"
                .to_owned(),
        ),
        policy: None,
        need: Need::Final,
    }
}
