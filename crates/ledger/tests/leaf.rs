//! The leaf format: one way to write each entry, and nothing else is read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::{at, draft, leaf, origin, salts, state};
use ledger::{
    Commitment, Draft, Error, Fact, Leaf, MAX_BODY_BYTES, MAX_INTEGER, MAX_LEAF_BYTES, Opened, Origin,
    Purpose, Salt, Salts, StateRef, Time, leaf_hash,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn text(leaf: &Leaf) -> String {
    String::from_utf8(leaf.bytes().to_vec()).unwrap()
}

fn seal(draft: Draft) -> Result<Leaf, Error> {
    draft.seal(0, at(0), &origin(), None, &mut salts()).map(|(leaf, _)| leaf)
}

fn refused(bytes: impl AsRef<[u8]>) -> Error {
    let bytes = bytes.as_ref();
    match Leaf::decode(bytes) {
        Ok(leaf) => panic!("{} was read as {leaf:?}", String::from_utf8_lossy(bytes)),
        Err(error) => error,
    }
}

#[test]
fn a_leaf_reads_back_as_it_was_written() {
    let (leaf, beside) = leaf(7);
    let read = Leaf::decode(leaf.bytes()).unwrap();
    assert_eq!(read, leaf);
    assert_eq!((read.index(), read.at(), read.kind()), (7, at(7), "grant.issued"));
    assert_eq!(read.origin(), &origin());
    assert_eq!(read.fact("change").and_then(Fact::as_integer), Some(4711));
    assert_eq!(read.fact("run").and_then(Fact::as_text), Some("run-17"));
    assert_eq!(read.fact("voters").and_then(Fact::as_list).map(<[_]>::len), Some(2));
    assert_eq!(read.state(), Some(&state()));
    assert_eq!(beside.iter().map(|text| text.name.as_str()).collect::<Vec<_>>(), ["claims", "justification"]);
}

#[test]
fn a_text_whose_salt_is_given_stands_in_the_leaf_as_it_stands_elsewhere() {
    let salt = || Salt::new([9; 32]);
    let elsewhere = ledger::Commitment::make(Purpose::Sealed, &salt(), b"said");
    let draft = Draft::new("step.finished").seal_text("other", "x").seal_text_with("output", "said", salt());
    let (leaf, beside) = draft.clone().seal(0, at(0), &origin(), None, &mut salts()).unwrap();
    assert_eq!(leaf.sealed()["output"], elsewhere);
    assert_ne!(leaf.sealed()["other"], ledger::Commitment::make(Purpose::Sealed, &salt(), b"x"));
    let output = beside.iter().find(|text| text.name == "output").unwrap();
    assert!(output.salt == salt() && output.body == b"said");
    // The last one of a name stands, with its salt or without.
    let (leaf, _) = draft.seal_text("output", "said").seal(0, at(0), &origin(), None, &mut salts()).unwrap();
    assert_ne!(leaf.sealed()["output"], elsewhere);
}

#[test]
fn the_example_in_the_documentation_is_what_the_code_writes() {
    let page = include_str!("../../../docs/LEDGER.md");
    let line = page.lines().find(|line| line.starts_with("{\"at\"")).unwrap();
    let (leaf, _) = leaf(7);
    assert_eq!(text(&leaf), line);
    assert!(page.contains(&leaf.hash().to_hex()), "the leaf hash is {}", leaf.hash().to_hex());
    let made = |purpose| Commitment::make(purpose, &Salt::new([1; 32]), b"text").to_hex();
    assert!(page.contains(&made(Purpose::Sealed)) && page.contains(&made(Purpose::State)));
    assert!(
        page.contains(Purpose::Sealed.line().trim_end()) && page.contains(Purpose::State.line().trim_end())
    );
}

#[test]
fn a_leaf_holds_no_sealed_text() {
    let (leaf, beside) = leaf(0);
    for sealed in beside {
        let body = String::from_utf8(sealed.body.clone()).unwrap();
        assert!(!text(&leaf).contains(&body));
        assert!(!format!("{sealed:?}{:?}{leaf:?}", draft()).contains(&body));
        assert!(!format!("{sealed:?}").contains(&hex::encode(sealed.salt.as_bytes())));
    }
    assert!(!text(&leaf).contains("Ada"));
}

#[test]
fn a_sealed_text_opens_only_as_itself() {
    let (leaf, beside) = leaf(0);
    let text = &beside[1];
    assert_eq!(leaf.open(&text.name, Some((&text.salt, &text.body))), Ok(Opened::Proven(&text.body)));
    assert_eq!(leaf.open(&text.name, None), Ok(Opened::Erased));
    let wrong = |result| matches!(result, Err(Error::Commitment { .. }));
    assert!(wrong(leaf.open(&text.name, Some((&Salt::new([0; 32]), &text.body)))));
    assert!(wrong(leaf.open(&text.name, Some((&text.salt, b"another text")))));
    assert!(wrong(leaf.open("claims", Some((&text.salt, &text.body)))));
    assert_eq!(leaf.open("nothing", None), Err(Error::NoSuchSealed("nothing".into())));
}

#[test]
fn an_erased_text_leaves_the_hash_as_it_was() {
    let (leaf, beside) = leaf(0);
    let before = leaf.hash();
    drop(beside);
    assert_eq!(Leaf::decode(leaf.bytes()).unwrap().hash(), before);
}

#[test]
fn a_commitment_is_bound_to_purpose_salt_and_text() {
    let salt = Salt::new([1; 32]);
    let made = Commitment::make(Purpose::Sealed, &salt, b"text");
    assert!(made.verify(Purpose::Sealed, &salt, b"text"));
    assert!(!made.verify(Purpose::State, &salt, b"text"));
    assert!(!made.verify(Purpose::Sealed, &Salt::new([2; 32]), b"text"));
    assert!(!made.verify(Purpose::Sealed, &salt, b"text "));
    // By an independent HMAC (Python: hmac.new(b"\x01" * 32, b"exequatur.ledger/sealed/1\ntext", "sha256")).
    assert_eq!(made.to_hex(), "fb9cce6136e7b67f02053398db3be2be94fdad0ed79b37ec259bf0743bb2d58d");
    assert_eq!(
        Commitment::make(Purpose::State, &salt, b"text").to_hex(),
        "e5a1e7f0e486900e00eebfea1b953992cb153ffbf18efbf49dc0e0ad3d178a4c"
    );
}

#[test]
fn a_record_that_was_edited_no_longer_matches_its_entry() {
    let state = state();
    let record = br#"{"run":"run-17","state":"granted"}"#;
    assert!(state.verify(&Salt::new([9; 32]), record));
    for place in 0..record.len() {
        let mut edited = record.to_vec();
        edited[place] ^= 1;
        assert!(!state.verify(&Salt::new([9; 32]), &edited));
    }
}

#[test]
fn every_field_changes_the_hash() {
    let make = |draft: Draft, index, ms, origin: &str, state: Option<StateRef>| {
        let origin = Origin::new(origin).unwrap();
        draft.seal(index, at(ms), &origin, state, &mut salts()).unwrap().0.hash()
    };
    let (home, same) = ("exq.example/log", || Some(state()));
    let edit = |edit: &dyn Fn(&mut StateRef)| {
        let mut other = state();
        edit(&mut other);
        Some(other)
    };
    let mut retold = draft();
    retold.kind = "grant.spent".into();
    let mut unsealed = draft();
    unsealed.sealed.remove("claims");
    let hashes = [
        make(draft(), 7, 7, home, same()),
        make(draft(), 8, 7, home, same()),
        make(draft(), 7, 8, home, same()),
        make(draft(), 7, 7, "exq.example/other", same()),
        make(retold, 7, 7, home, same()),
        make(draft().fact("run", "run-18"), 7, 7, home, same()),
        make(draft().fact("more", 1i64), 7, 7, home, same()),
        make(draft().fact("change", "4711"), 7, 7, home, same()),
        make(draft().fact("voters", &["acc-1002", "acc-1001"][..]), 7, 7, home, same()),
        make(draft().seal_text("claims", "{}"), 7, 7, home, same()),
        make(unsealed, 7, 7, home, same()),
        make(draft(), 7, 7, home, None),
        make(draft(), 7, 7, home, edit(&|s| s.version = 4)),
        make(draft(), 7, 7, home, edit(&|s| s.key = "run-18".into())),
        make(draft(), 7, 7, home, edit(&|s| s.kind = "base".into())),
        make(draft(), 7, 7, home, edit(&|s| s.commitment = Commitment::new([0; 32]))),
    ];
    assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), hashes.len());
}

#[test]
fn every_bit_flipped_is_refused_or_gives_another_hash() {
    let (leaf, _) = leaf(7);
    let (mut read, mut refused) = (0, 0);
    for place in 0..leaf.bytes().len() {
        for bit in 0..8 {
            let mut bytes = leaf.bytes().to_vec();
            bytes[place] ^= 1 << bit;
            match Leaf::decode(&bytes) {
                Ok(other) => {
                    assert_ne!(other, leaf);
                    assert_ne!(other.hash(), leaf.hash());
                    read += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    // Both happen: a flipped digit is another leaf, a flipped brace is none.
    assert!(read > 100 && refused > 1000, "{read} read, {refused} refused");
}

#[test]
fn every_byte_cut_added_or_doubled_is_refused() {
    let (leaf, _) = leaf(7);
    let bytes = leaf.bytes();
    for end in 0..bytes.len() {
        refused(&bytes[..end]);
    }
    for extra in 0..=255u8 {
        refused([bytes, &[extra]].concat());
        refused([&[extra], bytes].concat());
    }
    refused([bytes, bytes].concat());
}

#[test]
fn every_other_encoding_is_refused() {
    let (leaf, _) = leaf(7);
    let good = text(&leaf);
    let change = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        refused(good.replacen(from, to, 1))
    };
    let not_canonical = |error| assert!(matches!(error, Error::NotCanonical { .. }), "{error:?}");
    let no_leaf = |error| assert!(matches!(error, Error::Leaf(_)), "{error:?}");

    // Spaces, order, escapes.
    not_canonical(change(r#"{"at":"#, r#"{ "at":"#));
    not_canonical(change(r#","index""#, ",\n\"index\""));
    not_canonical(change(r#""v":1}"#, r#""v":1 }"#));
    not_canonical(change(r#""v":1}"#, "\"v\":1}\n"));
    not_canonical(change(r#""index":7,"kind":"grant.issued""#, r#""kind":"grant.issued","index":7"#));
    not_canonical(change(r#""change":4711,"run":"run-17""#, r#""run":"run-17","change":4711"#));
    not_canonical(change("run-17", r"run\u002d17"));
    not_canonical(change(r#""facts""#, r#""\u0066acts""#));
    not_canonical(change("exq.example/log", r"exq.example\/log"));
    // Numbers.
    no_leaf(change(r#""index":7"#, r#""index":7.0"#));
    no_leaf(change(r#""index":7"#, r#""index":07"#));
    no_leaf(change(r#""index":7"#, r#""index":7e0"#));
    no_leaf(change(r#""index":7"#, r#""index":-7"#));
    no_leaf(change(r#""index":7"#, r#""index":"7""#));
    no_leaf(change(r#""change":4711"#, r#""change":4711.0"#));
    no_leaf(change(r#""change":4711"#, r#""change":4.711e3"#));
    no_leaf(change(r#""change":4711"#, r#""change":-0"#));
    no_leaf(change(r#""change":4711"#, r#""change":99999999999999999999"#));
    no_leaf(change(r#""change":4711"#, r#""change":null"#));
    no_leaf(change(r#""change":4711"#, r#""change":true"#));
    no_leaf(change(r#""change":4711"#, r#""change":{"x":1}"#));
    no_leaf(change(r#""change":4711"#, r#""change":[["x"]]"#));
    no_leaf(change(r#""change":4711"#, r#""change":[1]"#));
    assert!(matches!(change(r#""change":4711"#, r#""change":9007199254740992"#), Error::Grammar { .. }));
    assert!(matches!(change(r#""index":7"#, r#""index":9007199254740992"#), Error::Limit { .. }));
    // Duplicates, unknown and missing fields, versions.
    no_leaf(change(r#""v":1"#, r#""v":1,"v":1"#));
    no_leaf(change(r#""version":3"#, r#""version":3,"version":3"#));
    not_canonical(change(r#""change":4711"#, r#""change":4711,"change":4711"#));
    not_canonical(change(r#""change":4711"#, r#""change":1,"change":4711"#));
    let claims = leaf.sealed()["claims"];
    not_canonical(change(r#""sealed":{"#, &format!(r#""sealed":{{"claims":"{claims}","#)));
    no_leaf(change(r#""v":1"#, r#""v":1,"w":1"#));
    no_leaf(change(r#""version":3"#, r#""version":3,"x":3"#));
    no_leaf(change(r#""v":1"#, r#""v":2"#));
    no_leaf(change(r#","v":1"#, ""));
    no_leaf(change(r#""index":7,"#, ""));
    let (bare, _) = draft().seal(7, at(7), &origin(), None, &mut salts()).unwrap();
    not_canonical(refused(text(&bare).replace(r#","v":1"#, r#","state":null,"v":1"#)));
    // Commitments in another spelling.
    let upper = claims.to_hex().to_uppercase();
    no_leaf(change(&claims.to_hex(), &upper));
    no_leaf(change(&claims.to_hex(), &claims.to_hex()[..62]));
    // Times in another spelling.
    let time = leaf.at().to_string();
    for other in [
        time.replace('Z', "+00:00"),
        time.replace('T', " "),
        time.replace(".130Z", ".13Z"),
        time.replace(".130Z", "Z"),
        time.replace(".130Z", ".130000Z"),
        time.replace("08:00:00", "08:00:60"),
        time.replace("08:00:00", "24:00:00"),
        time.replace("-11-", "-13-"),
        time.replace("-24T", "-31T"),
        time.replace("2026", "1926"),
        time.to_lowercase(),
    ] {
        assert_ne!(other, time);
        assert!(matches!(change(&time, &other), Error::Grammar { what: "time", .. }), "{other}");
    }
    // Other things that are JSON, or almost.
    for other in ["", "{}", "[]", "null", "7", "\"\"", "\u{feff}", "nul", "{\"v\":1", "\0"] {
        refused(other);
    }
    refused("[".repeat(MAX_LEAF_BYTES));
    refused(r#"{"facts":"#.repeat(7000));
}

#[test]
fn only_facts_that_name_nobody_are_sealed_into_a_leaf() {
    for bad in [
        "two words",
        "",
        "tab\there",
        "Müller",
        "new\nline",
        "a@b.example",
        "ada.l@mail.exq-1.example",
        "\u{202e}x",
    ]
    .iter()
    .filter(|bad| !bad.is_empty())
    {
        let error = seal(Draft::new("a.b").fact("x", *bad)).unwrap_err();
        assert!(matches!(error, Error::Grammar { what: "fact", .. }), "{bad}: {error:?}");
        assert!(!error.to_string().contains("ada.l"));
        assert!(seal(Draft::new("a.b").fact("x", vec!["fine".to_owned(), (*bad).to_owned()])).is_err());
        seal(Draft::new("a.b").fact("x", Fact::id(bad))).unwrap();
    }
    for good in ["", "refs/heads/main", "shop@sha256:00ff", "git@host.example:path", "@", "a@", "I0123", "~"]
    {
        seal(Draft::new("a.b").fact("x", good)).unwrap();
    }
}

#[test]
fn names_kinds_and_keys_have_a_grammar() {
    for bad in [
        "",
        "grant",
        "grant.",
        ".issued",
        "Grant.issued",
        "grant..issued",
        "grant.1",
        "grant_x.y",
        "grant issued",
    ] {
        assert!(matches!(seal(Draft::new(bad)), Err(Error::Grammar { what: "kind", .. })), "{bad}");
    }
    assert!(seal(Draft::new(format!("a.{}", "b".repeat(63)))).is_err());
    for good in ["grant.issued", "a.b.c", "run-1.step-2.x"] {
        seal(Draft::new(good)).unwrap();
    }
    for bad in ["", "X", "1a", "a b", "a/b", "ä", "\u{0}", "__proto__"] {
        assert!(seal(Draft::new("a.b").fact(bad, 1i64)).is_err(), "{bad}");
        assert!(seal(Draft::new("a.b").seal_text(bad, "x")).is_err(), "{bad}");
    }
    for (kind, key, version) in [
        ("", "k", 1),
        ("Run", "k", 1),
        ("a.b", "k", 1),
        ("run", "", 1),
        ("run", "a b", 1),
        ("run", "k", u64::MAX),
    ] {
        let state = StateRef::new(kind, key, version, &Salt::new([0; 32]), b"");
        assert!(
            draft().seal(0, at(0), &origin(), Some(state), &mut salts()).is_err(),
            "{kind} {key} {version}"
        );
    }
    for bad in ["", "a b", "a+b", "ä", "a\n", &"x".repeat(256)] {
        assert!(Origin::new(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn everything_has_a_limit() {
    let is_limit =
        |result: Result<Leaf, Error>| assert!(matches!(result, Err(Error::Limit { .. })), "{result:?}");
    let many =
        |count: usize| (0..count).fold(Draft::new("a.b"), |draft, n| draft.fact(format!("f{n}"), 1i64));
    seal(many(64)).unwrap();
    is_limit(seal(many(65)));
    is_limit(seal((0..65).fold(Draft::new("a.b"), |draft, n| draft.seal_text(format!("s{n}"), "x"))));
    seal(Draft::new("a.b").fact("x", "y".repeat(1024))).unwrap();
    is_limit(seal(Draft::new("a.b").fact("x", "y".repeat(1025))));
    is_limit(seal(Draft::new("a.b").fact("x", vec![String::new(); 1025])));
    is_limit(seal(Draft::new("a.b").fact("x", vec!["y".repeat(100); 700])));
    is_limit(seal(Draft::new("a.b").seal_text("x", vec![0; MAX_BODY_BYTES + 1])));
    seal(Draft::new("a.b").fact("x", MAX_INTEGER).fact("y", -MAX_INTEGER)).unwrap();
    assert!(seal(Draft::new("a.b").fact("x", MAX_INTEGER + 1)).is_err());
    assert!(seal(Draft::new("a.b").fact("x", i64::MIN)).is_err());
    assert!(seal(Draft::new("a.b").fact("x", u64::MAX)).is_err());
    assert!(draft().seal(1 << 53, at(0), &origin(), None, &mut salts()).is_err());
    assert!(matches!(refused(vec![b' '; MAX_LEAF_BYTES + 1]), Error::Limit { .. }));
}

#[test]
fn without_randomness_nothing_is_sealed() {
    struct Broken;
    impl Salts for Broken {
        fn next_salt(&mut self) -> Result<Salt, Error> {
            Err(Error::NoRandomness("the device is gone".into()))
        }
    }
    let sealed = draft().seal(0, at(0), &origin(), None, &mut Broken);
    assert_eq!(sealed.unwrap_err(), Error::NoRandomness("the device is gone".into()));
}

#[test]
fn times_have_one_spelling() {
    for (ms, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_001, "2000-02-29T00:00:00.001Z"),
        (1_795_507_200_123, "2026-11-24T08:00:00.123Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(Time::from_unix_ms(ms).unwrap().to_string(), text);
        assert_eq!(Time::parse(text).unwrap().unix_ms(), ms);
    }
    assert!(Time::from_unix_ms(-1).is_err());
    assert!(Time::from_unix_ms(253_402_300_800_000).is_err());
}

fn any_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        any::<String>().prop_map(|text| Fact::Text(Fact::id(&text).chars().take(900).collect())),
        "[!-?A-~]{0,30}".prop_map(Fact::Text),
        (-MAX_INTEGER..=MAX_INTEGER).prop_map(Fact::Integer),
        prop::collection::vec("[!-?A-~]{0,30}", 0..5).prop_map(Fact::List),
    ]
}

prop_compose! {
    fn any_draft()(
        kind in "[a-z][a-z0-9-]{0,9}(\\.[a-z][a-z0-9-]{0,9}){1,3}",
        facts in prop::collection::btree_map("[a-z][a-z0-9_.-]{0,12}", any_fact(), 0..10),
        sealed in prop::collection::btree_map("[a-z][a-z0-9_.-]{0,12}", prop::collection::vec(any::<u8>(), 0..50), 0..5),
    ) -> Draft {
        Draft { kind, facts, sealed, ..Draft::new("") }
    }
}

proptest! {
    #[test]
    fn any_draft_seals_reads_back_and_opens(draft in any_draft(), index in 0..=MAX_INTEGER as u64, ms in 0i64..253_402_300_799_999) {
        let at = Time::from_unix_ms(ms).unwrap();
        let (leaf, beside) = draft.clone().seal(index, at, &origin(), None, &mut salts()).unwrap();
        let read = Leaf::decode(leaf.bytes()).unwrap();
        prop_assert_eq!(read.facts(), &draft.facts);
        prop_assert_eq!((read.index(), read.at(), read.kind()), (index, at, draft.kind.as_str()));
        prop_assert_eq!(beside.len(), draft.sealed.len());
        for text in &beside {
            prop_assert_eq!(&text.body, &draft.sealed[&text.name]);
            prop_assert_eq!(read.open(&text.name, Some((&text.salt, &text.body))), Ok(Opened::Proven(&text.body)));
        }
        prop_assert_eq!(leaf.hash(), leaf_hash(leaf.bytes()));
        // The canonical form is RFC 8785's own, reached through generic JSON.
        let value: serde_json::Value = serde_json::from_slice(leaf.bytes()).unwrap();
        prop_assert_eq!(serde_json_canonicalizer::to_vec(&value).unwrap(), leaf.bytes());
    }

    #[test]
    fn any_text_in_the_shape_of_a_time_is_read_as_itself_or_refused(
        text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{3}Z",
    ) {
        if let Ok(time) = Time::parse(&text) {
            prop_assert_eq!(time.to_string(), text);
        } else if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            // Only what jiff itself moves (leap seconds, years before 1970) is refused here and read there.
            prop_assert!(stamp.as_millisecond() < 0 || text.contains(":60."), "{}", text);
        }
    }

    #[test]
    fn any_time_survives_its_text(ms in 0i64..=253_402_300_799_999) {
        let time = Time::from_unix_ms(ms).unwrap();
        prop_assert_eq!(Time::parse(&time.to_string()).unwrap(), time);
        // jiff's timestamps end a day earlier, so that every time zone fits.
        if let Ok(stamp) = jiff::Timestamp::from_millisecond(ms) {
            prop_assert_eq!(time.to_string(), stamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string());
        }
    }

    #[test]
    fn different_texts_give_different_ids(a in any::<String>(), b in any::<String>()) {
        prop_assert_eq!(Fact::id(&a) == Fact::id(&b), a == b);
        prop_assert!(Fact::id(&a).bytes().all(|byte| byte.is_ascii_graphic()));
    }

    #[test]
    fn random_bytes_never_panic_and_what_is_read_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Leaf::decode(&bytes).is_err());
        let _ = Time::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_leaf_with_bytes_spliced_in_is_refused_or_is_another(
        start in 0usize..600, length in 0usize..8, splice in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let (leaf, _) = leaf(7);
        let mut bytes = leaf.bytes().to_vec();
        let start = start % bytes.len();
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, splice);
        if let Ok(read) = Leaf::decode(&bytes) {
            prop_assert_eq!(read.bytes(), &bytes[..]);
            prop_assert_eq!(read == leaf, bytes == leaf.bytes());
        }
    }
}
