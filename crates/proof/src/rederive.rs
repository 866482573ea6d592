//! Makes a decision again, from the raw objects.

use std::{collections::BTreeMap, sync::Arc};

use gate::{Answers, Case, CaseEvidence, Judgement, Matter, Rulebook, decide, examine};
use model::{Answer, Decision, Revision};
use notedb::{MapObjects, Objects as _, Recorder};

use crate::{GitObjects, ProofError, error::same, log::Entry, objects::Objects, people::People};

/// A decision that was made again, and came out the same.
pub(crate) struct Rederived {
    pub(crate) case: Case,
    pub(crate) evidence: CaseEvidence,
    pub(crate) judgement: Judgement,
}

/// Rulebooks by the commit of the operations project.
pub(crate) type Rulebooks = BTreeMap<Revision, Arc<Rulebook>>;

/// Reads a rulebook from its git objects; all of them have to be needed.
pub(crate) fn rulebook(
    objects: &Objects,
    git: &model::Digest,
    commit: &Revision,
) -> Result<Arc<Rulebook>, ProofError> {
    let map = GitObjects::decode(objects.get("the configuration's git objects", git)?)?;
    let recorder = Recorder::new(&map);
    let rulebook = Rulebook::at(&recorder, commit)
        .map_err(|why| ProofError::rederived(format!("the configuration {commit}"), why))?;
    all_read(&map, &recorder.into_recorded(), "the configuration's git objects")?;
    Ok(rulebook)
}

/// Makes the decision of an entry again.
pub(crate) fn rederive(
    objects: &Objects,
    entry: &Entry,
    accepted: &Rulebook,
    rulebooks: &Rulebooks,
    servers: &[String],
    people: &mut People<'_>,
) -> Result<Rederived, ProofError> {
    let what = format!("the decision of entry {} ({})", entry.index, entry.kind());
    let case: Case = objects.value("the case", &entry.object("case-object")?)?;
    same("the configuration that the case was judged under", &case.configuration, &accepted.commit)?;
    let pinned = format!("{}={}", case.server, case.server_id);
    if !servers.contains(&pinned) {
        return Err(ProofError::Differs {
            what: "the Gerrit server".to_owned(),
            here: pinned,
            there: servers.join(", "),
        });
    }
    people.check(&case, entry, servers)?;
    let answers = answers(objects, &case)?;
    let git = GitObjects::decode(objects.get("git objects", &entry.object("git-object")?)?)?;
    let recorder = Recorder::new(&git);
    let evidence = examine(&case, &recorder, &answers).map_err(|why| ProofError::rederived(&what, why))?;
    all_read(&git, &recorder.into_recorded(), "the git objects of the evidence")?;
    let recorded = objects.get("the evidence", &entry.object("evidence-object")?)?;
    let again = model::to_canonical(&evidence).map_err(|why| ProofError::rederived(&what, why))?;
    if again != recorded {
        return Err(ProofError::rederived("the evidence", "it is not what was recorded"));
    }
    let decision: Decision = objects.value("the decision", &entry.object("decision-object")?)?;
    let opened = match &case.matter {
        Matter::Accept | Matter::Submit(_) => accepted,
        Matter::Run(matter) => rulebooks.get(&matter.opened_under).ok_or_else(|| {
            ProofError::missing(format!(
                "the configuration {} that the outcome was opened under",
                matter.opened_under
            ))
        })?,
    };
    let judgement = decide(&case, &evidence, accepted, opened, decision.at)
        .map_err(|why| ProofError::rederived(&what, why))?;
    if judgement.decision != decision {
        let why = format!("recorded is {:?}, derived is {:?}", decision.answer, judgement.decision.answer);
        return Err(ProofError::rederived(&what, why));
    }
    if decision.answer != Answer::Allow {
        return Err(ProofError::rederived(&what, "it is a deny"));
    }
    if !judgement.errors.is_empty() {
        return Err(ProofError::rederived(&what, "a policy can't be evaluated"));
    }
    same("the decision's id", entry.text("decision")?, decision.id.as_str())?;
    entry.not_before("the decision", decision.at)?;
    Ok(Rederived { case, evidence, judgement })
}

fn answers(objects: &Objects, case: &Case) -> Result<Answers, ProofError> {
    let mut answers = Answers::new();
    let details = case.changes.values().map(|read| &read.detail);
    for digest in details.chain(case.accounts.values()).chain(case.groups.answers()) {
        answers.insert(*digest, objects.get("an answer of Gerrit", digest)?.to_vec());
    }
    Ok(answers)
}

/// Everything that is there was read: what nothing reads could be changed without anybody noticing.
pub(crate) fn all_read(given: &MapObjects, read: &MapObjects, what: &str) -> Result<(), ProofError> {
    for (id, _) in given.iter() {
        let found = read.get(id).map_err(|why| ProofError::rederived(what, why))?;
        if found.is_none() {
            return Err(ProofError::Stray(format!("{what}: {id}")));
        }
    }
    Ok(())
}
