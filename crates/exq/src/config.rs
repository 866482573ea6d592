//! `exq.yaml`: the one file outside of the operations project.
//!
//! Secrets are references (a file or an environment variable), never values. Unknown keys are refused.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use model::{Project, RefName, Revision, ServerName};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// Everything that `exq serve` is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where database, keys and mirrors lie; relative to the file. Made if it isn't there, readable by its owner only.
    pub data: PathBuf,
    /// Where to listen: loopback. TLS is spoken by a proxy on the same host.
    #[serde(default = "Config::default_listen")]
    pub listen: SocketAddr,
    /// The name of this installation's ledger, in the form of a host and path: `exq.example.com/prod`.
    pub origin: String,
    /// The Gerrit servers, by the name that operations use.
    pub gerrit: BTreeMap<ServerName, GerritSection>,
    /// Where operations come from, and where trust begins.
    pub operations: OperationsSection,
    /// How people sign in. Without it nobody does: a one-time address opens the pages, on loopback.
    #[serde(default)]
    pub identity: Option<IdentitySection>,
    /// The executor in this process.
    #[serde(default)]
    pub executor: ExecutorSection,
}

/// The company's identity provider (OpenID Connect).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySection {
    /// The issuer, byte for byte as in its discovery document. For Entra the tenant's own, not `common`.
    pub issuer: String,
    /// Our client there.
    pub client_id: String,
    /// Its secret; without one it is a public client, which PKCE protects.
    #[serde(default)]
    pub client_secret: Option<SecretRef>,
    /// How browsers reach this server, `https://exq.example.com`. Default: `http://` and `listen`. The redirect URI to register
    /// is this and `/sign-in/callback`, the back-channel logout URI this and `/sign-in/back-channel`.
    #[serde(default)]
    pub public_url: Option<String>,
    /// What is asked for beside `openid`. Default: `profile`, `email`.
    #[serde(default = "IdentitySection::default_scopes")]
    pub scopes: Vec<String>,
    /// The claim that lists groups.
    #[serde(default = "IdentitySection::default_groups")]
    pub groups_claim: String,
    /// The claim by which the company names one human; without one nobody has a person key.
    #[serde(default)]
    pub person_claim: Option<String>,
    /// The host name that passkeys are for (WebAuthn's relying party id): that of `public_url`, or `localhost`. Without it no
    /// passkeys are used, and presence is proven by step-up. It can't change later: passkeys made for another are worth nothing.
    #[serde(default)]
    pub passkeys: Option<String>,
    /// Groups that may read what this server shows. Default: everybody who can sign in.
    #[serde(default)]
    pub readers: Vec<String>,
    /// Who puts somebody into such a group: shown to who is in none.
    #[serde(default = "IdentitySection::default_granted_by")]
    pub granted_by: String,
    /// Seconds after which a session that isn't used ends.
    #[serde(default = "IdentitySection::default_idle_s")]
    pub session_idle_s: u32,
    /// Seconds after which every session ends.
    #[serde(default = "IdentitySection::default_absolute_s")]
    pub session_absolute_s: u32,
}

/// One Gerrit server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GerritSection {
    /// Its URL.
    pub url: Url,
    /// Its server id, pinned: `GET /config/server/info`, or the part after `@` in its accounts' idents.
    pub server_id: String,
    /// The account that reads evidence.
    pub reader: AccountSection,
    /// The account that posts results.
    pub writer: AccountSection,
    /// The last part of the hook's path. Without one there is no hook.
    #[serde(default)]
    pub hook_secret: Option<SecretRef>,
    /// Seconds between two polls.
    #[serde(default = "GerritSection::default_poll_s")]
    pub poll_s: u64,
    /// Seconds between two sweeps of the refs.
    #[serde(default = "GerritSection::default_sweep_s")]
    pub sweep_s: u64,
}

/// An account on Gerrit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSection {
    /// Its username.
    pub user: String,
    /// Its token.
    pub token: SecretRef,
}

/// Where operations come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationsSection {
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// The branch.
    #[serde(default = "OperationsSection::default_branch")]
    pub branch: RefName,
    /// The commit that is trusted without review: where everything begins (I5). Ledger entry 0 names it.
    pub genesis: Revision,
}

/// The executor.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecutorSection {
    /// The name of this host in grants.
    #[serde(default = "ExecutorSection::default_host")]
    pub host: String,
}

/// Where a secret is; one of both.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// A file that only its owner may read; relative to `exq.yaml`. A line break at its end doesn't count.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// An environment variable.
    #[serde(default)]
    pub env: Option<String>,
}

impl Config {
    fn default_listen() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 8470))
    }

    /// Reads the file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!(
                "{} can't be read\nhint: give the file with --config, or make one after docs/SETUP.md",
                path.display()
            )
        })?;
        if text.len() > 1024 * 1024 {
            bail!("{} has {} bytes; at most 1 MiB is read", path.display(), text.len());
        }
        let mut config: Self = serde_saphyr::from_str(&text).map_err(|why| {
            anyhow::anyhow!("{} isn't valid:\n{why}\nhint: docs/SETUP.md shows every key", path.display())
        })?;
        config.resolve(path.parent().unwrap_or(Path::new(".")));
        config.check()?;
        Ok(config)
    }

    /// Makes paths absolute against the file's folder.
    fn resolve(&mut self, folder: &Path) {
        let absolute = |path: &mut PathBuf| *path = folder.join(&*path);
        absolute(&mut self.data);
        let secret = self.identity.as_mut().and_then(|identity| identity.client_secret.as_mut());
        if let Some(file) = secret.and_then(|secret| secret.file.as_mut()) {
            absolute(file);
        }
        for section in self.gerrit.values_mut() {
            let hook = section.hook_secret.iter_mut();
            for secret in [&mut section.reader.token, &mut section.writer.token].into_iter().chain(hook) {
                if let Some(file) = &mut secret.file {
                    absolute(file);
                }
            }
        }
    }

    /// The host name by which browsers reach this server.
    fn public_host(&self, identity: &IdentitySection) -> String {
        let listen = format!("http://{}", self.listen);
        let said = identity.public_url.as_deref().unwrap_or(&listen);
        let host = Url::parse(said).ok().and_then(|url| url.domain().map(str::to_owned));
        host.unwrap_or_default()
    }

    fn check(&self) -> anyhow::Result<()> {
        if !self.listen.ip().is_loopback() {
            bail!(
                "listen: {} is not a loopback address\nhint: TLS isn't spoken here; use 127.0.0.1, and let a proxy on this host speak it",
                self.listen
            );
        }
        if let Some(identity) = &self.identity {
            if identity.session_idle_s == 0 || identity.session_idle_s > identity.session_absolute_s {
                bail!("identity: session_idle_s is at least 1 and at most session_absolute_s");
            }
            if let Some(site) = &identity.passkeys {
                let host = self.public_host(identity);
                if *site != host {
                    bail!(
                        "identity.passkeys: {site:?} is not the host of public_url, {host:?}\nhint: passkeys are for a host of their own, on which nothing else is served; an IP address can't have any"
                    );
                }
            }
            if identity.session_absolute_s > 7 * 24 * 3600 {
                bail!("identity.session_absolute_s: a session lasts a week at most");
            }
        }
        if !self.gerrit.contains_key(&self.operations.server) {
            bail!(
                "operations.server: there is no server {:?} below gerrit\nhint: one of {}",
                self.operations.server,
                self.gerrit.keys().map(ServerName::as_str).collect::<Vec<_>>().join(", ")
            );
        }
        if !self.operations.branch.as_str().starts_with("refs/heads/") {
            bail!("operations.branch: {} doesn't begin with refs/heads/", self.operations.branch);
        }
        for (name, server) in &self.gerrit {
            if server.poll_s == 0 || server.sweep_s == 0 {
                bail!("gerrit.{name}: poll_s and sweep_s are at least 1");
            }
            if server.reader.user == server.writer.user {
                bail!(
                    "gerrit.{name}: reader and writer are one account\nhint: evidence is read by an account that can write nothing"
                );
            }
        }
        Ok(())
    }
}

impl IdentitySection {
    fn default_scopes() -> Vec<String> {
        ["profile", "email"].map(str::to_owned).to_vec()
    }

    fn default_groups() -> String {
        "groups".to_owned()
    }

    fn default_granted_by() -> String {
        "Whoever runs the company's identity provider".to_owned()
    }

    fn default_idle_s() -> u32 {
        2 * 3600
    }

    fn default_absolute_s() -> u32 {
        12 * 3600
    }
}

impl GerritSection {
    fn default_poll_s() -> u64 {
        30
    }

    fn default_sweep_s() -> u64 {
        3600
    }
}

impl OperationsSection {
    fn default_branch() -> RefName {
        #[allow(clippy::unwrap_used)] // a literal that is a ref
        "refs/heads/main".parse().unwrap()
    }
}

impl ExecutorSection {
    fn default_host() -> String {
        "local".to_owned()
    }
}

impl Default for ExecutorSection {
    fn default() -> Self {
        Self { host: Self::default_host() }
    }
}

impl SecretRef {
    /// Reads the secret.
    pub fn read(&self, what: &str) -> anyhow::Result<SecretString> {
        let value = match (&self.file, &self.env) {
            (Some(file), None) => {
                refuse_readable_by_others(file)?;
                std::fs::read_to_string(file)
                    .with_context(|| format!("{what}: {} can't be read", file.display()))?
            }
            (None, Some(variable)) => std::env::var(variable)
                .map_err(|_| anyhow::anyhow!("{what}: the environment has no variable {variable}"))?,
            _ => bail!("{what}: give either file or env"),
        };
        let value = value.trim_end_matches(['\r', '\n']);
        if value.is_empty() {
            bail!("{what}: it is empty");
        }
        Ok(SecretString::from(value))
    }
}

/// A secret that others may read is no secret.
pub(crate) fn refuse_readable_by_others(file: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(file)
        .with_context(|| format!("{} can't be read", file.display()))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        bail!("{} may be read by others\nhint: chmod 600 {}", file.display(), file.display());
    }
    Ok(())
}
