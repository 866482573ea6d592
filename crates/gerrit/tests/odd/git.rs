//! Git answers that no Gerrit gives.

use super::fake::Fake;
use gerrit::git::{Mirror, ObjectId, Want};
use gerrit::{Class, Error};

const RESULT: &str = "Content-Type: application/x-git-upload-pack-result\r\n";
const ID: &str = "0707070707070707070707070707070707070707";

fn packets(lines: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(format!("{:04x}", line.len() + 4).as_bytes());
        bytes.extend_from_slice(line);
    }
    bytes.extend_from_slice(b"0000");
    bytes
}

async fn fetch(body: &[u8]) -> Result<gerrit::git::Pack, Error> {
    Fake::answer("200 OK", RESULT, body)
        .await
        .client()
        .git()
        .fetch("app", &[ObjectId::from_bytes([7; 20])], &[])
        .await
}

#[tokio::test]
async fn a_page_is_no_answer_to_git() {
    let fake = Fake::answer("200 OK", "Content-Type: text/html\r\n", b"<html>").await;
    let error = fake.client().git().ls_refs("app", &["refs/heads/"]).await.unwrap_err();
    assert!(matches!(error, Error::NotGerrit { .. }), "{error}");
}

#[tokio::test]
async fn the_request_goes_to_the_project_and_asks_for_version_2() {
    let line = format!("{ID} refs/heads/main\n");
    let other = format!("{ID} refs/tags/x\n");
    let fake = Fake::answer("200 OK", RESULT, &packets(&[line.as_bytes(), other.as_bytes()])).await;
    let refs = fake.client().git().ls_refs("plugins/o+auth", &["refs/heads/"]).await.unwrap();
    assert_eq!(
        refs,
        [("refs/heads/main".to_owned(), ObjectId::from_bytes([7; 20]))],
        "only what was asked for"
    );
    let head = &fake.requests()[0];
    assert!(head.starts_with("POST /a/plugins/o%2Bauth/git-upload-pack HTTP/1.1"), "{head}");
    assert!(head.to_ascii_lowercase().contains("git-protocol: version=2"), "{head}");
    let error = fake.client().git().ls_refs("../secret", &[]).await.unwrap_err();
    assert!(matches!(error, Error::Unusable { .. }), "{error}");
}

#[tokio::test]
async fn more_refs_than_the_limit_are_refused() {
    let line = format!("{ID} refs/heads/main\n");
    let fake = Fake::answer("200 OK", RESULT, &packets(&[line.as_bytes(); 5])).await;
    let error = fake.client().git().ls_refs("app", &["refs/heads/"]).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 3, .. }), "{error}");
}

#[tokio::test]
async fn a_broken_stream_is_named_by_how_it_broke() {
    type Case = (&'static str, Vec<u8>, fn(&Error) -> bool);
    let cases: [Case; 6] = [
        ("no packets", b"hello".to_vec(), |error| matches!(error, Error::Git { .. })),
        ("no pack", packets(&[b"acknowledgments\n"]), |error| matches!(error, Error::Git { .. })),
        ("no end", b"000dpackfile\n0009\x01PAC".to_vec(), |error| matches!(error, Error::Interrupted { .. })),
        ("unknown band", packets(&[b"packfile\n", b"\x09x"]), |error| matches!(error, Error::Git { .. })),
        ("no such want", packets(&[b"ERR upload-pack: not our ref 07"]), |error| {
            matches!(error, Error::Gone { .. })
        }),
        ("a failure", packets(&[b"packfile\n", b"\x03internal error"]), |error| {
            matches!(error, Error::Git { .. })
        }),
    ];
    for (name, body, fits) in cases {
        let error = fetch(&body).await.unwrap_err();
        assert!(fits(&error), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn a_pack_beyond_the_limit_is_not_taken() {
    let part = [&[1u8][..], &[b'x'; 3000]].concat();
    let error = fetch(&packets(&[b"packfile\n", &part, &part])).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 4096, .. }), "{error}");
    // larger than what is held in memory, but fine
    assert_eq!(fetch(&packets(&[b"packfile\n", &part])).await.unwrap().bytes, 3000);
}

#[tokio::test]
async fn a_pack_of_garbage_moves_no_ref() {
    let dir = tempfile::tempdir().unwrap();
    let mut mirror = Mirror::open_or_init(dir.path()).unwrap();
    let fake =
        Fake::answer("200 OK", RESULT, &packets(&[b"packfile\n", b"\x01PACK\0\0\0\x02\0\0\0\x01garbage"]))
            .await;
    let wants = [Want::RefAt("refs/heads/main", ObjectId::from_bytes([7; 20]))];
    let error = mirror.sync(&fake.client().git(), "app", &wants).await.unwrap_err();
    assert!(matches!(error, Error::Mirror { .. }), "{error}");
    assert!(mirror.refs().is_empty());
    drop(mirror);
    assert!(Mirror::open_or_init(dir.path()).unwrap().refs().is_empty());
    let left = std::fs::read_dir(dir.path())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    assert_eq!(left.filter(|name| name.starts_with("incoming-")).count(), 0, "nothing half taken in is left");
}

#[tokio::test]
async fn a_pack_without_what_was_asked_for_moves_no_ref() {
    // an empty pack, with its right checksum
    let mut pack = vec![1];
    pack.extend_from_slice(
        &hex::decode("5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e").unwrap(),
    );
    let dir = tempfile::tempdir().unwrap();
    let mut mirror = Mirror::open_or_init(dir.path()).unwrap();
    let fake = Fake::answer("200 OK", RESULT, &packets(&[b"packfile\n", &pack])).await;
    let wants = [Want::RefAt("refs/heads/main", ObjectId::from_bytes([7; 20]))];
    let error = mirror.sync(&fake.client().git(), "app", &wants).await.unwrap_err();
    assert!(error.to_string().contains("did not send"), "{error}");
    assert_eq!(error.class(), Class::Permanent);
    assert!(mirror.refs().is_empty());
}

#[tokio::test]
async fn a_ref_that_would_leave_the_repository_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut mirror = Mirror::open_or_init(dir.path().join("m")).unwrap();
    for name in ["refs/heads/../../../evil", "refs/heads/a..b", "refs/heads/.lock"] {
        let line = format!("{ID} {name}\n");
        let fake = Fake::answer("200 OK", RESULT, &packets(&[line.as_bytes()])).await;
        assert!(
            mirror.sync(&fake.client().git(), "app", &[Want::Prefix("refs/heads/")]).await.is_err(),
            "{name}"
        );
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(mirror.refs().is_empty());
}

/// One blob (`hello` and a line feed) in a pack.
const HELLO_PACK: &str =
    "5041434b000000020000000136789ccb48cdc9c9e70200084b021fde0412401f4a9e5f05411f44eaf9c86d46096746";
const HELLO: &str = "ce013625030ba8dba906f756967f9e9ca394464a";

#[tokio::test]
async fn many_refs_are_kept_in_one_file_and_move_and_go_as_any() {
    let hello: ObjectId = HELLO.parse().unwrap();
    let names: Vec<String> = (0..500).map(|n| format!("refs/heads/many/{n}")).collect();
    let wants: Vec<Want<'_>> = names.iter().map(|name| Want::RefAt(name, hello)).collect();
    let pack = [&[1][..], &hex::decode(HELLO_PACK).unwrap()].concat();
    let fake = Fake::answer("200 OK", RESULT, &packets(&[b"packfile\n", &pack])).await;
    let dir = tempfile::tempdir().unwrap();
    let mut mirror = Mirror::open_or_init(dir.path()).unwrap();
    mirror.sync(&fake.client().git(), "app", &wants).await.unwrap();
    assert!(std::fs::read_to_string(dir.path().join("packed-refs")).unwrap().contains("refs/heads/many/499"));
    assert!(!dir.path().join("refs/heads/many/499").exists());
    drop(mirror);
    // opened anew it has them, and what it has complete is not asked for again
    let mut mirror = Mirror::open_or_init(dir.path()).unwrap();
    assert_eq!(mirror.refs().len(), 500);
    mirror.sync(&fake.client().git(), "app", &[Want::RefAt("refs/heads/other", hello)]).await.unwrap();
    assert_eq!(fake.requests().len(), 1);
    // the server has none of them any more
    let empty = Fake::answer("200 OK", RESULT, b"0000").await;
    mirror.sync(&empty.client().git(), "app", &[Want::Prefix("refs/heads/many/")]).await.unwrap();
    drop(mirror);
    let names: Vec<String> = Mirror::open_or_init(dir.path()).unwrap().refs().keys().cloned().collect();
    assert_eq!(names, ["refs/heads/other"]);
}

#[tokio::test]
async fn what_a_crash_left_is_cleared_and_a_mirror_is_held_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open_or_init(dir.path()).unwrap();
    let error = Mirror::open_or_init(dir.path()).unwrap_err();
    assert!(error.to_string().contains("held already"), "{error}");
    drop(mirror);
    std::fs::create_dir_all(dir.path().join("refs/heads/a")).unwrap();
    std::fs::create_dir(dir.path().join("incoming-1")).unwrap();
    for left in ["packed-refs.lock", "refs/heads/a/b.lock", "incoming-1/x"] {
        std::fs::write(dir.path().join(left), "").unwrap();
    }
    let mut mirror = Mirror::open_or_init(dir.path()).unwrap();
    let pack = [&[1][..], &hex::decode(HELLO_PACK).unwrap()].concat();
    let fake = Fake::answer("200 OK", RESULT, &packets(&[b"packfile\n", &pack])).await;
    let wants = [Want::RefAt("refs/heads/a/b", HELLO.parse().unwrap())];
    mirror.sync(&fake.client().git(), "app", &wants).await.unwrap();
    assert!(!dir.path().join("incoming-1").exists());
}
