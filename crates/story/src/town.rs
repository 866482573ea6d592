//! The company, founded on a Gerrit.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use realgerrit::{Admin, free_port, provision::World};
use serde_json::{Value, json};

use crate::{Desk, desk::new_change_id, operations, world::PROJECTS};

/// A Gerrit that has [`crate::world`] on it.
#[derive(Clone, Debug)]
pub struct GerritAt {
    /// Its address.
    pub url: String,
    /// User name and password of an administrator.
    pub admin: (String, String),
}

/// Where Exequatur will listen, and what it will be told there: settled before a Gerrit starts that is to post to it.
#[derive(Clone, Debug)]
pub struct Bell {
    /// The port on loopback.
    pub port: u16,
    /// The last part of the hook's path.
    pub secret: String,
}

impl Bell {
    /// A free port and a fresh secret.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { port: free_port()?, secret: new_change_id()? })
    }

    /// Where Gerrit posts its events; `server` is its name in `exq.yaml`.
    #[must_use]
    pub fn url(&self, server: &str) -> String {
        format!("http://127.0.0.1:{}/hooks/gerrit/{server}/{}", self.port, self.secret)
    }
}

/// The shops' servers.
#[derive(Clone, Debug)]
pub struct Shops {
    /// The program that serves one: called with `demo-shop --root ROOT --port PORT`.
    pub serve: PathBuf,
    /// Project, folder, port.
    pub shops: Vec<(&'static str, PathBuf, u16)>,
}

/// How often Exequatur looks by itself, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two polls.
    pub poll_s: u64,
    /// Between two sweeps of the refs.
    pub sweep_s: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { poll_s: 2, sweep_s: 60 }
    }
}

/// The company.
pub struct Town {
    /// Its folder.
    pub folder: PathBuf,
    /// `exq.yaml`.
    pub config: PathBuf,
    /// Its shops.
    pub shops: Shops,
    main: Server,
    /// A second Gerrit that it has.
    east: Option<Server>,
    bell: Bell,
    genesis: String,
}

/// One of its Gerrits.
struct Server {
    /// As `exq.yaml` names it.
    name: &'static str,
    at: GerritAt,
    admin: Admin,
    /// What its accounts' addresses in NoteDb end with.
    id: String,
}

impl Server {
    fn new(name: &'static str, at: GerritAt) -> Self {
        let admin = Admin::new(&at.url, &at.admin.0, &at.admin.1);
        Self { name, at, admin, id: String::new() }
    }
}

/// The shop whose code lies on the second Gerrit.
pub const EAST_SHOP: &str = "east-shop";
/// The project there. One of the same name is rolled out from the first.
pub const EAST_PROJECT: &str = "cart";

impl Town {
    /// Founds it: operations project, links, baselines, `exq.yaml` and its secrets, empty shops. `serve` is a program that
    /// understands `demo-shop`.
    pub async fn found(gerrit: GerritAt, folder: &Path, bell: &Bell, serve: &Path) -> anyhow::Result<Self> {
        Self::found_on(gerrit, None, folder, bell, serve).await
    }

    /// As [`Town::found`], on two Gerrits. The operations project lies on the first.
    pub async fn found_on(
        main: GerritAt,
        east: Option<GerritAt>,
        folder: &Path,
        bell: &Bell,
        serve: &Path,
    ) -> anyhow::Result<Self> {
        let folder = std::path::absolute(folder)?;
        std::fs::create_dir_all(&folder)?;
        let (main, east) = (Server::new("main", main), east.map(|at| Server::new("east", at)));
        let mut shops = Vec::new();
        for shop in PROJECTS.into_iter().chain(east.as_ref().map(|_| EAST_SHOP)) {
            let root = folder.join("shops").join(shop);
            std::fs::create_dir_all(&root)?;
            shops.push((shop, root, free_port()?));
        }
        let shops = Shops { serve: serve.to_owned(), shops };
        let config = folder.join("exq.yaml");
        let (bell, genesis) = (bell.clone(), String::new());
        let mut town = Self { folder, config, shops, main, east, bell, genesis };
        town.genesis = town.write_operations().await?;
        town.main.id = town.ask_server_id(&town.main).await?;
        if let Some(mut east) = town.east.take() {
            east.id = town.ask_server_id(&east).await?;
            town.east = Some(east);
        }
        town.configure(Pace::default())?;
        Ok(town)
    }

    /// Writes `exq.yaml` with another pace; it holds from the next start on.
    pub fn configure(&self, pace: Pace) -> anyhow::Result<()> {
        self.write_secrets()?;
        Ok(std::fs::write(&self.config, self.config_text(pace))?)
    }

    /// The folder of a shop. A file `held` there holds rollouts, `unwell` makes that of the revision in it fail.
    #[must_use]
    pub fn shop(&self, project: &str) -> &Path {
        let shop = self.shops.shops.iter().find(|(name, ..)| *name == project);
        shop.map_or(self.folder.as_path(), |(_, root, _)| root)
    }

    /// A person of the company, at the main Gerrit.
    #[must_use]
    pub fn desk(&self, name: &str) -> Desk {
        Desk::of(&self.main.at.url, &self.desks(&self.main), &self.main.admin, name)
    }

    /// A person of the company, at the second Gerrit; none if there is none.
    #[must_use]
    pub fn east_desk(&self, name: &str) -> Option<Desk> {
        let east = self.east.as_ref()?;
        Some(Desk::of(&east.at.url, &self.desks(east), &east.admin, name))
    }

    /// The administrator of the main Gerrit.
    #[must_use]
    pub fn admin_desk(&self) -> Desk {
        self.admin_of(&self.main)
    }

    fn admin_of(&self, server: &Server) -> Desk {
        let (name, password) = server.at.admin.clone();
        Desk::new(&server.at.url, &self.desks(server), &server.admin, &name, password)
    }

    fn desks(&self, server: &Server) -> PathBuf {
        self.folder.join("desks").join(server.name)
    }

    /// What a shop's server answers: its revision, or nothing if none runs.
    pub async fn serves(&self, project: &str) -> Option<String> {
        let (_, _, port) = self.shops.shops.iter().find(|(name, ..)| *name == project)?;
        let answer = get(*port).await?;
        let json: Value = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
        json.get("revision")?.as_str().map(str::to_owned)
    }

    /// Every revision that a shop was switched to, in order.
    #[must_use]
    pub fn switched(&self, project: &str) -> Vec<String> {
        let root = self.shops.shops.iter().find(|(name, ..)| *name == project).map(|(_, root, _)| root);
        let text = root.and_then(|root| std::fs::read_to_string(root.join("switched")).ok());
        text.unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Stops the shops' servers.
    pub fn close_shops(&self) {
        for (_, root, _) in &self.shops.shops {
            let pid = std::fs::read_to_string(root.join("pid")).ok();
            if let Some(pid) =
                pid.as_deref().map(str::trim).filter(|pid| pid.bytes().all(|b| b.is_ascii_digit()))
            {
                #[allow(clippy::disallowed_methods)] // stops only what the story's own program started
                let _ = std::process::Command::new("kill").arg(pid).status();
            }
        }
    }

    async fn write_operations(&self) -> anyhow::Result<String> {
        let servers = || std::iter::once(&self.main).chain(&self.east);
        let mut people = Vec::new();
        for name in ["alice", "bob", "carol", "dave", "erin"] {
            let mut accounts = Vec::new();
            for server in servers() {
                let account = server.admin.call("GET", &format!("accounts/{name}"), None).await?;
                let number =
                    account.get("_account_id").and_then(Value::as_u64).context("no account number")?;
                accounts.push((server.name, number));
            }
            people.push((name, accounts));
        }
        let mut sources = Vec::new();
        for (shop, ..) in &self.shops.shops {
            let (server, project) = match (*shop, &self.east) {
                (EAST_SHOP, Some(east)) => (east, EAST_PROJECT),
                (project, _) => (&self.main, project),
            };
            let branch = server.admin.call("GET", &format!("projects/{project}/branches/main"), None).await?;
            let head = branch.get("revision").and_then(Value::as_str).context("no head")?.to_owned();
            sources.push(Source { shop, server: server.name, project, head });
        }
        let serve = self.shops.serve.display().to_string();
        let shops: Vec<_> = self
            .shops
            .shops
            .iter()
            .map(|(name, root, port)| (*name, root.display().to_string(), *port))
            .collect();
        let operations: Vec<(String, String)> = sources
            .iter()
            .map(|source| (format!("operations/{}-web.yaml", source.shop), operations::operation(source)))
            .collect();
        let (targets, links) = (operations::targets(&shops, &serve), operations::links(&people));
        let baselines = operations::baselines(&sources);
        let mut files: Vec<(&str, &str)> =
            operations.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        files.extend([
            ("shop/switch", operations::SWITCH),
            ("targets.yaml", targets.as_str()),
            ("links.yaml", links.as_str()),
            ("baselines.yaml", baselines.as_str()),
            ("roles.yaml", "release-managers: { title: Approve rollouts, people: [carol, dave] }\n"),
        ]);
        let admin = self.admin_desk();
        admin.refresh("operations").await?;
        let genesis = admin.commit("operations", &files, "Operations of the shop").await?;
        admin.push("operations", "refs/heads/main").await?;
        Ok(genesis)
    }

    /// A server's id, as the meta history of a change says it.
    async fn ask_server_id(&self, server: &Server) -> anyhow::Result<String> {
        let body = json!({"project": "app", "branch": "main", "subject": "Which server is this?"});
        let change = server.admin.call("POST", "changes/", Some(&body)).await?;
        let number = change.get("_number").and_then(Value::as_u64).context("no number")?;
        let author = self.admin_of(server).meta_author("app", number).await?;
        match author.split_once('@') {
            Some((_, id)) if !id.is_empty() => Ok(id.to_owned()),
            _ => bail!("the meta history of change {number} begins with {author:?}"),
        }
    }

    fn write_secrets(&self) -> anyhow::Result<()> {
        let secrets = self.folder.join("secrets");
        std::fs::create_dir_all(&secrets)?;
        let secret = |name: &str, value: &str| -> anyhow::Result<()> {
            use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(secrets.join(name))?;
            Ok(file.write_all(value.as_bytes())?)
        };
        secret("reader", &realgerrit::provision::password("exq-reader"))?;
        secret("writer", &realgerrit::provision::password("exq-writer"))?;
        secret("hook", &self.bell.secret)
    }

    fn config_text(&self, pace: Pace) -> String {
        let mut text = format!(
            "data: data\nlisten: 127.0.0.1:{port}\norigin: demo.exequatur.example/shop\ngerrit:\n",
            port = self.bell.port
        );
        for server in std::iter::once(&self.main).chain(&self.east) {
            text.push_str(&format!(
                r#"  {name}:
    url: {url}
    server_id: "{id}"
    reader: {{ user: exq-reader, token: {{ file: secrets/reader }} }}
    writer: {{ user: exq-writer, token: {{ file: secrets/writer }} }}
    hook_secret: {{ file: secrets/hook }}
    poll_s: {poll_s}
    sweep_s: {sweep_s}
"#,
                name = server.name,
                url = server.at.url,
                id = server.id,
                poll_s = pace.poll_s,
                sweep_s = pace.sweep_s,
            ));
        }
        text.push_str(&format!(
            "operations:\n  server: main\n  project: operations\n  genesis: {genesis}\n",
            genesis = self.genesis
        ));
        text
    }
}

/// Where the code of a shop lies.
pub(crate) struct Source {
    /// The shop.
    pub(crate) shop: &'static str,
    /// The Gerrit, as `exq.yaml` names it.
    pub(crate) server: &'static str,
    /// The project there.
    pub(crate) project: &'static str,
    /// The head of its branch at the beginning.
    pub(crate) head: String,
}

async fn get(port: u16) -> Option<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let work = async {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.write_all(b"GET /version HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), work).await.ok()?
}

/// Puts [`crate::world`], or another, on a Gerrit that is new.
pub async fn provision(at: &GerritAt, world: &World) -> anyhow::Result<()> {
    let admin = Admin::new(&at.url, &at.admin.0, &at.admin.1);
    Ok(admin.provision(world).await?)
}
