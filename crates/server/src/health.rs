//! `GET /healthz`: this process answers. Says nothing else, and asks nobody.

pub(crate) async fn get() -> &'static str {
    "ok\n"
}
