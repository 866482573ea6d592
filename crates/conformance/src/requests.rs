//! A request as a change: made in one call, read back before anybody votes.

use gerrit::{ChangeId, Class, DetailLevel, Error, Person};

use crate::{Stage, World};

pub async fn a_request_is_one_call_and_reads_back(world: &dyn World) {
    let stage = Stage::on(world, "requests");
    let writer = stage.client("exq-writer");
    let mut new = stage.new_change("requests/01J.yaml", "operation: restart\nservice: api\n");
    new.message = "Request 01J: restart api\n\nChange-Id: I1111111111111111111111111111111111111101".into();
    new.author = Some(Person { name: "Alice Adams".into(), email: "alice@example.com".into() });
    new.custom_keyed_values = [("exq-request".to_owned(), "01J".to_owned())].into();
    let made = writer.create_change(&new).await.unwrap().value;
    let made = stage.read(made.number).await;
    assert_eq!(made.current_revision_number, Some(1));
    assert_eq!(made.change_id, "I1111111111111111111111111111111111111101");
    assert_eq!(made.custom_keyed_values.get("exq-request").map(String::as_str), Some("01J"));
    let commit = made.current().unwrap().commit.as_ref().unwrap();
    assert_eq!(commit.author.as_ref().unwrap().email, "alice@example.com");
    assert_eq!(commit.committer.as_ref().unwrap().email, "exq-writer@example.com");
    let revision = made.current_revision.as_deref().unwrap();
    let read = writer.file_content(&(&made).into(), revision, "requests/01J.yaml").await.unwrap();
    assert_eq!(read.value.as_ref(), b"operation: restart\nservice: api\n");
}

pub async fn the_same_change_id_is_refused(world: &dyn World) {
    let stage = Stage::on(world, "requests");
    let writer = stage.client("exq-writer");
    let mut new = stage.new_change("requests/02J.yaml", "x\n");
    let key = "I1111111111111111111111111111111111111102";
    new.message = format!("Request 02J\n\nChange-Id: {key}");
    let made = writer.create_change(&new).await.unwrap().value;
    let error = writer.create_change(&new).await.unwrap_err();
    assert_eq!(error.class(), Class::Conflict, "{error}");
    let found =
        writer.change(&ChangeId::by_key("requests", "main", key), DetailLevel::Brief, None).await.unwrap();
    assert_eq!(found.value.number, made.number);
}

pub async fn text_that_is_no_patch_gives_an_empty_change(world: &dyn World) {
    let stage = Stage::on(world, "requests");
    let mut new = stage.new_change("x", "x\n");
    new.message = "Request 03J".into();
    new.patch = Some("this is no patch\n".into());
    let made = stage.client("exq-writer").create_change(&new).await.unwrap().value;
    assert!(stage.read(made.number).await.current().unwrap().files.is_empty());
}

pub async fn a_malformed_patch_is_refused(world: &dyn World) {
    let stage = Stage::on(world, "requests");
    let mut new = stage.new_change("malformed", "x\n");
    new.patch = new.patch.map(|patch| patch.replace("+1,1 @@", "+1,9 @@"));
    let error = stage.client("exq-writer").create_change(&new).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { status: 400, .. }), "{error}");
}
