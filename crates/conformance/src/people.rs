//! Accounts, groups, tokens, and what projects say of labels and rights.

use gerrit::info::GroupAuditKind;
use gerrit::{Error, NewToken};
use serde_json::json;

use crate::{Stage, World};

pub async fn an_address_is_found_only_whole(world: &dyn World) {
    let reader = Stage::on(world, "app").client("exq-reader");
    for email in ["alice@example.com", "alice@EXAMPLE.com"] {
        let found = reader.accounts_by_email(email).await.unwrap().value;
        assert_eq!(found.len(), 1, "{email}: {found:?}");
        assert_eq!(found[0].username.as_deref(), Some("alice"));
    }
    for email in ["alice@example.co", "alice@", "Alice Adams@example.com", "lice@example.com"] {
        assert!(reader.accounts_by_email(email).await.unwrap().value.is_empty(), "{email}");
    }
    assert!(matches!(reader.accounts_by_email("alice").await, Err(Error::Unusable { .. })));
}

pub async fn second_addresses_are_for_the_reader(world: &dyn World) {
    let stage = Stage::on(world, "app");
    let email = "carol.clark@example.org";
    let found = stage.client("exq-reader").accounts_by_email(email).await.unwrap().value;
    assert_eq!(found.iter().map(|account| account.username.as_deref()).collect::<Vec<_>>(), [Some("carol")]);
    let other = stage.client("alice").accounts_by_email(email).await;
    assert!(
        other.is_err() || other.is_ok_and(|found| found.value.is_empty()),
        "alice saw carol's second address"
    );
}

pub async fn members_are_counted_through_included_groups(world: &dyn World) {
    let stage = Stage::on(world, "app");
    let owner = stage.admin.uuid("Administrators").await.unwrap();
    let body = json!({"members": ["erin"], "owner_id": owner, "visible_to_all": true});
    let outer = stage.admin.call("PUT", "groups/people-outer", Some(&body)).await.unwrap();
    let uuid = outer["id"].as_str().unwrap();
    stage
        .admin
        .call("PUT", &format!("groups/{uuid}/groups/release-managers"), Some(&json!({})))
        .await
        .unwrap();
    let reader = stage.client("exq-reader");
    let names = |found: Vec<gerrit::info::AccountInfo>| {
        let mut names: Vec<String> = found.into_iter().filter_map(|account| account.username).collect();
        names.sort();
        names
    };
    assert_eq!(names(reader.group_members(uuid, false).await.unwrap().value), ["erin"]);
    assert_eq!(names(reader.group_members(uuid, true).await.unwrap().value), ["carol", "dave", "erin"]);
    let group = reader.group(uuid).await.unwrap().value;
    assert_eq!((group.owns_itself(), group.uuid().as_str()), (false, uuid));
    let (user, secret) = world.admin();
    let audit = stage.client_with(user, secret).group_audit(uuid).await.unwrap().value;
    assert!(audit.iter().any(|event| event.kind == GroupAuditKind::AddGroup), "{audit:?}");
    assert!(audit.iter().any(|event| event.kind == GroupAuditKind::AddUser), "{audit:?}");
    let own = reader.own_account().await.unwrap().value;
    let groups = reader.account_groups(own.id).await.unwrap().value;
    assert!(groups.iter().any(|group| group.uuid() == "global:Registered-Users"), "{groups:?}");
}

pub async fn a_hidden_group_is_not_there(world: &dyn World) {
    let stage = Stage::on(world, "app");
    let owner = stage.admin.uuid("Administrators").await.unwrap();
    let body = json!({"members": ["erin"], "owner_id": owner, "visible_to_all": false});
    let hidden = stage.admin.call("PUT", "groups/people-hidden", Some(&body)).await.unwrap();
    let error = stage.client("exq-reader").group(hidden["id"].as_str().unwrap()).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

pub async fn a_group_tells_its_owner_its_members_and_what_it_includes(world: &dyn World) {
    let stage = Stage::on(world, "app");
    let owner = stage.admin.uuid("Administrators").await.unwrap();
    let make = async |name: &str, visible: bool| {
        let body = json!({"members": ["erin"], "owner_id": owner, "visible_to_all": visible});
        let made = stage.admin.call("PUT", &format!("groups/{name}"), Some(&body)).await.unwrap();
        made["id"].as_str().unwrap().to_owned()
    };
    let (outer, inner, hidden) = (
        make("detail-outer", true).await,
        make("detail-inner", true).await,
        make("detail-hidden", false).await,
    );
    for included in [&inner, &hidden] {
        let path = format!("groups/{outer}/groups/{included}");
        stage.admin.call("PUT", &path, Some(&json!({}))).await.unwrap();
    }
    let reader = stage.client("exq-reader");
    let group = reader.group_detail(&outer).await.unwrap().value;
    assert_eq!((group.id.as_str(), group.owner_id.as_deref()), (outer.as_str(), Some(owner.as_str())));
    let names: Vec<_> = group.members.iter().filter_map(|member| member.username.as_deref()).collect();
    assert_eq!(names, ["erin"], "direct members only");
    let included: Vec<_> = group.includes.iter().map(|group| group.id.as_str()).collect();
    assert_eq!(included, [inner.as_str()], "one that we can't see is left out");
    assert!(reader.group_detail(&hidden).await.unwrap_err().is_not_found());
    let own = json!({"members": ["erin"], "visible_to_all": true});
    let own = stage.admin.call("PUT", "groups/detail-own", Some(&own)).await.unwrap();
    let own = own["id"].as_str().unwrap();
    assert!(reader.group_detail(own).await.unwrap().value.owns_itself());
}

pub async fn an_account_knows_the_groups_that_it_owns(world: &dyn World) {
    let stage = Stage::on(world, "app");
    let (managers, mirror) =
        (stage.admin.uuid("release-managers").await.unwrap(), stage.admin.uuid("exq-mirror").await.unwrap());
    let owned = async |client: gerrit::Client| {
        let owned = client.owned_groups().await.unwrap().value;
        owned.into_values().map(|group| group.uuid()).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(owned(stage.client("exq-reader")).await.is_empty());
    assert_eq!(owned(stage.client("exq-writer")).await, [mirror.clone()].into());
    let (user, secret) = world.admin();
    let all = owned(stage.client_with(user, secret)).await;
    assert!(all.contains(&managers) && all.contains(&mirror), "an administrator owns all: {all:?}");
}

pub async fn a_token_works_until_it_is_deleted(world: &dyn World) {
    let stage = Stage::on(world, "app");
    let erin = stage.client("erin");
    let new = NewToken { id: "exq-1".into(), lifetime_minutes: Some(60) };
    let made = erin.create_token(&new).await.unwrap();
    let token = made.token.clone().unwrap();
    assert!(made.expiration.is_some());
    assert!(!format!("{made:?}").contains(secrecy::ExposeSecret::expose_secret(&token)));
    let fresh = erin.with_credentials("erin", &token).unwrap();
    assert_eq!(fresh.own_account().await.unwrap().value.username.as_deref(), Some("erin"));
    assert!(fresh.tokens().await.unwrap().value.iter().any(|token| token.id == "exq-1"));
    assert!(erin.create_token(&new).await.is_err(), "an id is used once");
    erin.delete_token("exq-1").await.unwrap();
    assert!(matches!(fresh.own_account().await, Err(Error::Unauthorized { .. })));
}

pub async fn labels_say_their_range(world: &dyn World) {
    let stage = Stage::new(world, "people-labels").await;
    let labels = stage.client("exq-reader").labels(&stage.project).await.unwrap().value;
    let range =
        |name: &str| labels.iter().find(|label| label.name == name).map(|label| (label.min(), label.max()));
    assert_eq!(range("Code-Review"), Some((Some(-2), Some(2))));
    assert_eq!(range("Deployed"), Some((Some(0), Some(1))));
}

pub async fn rights_are_seen_by_the_reader_only(world: &dyn World) {
    let stage = Stage::on(world, "requests");
    let access = stage.client("exq-reader").access("requests").await.unwrap().value;
    assert!(access.config_visible && !access.is_owner, "{access:?}");
    let submit = &access.local["refs/heads/*"].permissions["submit"];
    let writers = stage.admin.uuid("exq-writers").await.unwrap();
    assert!(submit.exclusive && submit.rules[&writers].action == "ALLOW", "{submit:?}");
    let other = stage.client("alice").access("requests").await;
    assert!(
        other.as_ref().is_err() || other.as_ref().is_ok_and(|found| !found.value.config_visible),
        "{other:?}"
    );
    assert!(stage.client("exq-reader").projects().await.unwrap().value.contains_key("operations"));
    let branches = stage.client("exq-reader").branches("requests").await.unwrap().value;
    assert!(branches.iter().any(|branch| branch.reference == "refs/meta/config"), "{branches:?}");
}
