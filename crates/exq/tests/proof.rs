//! Bundles of real runs prove what they say; whatever is changed in one, by whoever doesn't hold the ledger's key, is
//! refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // tests

#[path = "proof/forge.rs"]
mod forge;
#[path = "proof/stage.rs"]
mod stage;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::Output,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use forge::{Dice, OwnLedger, add_object, kind, leaf, object, open, prune, write};
use ledger::VerifierKey;
use proof::{Bundle, BundleText, ProofError, verify};
use serde_json::{Value, json};
use stage::Proofs;

fn proofs() -> &'static Proofs {
    static PROOFS: OnceLock<Proofs> = OnceLock::new();
    PROOFS.get_or_init(|| Proofs::make().unwrap())
}

/// Verifies without letting a panic through: that would be a finding of its own.
fn refused(bytes: &[u8], key: &VerifierKey) -> Result<ProofError, String> {
    match catch_unwind(AssertUnwindSafe(|| verify(bytes, key))) {
        Ok(Err(error)) => Ok(error),
        Ok(Ok(_)) => Err("it was PROVEN".to_owned()),
        Err(_) => Err("it PANICKED".to_owned()),
    }
}

/// Of many, as many as a test run has time for, the same each time; all of them if `PROOF_ALL` is set, a quarter if
/// `EXQ_QUICK` is, as `cargo xtask test --quick` does.
fn some<T>(all: Vec<T>, count: usize) -> Vec<T> {
    let count = if std::env::var_os("EXQ_QUICK").is_some() { count / 4 } else { count };
    if std::env::var_os("PROOF_ALL").is_some() || all.len() <= count {
        return all;
    }
    let step = all.len() as f64 / count as f64;
    let keep = |at: usize| (at as f64 / step) as usize != ((at + 1) as f64 / step) as usize;
    all.into_iter().enumerate().filter(|(at, _)| keep(*at)).map(|(_, one)| one).collect()
}

/// All of these are refused.
fn all_refused(what: &str, forged: &[(String, Vec<u8>)]) {
    let key = &proofs().key;
    let wrong = in_parallel(forged.len(), |at| {
        let (name, bytes) = &forged[at];
        refused(bytes, key).err().map(|why| format!("{name}: {why}"))
    });
    assert!(wrong.is_empty(), "{what}: {} of {}:\n{}", wrong.len(), forged.len(), wrong.join("\n"));
    println!("{what}: {} refused", forged.len());
}

/// A bundle that is only forged when its turn comes: most of the many that there could be aren't tried.
struct Forgery<'a> {
    name: String,
    make: Box<dyn Fn() -> Option<Vec<u8>> + Sync + 'a>,
}

impl<'a> Forgery<'a> {
    /// What `change` makes of a bundle; nothing, if that is the same again.
    fn of(bundle: &'a Bundle, name: String, change: impl Fn(&mut Bundle) + Sync + 'a) -> Self {
        let make = move || {
            let mut other = bundle.clone();
            change(&mut other);
            (other != *bundle).then(|| encode(&other))
        };
        Self { name, make: Box::new(make) }
    }
}

/// All of these are refused, of those that make a difference.
fn all_made_are_refused(what: &str, forgeries: &[Forgery<'_>]) {
    let key = &proofs().key;
    let made = AtomicUsize::new(0);
    let wrong = in_parallel(forgeries.len(), |at| {
        let Forgery { name, make } = &forgeries[at];
        let bytes = make()?;
        made.fetch_add(1, Ordering::Relaxed);
        refused(&bytes, key).err().map(|why| format!("{name}: {why}"))
    });
    assert!(wrong.is_empty(), "{what}: {} of {}:\n{}", wrong.len(), forgeries.len(), wrong.join("\n"));
    let made = made.into_inner();
    assert!(made * 10 >= forgeries.len() * 9, "{what}: only {made} of {} make a difference", forgeries.len());
    println!("{what}: {made} refused");
}

fn in_parallel(count: usize, each: impl Fn(usize) -> Option<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let work = || {
            let mut wrong = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return wrong;
                }
                wrong.extend(each(at));
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn encode(bundle: &Bundle) -> Vec<u8> {
    bundle.encode().unwrap()
}

#[test]
fn bundles_of_real_runs_verify() {
    let proofs = proofs();
    for (name, bytes) in proofs.all().into_iter().chain([("early", proofs.early.as_slice())]) {
        let verified = verify(bytes, &proofs.key).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(verified.approvers, ["bob"], "{name}");
        assert_eq!(verified.result, if name == "undone" { "undone" } else { "succeeded" }, "{name}");
        assert!(verified.absent.is_empty(), "{name}");
        println!("{name}: {} bytes, {} entries", bytes.len(), open(bytes).entries.len());
    }
    let chains = [(&proofs.second, 1), (&proofs.later, 3), (&proofs.undone, 4), (&proofs.behind, 4)];
    for (bytes, configurations) in chains {
        let verified = verify(bytes, &proofs.key).unwrap();
        let said = format!("{configurations} configurations, each accepted by the one before");
        assert!(verified.proven.iter().any(|line| line.starts_with(&said)), "{:?}", verified.proven);
    }
}

/// Where in a bundle base64 stands: object contents and sealed bodies.
fn is_base64(bytes: &[u8]) -> Vec<bool> {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut marks = vec![false; bytes.len()];
    let bundle = open(bytes);
    let texts = bundle.entries.iter().flat_map(|e| e.sealed.values().flatten()).map(|text| &text.body);
    for content in bundle.objects.values().chain(texts).filter(|content| content.len() > 16) {
        let at = text.find(content.as_str()).unwrap();
        marks[at..at + content.len()].fill(true);
    }
    marks
}

#[test]
fn every_byte_counts() {
    let proofs = proofs();
    let bytes = &proofs.first;
    let base64 = is_base64(bytes);
    // In base64 every seventh byte, beginning anywhere: each run tries others, and says which.
    let stride = base64.iter().filter(|b| **b).count().div_euclid(6_000).max(1);
    let mut dice = Dice::new(2026);
    let mut seen = 0;
    let mut positions = Vec::new();
    for (at, base64) in base64.iter().enumerate() {
        seen += usize::from(*base64);
        if !base64 || seen % stride == 0 {
            positions.push((at, dice.next()));
        }
    }
    let outside = base64.iter().filter(|b| !**b).count();
    assert!(positions.len() - outside >= 5_000, "{} of base64", positions.len() - outside);
    let all = positions.len();
    let positions = some(positions, all);
    let wrong = in_parallel(positions.len(), |n| {
        let (at, chance) = positions[n];
        let mut changed = bytes.clone();
        // Mostly another character of the same sort, so that it isn't refused for being no JSON.
        let old = changed[at];
        changed[at] = match (chance % 4, old) {
            (0, _) => old ^ (1 << (chance >> 8 & 7)),
            (_, b'0'..=b'8' | b'a'..=b'e' | b'g'..=b'y' | b'A'..=b'Y') => old + 1,
            (_, b'9') => b'0',
            (_, b'f') => b'a',
            _ => old ^ 1,
        };
        refused(&changed, &proofs.key).err().map(|why| format!("byte {at}, {old} to {}: {why}", changed[at]))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} of {outside} bytes outside of base64 and {} in it", positions.len(), all - outside);
}

/// Entries dropped, doubled, swapped, moved; proofs, texts and objects too.
#[test]
fn nothing_is_left_out_doubled_or_moved() {
    let proofs = proofs();
    let bundles = proofs.all().map(|(name, bytes)| (name, open(bytes)));
    let mut forgeries = Vec::new();
    for (name, bundle) in &bundles {
        for at in 0..bundle.entries.len() {
            forgeries.extend(with_an_entry_moved(name, bundle, at));
        }
        forgeries.extend(with_objects_moved(name, bundle));
        let more = |other: &mut Bundle| _ = add_object(other, b"{}");
        forgeries.push(Forgery::of(bundle, format!("{name}: an object more"), more));
    }
    assert!(forgeries.len() > 2_000, "{}", forgeries.len());
    all_made_are_refused("dropped, doubled, moved", &some(forgeries, 2_000));
}

fn with_an_entry_moved<'a>(name: &str, bundle: &'a Bundle, at: usize) -> Vec<Forgery<'a>> {
    let entry = &bundle.entries[at];
    let (of, count) = (format!("{name}: entry {} ({})", entry.index, kind(entry)), bundle.entries.len());
    let mut all = vec![
        Forgery::of(bundle, format!("{of} dropped"), move |other| _ = other.entries.remove(at)),
        Forgery::of(bundle, format!("{of} dropped with its objects"), move |other| {
            other.entries.remove(at);
            prune(other);
        }),
    ];
    for to in [at, count] {
        let double = move |other: &mut Bundle| other.entries.insert(to, entry.clone());
        all.push(Forgery::of(bundle, format!("{of} doubled at {to}"), double));
    }
    for to in at + 1..count {
        all.push(Forgery::of(bundle, format!("{of} swapped with {to}"), move |other| {
            other.entries.swap(at, to)
        }));
        all.push(Forgery::of(bundle, format!("{of}: its leaf swapped with {to}"), move |other| {
            let (a, b) = (entry.leaf.clone(), bundle.entries[to].leaf.clone());
            (other.entries[at].leaf, other.entries[to].leaf) = (b, a);
        }));
    }
    let path = entry.path.len();
    for hash in 0..path {
        let mut push = |what: &str, change: fn(&mut Vec<String>, usize)| {
            let change = move |other: &mut Bundle| change(&mut other.entries[at].path, hash);
            all.push(Forgery::of(bundle, format!("{of}: hash {hash} of its proof {what}"), change));
        };
        push("dropped", |path, hash| _ = path.remove(hash));
        push("doubled", |path, hash| path.insert(hash, path[hash].clone()));
        push("in capitals", |path, hash| path[hash] = path[hash].to_uppercase());
        push("swapped", |path, hash| {
            let next = (hash + 1) % path.len();
            path.swap(hash, next);
        });
    }
    for text in entry.sealed.keys() {
        let mut push = |what: String, put: Option<BundleText>, key: String| {
            let change =
                move |other: &mut Bundle| _ = other.entries[at].sealed.insert(key.clone(), put.clone());
            all.push(Forgery::of(bundle, format!("{of}: {what}"), change));
        };
        push("a text more".to_owned(), None, "other".to_owned());
        let another = BundleText { salt: "00".repeat(32), body: "eA==".into() };
        push(format!("another {text}"), Some(another), text.clone());
        let take = move |other: &mut Bundle| _ = other.entries[at].sealed.remove(text);
        all.push(Forgery::of(bundle, format!("{of}: {text} taken away, not erased"), take));
    }
    all
}

fn with_objects_moved<'a>(name: &str, bundle: &'a Bundle) -> Vec<Forgery<'a>> {
    let mut all = Vec::new();
    for (digest, content) in &bundle.objects {
        let of = format!("{name}: object {digest}");
        let drop = move |other: &mut Bundle| _ = other.objects.remove(digest);
        all.push(Forgery::of(bundle, format!("{of} dropped"), drop));
        all.push(Forgery::of(bundle, format!("{of} renamed"), move |other| {
            other.objects.remove(digest);
            other.objects.insert(model::Digest::of(b"?"), content.clone());
        }));
        for at in [content.len() / 3, content.len() - 2] {
            let cut = move |other: &mut Bundle| _ = other.objects.insert(*digest, content[..at].to_owned());
            all.push(Forgery::of(bundle, format!("{of} cut at {at}"), cut));
        }
        for (with, theirs) in bundle.objects.iter().filter(|(with, _)| *with > digest) {
            all.push(Forgery::of(bundle, format!("{of} swapped with {with}"), move |other| {
                other.objects.insert(*digest, theirs.clone());
                other.objects.insert(*with, content.clone());
            }));
        }
    }
    all
}

/// The forger has the bundles of six runs of the same ledger, all under the same checkpoint: every entry in them is
/// really in the ledger.
#[test]
fn what_is_true_of_another_run_proves_nothing_here() {
    let proofs = proofs();
    let bundles = proofs.all().map(|(name, bytes)| (name, open(bytes)));
    let kinds: Vec<String> = {
        let all = bundles.iter().flat_map(|(_, b)| &b.entries).map(kind);
        all.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    };
    let mut forgeries = Vec::new();
    for (of, here) in &bundles {
        for (from, there) in bundles.iter().filter(|(from, _)| from != of) {
            forgeries.extend(with_entries_of_another((of, here), (from, there), &kinds));
            forgeries.extend(with_objects_of_another((of, here), (from, there)));
        }
    }
    assert!(forgeries.len() > 1_000, "{}", forgeries.len());
    all_made_are_refused("of another run", &some(forgeries, 700));
}

fn with_entries_of_another<'a>(
    (of, here): (&str, &'a Bundle),
    (from, there): (&str, &'a Bundle),
    kinds: &'a [String],
) -> Vec<Forgery<'a>> {
    let mut all = Vec::new();
    let mut put = |what: String, change: Box<dyn Fn(&mut Bundle) + Sync + 'a>| {
        let change = move |other: &mut Bundle| {
            change(other);
            let theirs = there.objects.iter().map(|(digest, content)| (*digest, content.clone()));
            other.objects.extend(theirs);
            prune(other);
            other.entries.sort_by_key(|e| e.index);
            other.entries.dedup_by_key(|e| e.index);
            if other == there {
                *other = here.clone(); // theirs, whole and true: no forgery
            }
        };
        all.push(Forgery::of(here, format!("{of} with {what} of {from}"), change));
    };
    put("the run's name".into(), Box::new(|other| other.run.clone_from(&there.run)));
    for entry in &there.entries {
        put(format!("entry {} more", entry.index), Box::new(|other| other.entries.push(entry.clone())));
    }
    for (n, a) in kinds.iter().enumerate() {
        for b in &kinds[n..] {
            let swapped = move |entry: &proof::BundleEntry| [a, b].contains(&&kind(entry));
            let change = move |other: &mut Bundle, run: &model::RunId| {
                other.entries.retain(|e| !swapped(e));
                other.entries.extend(there.entries.iter().filter(|e| swapped(e)).cloned());
                other.run = run.clone();
            };
            for run in [&here.run, &there.run] {
                put(format!("{a} and {b}"), Box::new(move |other| change(other, run)));
            }
        }
    }
    all
}

/// Grants and reports of another, in the place of our own.
fn with_objects_of_another<'a>(
    (of, here): (&str, &'a Bundle),
    (from, there): (&str, &'a Bundle),
) -> Vec<Forgery<'a>> {
    let mut all = Vec::new();
    for fact in ["grant-object", "report", "case-object", "decision-object", "plan-object", "git-object"] {
        let named = |bundle: &Bundle| -> Vec<String> {
            let facts =
                bundle.entries.iter().filter_map(|e| leaf(e)["facts"][fact].as_str().map(str::to_owned));
            facts.collect()
        };
        for (mine, theirs) in named(here).into_iter().zip(named(there)).filter(|(a, b)| a != b) {
            // What a refused configuration was judged on is named, and not carried along.
            let Some(content) = there.objects.get(&theirs.parse().unwrap()) else { continue };
            let place = mine.parse().unwrap();
            let put = move |other: &mut Bundle| _ = other.objects.insert(place, content.clone());
            all.push(Forgery::of(here, format!("{of} with the bytes of {from}'s {fact}"), put));
            all.push(Forgery::of(
                here,
                format!("{of} with {from}'s {fact}, named in the leaf"),
                move |other| {
                    other.objects.remove(&place);
                    add_object(other, &object(there, &theirs).unwrap());
                    for entry in &mut other.entries {
                        entry.leaf = entry.leaf.replace(&mine, &theirs);
                    }
                },
            ));
        }
    }
    all
}

/// Every field of every entry.
#[test]
fn every_field_of_every_entry_counts() {
    let bundles = proofs().all().map(|(name, bytes)| (name, open(bytes)));
    let mut forgeries = Vec::new();
    for (name, bundle) in &bundles {
        for (at, entry) in bundle.entries.iter().enumerate() {
            for (what, changed) in changes_of(&leaf(entry)) {
                let put = move |other: &mut Bundle| other.entries[at].leaf = write(&changed);
                forgeries.push(Forgery::of(
                    bundle,
                    format!("{name}: entry {} with {what}", entry.index),
                    put,
                ));
            }
        }
    }
    all_made_are_refused("fields of entries", &some(forgeries, 700));
}

/// Every value in it changed, taken away, and one more in each object.
fn changes_of(value: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut places = vec![String::new()];
    while let Some(place) = places.pop() {
        let found = value.pointer(&place).unwrap();
        let mut put = |what: &str, with: Value| {
            let mut other = value.clone();
            *other.pointer_mut(&place).unwrap() = with;
            all.push((format!("{place} {what}"), other));
        };
        match found {
            Value::Object(map) => {
                for key in map.keys() {
                    places.push(format!("{place}/{key}"));
                    let mut less = map.clone();
                    less.remove(key);
                    put(&format!("without {key}"), less.into());
                }
                let mut more = map.clone();
                more.insert("extra".to_owned(), "x".into());
                put("and more", more.into());
            }
            Value::Array(list) => {
                places.extend((0..list.len()).map(|at| format!("{place}/{at}")));
                put("longer", list.iter().cloned().chain(["x".into()]).collect());
                if !list.is_empty() {
                    put("shorter", list[1..].into());
                }
            }
            Value::String(text) => {
                let digit = |c: char| if c == '0' { '1' } else { '0' };
                let last = text.chars().last();
                let other: String =
                    text.chars().rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect();
                put("another", format!("{other}{}", last.map_or('x', digit)).into());
                put("longer", format!("{text}0").into());
            }
            Value::Number(number) => put("one more", (number.as_i64().unwrap() + 1).into()),
            _ => {}
        }
    }
    all
}

/// Whoever holds the ledger's key can write what they like, but not without contradicting themselves: each fact that
/// says the same as something else is compared with it. What is left rests on the ledger's word, and is listed here.
#[test]
fn facts_are_compared_with_what_they_say_again() {
    let proofs = proofs();
    let mut slipped = std::collections::BTreeSet::new();
    let mut tried = 0;
    // Each is judged anew to the end, which takes its time: one run whole, and of the undone one what the other hasn't.
    for (name, bytes) in [("second", &proofs.second), ("undone", &proofs.undone), ("behind", &proofs.behind)]
    {
        let bundle = open(bytes);
        let origin = leaf(&bundle.entries[0])["origin"].as_str().unwrap().to_owned();
        let own = OwnLedger::new(&origin);
        let mut same = bundle.clone();
        own.publish(&mut same);
        verify(&encode(&same), &own.key()).unwrap_or_else(|why| panic!("{name}: published anew: {why}"));
        let mut forged = Vec::new();
        let new = |at: usize| {
            let entry = &bundle.entries[at];
            let last = bundle.entries.iter().rposition(|other| kind(other) == kind(entry)) == Some(at);
            name == "second"
                || (name == "behind" && kind(entry).starts_with("configuration."))
                || (name == "undone"
                    && last
                    && !matches!(kind(entry).as_str(), "submission.seen" | "grant.issued" | "grant.spent"))
        };
        for (at, entry) in bundle.entries.iter().enumerate().filter(|(at, _)| new(*at)) {
            for (what, changed) in changes_of(&leaf(entry)) {
                // The index is the new ledger's to say; a sealed text's commitment is tried above.
                if what.starts_with("/index") || what.contains("/sealed") || what == " without index" {
                    continue;
                }
                let mut other = bundle.clone();
                other.entries[at].leaf = write(&changed);
                own.publish(&mut other);
                forged.push((format!("{} {what}", kind(entry)), encode(&other)));
            }
            let mut less = bundle.clone();
            less.entries.remove(at);
            prune(&mut less);
            own.publish(&mut less);
            forged.push((format!("{} dropped", kind(entry)), encode(&less)));
        }
        let forged = some(forged, 120);
        tried += forged.len();
        let through = in_parallel(forged.len(), |at| {
            let (what, bytes) = &forged[at];
            refused(bytes, &own.key()).err().map(|why| {
                assert!(why.contains("PROVEN"), "{what}: {why}");
                what.clone()
            })
        });
        slipped.extend(through);
    }
    let rests_on_the_ledger = |what: &str| {
        what.contains("/state/commitment")
            || what.contains("/facts and more")
            || what.contains("/at ")
            || what.ends_with("/state/key another")
            || what.ends_with("/state/key longer")
            // Genesis pins what it likes, as long as nothing else was accepted; why a commit was refused, and which, proves
            // nothing; who was granted the base before isn't told.
            || what.starts_with("genesis.accepted /facts/servers longer")
            || ["server", "project", "branch"].iter().any(|fact| {
                what.starts_with(&format!("genesis.accepted /facts/{fact} "))
                    || what == format!("genesis.accepted /facts without {fact}")
            })
            || (what.starts_with("configuration.refused /facts") && !what.contains("configuration-version"))
            || what.starts_with("lane.moved /facts/run")
            || what == "lane.moved /facts without run"
    };
    let unexpected: Vec<_> = slipped.iter().filter(|what| !rests_on_the_ledger(what)).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    println!("{tried} tried; on the ledger's word alone: {slipped:#?}");
}

#[test]
fn another_checkpoint_or_key_is_refused() {
    let proofs = proofs();
    let (first, early) = (open(&proofs.first), open(&proofs.early));
    assert_ne!(first.checkpoint, early.checkpoint);
    let origin = leaf(&first.entries[0])["origin"].as_str().unwrap().to_owned();
    let own = OwnLedger::new(&origin);
    let mut forged = Vec::new();
    let mut push = |what: &str, bundle: Bundle| forged.push((what.to_owned(), encode(&bundle)));
    push("older checkpoint", Bundle { checkpoint: early.checkpoint.clone(), ..first.clone() });
    push("newer checkpoint", Bundle { checkpoint: first.checkpoint.clone(), ..early.clone() });
    push("no checkpoint", Bundle { checkpoint: String::new(), ..first.clone() });
    let mut mine = first.clone();
    own.publish(&mut mine);
    push("a ledger of my own under the same name", mine.clone());
    push("my checkpoint, real entries", Bundle { checkpoint: mine.checkpoint.clone(), ..first.clone() });
    let lines: Vec<&str> = first.checkpoint.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let note = |with: Vec<String>| format!("{}\n", with.join("\n"));
        let mut less: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
        less.remove(at);
        push("a line less", Bundle { checkpoint: note(less), ..first.clone() });
        let mut more: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
        more.insert(at, (*line).to_owned());
        push("a line twice", Bundle { checkpoint: note(more), ..first.clone() });
        let mut blank: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
        blank[at].push(' ');
        push("a blank more", Bundle { checkpoint: note(blank), ..first.clone() });
    }
    push("no end of line", Bundle { checkpoint: first.checkpoint.trim_end().to_owned(), ..first.clone() });
    push("CRLF", Bundle { checkpoint: first.checkpoint.replace('\n', "\r\n"), ..first.clone() });
    all_refused("checkpoints", &forged);
    assert!(refused(&proofs.first, &own.key()).is_ok(), "another key of the same name");
    let elsewhere = OwnLedger::new("elsewhere.example/log");
    assert!(refused(&proofs.first, &elsewhere.key()).is_ok(), "the key of another ledger");
}

#[test]
fn a_signature_by_somebody_unknown_is_said_and_changes_nothing() {
    let proofs = proofs();
    let mut bundle = open(&proofs.first);
    let mut other = bundle.clone();
    OwnLedger::new("witness.example/w").publish(&mut other);
    let line = other.checkpoint.lines().last().unwrap();
    bundle.checkpoint.push_str(&format!("{line}\n"));
    let verified = verify(&encode(&bundle), &proofs.key).unwrap();
    assert!(
        verified.not_checked.iter().any(|l| l.starts_with("1 more signatures")),
        "{:?}",
        verified.not_checked
    );
}

#[test]
fn an_erased_text_is_said_and_the_proof_holds() {
    let proofs = proofs();
    let mut erased = 0;
    for (name, bytes) in proofs.all() {
        let bundle = open(bytes);
        for at in 0..bundle.entries.len() {
            for text in bundle.entries[at].sealed.keys() {
                let mut other = bundle.clone();
                other.entries[at].sealed.insert(text.clone(), None);
                let verified =
                    verify(&encode(&other), &proofs.key).unwrap_or_else(|why| panic!("{name}: {why}"));
                let said =
                    format!("{text} of entry {} ({})", bundle.entries[at].index, kind(&bundle.entries[at]));
                assert_eq!(verified.absent, [said]);
                erased += 1;
            }
        }
    }
    assert!(erased > 15, "{erased}");
}

/// The same value, written in another way.
#[test]
fn there_is_one_way_to_write_a_bundle() {
    let proofs = proofs();
    let good = String::from_utf8(proofs.first.clone()).unwrap();
    let value: Value = serde_json::from_str(&good).unwrap();
    let mut forged: Vec<(String, String)> = vec![
        ("pretty".into(), serde_json::to_string_pretty(&value).unwrap()),
        ("line at the end".into(), format!("{good}\n")),
        ("blank before".into(), format!(" {good}")),
        ("byte order mark".into(), format!("\u{feff}{good}")),
        ("zero at the end".into(), format!("{good}\0")),
        ("twice".into(), format!("{good}{good}")),
        ("in a list".into(), format!("[{good}]")),
        ("cut".into(), good[..good.len() - 1].to_owned()),
        ("nothing".into(), String::new()),
        ("null".into(), "null".into()),
        ("schema 2".into(), good.replace("exequatur.bundle/1", "exequatur.bundle/2")),
        ("unknown field".into(), good.replacen("{\"checkpoint\"", "{\"a\":1,\"checkpoint\"", 1)),
        ("unknown field of an entry".into(), good.replacen("{\"index\"", "{\"a\":1,\"index\"", 1)),
        ("run twice".into(), good.replacen("\"run\":", "\"run\":\"run-00000000000000000000\",\"run\":", 1)),
        (
            "an object twice".into(),
            good.replacen(
                "\"objects\":{",
                &format!("\"objects\":{{\"{}\":\"e30=\",", first_object(&value)),
                1,
            ),
        ),
        ("nested 100,000 deep".into(), format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
        (
            "nested in a field".into(),
            good.replacen(
                "\"run\":\"",
                &format!(
                    "\"nested\":{}{},\"run\":\"",
                    "{\"a\":".repeat(50_000),
                    "1".to_owned() + &"}".repeat(50_000)
                ),
                1,
            ),
        ),
        ("slash escaped".into(), good.replacen('/', "\\/", 1)),
    ];
    for index in good.match_indices("\"index\":").map(|(at, _)| at).take(20) {
        let number: String = good[index + 8..].chars().take_while(char::is_ascii_digit).collect();
        for other in [
            format!("{number}.0"),
            format!("{number}e0"),
            format!("0{number}"),
            format!("\"{number}\""),
            format!("-{number}"),
            format!("{number}00000000000000000000"),
        ] {
            let mut text = good.clone();
            text.replace_range(index + 8..index + 8 + number.len(), &other);
            forged.push((format!("index {other}"), text));
        }
    }
    let mut dice = Dice::new(7);
    let quotes: Vec<usize> = good.match_indices("\":").map(|(at, _)| at).collect();
    for _ in 0..200 {
        let at = quotes[dice.below(quotes.len())];
        for (what, with) in [
            ("blank after a name", "\": "),
            ("blank before a colon", "\" :"),
            ("tab", "\"\t:"),
            ("line", "\":\n"),
        ] {
            let mut text = good.clone();
            text.replace_range(at..at + 2, with);
            forged.push((format!("{what} at {at}"), text));
        }
        let before = good[..at].char_indices().last().unwrap();
        let mut text = good.clone();
        text.replace_range(before.0..at, &format!("\\u{:04x}", before.1 as u32));
        forged.push((format!("escape at {at}"), text));
    }
    let forged: Vec<(String, Vec<u8>)> =
        forged.into_iter().map(|(what, text)| (what, text.into_bytes())).collect();
    for (what, bytes) in &forged {
        assert_ne!(*bytes, proofs.first, "{what} changed nothing");
    }
    all_refused("ways to write it", &forged);
    let swapped = {
        let at = good.find(",\"objects\"").unwrap();
        let (head, tail) = (&good[1..at], &good[at + 1..good.len() - 1]);
        format!("{{{tail},{head}}}")
    };
    all_refused("other order", &[("keys in another order".into(), swapped.into_bytes())]);
}

fn first_object(value: &Value) -> String {
    value["objects"].as_object().unwrap().keys().next().unwrap().clone()
}

#[test]
fn what_is_not_canonical_within_is_refused_though_its_digest_fits() {
    let proofs = proofs();
    let bundle = open(&proofs.first);
    let origin = leaf(&bundle.entries[0])["origin"].as_str().unwrap().to_owned();
    let own = OwnLedger::new(&origin);
    let mut tried = 0;
    for digest in bundle.objects.keys() {
        let bytes = object(&bundle, &digest.to_string()).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        // An answer of Gerrit is kept as it came: no canonical form.
        if text.starts_with(")]}'") {
            continue;
        }
        let more = text.replacen('{', "{\"a\":1,", 1);
        for other in [format!("{text}\n"), text.replacen("\":", "\": ", 1), more] {
            let mut forged = bundle.clone();
            forged.objects.remove(digest);
            let new = add_object(&mut forged, other.as_bytes());
            for entry in &mut forged.entries {
                entry.leaf = entry.leaf.replace(&digest.to_string(), &new.to_string());
            }
            own.publish(&mut forged);
            let why = refused(&encode(&forged), &own.key()).unwrap_or_else(|why| panic!("{other}: {why}"));
            assert!(matches!(why, ProofError::Format { .. } | ProofError::Rederived { .. }), "{why}");
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried}");
}

#[test]
fn what_is_as_large_as_it_may_be_is_refused_without_much_ado() {
    let proofs = proofs();
    let mut bundle = open(&proofs.first);
    let room = proof::MAX_BUNDLE_BYTES - proofs.first.len() - 100;
    bundle.objects.insert(model::Digest::of(b"x"), "A".repeat(room / 4 * 4));
    assert!(refused(&encode(&bundle), &proofs.key).is_ok());
    let long = vec![b' '; proof::MAX_BUNDLE_BYTES + 1];
    assert!(matches!(refused(&long, &proofs.key), Ok(ProofError::Format { .. })));
}

fn exq(args: &[&str]) -> Output {
    #[allow(clippy::disallowed_methods)] // the program under test
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_exq"));
    command.args(args).output().unwrap()
}

#[test]
fn exit_codes_say_proven_not_proven_and_cannot_tell() {
    let proofs = proofs();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| -> String {
        let path: PathBuf = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let key_text = proofs.key.to_string();
    let (good, key) = (file("good", &proofs.second), file("ledger.pub", format!("{key_text}\n").as_bytes()));
    let mut bytes = proofs.second.clone();
    bytes[40] ^= 1;
    let (bad, empty) = (file("bad", &bytes), file("empty", b""));
    let other = file("other.pub", OwnLedger::new("elsewhere.example/log").key().to_string().as_bytes());
    let code = |args: &[&str]| exq(args).status.code();
    assert_eq!(code(&["verify", &good, "--key", &key]), Some(0));
    assert_eq!(code(&["verify", &good, "--key", &key_text]), Some(0));
    assert_eq!(code(&["verify", &bad, "--key", &key]), Some(1));
    assert_eq!(code(&["verify", &empty, "--key", &key]), Some(1));
    assert_eq!(code(&["verify", &good, "--key", &other]), Some(1));
    assert_eq!(code(&["verify", "/nowhere/at/all", "--key", &key]), Some(2));
    assert_eq!(code(&["verify", &good, "--key", "/nowhere/at/all"]), Some(2));
    assert_eq!(code(&["verify", &good, "--key", &good]), Some(2));
    assert_eq!(code(&["verify", &good, "--key", ""]), Some(2));
    assert_eq!(code(&["verify", &good]), Some(2));
    // What is no file is no bundle.
    assert_eq!(code(&["verify", &folder.path().display().to_string(), "--key", &key]), Some(1));
    let said: Value =
        serde_json::from_slice(&exq(&["verify", &good, "--key", &key, "--json"]).stdout).unwrap();
    assert_eq!(said["schema"], json!("exequatur.verified/1"));
    assert_eq!(said["result"], json!("succeeded"));
    let said: Value =
        serde_json::from_slice(&exq(&["verify", &bad, "--key", &key, "--json"]).stdout).unwrap();
    assert_eq!(said["schema"], json!("exequatur.not-proven/1"));
}
