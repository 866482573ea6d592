//! Consents: who said yes or no to the very plan that would run, and whom the links know them as.

use std::collections::{BTreeMap, BTreeSet};

use grant::{Consent, ConsentAnswer};
use model::{Canonical as _, Digest, Identity, Need, PersonKey, Reason, RoleName};
use operations::{Environment, Links, RoleSource};
use policy::{Asked, Question, Run};

use crate::{Case, CaseError, Matter, Rulebook, case::same, passkey, roles::Missing};

/// More than that are not looked at for one outcome.
pub const MOST_CONSENTS: usize = 64;

/// That the case's consents are about its outcome.
pub(crate) fn check(case: &Case) -> Result<(), CaseError> {
    let Matter::Run(matter) = &case.matter else {
        return same("the consents of something that has no plan", &case.consents.len(), &0);
    };
    if case.consents.len() > MOST_CONSENTS || case.passkeys.len() > MOST_CONSENTS {
        return Err(CaseError::Contradiction(format!("it has more than {MOST_CONSENTS} consents")));
    }
    let id = matter.key().id();
    let mut nonces = BTreeSet::new();
    for consent in &case.consents {
        same("the consent's schema", &consent.schema, Consent::SCHEMA)?;
        same("the consent's outcome", &consent.outcome, &id)?;
        if !nonces.insert(consent.nonce) {
            return Err(CaseError::Contradiction("it has the same consent twice".to_owned()));
        }
    }
    Ok(())
}

/// Which person that is who signed in: by identity, and by the key that the provider says, if the links know it. Where the two
/// differ, nobody can say who it is.
#[must_use]
pub fn person_of<'a>(
    links: &'a Links,
    identity: &Identity,
    said: Option<&PersonKey>,
) -> Option<&'a PersonKey> {
    let linked = links.person_of_identity(identity);
    let named = said.and_then(|key| links.person(key)).map(|person| &person.key);
    match (linked, named) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => one.or(other),
    }
}

/// The persons who gave this answer to this plan, each with the first consent by which they did.
pub(crate) fn persons(
    case: &Case,
    links: &Links,
    plan: Option<&Digest>,
    answer: ConsentAnswer,
) -> Result<BTreeMap<PersonKey, Digest>, CaseError> {
    let mut persons = BTreeMap::new();
    let Some(plan) = plan else { return Ok(persons) };
    for consent in case.consents.iter().filter(|c| c.plan == *plan && c.answer == answer) {
        let person = person_of(links, &consent.identity, consent.person.as_ref());
        if let Some(person) = person
            && passkey::holds(case, links, consent)
            && !persons.contains_key(person)
        {
            persons.insert(person.clone(), consent.digest()?);
        }
    }
    Ok(persons)
}

/// Everybody who said anything, to whatever plan, and who confirmed their passkeys: it has to be known who they are.
pub(crate) fn everybody(case: &Case, links: &Links) -> BTreeSet<PersonKey> {
    let persons = case.consents.iter().filter_map(|c| person_of(links, &c.identity, c.person.as_ref()));
    let confirmed = case
        .passkeys
        .iter()
        .filter_map(|p| person_of(links, &p.confirmed_by, p.confirmed_by_person.as_ref()));
    persons.chain(confirmed).cloned().collect()
}

/// Whose no, to this plan, ends it, under the rulebook that asks this question: of the role that approves it. It needs no
/// independence to say no, and a no that was taken isn't lost with the passkey by which it was said. Of whom it isn't known
/// now whether it is theirs to say, nothing goes on until it is: that is what is said second.
pub(crate) fn refusals(
    case: &Case,
    links: &Links,
    question: &Question,
    plan: Option<&Digest>,
    missing: &[Missing],
) -> (Vec<Reason>, Vec<Reason>) {
    let (mut no, mut unsure) = (Vec::new(), Vec::new());
    let Asked::Run(Run { approve: Some(approve), .. }) = &question.asked else { return (no, unsure) };
    let said = |c: &&Consent| Some(&c.plan) == plan && c.answer == ConsentAnswer::Refuse;
    for consent in case.consents.iter().filter(said) {
        let Some(person) = person_of(links, &consent.identity, consent.person.as_ref()) else {
            unsure.push(unknown_refusal(plan));
            continue;
        };
        if question.has_role(person, &approve.role) {
            no.push(refused(person, &approve.role, plan));
        }
        let of_them = missing.iter().filter(|m| m.role == approve.role && m.person == *person);
        unsure.extend(of_them.map(|missing| missing.why.clone()));
    }
    (no, unsure)
}

fn unknown_refusal(plan: Option<&Digest>) -> Reason {
    let code = plan.map(Digest::short_code).unwrap_or_default();
    Reason {
        code: "refused-by-somebody".to_owned(),
        text: format!("somebody refused this plan ({code}), and no link says any more which person that is"),
        cure: Some(
            "a change to links.yaml in the operations project names them again; or a new change, or a new request".to_owned(),
        ),
        policy: None,
        need: Need::Waits,
    }
}

fn refused(person: &PersonKey, role: &RoleName, plan: Option<&Digest>) -> Reason {
    let code = plan.map(Digest::short_code).unwrap_or_default();
    Reason {
        code: "consent-refused".to_owned(),
        text: format!("{person}, of the role {role}, refused this plan ({code})"),
        cure: Some(format!("ask {person} why; what they agree to is a new change, or a new request")),
        policy: None,
        need: Need::Final,
    }
}

/// Whether somebody's answer would count under a rulebook, and if not, why: for whoever is about to give it (I10). The gate
/// judges it again, with everything else.
///
/// # Errors
/// A sentence for that person.
pub fn may_consent(
    rulebook: &Rulebook,
    links: &Links,
    environment: &Environment,
    identity: &Identity,
    said: Option<&PersonKey>,
) -> Result<PersonKey, String> {
    let Some(approve) = &environment.approve else {
        return Err(format!("{} asks for nobody's approval of a plan", environment.name));
    };
    let role = &approve.role;
    let Some(person) = person_of(links, identity, said) else {
        return Err("no link says which person you are, so your answer counts for nobody; a change to links.yaml in the operations project names the identity"
            .to_owned());
    };
    // Whom a group has in it the gate finds out when it judges; a list says it at once.
    let source = rulebook.configuration.roles().role(role).map(|role| &role.source);
    if matches!(source, None | Some(RoleSource::People(_)))
        && !source.is_some_and(|source| matches!(source, RoleSource::People(all) if all.contains(person)))
    {
        return Err(format!(
            "plans for {} are approved by the role {role}, and {person} doesn't have it; a change to roles.yaml in the operations project gives it",
            environment.name
        ));
    }
    Ok(person.clone())
}
