//! A real Chromium, driven over its debugging pipe: NUL-ended JSON on its file descriptors 3 and 4.

#![allow(clippy::indexing_slicing, reason = "JSON values are indexed: what isn't there is null")]

use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use exq::demo::until;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Mutex,
};

use super::PATIENCE;

/// A browser without a window. It ends when this is dropped.
pub(crate) struct Chromium {
    wire: Mutex<Wire>,
    _child: Child,
    _profile: TempDir,
}

struct Wire {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    last: u64,
}

/// One person's window: cookies and authenticators of its own.
pub(crate) struct Window<'a> {
    chromium: &'a Chromium,
    session: String,
    authenticator: String,
}

impl Chromium {
    /// Starts it.
    pub(crate) async fn start() -> Result<Self> {
        let profile = TempDir::new()?;
        // The pipe is the child's 3 and 4, which a plain spawn can't name: a shell moves them there.
        let line = "exec chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
                    --disable-background-networking --remote-debugging-pipe --user-data-dir=\"$1\" about:blank \
                    3<&0 4>&1 </dev/null >/dev/null 2>/dev/null";
        #[allow(clippy::disallowed_methods, reason = "the browser of the test")]
        let mut command = Command::new("sh");
        command.args(["-c", line, "sh"]).arg(profile.path());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let to = child.stdin.take().context("no pipe to chromium")?;
        let from = BufReader::new(child.stdout.take().context("no pipe from chromium")?);
        let chromium =
            Self { wire: Mutex::new(Wire { to, from, last: 0 }), _child: child, _profile: profile };
        let version = chromium.call(None, "Browser.getVersion", json!({})).await;
        version.context("Chromium doesn't start\nhint: apt-get install chromium (Debian's package)")?;
        Ok(chromium)
    }

    /// Calls one method; what else is told meanwhile is of no interest.
    async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        let mut wire = self.wire.lock().await;
        wire.last += 1;
        let id = wire.last;
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = serde_json::to_vec(&message)?;
        bytes.push(0);
        wire.to.write_all(&bytes).await?;
        loop {
            let mut bytes = Vec::new();
            tokio::time::timeout(PATIENCE, wire.from.read_until(0, &mut bytes)).await??;
            ensure!(bytes.pop() == Some(0), "chromium ended while {method} was called");
            let answer: Value = serde_json::from_slice(&bytes)?;
            if answer["id"] == id {
                ensure!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return Ok(answer["result"].clone());
            }
        }
    }

    /// A window of its own, with an authenticator whose person is there.
    pub(crate) async fn window(&self) -> Result<Window<'_>> {
        let context = self.call(None, "Target.createBrowserContext", json!({})).await?;
        let context = &context["browserContextId"];
        let target = json!({"url": "about:blank", "browserContextId": context});
        let target = self.call(None, "Target.createTarget", target).await?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call(None, "Target.attachToTarget", attach).await?;
        let session = session["sessionId"].as_str().context("no session")?.to_owned();
        let mut window = Window { chromium: self, session, authenticator: String::new() };
        window.call("WebAuthn.enable", json!({})).await?;
        let options = json!({"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "automaticPresenceSimulation": true,
        }});
        let made = window.call("WebAuthn.addVirtualAuthenticator", options).await?;
        made["authenticatorId"].as_str().context("no authenticator")?.clone_into(&mut window.authenticator);
        Ok(window)
    }
}

impl Window<'_> {
    async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.chromium.call(Some(&self.session), method, params).await
    }

    /// Whether the authenticator is unlocked by its person.
    pub(crate) async fn verifies(&self, verified: bool) -> Result<()> {
        let params = json!({"authenticatorId": self.authenticator, "isUserVerified": verified});
        self.call("WebAuthn.setUserVerified", params).await.map(drop)
    }

    /// Goes to an address, and waits until the page is there.
    pub(crate) async fn go(&self, url: &str) -> Result<()> {
        let led = self.call("Page.navigate", json!({"url": url})).await?;
        ensure!(led["errorText"].is_null(), "{url}: {led}");
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'").await
    }

    /// The value of an expression, awaited, on the page.
    pub(crate) async fn value(&self, expression: &str) -> Result<Value> {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true});
        let answer = self.call("Runtime.evaluate", params).await?;
        if let Some(wrong) = answer.get("exceptionDetails") {
            bail!("{wrong}");
        }
        Ok(answer["result"]["value"].clone())
    }

    /// The text of the page.
    pub(crate) async fn text(&self) -> Result<String> {
        Ok(self.value("document.body.innerText").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until an expression is true.
    pub(crate) async fn until(&self, expression: &str) -> Result<()> {
        let what = format!("{expression} in the browser");
        let done = until(&what, PATIENCE, || async {
            // While a page goes and another comes there is nothing to ask.
            let value = self.value(expression).await?;
            Ok((value == true).then_some(()))
        })
        .await;
        match done {
            Ok(()) => Ok(()),
            Err(why) => Err(why.context(self.text().await.unwrap_or_default())),
        }
    }

    /// Clicks on what a selector finds.
    pub(crate) async fn click(&self, selector: &str) -> Result<()> {
        let selector = serde_json::to_string(selector)?;
        self.until(&format!("document.querySelector({selector}) !== null")).await?;
        self.value(&format!("document.querySelector({selector}).click()")).await.map(drop)
    }
}
