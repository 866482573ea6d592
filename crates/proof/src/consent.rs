//! What people who were present said: each answer is in the ledger before the run began, none is left out, and what proves each
//! is verified again.

use std::collections::BTreeMap;

use gate::{Case, Judgement};
use grant::{Consent, ConsentAnswer, ConsentProof, SignedConsent, Token, verify_consent};
use model::{Canonical as _, Digest};

use crate::{
    ProofError,
    error::same,
    log::{Entry, Log, in_order},
    objects::Objects,
};

/// One consent that the run rests on.
pub(crate) struct Rests {
    /// The person, as the accepted links know them.
    pub(crate) person: String,
    /// What proves it.
    pub(crate) by: By,
}

/// What proves a consent.
pub(crate) enum By {
    /// A token of this issuer, verified again.
    StepUp {
        /// Which one.
        issuer: String,
    },
    /// A token that is not in the bundle.
    Erased,
    /// A passkey of this site, verified again.
    Passkey {
        /// Its origin.
        origin: String,
    },
}

/// Checks the consents' entries against those that the case was decided on.
pub(crate) fn check(
    log: &Log,
    objects: &Objects,
    running: &Entry,
    case: &Case,
    outcome: &str,
    judgement: &Judgement,
) -> Result<Vec<Rests>, ProofError> {
    let all: Vec<&Entry> = log.entries.iter().filter(|e| e.kind().starts_with("consent.")).collect();
    same("how many answers were given", &all.len(), &case.consents.len())?;
    let mut proven: BTreeMap<Digest, By> = BTreeMap::new();
    for (entry, consent) in all.into_iter().zip(&case.consents) {
        in_order("the consent", entry, "the run began", running)?;
        same("the record of a consent", entry.state()?.key.as_str(), outcome)?;
        let (digest, by) = one(log, objects, entry, consent)?;
        proven.insert(digest, by);
    }
    passkeys(log, objects, running, case)?;
    let mut rests = Vec::new();
    for (person, consent) in &judgement.consents {
        let by = proven.remove(consent);
        let by = by.ok_or_else(|| ProofError::missing(format!("the consent of {person}")))?;
        rests.push(Rests { person: person.to_string(), by });
    }
    Ok(rests)
}

/// The passkeys of the case: each was enrolled, then confirmed, before the run began, and nothing else became of it. Whether
/// another person confirmed it the decision says.
fn passkeys(log: &Log, objects: &Objects, running: &Entry, case: &Case) -> Result<(), ProofError> {
    let mut all: Vec<&Entry> = log.entries.iter().filter(|e| e.kind().starts_with("passkey.")).collect();
    let by_credential = |consent: &Consent| match &consent.proof {
        ConsentProof::Passkey(passkey) => Some(Digest::of(passkey.credential.as_bytes()).to_string()),
        ConsentProof::StepUp(_) => None,
    };
    let given: Vec<String> = case.consents.iter().filter_map(by_credential).collect();
    for read in &case.passkeys {
        let id = Digest::of(read.credential.as_bytes()).to_string();
        let own: Vec<&Entry> =
            all.iter().copied().filter(|e| e.leaf.state().is_some_and(|state| state.key == id)).collect();
        let [enrolled, confirmed] = own.as_slice() else {
            return Err(ProofError::Ledger(format!("{} entries of a passkey, not two", own.len())));
        };
        for (entry, kind, version) in [(enrolled, "passkey.enrolled", 1), (confirmed, "passkey.confirmed", 2)]
        {
            same("how a passkey stood", entry.kind(), kind)?;
            same("the version of a passkey", &entry.state()?.version, &version)?;
            same("the passkey", entry.text("passkey")?, id.as_str())?;
            in_order("the passkey", entry, "the run began", running)?;
        }
        let kept: gate::PasskeyRead = objects.value("a passkey", &confirmed.object("passkey-object")?)?;
        if kept != *read {
            return Err(ProofError::rederived("a passkey", "it was decided on another than was confirmed"));
        }
        all.retain(|entry| entry.leaf.state().is_none_or(|state| state.key != id));
    }
    // One that an answer was given with, and that didn't count.
    for entry in all {
        if let Some(object) = entry.maybe("passkey-object") {
            let object = object.parse().map_err(|why| ProofError::format("a passkey", why))?;
            objects.get("a passkey", &object)?;
        }
        if !given.iter().any(|id| entry.leaf.state().is_some_and(|state| state.key == *id)) {
            return Err(ProofError::Stray(format!("entry {} ({})", entry.index, entry.kind())));
        }
    }
    Ok(())
}

/// One entry, and what proves it.
fn one(log: &Log, objects: &Objects, entry: &Entry, consent: &Consent) -> Result<(Digest, By), ProofError> {
    let kept: Consent = objects.value("a consent", &entry.object("consent-object")?)?;
    if kept != *consent {
        return Err(ProofError::rederived("a consent", "it was decided on another than was given"));
    }
    let kind = match consent.answer {
        ConsentAnswer::Approve => "consent.given",
        ConsentAnswer::Refuse => "consent.refused",
    };
    same("what was said", entry.kind(), kind)?;
    same("the outcome of a consent", entry.text("outcome")?, consent.outcome.as_str())?;
    same("the plan of a consent", &entry.object("plan")?, &consent.plan)?;
    same("what proves a consent", entry.text("proof")?, consent.proof.name())?;
    entry.not_before("a consent", consent.at)?;
    let unreadable = |why: serde_json::Error| ProofError::format("a consent", why);
    let text = |name: &str| log.texts.get(&(entry.index, name.to_owned()));
    if let Some(identity) = text("identity") {
        let here = model::to_canonical(&consent.identity).map_err(unreadable)?;
        if *identity != here {
            return Err(ProofError::rederived("a consent", "it was given by somebody else"));
        }
    }
    let token = match &consent.proof {
        ConsentProof::Passkey(_) => None,
        ConsentProof::StepUp(_) => {
            let (Some(token), Some(key)) = (text("id-token"), text("key")) else {
                return Ok((consent.digest().map_err(unreadable)?, By::Erased));
            };
            let id_token =
                String::from_utf8(token.clone()).map_err(|why| ProofError::format("a consent", why))?;
            Some(Token { id_token, key: serde_json::from_slice(key).map_err(unreadable)? })
        }
    };
    let signed = SignedConsent { consent: consent.clone(), token };
    verify_consent(&signed).map_err(|why| ProofError::format("a consent", why))?;
    let by = match &consent.proof {
        ConsentProof::StepUp(_) => By::StepUp { issuer: consent.identity.issuer.clone() },
        ConsentProof::Passkey(passkey) => By::Passkey { origin: passkey.origin.clone() },
    };
    Ok((consent.digest().map_err(unreadable)?, by))
}

/// What a run rests on besides votes, in words: what is proven, what rests on somebody's word, what was not checked.
pub(crate) fn say(
    rests: &[Rests],
    proven: &mut Vec<String>,
    word: &mut Vec<String>,
    unchecked: &mut Vec<String>,
) {
    let people = |fits: fn(&By) -> bool| -> Vec<&str> {
        rests.iter().filter(|one| fits(&one.by)).map(|one| one.person.as_str()).collect()
    };
    let step_ups = people(|by| matches!(by, By::StepUp { .. }));
    if !step_ups.is_empty() {
        let issuers = rests.iter().filter_map(|one| match &one.by {
            By::StepUp { issuer } => Some(issuer.as_str()),
            _ => None,
        });
        let issuers =
            issuers.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ");
        proven.push(format!(
            "{} approved this very plan, present: each token that the identity provider {issuers} signed then binds the plan, the answer and the outcome",
            step_ups.join(", ")
        ));
        word.push(format!(
            "the administrator of the identity provider {issuers}: could have made those tokens without anybody being present; compare the issuer with identity.issuer in exq.yaml, and that the keys are its own rests on whoever ran the server"
        ));
    }
    let passkeys = people(|by| matches!(by, By::Passkey { .. }));
    if !passkeys.is_empty() {
        let origins = rests.iter().filter_map(|one| match &one.by {
            By::Passkey { origin } => Some(origin.as_str()),
            _ => None,
        });
        let origins =
            origins.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ");
        proven.push(format!(
            "{} approved this very plan with a passkey that they unlocked, on {origins}: each signature is over the plan, the answer and the outcome",
            passkeys.join(", ")
        ));
        word.push(format!(
            "whoever ran the server: that those passkeys are {}'s, and that another person confirmed them, is what it wrote down; compare {origins} with exq.yaml",
            passkeys.join("'s, ")
        ));
    }
    let erased = people(|by| matches!(by, By::Erased));
    if !erased.is_empty() {
        unchecked.push(format!(
            "what proves that {} approved the plan: what the identity provider signed is not in the bundle; that it was verified before the run began rests on whoever ran the server",
            erased.join(", ")
        ));
    }
}
