//! The proof of a request says who asked for what, and nothing of that can be made up: not by whoever has other bundles of the
//! same ledger, and not by whoever has the ledger's key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // tests

mod common;
#[allow(dead_code, reason = "the other proofs use all of it")]
#[path = "proof/forge.rs"]
mod forge;

use anyhow::Result;
use common::office::Office;
use forge::{OwnLedger, add_object, kind, leaf, object, open, prune, write};
use gate::{Answers, Case, CaseEvidence, Matter};
use ledger::VerifierKey;
use model::{Answer, Canonical as _, Decision, DecisionId, Digest, Request};
use notedb::Recorder;
use proof::{Bundle, GitObjects, verify};

/// Two requests of the same lane that ran, under one checkpoint.
struct Proofs {
    key: VerifierKey,
    first: Vec<u8>,
    second: Vec<u8>,
}

async fn made() -> Result<Proofs> {
    let mut office = Office::dev().await?;
    let (bob, mut runs) = (office.stage.town.desk("bob"), Vec::new());
    for (who, ticket) in [("alice", "INC-1"), ("erin", "INC-2")] {
        let asked = office.ask(who, ticket, &format!("The shop hangs, says {who}")).await?;
        bob.vote(&asked.change, 2).await?;
        runs.push(office.ran(&asked).await?);
    }
    let bundle = async |run: &str| office.stage.api.bytes(&format!("runs/{run}/bundle")).await;
    let (first, second) = (bundle(&runs[0]).await?, bundle(&runs[1]).await?);
    let key = office.stage.running()?.ledger_key.clone();
    office.close().await?;
    Ok(Proofs { key, first, second })
}

/// Why it isn't proven.
fn refused(what: &str, bundle: &Bundle, key: &VerifierKey) -> String {
    match verify(&bundle.encode().unwrap(), key) {
        Ok(_) => panic!("{what}: it was PROVEN"),
        Err(why) => why.to_string(),
    }
}

/// Puts another object in the place of one, wherever its digest stands.
fn replace(bundle: &mut Bundle, old: &str, bytes: &[u8]) {
    let new = add_object(bundle, bytes).to_string();
    for entry in &mut bundle.entries {
        entry.leaf = entry.leaf.replace(old, &new);
    }
}

/// A text that an entry commits to is withheld.
fn withhold(bundle: &mut Bundle, of: &str) {
    for entry in bundle.entries.iter_mut().filter(|entry| kind(entry) == of) {
        entry.sealed.values_mut().for_each(|text| *text = None);
    }
}

fn fact(bundle: &Bundle, of: &str, name: &str) -> String {
    let entry = bundle.entries.iter().find(|entry| kind(entry) == of).unwrap();
    leaf(entry)["facts"][name]
        .as_str()
        .unwrap_or_else(|| panic!("{of} has no {name}: {}", entry.leaf))
        .to_owned()
}

/// What the forger of a request changes in it.
type Lie = (&'static str, fn(&mut Request));

const LIES: &[Lie] = &[
    ("somebody else asked", |r| r.by.identity.subject = "u-mallory".into()),
    ("another issuer says so", |r| r.by.identity.issuer = "https://idp.evil.example".into()),
    ("the approver is a stranger to who asked", |r| r.by.person = Some("carol".parse().unwrap())),
    ("a service asked", |r| r.by.kind = model::RequesterKind::Service),
    ("another plan was asked for", |r| r.plan = Digest::of(b"another")),
    ("another justification was given", |r| r.justification = "Because I say so".parse().unwrap()),
    ("another input was given", |r| drop(r.inputs.insert("ticket".into(), "INC-666".into()))),
    ("it was asked for later", |r| r.made_at = r.made_at.plus_ms(1)),
    ("it is another request", |r| r.id = model::RequestId::derive(&[b"other"])),
];

/// The request as stored says something else; everything else is as it was.
fn stored(bundle: &Bundle, lie: fn(&mut Request)) -> Bundle {
    let mut forged = bundle.clone();
    let old = fact(bundle, "request.made", "request-object");
    let mut request: Request = serde_json::from_slice(&object(bundle, &old).unwrap()).unwrap();
    lie(&mut request);
    replace(&mut forged, &old, &model::to_canonical(&request).unwrap());
    withhold(&mut forged, "request.made");
    prune(&mut forged);
    forged
}

/// So does the case that was decided; evidence and decision are made anew where that can be, and the forger says yes.
fn decided(bundle: &Bundle, lie: fn(&mut Request)) -> Bundle {
    let mut forged = stored(bundle, lie);
    let old = |name: &str| fact(bundle, "outcome.running", name);
    let mut case: Case = serde_json::from_slice(&object(bundle, &old("case-object")).unwrap()).unwrap();
    let Matter::Run(matter) = &mut case.matter else { panic!("no run") };
    lie(&mut matter.request.as_mut().unwrap().request);
    let git = GitObjects::decode(&object(bundle, &old("git-object")).unwrap()).unwrap();
    let named = case.changes.values().map(|read| read.detail).chain(case.accounts.values().copied());
    let answers: Answers = named.map(|d| (d, object(bundle, &d.to_string()).unwrap())).collect();
    let recorder = Recorder::new(&git);
    let again = gate::examine(&case, &recorder, &answers);
    let evidence: CaseEvidence = match again {
        Ok(evidence) => evidence,
        Err(_) => serde_json::from_slice(&object(bundle, &old("evidence-object")).unwrap()).unwrap(),
    };
    let mut decision: Decision =
        serde_json::from_slice(&object(bundle, &old("decision-object")).unwrap()).unwrap();
    decision.evidence = evidence.digest().unwrap();
    let id = decision.id.clone();
    decision.id =
        DecisionId::derive(&[case.digest().unwrap().as_bytes(), decision.at.to_string().as_bytes()]);
    assert_eq!(decision.answer, Answer::Allow);
    replace(&mut forged, &old("case-object"), &model::to_canonical(&case).unwrap());
    replace(&mut forged, &old("evidence-object"), &model::to_canonical(&evidence).unwrap());
    replace(&mut forged, &old("decision-object"), &model::to_canonical(&decision).unwrap());
    for entry in &mut forged.entries {
        entry.leaf = entry.leaf.replace(id.as_str(), decision.id.as_str());
    }
    prune(&mut forged);
    forged
}

/// Without the ledger's key; then with it. All in one test: the company is founded once.
fn all(proofs: &Proofs) {
    let (first, second) = (open(&proofs.first), open(&proofs.second));
    let verified = verify(&proofs.first, &proofs.key).unwrap();
    assert_eq!(verified.requester.as_deref(), Some("alice \"Alice\""));
    assert_eq!(verified.justification.as_deref(), Some("The shop hangs, says alice"));
    assert_eq!(verified.approvers, ["bob"]);
    assert!(verify(&proofs.second, &proofs.key).is_ok());

    // What is withheld is said to be absent; what was asked holds all the same, and is still known.
    let mut silent = first.clone();
    withhold(&mut silent, "request.made");
    let verified = verify(&silent.encode().unwrap(), &proofs.key).unwrap();
    assert_eq!(verified.absent.len(), 2, "{:?}", verified.absent);

    let own = OwnLedger::new(leaf(&first.entries[0])["origin"].as_str().unwrap());
    // The forger's ledger is a good one: what isn't changed verifies there.
    let mut control = first.clone();
    own.publish(&mut control);
    assert!(
        verify(&control.encode().unwrap(), &own.key()).is_ok(),
        "{}",
        refused("control", &control, &own.key())
    );

    let is_request = |entry: &proof::BundleEntry| kind(entry).starts_with("request.");
    let places: Vec<usize> = (0..first.entries.len()).filter(|at| is_request(&first.entries[*at])).collect();
    assert_eq!(places.len(), 4, "made, opened, submitting, merged");
    for at in &places {
        let what = format!("{} is left out", kind(&first.entries[*at]));
        let mut less = first.clone();
        less.entries.remove(*at);
        prune(&mut less);
        refused(&what, &less, &proofs.key);
        own.publish(&mut less);
        refused(&what, &less, &own.key());
    }
    let mut none = first.clone();
    none.entries.retain(|entry| !is_request(entry));
    prune(&mut none);
    refused("no word of the request", &none, &proofs.key);
    // Those of another request, under the same checkpoint.
    let mut swapped = first.clone();
    swapped.entries.retain(|entry| !is_request(entry));
    swapped.entries.extend(second.entries.iter().filter(|entry| is_request(entry)).cloned());
    swapped.entries.sort_by_key(|entry| entry.index);
    swapped.objects.extend(second.objects.clone());
    prune(&mut swapped);
    refused("another request's entries", &swapped, &proofs.key);

    for (what, lie) in LIES {
        let mut forged = stored(&first, *lie);
        refused(what, &forged, &proofs.key);
        own.publish(&mut forged);
        let why = refused(what, &forged, &own.key());
        println!("{what}, in what was stored: {why}");
        let mut forged = decided(&first, *lie);
        refused(what, &forged, &proofs.key);
        own.publish(&mut forged);
        let why = refused(what, &forged, &own.key());
        println!("{what}, in what was decided too: {why}");
        assert!(!why.contains("leaf") && !why.contains("JSON"), "{what}: refused for its form: {why}");
    }

    // Facts of the entries.
    for (of, name, other) in [
        ("request.made", "plan", Digest::of(b"x").to_string()),
        ("request.made", "operation", "shop-web".to_owned()),
        ("request.made", "environment", "stage".to_owned()),
        ("request.made", "by", "service".to_owned()),
        ("request.opened", "revision", "ab".repeat(20)),
        ("request.merged", "submission", "sub-00000000000000000000".to_owned()),
        ("outcome.running", "request", "req-00000000000000000000".to_owned()),
    ] {
        let mut forged = first.clone();
        for entry in forged.entries.iter_mut().filter(|entry| kind(entry) == of) {
            let mut changed = leaf(entry);
            assert!(changed["facts"][name].is_string(), "{of} has no {name}");
            changed["facts"][name] = other.clone().into();
            entry.leaf = write(&changed);
        }
        own.publish(&mut forged);
        refused(&format!("{name} of {of}"), &forged, &own.key());
    }
    for (of, name) in
        [("request.opened", "change"), ("request.opened", "writer"), ("request.merged", "writer")]
    {
        let mut forged = first.clone();
        for entry in forged.entries.iter_mut().filter(|entry| kind(entry) == of) {
            let mut changed = leaf(entry);
            assert!(changed["facts"][name].is_i64(), "{of} has no {name}");
            changed["facts"][name] = 4_242.into();
            entry.leaf = write(&changed);
        }
        own.publish(&mut forged);
        refused(&format!("{name} of {of}"), &forged, &own.key());
    }
    // It was withdrawn before it ran, and the forger would rather not say so: what is said is refused, too.
    let mut withdrawn = first.clone();
    for entry in withdrawn.entries.iter_mut().filter(|entry| kind(entry) == "request.submitting") {
        entry.leaf = entry.leaf.replace("request.submitting", "request.ended");
    }
    own.publish(&mut withdrawn);
    refused("withdrawn", &withdrawn, &own.key());
}

#[test]
fn a_forged_requester_or_plan_is_refused_and_so_is_an_entry_left_out_or_of_another_request() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    all(&runtime.block_on(made())?);
    Ok(())
}
