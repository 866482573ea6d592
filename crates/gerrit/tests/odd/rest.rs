//! Answers that no Gerrit gives: from proxies, login pages, broken networks, and servers that mean harm.

use super::fake::{Fake, Then};
use gerrit::{ChangeId, ChangeQuery, Class, DetailLevel, Error, Review};

const JSON: &str = "Content-Type: application/json;charset=utf-8\r\n";

#[tokio::test]
async fn a_login_page_in_gerrits_place_is_named() {
    let page = b"<!DOCTYPE html><title>Sign in</title>\x1b[31m";
    let fake = Fake::answer("200 OK", "Content-Type: text/html\r\n", page).await;
    let error = fake.client().version().await.unwrap_err();
    let Error::NotGerrit { content_type, excerpt, .. } = &error else { panic!("{error}") };
    assert_eq!(content_type, "text/html");
    assert!(excerpt.starts_with("<!DOCTYPE html>") && !excerpt.contains('\u{1b}'), "{excerpt}");
    assert_eq!(error.class(), Class::Permanent);
}

#[tokio::test]
async fn json_without_gerrits_prefix_is_not_gerrits() {
    let fake = Fake::answer("200 OK", JSON, b"\"3.13.5\"").await;
    assert!(matches!(fake.client().version().await, Err(Error::NotGerrit { .. })));
    let fake = Fake::answer("200 OK", JSON, b"").await;
    assert!(matches!(fake.client().version().await, Err(Error::NotGerrit { .. })));
}

#[tokio::test]
async fn another_shape_is_named_with_its_place() {
    let fake = Fake::answer("200 OK", JSON, b")]}'\n{\"version\": 3}").await;
    let error = fake.client().version().await.unwrap_err();
    assert!(matches!(error, Error::Shape { .. }), "{error}");
    let fake = Fake::answer("200 OK", JSON, b")]}'\n[[[").await;
    assert!(matches!(fake.client().version().await, Err(Error::Shape { .. })));
}

#[tokio::test]
async fn a_server_that_is_busy_may_be_asked_again_but_a_write_is_unsettled() {
    let fake =
        Fake::answer("503 Service Unavailable", "Retry-After: 7\r\nContent-Type: text/html\r\n", b"<h1>x")
            .await;
    let error = fake.client().version().await.unwrap_err();
    let Error::Unavailable { status: 503, retry_after_s: Some(7), message, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((message.as_str(), error.class()), ("", Class::Retry));
    let error =
        fake.client().review(&ChangeId::number(1), "current", &Review::message("x")).await.unwrap_err();
    assert_eq!(error.class(), Class::Unsettled, "{error}");
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_write_is_unsettled() {
    let fake = Fake::new(Then::Silence).await;
    let error = fake.impatient().version().await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && error.is_retryable(), "{error}");
    let error = fake.impatient().hashtags(&ChangeId::number(1), &["a"], &[]).await.unwrap_err();
    assert_eq!(error.class(), Class::Unsettled, "{error}");
}

#[tokio::test]
async fn nobody_there_means_that_nothing_was_done() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let client = super::fake::client(&url);
    let error = client.review(&ChangeId::number(1), "current", &Review::message("x")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert_eq!(error.class(), Class::Retry);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    for headers in [format!("{JSON}Content-Length: 100\r\n"), format!("{JSON}Transfer-Encoding: chunked\r\n")]
    {
        let fake = Fake::answer("200 OK", &headers, b"8\r\n)]}'\n\"3.").await;
        let error = fake.client().version().await.unwrap_err();
        assert!(matches!(error, Error::Interrupted { .. }) && error.is_retryable(), "{error}");
    }
    let fake = Fake::new(Then::Send(b"SSH-2.0-OpenSSH\r\n".to_vec())).await;
    let error = fake.client().version().await.unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }), "{error}");
}

#[tokio::test]
async fn too_much_is_not_taken_whether_it_is_said_or_not() {
    let body = vec![b'x'; 5000];
    let said = format!("{JSON}Content-Length: 999999999\r\n");
    for headers in [said.as_str(), JSON] {
        let fake = Fake::answer("200 OK", headers, &body).await;
        let error = fake.client().version().await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 4096, .. }), "{error}");
    }
}

#[tokio::test]
async fn the_limit_counts_what_is_unpacked() {
    let packed = hex::decode(GZIP).unwrap();
    assert!(packed.len() < 100);
    let fake = Fake::answer("200 OK", &format!("{JSON}Content-Encoding: gzip\r\n"), &packed).await;
    let error = fake.client().version().await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

/// `)]}'`, a line feed and a JSON string of 20,000 letters, packed.
const GZIP: &str = "1f8b0800000000000203edc121110040080030ff31307f84a20786eed4406ccb9affa20100000000000000000000000000000000000038211682f63d9d274e0000";

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let trap = Fake::answer("200 OK", JSON, b")]}'\n\"3\"").await;
    let fake = Fake::answer("302 Found", &format!("Location: {}login\r\n", trap.url), b"").await;
    let error = fake.client().version().await.unwrap_err();
    assert!(matches!(error, Error::Redirected { status: 302, .. }), "{error}");
    assert_eq!((fake.requests().len(), trap.requests().len()), (1, 0));
}

#[tokio::test]
async fn credentials_go_in_a_header_and_into_no_message() {
    let fake = Fake::answer("403 Forbidden", "Content-Type: text/plain\r\n", b"no\x1b[2J\n").await;
    let client = fake.client();
    let query = ChangeQuery {
        query: "owner:secret@example.com".into(),
        limit: 1,
        start: 0,
        detail: DetailLevel::Brief,
    };
    let error = client.changes(&query).await.unwrap_err();
    let requests = fake.requests();
    assert!(
        requests[0].starts_with("GET /a/changes/?q=owner%3Asecret%40example.com&n=1&S=0 HTTP/1.1"),
        "{requests:?}"
    );
    // base64 of exq-reader:s3cret-token
    assert!(requests[0].contains("Basic ZXhxLXJlYWRlcjpzM2NyZXQtdG9rZW4="), "{requests:?}");
    let said = format!("{error} {error:?} {client:?}");
    for hidden in ["s3cret", "ZXhx", "secret@example.com", "\u{1b}"] {
        assert!(!said.contains(hidden), "{hidden}: {said}");
    }
    assert!(matches!(error, Error::Forbidden { message, .. } if message.starts_with("no")));
}

#[tokio::test]
async fn a_server_below_a_path_is_asked_there() {
    let fake = Fake::answer("200 OK", JSON, b")]}'\n\"3.13.5\"").await;
    let client = super::fake::client(&format!("{}r/gerrit", fake.url));
    assert_eq!(client.version().await.unwrap().value, "3.13.5");
    assert!(fake.requests()[0].starts_with("GET /r/gerrit/a/config/server/version "));
}

#[test]
fn an_address_that_cannot_be_gerrits_is_refused() {
    for url in ["", "review.example.com", "ftp://x/", "https://u:p@x/", "https://x/?a=b", "https://x/#/c"] {
        let config = gerrit::ClientConfig::new(url, "u", "t".to_owned().into());
        assert!(matches!(gerrit::Client::new(&config), Err(Error::BaseUrl { .. })), "{url}");
    }
    for user in ["", "a:b", "a\nb"] {
        let config = gerrit::ClientConfig::new("https://x/", user, "t".to_owned().into());
        assert!(matches!(gerrit::Client::new(&config), Err(Error::Unusable { .. })), "{user:?}");
    }
}
