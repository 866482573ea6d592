//! Collects what proves a run: its entries with their inclusion proofs, and the objects that they name.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gate::Case;
use ledger::{Fact, Leaf, Tree};
use model::{Digest, Run, RunId, RunState};
use proof::{Bundle, BundleEntry, BundleText};
use store::StoreExt as _;

use crate::{
    EngineError,
    consents::KeptConsents,
    engine::Engine,
    kept::{AcceptedConfiguration, KeptOutcome},
    passkeys::ids,
    people::KeptLink,
};

/// Facts that name an object.
const OBJECTS: &[&str] = &[
    "git",
    "grant-object",
    "report",
    "decision-object",
    "case-object",
    "evidence-object",
    "git-object",
    "plan-object",
    "request-object",
    "link-object",
    "consent-object",
    "passkey-object",
];

/// Entries by whose decision something was done: a bundle makes these again.
const DECIDED: [&str; 2] = ["configuration.accepted", "outcome.running"];

impl Engine {
    /// The bundle of a finished run; none if there is no such run.
    ///
    /// # Errors
    /// [`EngineError`]: something can't be read, or the run isn't finished.
    pub(crate) async fn collect_bundle(&self, id: &RunId) -> Result<Option<Vec<u8>>, EngineError> {
        let Some(run) = self.store.get::<Run>(id.as_str()).await? else { return Ok(None) };
        if !matches!(run.value.state, RunState::Finished { .. }) {
            return Err(EngineError::Outside(format!("{id} is not finished: there is no bundle yet")));
        }
        let outcome = self.store.get::<KeptOutcome>(run.value.outcome.as_str()).await?;
        let outcome = outcome.ok_or_else(|| EngineError::Outside(format!("{id} has no outcome")))?.value;
        let mut wanted = BTreeSet::from([0]);
        for (kind, key) in [
            ("configuration", AcceptedConfiguration::KEY),
            ("consents", outcome.id.as_str()),
            ("submission", outcome.outcome.key.submission.as_str()),
            ("outcome", outcome.id.as_str()),
            ("grant", id.as_str()),
            ("spent-grant", run.value.grant.as_str()),
            ("lane", &outcome.lane.key()),
            ("run", id.as_str()),
        ] {
            wanted.extend(self.store.history(kind, key).await?.into_iter().map(|made| made.entry));
        }
        if let Some(request) = &outcome.request {
            let made = self.store.history("request", request.id.as_str()).await?;
            wanted.extend(made.into_iter().map(|made| made.entry));
        }
        let consents = self.store.get::<KeptConsents>(outcome.id.as_str()).await?;
        for id in ids(&consents.map(|kept| kept.value.consents).unwrap_or_default()) {
            wanted.extend(self.store.history("passkey", &id).await?.into_iter().map(|made| made.entry));
        }
        let mut found = Vec::new();
        for index in wanted {
            found.push(self.leaf(index).await?);
        }
        keep_own(&mut found, id);
        self.add_people(&mut found).await?;
        let checkpoint = self.store.checkpoint().await?;
        let tree = self.tree(checkpoint.size).await?;
        let mut objects = BTreeMap::new();
        let mut entries = Vec::new();
        for (entry, leaf) in found {
            self.objects_of(&leaf, &mut objects).await?;
            let proof = tree.prove(entry.index, checkpoint.size);
            let proof = proof.map_err(|why| EngineError::Outside(format!("entry {}: {why}", entry.index)))?;
            let sealed = entry.sealed.into_iter().map(|text| {
                let opened = text.text.map(|(salt, body)| BundleText {
                    salt: hex::encode(salt.as_bytes()),
                    body: STANDARD.encode(body),
                });
                (text.name, opened)
            });
            entries.push(BundleEntry {
                index: entry.index,
                leaf: String::from_utf8_lossy(&entry.leaf).into_owned(),
                path: proof.path.iter().map(ledger::Hash::to_hex).collect(),
                sealed: sealed.collect(),
            });
        }
        let objects =
            objects.into_iter().map(|(digest, bytes): (Digest, Vec<u8>)| (digest, STANDARD.encode(bytes)));
        let bundle = Bundle {
            schema: Bundle::SCHEMA.to_owned(),
            run: id.clone(),
            checkpoint: checkpoint.note,
            entries,
            objects: objects.collect(),
        };
        Ok(Some(bundle.encode()?))
    }

    /// Adds the entries of the links and sessions that the cases were decided on.
    async fn add_people(&self, found: &mut Vec<(store::StoredEntry, Leaf)>) -> Result<(), EngineError> {
        let mut wanted = BTreeSet::new();
        for (_, leaf) in found.iter().filter(|(_, leaf)| DECIDED.contains(&leaf.kind())) {
            let case = leaf.fact("case-object").and_then(Fact::as_text).and_then(|text| text.parse().ok());
            let Some(case) = case else { continue };
            let case: Case = serde_json::from_slice(&self.object(case).await?)?;
            for read in &case.links {
                wanted.insert(("link", KeptLink::key_of(&read.link.challenge.account()), read.version));
            }
            for read in &case.sessions {
                wanted.insert(("session", read.session.to_string(), read.version));
            }
        }
        for (kind, key, version) in wanted {
            let made = self.store.history(kind, &key).await?;
            let made = made.into_iter().find(|made| made.version == version);
            let index = made
                .ok_or_else(|| {
                    EngineError::Outside(format!("the ledger has no version {version} of {kind} {key}"))
                })?
                .entry;
            found.push(self.leaf(index).await?);
        }
        found.sort_by_key(|(entry, _)| entry.index);
        Ok(())
    }

    async fn leaf(&self, index: u64) -> Result<(store::StoredEntry, Leaf), EngineError> {
        let entry = self.store.entry(index).await?;
        let entry = entry.ok_or_else(|| EngineError::Outside(format!("the ledger has no entry {index}")))?;
        let leaf =
            Leaf::decode(&entry.leaf).map_err(|why| EngineError::Outside(format!("entry {index}: {why}")))?;
        Ok((entry, leaf))
    }

    /// The objects that an entry names, and those that they name.
    async fn objects_of(
        &self,
        leaf: &Leaf,
        objects: &mut BTreeMap<Digest, Vec<u8>>,
    ) -> Result<(), EngineError> {
        for name in OBJECTS {
            let Some(digest) = leaf.fact(name).and_then(Fact::as_text).and_then(|text| text.parse().ok())
            else {
                continue;
            };
            // What an outcome waited for is told by its entry; the bundle proves the decision that ran.
            if !matches!(
                leaf.kind(),
                "genesis.accepted"
                    | "configuration.accepted"
                    | "outcome.running"
                    | "grant.issued"
                    | "link.made"
                    | "request.made"
                    | "consent.given"
                    | "consent.refused"
                    | "passkey.confirmed"
                    | "step.finished"
            ) {
                continue;
            }
            let bytes = self.object(digest).await?;
            if *name == "case-object" {
                let case: Case = serde_json::from_slice(&bytes)?;
                for answer in case
                    .changes
                    .values()
                    .map(|read| read.detail)
                    .chain(case.accounts.values().copied())
                    .chain(case.groups.answers().copied())
                {
                    let bytes = self.object(answer).await?;
                    objects.insert(answer, bytes);
                }
            }
            objects.insert(digest, bytes);
        }
        Ok(())
    }

    async fn object(&self, digest: Digest) -> Result<Vec<u8>, EngineError> {
        let found = self.store.object(digest).await?;
        found.ok_or_else(|| EngineError::Outside(format!("the store has no object {digest}")))
    }

    /// The tree over the first entries, grown by what is new since it was asked for last.
    async fn tree(&self, size: u64) -> Result<tokio::sync::MutexGuard<'_, Tree>, EngineError> {
        let mut tree = self.tree.lock().await;
        while tree.size() < size {
            let hashes = self.store.leaf_hashes(tree.size()..size).await?;
            if hashes.is_empty() {
                return Err(EngineError::Outside(format!("the ledger has no entry {}", tree.size())));
            }
            for hash in hashes {
                tree.append(hash);
            }
        }
        Ok(tree)
    }
}

/// Leaves out what belongs to other runs of the lane, and what happened to the configuration after the grant.
fn keep_own(found: &mut Vec<(store::StoredEntry, Leaf)>, run: &RunId) {
    let is = |leaf: &Leaf, kind: &str| leaf.kind() == kind;
    let own = |leaf: &Leaf| leaf.fact("run").and_then(Fact::as_text) == Some(run.as_str());
    let granted = found.iter().find(|(_, l)| is(l, "outcome.running")).map_or(u64::MAX, |(e, _)| e.index);
    let first_moved =
        found.iter().find(|(_, l)| is(l, "lane.moved") && own(l)).map_or(u64::MAX, |(e, _)| e.index);
    let before = found
        .iter()
        .filter(|(e, l)| is(l, "lane.moved") && e.index < first_moved)
        .map(|(e, _)| e.index)
        .max();
    found.retain(|(entry, leaf)| match leaf.kind() {
        // Every version up to the one that decided, also those that refused a commit: so it shows that none is left out.
        "configuration.accepted" | "configuration.refused" => entry.index < granted,
        kind if kind.starts_with("request.") || kind.starts_with("passkey.") => entry.index < granted,
        "lane.moved" => own(leaf) || Some(entry.index) == before,
        _ => true,
    });
}
