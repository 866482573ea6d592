//! Whose consent counts, to which plan.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // tests

mod common;

use common::{Ops, Play, at};
use gate::{Case, Judgement, SessionRead, StatedGroups, decide, examine};
use grant::{Consent, ConsentAnswer, ConsentProof, StepUp};
use model::{Answer, Canonical as _, Digest, Identity, Need};

const ISSUER: &str = "https://idp.example";

/// Prod asks for so many of `release`: rita, uma, and olivia, whose change it is.
fn wants(people: u32) -> Play {
    let links = "
- { person: olivia, accounts: { main: [1000, 1010] }, identities: [{ issuer: ISSUER, subject: olivia }] }
- { person: rex, accounts: { main: [1001, 1011] }, identities: [{ issuer: ISSUER, subject: rex }] }
- { person: rita, accounts: { main: [1002] }, identities: [{ issuer: ISSUER, subject: rita }, { issuer: ISSUER, subject: rita-2 }] }
- { person: simon, accounts: { main: [1003] } }
- { person: uma, accounts: { main: [1004] } }
";
    let approve = format!("prod: {{ approve: {{ role: release, people: {people}, present: true }} }}");
    Play {
        ops: Ops {
            operation: Ops::default().operation.replace("prod: {}", &approve),
            roles: "release: { people: [rita, uma, olivia] }".into(),
            links: links.replace("ISSUER", &format!("{ISSUER:?}")),
            ..Ops::default()
        },
        ..Play::reviewed()
    }
}

fn plan(play: &Play) -> Digest {
    play.decide().unwrap().plan.unwrap().digest().unwrap()
}

/// Somebody's answer, by the provider's subject; who signs in as `~uma` is named by the provider's key alone.
fn said(case: &Case, who: &str, answer: ConsentAnswer, plan: Digest) -> Consent {
    let gate::Matter::Run(matter) = &case.matter else { panic!("no run") };
    let (subject, person) = match who.strip_prefix('~') {
        Some(key) => (format!("number-of-{key}"), Some(key.parse().unwrap())),
        None => (who.to_owned(), None),
    };
    Consent {
        schema: Consent::SCHEMA.into(),
        outcome: matter.key().id(),
        plan,
        answer,
        identity: Identity { issuer: ISSUER.into(), subject },
        person,
        nonce: Digest::of(format!("{who}{answer:?}{plan}").as_bytes()),
        at: at(-10),
        proof: ConsentProof::StepUp(StepUp {
            client: "exequatur".into(),
            person_claim: None,
            salt: "00".into(),
            token: Digest::of(b"token"),
            key: Digest::of(b"key"),
        }),
    }
}

fn judge(play: &Play, consents: &[(&str, ConsentAnswer, Digest)], twist: impl Fn(&mut Consent)) -> Judgement {
    let (mut case, answers) = play.case();
    case.consents = consents.iter().map(|(who, answer, plan)| said(&case, who, *answer, *plan)).collect();
    case.consents.iter_mut().for_each(twist);
    let evidence = examine(&case, &play.world, &answers).unwrap();
    let [accepted, opened] = play.rulebooks();
    decide(&case, &evidence, &accepted, &opened, at(0)).unwrap()
}

fn codes(judgement: &Judgement) -> Vec<&str> {
    judgement.decision.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

const YES: ConsentAnswer = ConsentAnswer::Approve;
const NO: ConsentAnswer = ConsentAnswer::Refuse;

#[test]
fn who_has_the_role_and_is_independent_lets_the_very_plan_run() {
    let play = wants(1);
    let plan = plan(&play);
    assert_eq!(play.line(), "WAITS: approval-missing…");
    for (who, person) in [("rita", "rita"), ("rita-2", "rita"), ("~uma", "uma")] {
        let judgement = judge(&play, &[(who, YES, plan)], |_| {});
        assert_eq!(judgement.decision.answer, Answer::Allow, "{who}: {:?}", judgement.decision.reasons);
        let presence = judgement.presence().unwrap();
        assert_eq!((presence.people, presence.consents.len()), (1, 1));
        assert_eq!(presence.consents[0].person.as_str(), person);
    }
}

#[test]
fn whoever_contributed_or_has_no_role_or_is_unknown_approves_nothing() {
    let play = wants(1);
    let plan = plan(&play);
    for who in ["olivia", "rex", "nobody", "~nobody"] {
        let judgement = judge(&play, &[(who, YES, plan)], |_| {});
        assert_eq!(codes(&judgement), ["approval-missing"], "{who}");
        assert!(judgement.consents.is_empty(), "{who}");
    }
    // The provider names uma, the links rita: nobody can say who it is.
    let judgement = judge(&play, &[("rita", YES, plan)], |c| c.person = Some("uma".parse().unwrap()));
    assert_eq!(codes(&judgement), ["approval-missing"]);
}

#[test]
fn a_consent_to_another_plan_or_a_no_in_its_place_lets_nothing_run() {
    let play = wants(1);
    let other = Digest::of(b"another plan");
    assert_eq!(codes(&judge(&play, &[("rita", YES, other)], |_| {})), ["approval-missing"]);
    let refused = judge(&play, &[("rita", NO, other)], |_| {});
    assert_eq!(codes(&refused), ["approval-missing"], "a no to another plan ends nothing");
}

#[test]
fn people_are_counted_and_not_answers_nor_identities() {
    let play = wants(2);
    let plan = plan(&play);
    let twice = judge(&play, &[("rita", YES, plan), ("rita-2", YES, plan)], |_| {});
    assert_eq!(codes(&twice), ["approval-missing"]);
    assert!(twice.decision.reasons[0].text.contains("; 1 did"), "{:?}", twice.decision.reasons);
    let both = judge(&play, &[("rita", YES, plan), ("~uma", YES, plan)], |_| {});
    assert_eq!(both.decision.answer, Answer::Allow);
    assert_eq!(both.presence().unwrap().consents.len(), 2);
}

#[test]
fn a_no_of_somebody_with_the_role_is_final_whatever_others_say() {
    let play = wants(1);
    let plan = plan(&play);
    let judgement = judge(&play, &[("rita", YES, plan), ("~uma", NO, plan)], |_| {});
    assert_eq!(codes(&judgement), ["consent-refused"]);
    let reason = &judgement.decision.reasons[0];
    assert_eq!(reason.need, Need::Final);
    assert!(reason.text.contains("uma") && reason.text.contains(&plan.short_code()), "{reason:?}");
    let rex = judge(&play, &[("rita", YES, plan), ("rex", NO, plan)], |_| {});
    assert_eq!(rex.decision.answer, Answer::Allow, "without the role a no is nobody's");
}

#[test]
fn a_no_is_not_lost_while_it_is_not_known_whose_it_is_to_say() {
    let mut play = wants(1);
    let first = plan(&play);
    let gone = judge(&play, &[("rita", YES, first), ("nobody", NO, first)], |_| {});
    assert_eq!(codes(&gone), ["refused-by-somebody"], "no link names them any more");
    assert_eq!(gone.decision.reasons[0].need, Need::Waits);

    play.ops.roles = "release: { idp_group: releasers }".into();
    let plan = plan(&play);
    let session = |who: &str, groups: &[&str]| SessionRead {
        session: Digest::of(who.as_bytes()),
        version: 1,
        identity: Identity { issuer: ISSUER.into(), subject: who.into() },
        key: None,
        groups: StatedGroups::Known(groups.iter().map(|group| (*group).to_owned()).collect()),
        asked_at: at(-10),
    };
    let judged = |sessions: Vec<SessionRead>| {
        let (mut case, answers) = play.case();
        let all = [("~uma", YES), ("rita", NO)];
        case.consents = all.iter().map(|(who, answer)| said(&case, who, *answer, plan)).collect();
        case.consents[0].identity.subject = "uma".into();
        case.sessions = sessions;
        let evidence = examine(&case, &play.world, &answers).unwrap();
        let [accepted, opened] = play.rulebooks();
        decide(&case, &evidence, &accepted, &opened, at(0)).unwrap()
    };
    let mut uma = session("uma", &["releasers"]);
    uma.key = Some("uma".parse().unwrap());
    let signed_out = judged(vec![uma.clone()]);
    assert_eq!(signed_out.decision.answer, Answer::Deny);
    assert!(signed_out.decision.reasons.iter().all(|r| r.need == Need::Waits), "{:?}", codes(&signed_out));
    let rita = session("rita", &["releasers"]);
    assert_eq!(codes(&judged(vec![uma.clone(), rita]))[0], "consent-refused");
    let without = judged(vec![uma, session("rita", &[])]);
    assert_eq!(without.decision.answer, Answer::Allow, "{:?}", codes(&without));
}

#[test]
fn a_case_whose_consents_are_of_another_outcome_or_come_twice_is_no_case() {
    let play = wants(1);
    let plan = plan(&play);
    let refused = |twist: &dyn Fn(&mut Case)| {
        let (mut case, answers) = play.case();
        case.consents = vec![said(&case, "rita", YES, plan)];
        twist(&mut case);
        examine(&case, &play.world, &answers).unwrap_err().to_string()
    };
    let other = refused(&|case| case.consents[0].outcome = model::OutcomeId::derive(&[b"other"]));
    assert!(other.contains("the consent's outcome"), "{other}");
    assert!(refused(&|case| case.consents.push(case.consents[0].clone())).contains("twice"));
    assert!(refused(&|case| case.consents[0].schema = "exequatur.consent/2".into()).contains("schema"));
    let many = refused(&|case| {
        for n in 0..=gate::MOST_CONSENTS {
            let nonce = Digest::of(&n.to_be_bytes());
            case.consents.push(Consent { nonce, ..case.consents[0].clone() });
        }
    });
    assert!(many.contains("more than"), "{many}");
}

fn key(seed: &str) -> grant::PasskeyKey {
    let number = |text: String| Digest::of(text.as_bytes()).to_string();
    grant::PasskeyKey::Es256 { x: number(format!("x{seed}")), y: number(format!("y{seed}")) }
}

/// rita says yes by a passkey; this is what the case knows of it.
fn by_passkey(twist: impl Fn(&mut gate::PasskeyRead)) -> Judgement {
    let play = wants(1);
    let plan = plan(&play);
    let (mut case, answers) = play.case();
    let mut consent = said(&case, "rita", YES, plan);
    consent.proof = ConsentProof::Passkey(grant::Passkey {
        credential: "cred".into(),
        key: key("rita"),
        site: "exq.example".into(),
        origin: "https://exq.example".into(),
        client_data: String::new(),
        authenticator_data: String::new(),
        signature: String::new(),
    });
    let mut read = gate::PasskeyRead {
        credential: "cred".into(),
        identity: consent.identity.clone(),
        person: None,
        key: key("rita"),
        confirmed_by: Identity { issuer: ISSUER.into(), subject: "rex".into() },
        confirmed_by_person: None,
    };
    twist(&mut read);
    case.consents = vec![consent];
    case.passkeys = vec![read];
    let evidence = examine(&case, &play.world, &answers).unwrap();
    let [accepted, opened] = play.rulebooks();
    decide(&case, &evidence, &accepted, &opened, at(0)).unwrap()
}

#[test]
fn a_passkey_counts_once_another_person_whom_the_links_know_confirmed_it() {
    assert_eq!(by_passkey(|_| {}).decision.answer, Answer::Allow);
    for (what, twist) in [
        ("another's", (|read| read.identity.subject = "olivia".into()) as fn(&mut gate::PasskeyRead)),
        ("with another key", |read| read.key = key("other")),
        ("another one", |read| read.credential = "other".into()),
        ("confirmed by herself", |read| read.confirmed_by.subject = "rita".into()),
        ("confirmed by herself, by her second identity", |read| read.confirmed_by.subject = "rita-2".into()),
        ("confirmed by nobody whom we know", |read| read.confirmed_by.subject = "stranger".into()),
    ] {
        assert_eq!(codes(&by_passkey(twist)), ["approval-missing"], "{what}");
    }
}
