//! People who sign in, and operations that they ask for.

use std::{collections::BTreeMap, path::Path, process::Stdio, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use devidp::{DevClient, DevIdp, DevPerson};
use exq::{config::Config, demo::until, installation::Installation};
use model::{OsEntropy, SystemClock};
use realgerrit::provision::{Right, Rule, World};
use realkeycloak::{RealKeycloak, Realm};
use serde_json::Value;
use story::{Change, Pace};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

use super::{PATIENCE, Stage, word};

/// `exq` with a home of its own.
pub(crate) fn exq(config: &Path, home: &Path, arguments: &[&str]) -> Command {
    #[allow(clippy::disallowed_methods, reason = "the program under test")]
    let mut command = Command::new(env!("CARGO_BIN_EXE_exq"));
    command
        .arg("--config")
        .arg(config)
        .args(arguments)
        .env("XDG_CONFIG_HOME", home)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Exit code, and all that it wrote.
pub(crate) async fn said(mut command: Command) -> Result<(Option<i32>, String)> {
    let output = tokio::time::timeout(PATIENCE, command.output()).await??;
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ok((output.status.code(), text))
}

/// Runs `exq login`, and signs in as this person at the issuer's page.
pub(crate) async fn login(config: &Path, home: &Path, idp: &DevIdp, person: &str) -> Result<String> {
    let sign_in = async |_: &str, code: &str| {
        let form = [("user_code", code), ("person", person)];
        idp.browser().post(&format!("{}/device", idp.url()), &form).await?;
        Ok(())
    };
    logging_in(config, home, sign_in).await
}

/// The same at a real Keycloak.
async fn login_at_keycloak(
    config: &Path,
    home: &Path,
    keycloak: &RealKeycloak,
    person: &str,
) -> Result<String> {
    let sign_in = async |page: &str, _: &str| Ok(keycloak.browser()?.connect_device(page, person).await?);
    logging_in(config, home, sign_in).await
}

async fn logging_in(
    config: &Path,
    home: &Path,
    sign_in: impl AsyncFnOnce(&str, &str) -> Result<()>,
) -> Result<String> {
    let mut child = exq(config, home, &["login"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let mut all = String::new();
    let mut page = String::new();
    let code = loop {
        let line =
            tokio::time::timeout(PATIENCE, lines.next_line()).await??.context("it ended without a code")?;
        all.push_str(&line);
        if let Some(at) = line.strip_prefix("open ") {
            page = at.trim().to_owned();
        }
        if let Some((_, code)) = line.split_once("shows the code ") {
            break code.trim().to_owned();
        }
    };
    sign_in(&page, &code).await?;
    while let Some(line) = tokio::time::timeout(PATIENCE, lines.next_line()).await?? {
        all.push('\n');
        all.push_str(&line);
    }
    let status = tokio::time::timeout(PATIENCE, child.wait()).await??;
    ensure!(status.success(), "exq login: {status}: {all}");
    Ok(all)
}

/// An issuer for these people, all of whom may read.
pub(crate) async fn issuer(server: &str, people: Vec<DevPerson>) -> Result<DevIdp> {
    Ok(DevIdp::start(devidp::Options {
        people,
        clients: vec![DevClient {
            id: "exequatur".into(),
            secret: Some("the client's secret".into()),
            redirect_uris: vec![format!("{server}/sign-in/callback")],
            logout_uri: Some(format!("{server}/sign-in/back-channel")),
        }],
        // An RSA key takes a second to make; `identity` has its tests with one.
        algorithm: devidp::Algorithm::Es256,
        ..devidp::Options::default()
    })
    .await?)
}

/// What `exq.yaml` says of it.
pub(crate) fn configure_sign_in(config: &Path, idp: &DevIdp) -> Result<()> {
    identity_section(config, idp.url(), "the client's secret", "person")
}

fn identity_section(config: &Path, issuer: &str, client_secret: &str, claim: &str) -> Result<()> {
    let secret = config.with_file_name("secrets").join("idp");
    std::fs::write(&secret, format!("{client_secret}\n"))?;
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let mut text = std::fs::read_to_string(config)?;
    text.push_str(&format!(
        "identity:\n  issuer: {issuer}\n  client_id: exequatur\n  client_secret: {{ file: secrets/idp }}\n  \
         person_claim: {claim}\n  readers: [exq-readers]\n  granted_by: The platform team\n"
    ));
    Ok(std::fs::write(config, text)?)
}

/// The program that the tests ask for: one line for each time that it ran.
const RESTART: &str = "#!/bin/sh\nset -eu\necho \"$1\" >> \"$2/restarted\"\necho \"restarted for $1\"\n";

/// The operation that the tests ask for.
const OPERATION: &str = r#"operation: shop-restart
title: Restart the shop
mode: enforce
review: { people: 1 }
inputs:
  ticket: { title: The incident that it is for }
environments:
  prod: { targets: shop-hosts }
steps:
  - id: restart
    exec: { run: [./restart/run, "{{ inputs.ticket }}", "{{ target.root }}"], timeout: 30s, idempotent: true }
"#;

/// The same, where its plan is approved by somebody who is present.
pub(crate) const APPROVED_OPERATION: &str = r#"operation: shop-restart
title: Restart the shop
mode: enforce
review: { people: 1 }
inputs:
  ticket: { title: The incident that it is for }
environments:
  prod: { targets: shop-hosts, approve: { role: release-managers, people: 1, present: true } }
steps:
  - id: restart
    exec: { run: [./restart/run, "{{ inputs.ticket }}", "{{ target.root }}"], timeout: 30s, idempotent: true }
"#;

/// A company whose people sign in, and may ask for a restart of the shop.
pub(crate) struct Office {
    /// The company.
    pub(crate) stage: Stage,
    /// Who says who they are.
    pub(crate) idp: DevIdp,
    /// Who says so instead, where that is a real Keycloak.
    pub(crate) hall: Option<Hall>,
    /// How browsers reach us.
    pub(crate) public: String,
    homes: BTreeMap<String, TempDir>,
}

impl Office {
    /// On a small Gerrit.
    pub(crate) async fn dev() -> Result<Self> {
        Self::on(Stage::dev().await?).await
    }

    /// The same, where passkeys are used: by the host name that browsers take for one on this machine.
    pub(crate) async fn with_passkeys() -> Result<Self> {
        Self::open(Stage::dev().await?, None, true).await
    }

    /// On a small Gerrit where approvers, too, may push and submit in `requests`: what comes of it is for us to refuse.
    pub(crate) async fn lax() -> Result<Self> {
        Self::on(Stage::dev_in(lax(story::world())).await?).await
    }

    /// On a real one, whose people sign in at a real Keycloak.
    pub(crate) async fn real_with_keycloak(
        options: realgerrit::Options,
        people: &[(&str, &[&str])],
    ) -> Result<Self> {
        Self::open(Stage::real(options).await?, Some(people), false).await
    }

    /// On a real one.
    pub(crate) async fn real(options: realgerrit::Options) -> Result<Self> {
        Self::on(Stage::real(options).await?).await
    }

    async fn on(stage: Stage) -> Result<Self> {
        Self::open(stage, None, false).await
    }

    async fn open(
        mut stage: Stage,
        at_keycloak: Option<&[(&str, &[&str])]>,
        has_passkeys: bool,
    ) -> Result<Self> {
        let mut server = format!("http://{}", stage.running()?.address);
        if has_passkeys {
            server = server.replace("127.0.0.1", "localhost");
        }
        let mut people: Vec<DevPerson> = ["alice", "bob", "carol", "dave", "erin", "mallory"]
            .map(|n| DevPerson::new(n, &["exq-readers"]))
            .into();
        // A second identity of bob's, of which the provider doesn't say that it is his.
        people.push(DevPerson { person: None, ..DevPerson::new("bobby", &["exq-readers"]) });
        let idp = issuer(&server, people).await?;
        let hall = match at_keycloak {
            Some(people) => Some(Hall::open(&server, people).await?),
            None => None,
        };
        stage.down().await?;
        match &hall {
            Some(hall) => hall.configure(&stage.town.config)?,
            None => configure_sign_in(&stage.town.config, &idp)?,
        }
        if has_passkeys {
            let mut text = std::fs::read_to_string(&stage.town.config)?;
            text.push_str(&format!("  public_url: {server}\n  passkeys: localhost\n"));
            std::fs::write(&stage.town.config, text)?;
        }
        stage.running = Some(start(&stage).await?);
        let office = Self { stage, idp, hall, public: server, homes: BTreeMap::new() };
        let links = office.operations("links.yaml").await?;
        let bobs = format!(
            "- {{ person: bob, identities: [{{ issuer: \"{}\", subject: u-bobby }}],",
            office.idp.url()
        );
        let links = links.replacen("- { person: bob,", &bobs, 1);
        office
            .configure(&[
                ("requests.yaml", "server: main\nproject: requests\n"),
                ("operations/shop-restart.yaml", OPERATION),
                ("restart/run", RESTART),
                ("links.yaml", &links),
            ])
            .await?;
        Ok(office)
    }

    /// Exequatur stops.
    pub(crate) async fn down(&mut self) -> Result<()> {
        self.stage.down().await
    }

    /// Exequatur starts again.
    pub(crate) async fn up(&mut self) -> Result<()> {
        self.stage.down().await?;
        self.stage.town.configure(Pace::default())?;
        configure_sign_in(&self.stage.town.config, &self.idp)?;
        self.stage.running = Some(start(&self.stage).await?);
        Ok(())
    }

    /// Everything stops.
    pub(crate) async fn close(self) -> Result<()> {
        self.stage.close().await
    }

    /// The text of a file of the operations project now.
    pub(crate) async fn operations(&self, path: &str) -> Result<String> {
        self.stage.town.desk("alice").refresh("operations").await?;
        let clone = self.stage.town.folder.join("desks/main/alice/operations");
        Ok(std::fs::read_to_string(clone.join(path))?)
    }

    /// alice changes the operations project, bob and carol approve, it is in force.
    pub(crate) async fn configure(&self, files: &[(&str, &str)]) -> Result<()> {
        let town = &self.stage.town;
        let (alice, bob, carol) = (town.desk("alice"), town.desk("bob"), town.desk("carol"));
        let change = alice.change("operations", files, "Change the rules").await?;
        bob.vote(&change, 2).await?;
        carol.vote(&change, 2).await?;
        bob.submit(&change).await?;
        alice.refresh("operations").await?;
        let head = town.folder.join("desks/main/alice/operations/.git/refs/heads/work");
        let tip = std::fs::read_to_string(head)?.trim().to_owned();
        until("the configuration is accepted", PATIENCE, || async {
            let view = self.stage.api.json("configuration").await?;
            let refused = view.get("refused").filter(|refused| !refused.is_null());
            ensure!(refused.is_none(), "it is refused: {view}");
            Ok((word(&view, "accepted") == tip).then_some(()))
        })
        .await
    }

    /// Runs `exq` as somebody, who is signed in.
    pub(crate) async fn exq(&mut self, person: &str, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let config = self.stage.town.config.clone();
        if !self.homes.contains_key(person) {
            let home = TempDir::new()?;
            match &self.hall {
                Some(hall) => login_at_keycloak(&config, home.path(), &hall.keycloak, person).await?,
                None => login(&config, home.path(), &self.idp, person).await?,
            };
            self.homes.insert(person.to_owned(), home);
        }
        let home = self.homes.get(person).context("no home")?;
        said(exq(&config, home.path(), arguments)).await
    }

    /// Somebody is put into a group, at the provider.
    pub(crate) async fn joins(&self, person: &str, group: &str) -> Result<()> {
        match &self.hall {
            Some(hall) => hall.member("PUT", person, group).await,
            None => Ok(self.idp.set_groups(person, &["exq-readers", group])?),
        }
    }

    /// Somebody is taken out of a group, at the provider.
    pub(crate) async fn leaves(&self, person: &str, group: &str) -> Result<()> {
        match &self.hall {
            Some(hall) => hall.member("DELETE", person, group).await,
            None => Ok(self.idp.set_groups(person, &["exq-readers"])?),
        }
    }

    /// Where somebody's session lies, who has signed in.
    pub(crate) fn home(&self, person: &str) -> Result<&Path> {
        Ok(self.homes.get(person).context("not signed in")?.path())
    }

    /// Somebody asks for a restart; the request, once its change is there.
    pub(crate) async fn ask(&mut self, person: &str, ticket: &str, why: &str) -> Result<Asked> {
        let input = format!("ticket={ticket}");
        let arguments = ["request", "shop-restart", "--input", &input, "--justification", why, "--json"];
        let (code, text) = self.exq(person, &arguments).await?;
        ensure!(code == Some(0), "{person} asks: {code:?} {text}");
        self.asked(&serde_json::from_str(&text)?).await
    }

    /// The change of a request.
    pub(crate) async fn asked(&self, view: &Value) -> Result<Asked> {
        let id = view.pointer("/request/id").and_then(Value::as_str).context("no id")?.to_owned();
        let number = until(&format!("{id} is a change"), PATIENCE, || async {
            Ok(self.request(&id).await?.get("change").and_then(Value::as_u64))
        })
        .await?;
        let path = format!("changes/requests~{number}?o=CURRENT_REVISION");
        let seen = self.stage.town.desk("bob").rest().call("GET", &path, None).await?;
        let change = Change {
            project: "requests".to_owned(),
            number,
            change_id: word(&seen, "change_id").to_owned(),
            revision: word(&seen, "current_revision").to_owned(),
        };
        Ok(Asked { id, change })
    }

    /// A request as it stands.
    pub(crate) async fn request(&self, id: &str) -> Result<Value> {
        self.stage.api.json(&format!("requests/{id}")).await
    }

    /// Waits until a request stands so.
    pub(crate) async fn stands(&self, asked: &Asked, state: &str) -> Result<Value> {
        let what = format!("{} is {state}", asked.id);
        until(&what, PATIENCE, || async {
            let view = self.request(&asked.id).await?;
            ensure!(word(&view, "state") == state, "{view}");
            Ok(Some(view))
        })
        .await
    }

    /// Waits until an open request is known to wait for this.
    pub(crate) async fn waits_for(&self, asked: &Asked, code: &str) -> Result<Value> {
        let what = format!("{} waits for {code}", asked.id);
        until(&what, PATIENCE, || async {
            let view = self.request(&asked.id).await?;
            let reasons = view.get("waits_for").and_then(Value::as_array).cloned().unwrap_or_default();
            ensure!(reasons.iter().any(|reason| word(reason, "code") == code), "{view}");
            ensure!(word(&view, "state") == "open", "{view}");
            Ok(Some(view))
        })
        .await
    }

    /// The run of a request that succeeded.
    pub(crate) async fn ran(&self, asked: &Asked) -> Result<String> {
        self.stage.ran(&asked.change).await
    }

    /// The codes for which a merged change was refused.
    pub(crate) async fn refused(&self, change: &Change) -> Result<Vec<String>> {
        let state = self.stage.state(change).await?;
        ensure!(word(&state, "is") == "refused", "change {}: {state}", change.number);
        let reasons = state.get("reasons").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(reasons.iter().map(|reason| word(reason, "code").to_owned()).collect())
    }

    /// What the shop was restarted for, each time.
    pub(crate) fn restarted(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.stage.town.shop("shop").join("restarted"));
        text.unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// The status of a change on Gerrit.
    pub(crate) async fn status(&self, change: &Change) -> Result<String> {
        let desk = self.stage.town.desk("bob");
        Ok(word(&desk.look(change).await?, "status").to_owned())
    }

    /// Waits until a change is given up.
    pub(crate) async fn abandoned(&self, change: &Change) -> Result<()> {
        until(&format!("change {} is abandoned", change.number), PATIENCE, || async {
            Ok((self.status(change).await? == "ABANDONED").then_some(()))
        })
        .await
    }

    /// Somebody adds a patch set to a change of `requests`, with other content of that file.
    pub(crate) async fn add_patch_set(
        &self,
        name: &str,
        change: &Change,
        path: &str,
        text: &str,
    ) -> Result<()> {
        let desk = self.stage.town.desk(name);
        let id = format!("changes/requests~{}", change.number);
        let path = format!("{id}/edit/{}", path.replace('/', "%2F"));
        let data = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
        let body = serde_json::json!({"binary_content": format!("data:text/plain;base64,{data}")});
        desk.rest().call("PUT", &path, Some(&body)).await?;
        desk.rest().call("POST", &format!("{id}/edit:publish"), Some(&serde_json::json!({}))).await?;
        Ok(())
    }
}

/// A realm of a real Keycloak.
pub(crate) struct Hall {
    /// The server.
    pub(crate) keycloak: RealKeycloak,
}

impl Hall {
    /// The realm's name.
    pub(crate) const REALM: &'static str = "company";

    /// One with these people, each in these groups.
    async fn open(server: &str, people: &[(&str, &[&str])]) -> Result<Self> {
        let keycloak = RealKeycloak::start().await?;
        let realm = Realm {
            name: Self::REALM.to_owned(),
            redirect_uri: format!("{server}/sign-in/callback"),
            logout_uri: None,
        };
        keycloak.admin().await?.make(&realm, people).await?;
        Ok(Self { keycloak })
    }

    async fn member(&self, method: &str, person: &str, group: &str) -> Result<()> {
        let admin = self.keycloak.admin().await?;
        let user = admin.user(Self::REALM, person).await?;
        let path = format!("/{}/groups?exact=true&search={group}", Self::REALM);
        let groups = admin.call("GET", &path, None).await?;
        let group = groups.pointer("/0/id").and_then(Value::as_str).context("no such group")?;
        admin.call(method, &format!("/{}/users/{user}/groups/{group}", Self::REALM), None).await?;
        Ok(())
    }

    /// What `exq.yaml` says of it.
    fn configure(&self, config: &Path) -> Result<()> {
        let issuer = format!("{}/realms/{}", self.keycloak.url(), Self::REALM);
        identity_section(config, &issuer, "the-secret", "employee")
    }
}

/// A request with its change.
pub(crate) struct Asked {
    /// Its id.
    pub(crate) id: String,
    /// Its change.
    pub(crate) change: Change,
}

async fn start(stage: &Stage) -> Result<Installation> {
    let config = Config::read(&stage.town.config)?;
    Installation::start(&config, Arc::new(SystemClock), Arc::new(OsEntropy)).await
}

/// Approvers may do in `requests` what only our writer should.
fn lax(mut world: World) -> World {
    for (reference, permission) in [
        ("refs/for/refs/heads/*", "push"),
        ("refs/for/refs/heads/*", "addPatchSet"),
        ("refs/heads/*", "submit"),
    ] {
        world.rights.push(Right {
            project: "requests".into(),
            reference: reference.into(),
            permission: permission.into(),
            group: "approvers".into(),
            rule: Rule::Allow,
            exclusive: true,
        });
    }
    world
}
