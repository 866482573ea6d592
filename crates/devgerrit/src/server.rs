//! HTTP: faults first, then who asks, then git or REST. One lock, one request at a time, but for fetches and faults.

use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;

use crate::faults::{Fault, Faults};
use crate::git::program;
use crate::git_http::{self, GitPath, Service};
use crate::refusal::Refusal;
use crate::rest::{self, Answer};
use crate::world::World;
use crate::world::accounts::Caller;

/// The largest request: a pushed pack.
const LARGEST_BYTES: usize = 256 << 20;

const JSON: &str = "application/json;charset=utf-8";
const PLAIN: &str = "text/plain;charset=utf-8";
/// What Gerrit's servlet container answers with, where its own code was never reached.
const LATIN: &str = "text/plain;charset=iso-8859-1";

/// What every request needs.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) faults: Arc<Faults>,
}

impl App {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request with its body read, for the thread that answers it.
struct Incoming {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

pub(crate) async fn handle(State(app): State<App>, request: HttpRequest) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BYTES).await else {
        return respond(413, PLAIN, b"request too large\n".to_vec());
    };
    if let Some(delay) = app.faults.next_delay() {
        tokio::time::sleep(delay).await;
    }
    match app.faults.next_fault() {
        Some(Fault::Unavailable) => return respond(503, PLAIN, b"Service Unavailable\n".to_vec()),
        Some(Fault::Html) => {
            let page = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>\n".to_vec();
            return respond(200, "text/html;charset=utf-8", page);
        }
        None => {}
    }
    let incoming = Incoming {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or("").to_owned(),
        headers: parts.headers,
        body,
    };
    let (faults, asked) = (Arc::clone(&app.faults), incoming.path.clone());
    faults.held(&asked, false).await;
    let answered = tokio::task::spawn_blocking(move || answer(&app, incoming)).await;
    faults.held(&asked, true).await;
    answered.unwrap_or_else(|_| respond(500, PLAIN, b"Internal server error\n".to_vec()))
}

fn respond(status: u16, content_type: &str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Ok(value) = content_type.parse() {
        headers.insert(header::CONTENT_TYPE, value);
    }
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache, no-store, max-age=0"));
    response
}

fn unauthorized() -> Response<Body> {
    let mut response = respond(401, LATIN, b"Unauthorized".to_vec());
    let realm = header::HeaderValue::from_static("Basic realm=\"Gerrit Code Review\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
    response
}

fn refuse(refusal: &Refusal) -> Response<Body> {
    respond(refusal.status, PLAIN, format!("{}\n", refusal.text).into_bytes())
}

/// The name and secret of Basic authentication.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let packed = value.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(packed.trim()).ok()?).ok()?;
    let (name, secret) = text.split_once(':')?;
    Some((name.to_owned(), secret.to_owned()))
}

fn answer(app: &App, incoming: Incoming) -> Response<Body> {
    let mut world = app.world();
    let (path, authenticated) = match incoming.path.strip_prefix("/a/") {
        Some(rest) => (format!("/{rest}"), true),
        None => (incoming.path.clone(), false),
    };
    let git = git_http::path(&path, &incoming.query);
    let login = basic(&incoming.headers).map(|(name, secret)| {
        let now = world.now_ms();
        world.state.login(&name, &secret, now)
    });
    let asked = authenticated || (git.is_some() && incoming.headers.contains_key(header::AUTHORIZATION));
    let mut caller = match (asked, login) {
        (true, Some(Some(id))) => Caller::of(id),
        (true, _) => return unauthorized(),
        (false, _) => Caller::default(),
    };
    if let Some(git) = git {
        return serve_git(world, caller, &git, &incoming);
    }
    if path == "/tools/hooks/commit-msg" {
        return respond(200, PLAIN, COMMIT_MSG.as_bytes().to_vec());
    }
    if let Some(name) = incoming.headers.get("X-Gerrit-RunAs").and_then(|v| v.to_str().ok()) {
        match run_as(&world, caller, name) {
            Ok(other) => caller = other,
            Err(refusal) => return refuse(&refusal),
        }
    }
    let mut segments: Vec<String> =
        path.split('/').skip(1).map(|part| rest::input::decode(part, false)).collect();
    while segments.last().is_some_and(String::is_empty) {
        segments.pop();
    }
    let content_type = incoming.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let request = rest::Request {
        method: incoming.method,
        segments,
        query: rest::input::query(&incoming.query),
        content_type: content_type.map(str::to_owned),
        body: incoming.body.to_vec(),
        caller,
    };
    let known = request.segments.first().map(String::as_str);
    if !matches!(known, Some("accounts" | "groups" | "projects" | "access" | "changes" | "config")) {
        return respond(404, LATIN, b"Not Found".to_vec());
    }
    let trace = format!("{}-{}", world.now_ms(), world.random_hex(4));
    let mut response = match rest::dispatch(&mut world, &request) {
        Ok(answer) => render(answer),
        Err(refusal) => refuse(&refusal),
    };
    if let Ok(trace) = trace.parse() {
        response.headers_mut().insert("X-Gerrit-Trace", trace);
    }
    response
}

/// Somebody with the capability `runAs` acts as another; who really acts is written down beside.
fn run_as(world: &World, caller: Caller, name: &str) -> Result<Caller, Refusal> {
    let real = caller.known()?;
    let config = world.config("All-Projects");
    let groups = world.state.groups_of(real);
    // administrators don't have this one by themselves
    if !config.capability("runAs").iter().any(|rule| groups.contains(&rule.group)) {
        return Err(Refusal::forbidden("not permitted to use X-Gerrit-RunAs"));
    }
    let none = |_| Refusal::forbidden("no account matches X-Gerrit-RunAs");
    let account = world.resolve_account(caller, name).map_err(none)?;
    Ok(Caller { account: Some(account), real: Some(real) })
}

fn render(answer: Answer) -> Response<Body> {
    match answer.body {
        rest::Body::Json(value) => {
            let mut body = b")]}'\n".to_vec();
            body.extend_from_slice(value.to_string().as_bytes());
            body.push(b'\n');
            respond(answer.status, JSON, body)
        }
        rest::Body::Encoded(text) => {
            let mut response = respond(answer.status, LATIN, text.into_bytes());
            response
                .headers_mut()
                .insert("X-FYI-Content-Encoding", header::HeaderValue::from_static("base64"));
            response
        }
        rest::Body::Empty => {
            let mut response = respond(answer.status, PLAIN, Vec::new());
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
    }
}

fn serve_git(
    mut world: MutexGuard<'_, World>,
    caller: Caller,
    git: &GitPath,
    incoming: &Incoming,
) -> Response<Body> {
    let repo = match world.may_fetch(caller, &git.project) {
        Ok(repo) => repo,
        // who is not signed in is asked to, whether the project exists or not
        Err(_) if caller.account.is_none() => return unauthorized(),
        Err(refusal) => return refuse(&refusal),
    };
    if git.service == Service::Receive && caller.account.is_none() {
        return unauthorized();
    }
    let zipped = incoming.headers.get(header::CONTENT_ENCODING).is_some_and(|value| value == "gzip");
    let body = if zipped { unzip(&incoming.body) } else { Some(incoming.body.to_vec()) };
    let Some(body) = body else { return respond(400, PLAIN, b"bad gzip\n".to_vec()) };
    let (done, name) = match git.service {
        Service::Upload => {
            let hidden = world.hidden_refs(caller, &git.project, &repo);
            // git reads the repository by itself: nobody has to wait for it
            drop(world);
            let protocol = incoming.headers.get("Git-Protocol").and_then(|v| v.to_str().ok());
            let done = program::upload_pack(&repo, git.advertise, protocol, &hidden, &body);
            let done = done.map(|out| if git.advertise { announced(out, protocol) } else { out });
            (done.map_err(Refusal::from), "git-upload-pack")
        }
        Service::Receive if git.advertise => {
            (world.advertise_receive(caller, &git.project), "git-receive-pack")
        }
        Service::Receive => (world.receive(caller, &git.project, &body), "git-receive-pack"),
    };
    let kind = if git.advertise { "advertisement" } else { "result" };
    match done {
        Ok(bytes) => respond(200, &format!("application/x-{name}-{kind}"), bytes),
        Err(refusal) => refuse(&refusal),
    }
}

/// Protocol version 2 announces itself; the older ones are announced here.
fn announced(out: Vec<u8>, protocol: Option<&str>) -> Vec<u8> {
    if protocol.is_some_and(|p| p.contains("version=2")) {
        return out;
    }
    let mut all = git_http::pkt::line(b"# service=git-upload-pack\n");
    all.extend_from_slice(git_http::pkt::FLUSH);
    all.extend(out);
    all
}

fn unzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let limit = u64::try_from(LARGEST_BYTES).ok()?;
    GzDecoder::new(bytes).take(limit).read_to_end(&mut out).ok()?;
    Some(out)
}

/// A hook that puts a Change-Id under a message that has none.
const COMMIT_MSG: &str = r#"#!/bin/sh
# Puts a Change-Id under the message if it has none.
grep -q '^Change-Id: I[0-9a-f]\{40\}$' "$1" && exit 0
id=$( { git var GIT_COMMITTER_IDENT; git write-tree; cat "$1"; } | git hash-object --stdin )
git interpret-trailers --in-place --trailer "Change-Id: I$id" "$1"
"#;
