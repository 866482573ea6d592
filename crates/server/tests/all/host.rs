//! Only by our own names, only from our own pages, only on loopback.

use std::sync::Arc;

use secrecy::SecretString;
use server::{App, ServerConfig, ServerError};

use crate::{
    client::{Request, send_raw},
    samples,
    world::{OPEN_TOKEN, Site, TestEntropy, World, as_cli},
};

#[tokio::test]
async fn a_name_that_is_not_ours_is_refused_on_every_route() {
    let site = Site::start().await;
    let port = site.address.port();
    for ours in [format!("127.0.0.1:{port}"), format!("LOCALHOST:{port}"), format!("[::1]:{port}")] {
        assert_eq!(site.send(Request::get("/healthz").with("host", &ours)).await.status, 200, "{ours}");
    }
    let foreign = [
        format!("evil.example:{port}"),
        "127.0.0.1".into(),
        format!("127.0.0.1:{}", port ^ 1),
        format!("127.0.0.1:{port}.evil.example"),
        format!("127.0.0.1:{port}, evil.example"),
        String::new(),
    ];
    for host in foreign {
        for route in server::routes() {
            let request = as_cli(Request::new(route.method, route.path)).with("host", &host);
            let answer = site.send(request).await;
            assert_eq!(answer.status, 421, "{host} {route:?}");
        }
    }
}

#[tokio::test]
async fn a_request_has_one_name_and_means_it() {
    let site = Site::start().await;
    let address = site.address;
    for bad in [
        "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n".to_owned(),
        format!(
            "GET /healthz HTTP/1.1\r\nhost: {address}\r\nhost: evil.example\r\nconnection: close\r\n\r\n"
        ),
        format!("GET http://evil.example/healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"),
    ] {
        let answer = send_raw(address, bad.as_bytes()).await;
        assert_eq!(answer.status, 421, "{bad}");
    }
}

#[tokio::test]
async fn a_foreign_page_can_not_post() {
    let site = Site::start().await;
    let form = || {
        Request::post("/open", format!("token={OPEN_TOKEN}"))
            .with("content-type", "application/x-www-form-urlencoded")
    };
    let origin = format!("http://{}", site.address);
    for foreign in ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"] {
        assert_eq!(site.send(form().with("origin", foreign)).await.status, 403, "{foreign}");
    }
    assert_eq!(site.send(form().with("sec-fetch-site", "same-site")).await.status, 403);
    assert_eq!(
        site.send(form().with("origin", &origin).with("sec-fetch-site", "same-origin")).await.status,
        303
    );
}

#[test]
fn an_address_that_others_reach_is_refused() {
    struct Clock;
    impl model::Clock for Clock {
        fn now(&self) -> model::Timestamp {
            samples::at(0)
        }
    }
    let make = |address: &str| {
        let token = || SecretString::from("t".repeat(40));
        App::new(
            address.parse().unwrap(),
            ServerConfig::new(token(), token()),
            World::new(vec![]),
            Arc::new(Clock),
            Arc::new(TestEntropy::default()),
        )
    };
    for open in ["0.0.0.0:80", "192.168.0.1:80", "[::]:80"] {
        assert!(matches!(make(open), Err(ServerError::NotLoopback(_))), "{open}");
    }
    assert!(make("127.0.0.1:80").is_ok());
    assert!(make("[::1]:80").is_ok());
}
