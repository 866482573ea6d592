//! Refs and objects over git.

use gerrit::git::{Mirror, ObjectId, Want};
use gerrit::{Class, Error};
use notedb::{History, Objects, Refs};
use serde_json::json;

use crate::stage::new_file;
use crate::{Stage, World};

pub async fn refs_are_those_that_rest_names(world: &dyn World) {
    let stage = Stage::new(world, "git-refs").await;
    let merged = stage.merge(&stage.change("a").await).await;
    let reader = stage.client("exq-reader");
    let refs = reader.git().ls_refs(&stage.project, &["refs/heads/", &merged.meta_ref()]).await.unwrap();
    let main = reader.branch(&stage.project, "main").await.unwrap().value.revision;
    let expected = vec![
        (merged.meta_ref(), id(merged.meta_rev_id.as_deref())),
        ("refs/heads/main".to_owned(), id(Some(&main))),
    ];
    let mut refs: Vec<_> = refs.into_iter().filter(|(name, _)| name != "refs/heads/master").collect();
    refs.sort();
    assert_eq!(refs, expected);
}

pub async fn a_mirror_follows_a_change(world: &dyn World) {
    let stage = Stage::new(world, "git-follow").await;
    let dir = tempfile::tempdir().unwrap();
    let git = stage.client("exq-reader").git();
    let mut mirror = Mirror::open_or_init(dir.path().join("m.git")).unwrap();
    let mut change = stage.change("a").await;
    for step in 0..3 {
        let under = change.meta_ref().replace("/meta", "/");
        let wants = [Want::Prefix("refs/heads/"), Want::Prefix(&under)];
        let refs = mirror.sync(&git, &stage.project, &wants).await.unwrap();
        assert_eq!(refs.get(&change.meta_ref()), Some(&id(change.meta_rev_id.as_deref())), "step {step}");
        assert_eq!(mirror.repo().tip(&change.meta_ref()).unwrap(), Some(id(change.meta_rev_id.as_deref())));
        let revision = id(change.current_revision.as_deref());
        assert!(mirror.repo().get(&revision).unwrap().is_some());
        let history = History::read(mirror.repo(), id(change.meta_rev_id.as_deref())).unwrap();
        assert!(!history.commits().is_empty());
        change = match step {
            0 => stage.amend(&change, "a", "two\n").await,
            1 => stage.merge(&change).await,
            _ => change,
        };
        if step == 1 {
            // what was written is found by who opens it anew
            drop(mirror);
            mirror = Mirror::open_or_init(dir.path().join("m.git")).unwrap();
            assert!(!mirror.refs().is_empty());
        }
    }
}

pub async fn a_told_revision_needs_no_listing(world: &dyn World) {
    let stage = Stage::new(world, "git-told").await;
    let dir = tempfile::tempdir().unwrap();
    let git = stage.client("exq-reader").git();
    let mut mirror = Mirror::open_or_init(dir.path()).unwrap();
    let before = stage.change("a").await;
    let old = id(before.meta_rev_id.as_deref());
    stage.approve("bob", &before).await;
    let name = before.meta_ref();
    // an older revision of the ref than the server's: reachable, so it is served, as it was told
    let refs = mirror.sync(&git, &stage.project, &[Want::RefAt(&name, old)]).await.unwrap();
    assert_eq!(refs, [(name.clone(), old)].into());
    assert_eq!(mirror.repo().tip(&name).unwrap(), Some(old));
}

pub async fn what_is_gone_there_goes_here(world: &dyn World) {
    let stage = Stage::new(world, "git-gone").await;
    let branch = |name: &str| format!("projects/{}/branches/{name}", stage.project);
    stage.admin.call("PUT", &branch("old"), Some(&json!({"revision": "main"}))).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let git = stage.client("exq-reader").git();
    let mut mirror = Mirror::open_or_init(dir.path()).unwrap();
    let wants = [Want::Prefix("refs/heads/")];
    assert!(mirror.sync(&git, &stage.project, &wants).await.unwrap().contains_key("refs/heads/old"));
    stage.admin.call("DELETE", &branch("old"), None).await.unwrap();
    stage.admin.call("PUT", &branch("old%2Fdeeper"), Some(&json!({"revision": "main"}))).await.unwrap();
    let refs = mirror.sync(&git, &stage.project, &wants).await.unwrap();
    assert!(!refs.contains_key("refs/heads/old") && refs.contains_key("refs/heads/old/deeper"), "{refs:?}");
    assert_eq!(mirror.repo().tip("refs/heads/old").unwrap(), None);
    assert!(mirror.repo().tip("refs/heads/old/deeper").unwrap().is_some());
}

pub async fn many_objects_stay_one_pack(world: &dyn World) {
    let stage = Stage::new(world, "git-many").await;
    let mut new = stage.new_change("x", "x\n");
    new.patch = Some((0..700).map(|n| new_file(&format!("many/{n}"), &format!("number {n}\n"))).collect());
    let made = stage.client("alice").create_change(&new).await.unwrap().value;
    let merged = stage.merge(&stage.read(made.number).await).await;
    let dir = tempfile::tempdir().unwrap();
    let git = stage.client("exq-reader").git();
    let mut mirror = Mirror::open_or_init(dir.path()).unwrap();
    let refs = mirror.sync(&git, &stage.project, &[Want::Prefix("refs/")]).await.unwrap();
    let packs = std::fs::read_dir(dir.path().join("objects/pack")).unwrap().count();
    assert_eq!(packs, 2, "one pack and its index");
    assert!(mirror.repo().get(&refs["refs/heads/main"]).unwrap().is_some());
    // and deltas against what lies in that pack are resolved
    let next = stage.change("after").await;
    assert!(next.number > merged.number);
    let refs = mirror.sync(&git, &stage.project, &[Want::Prefix("refs/")]).await.unwrap();
    assert!(mirror.repo().get(&refs[&next.meta_ref()]).unwrap().is_some());
}

pub async fn a_want_that_is_not_there_is_gone(world: &dyn World) {
    let stage = Stage::new(world, "git-want").await;
    let git = stage.client("exq-reader").git();
    let nothing = ObjectId::from_bytes([7; 20]);
    let error = git.fetch(&stage.project, &[nothing], &[]).await.unwrap_err();
    assert!(matches!(error, Error::Gone { .. }), "{error}");
    assert_eq!(error.class(), Class::Conflict);
}

pub async fn an_unknown_project_is_not_found(world: &dyn World) {
    let git = Stage::on(world, "app").client("exq-reader").git();
    let error = git.ls_refs("no-such-project", &["refs/heads/"]).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

pub async fn the_meta_history_tells_the_same_votes(world: &dyn World) {
    let stage = Stage::new(world, "git-votes").await;
    let merged = stage.merge(&stage.change("a").await).await;
    let dir = tempfile::tempdir().unwrap();
    let git = stage.client("exq-reader").git();
    let mut mirror = Mirror::open_or_init(dir.path()).unwrap();
    let (name, tip) = (merged.meta_ref(), id(merged.meta_rev_id.as_deref()));
    mirror.sync(&git, &stage.project, &[Want::RefAt(&name, tip)]).await.unwrap();
    let mut at = Some(tip);
    let mut texts = String::new();
    while let Some(commit) = at {
        let object = mirror.repo().get(&commit).unwrap().unwrap();
        let text = String::from_utf8_lossy(&object.data).into_owned();
        at = text.lines().find_map(|line| line.strip_prefix("parent ")).and_then(|hex| hex.parse().ok());
        texts.push_str(&text);
    }
    assert!(texts.contains("Label: Code-Review=+2"), "{texts}");
    assert!(texts.contains("Status: merged") && texts.contains("Submission-id: "), "{texts}");
    let bob = merged.submitter.as_ref().unwrap().id;
    assert!(texts.contains(&format!("<{bob}@")), "{texts}");
}

fn id(hex: Option<&str>) -> ObjectId {
    hex.unwrap().parse().unwrap()
}
