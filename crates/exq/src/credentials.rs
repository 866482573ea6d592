//! Where a person's command line keeps the tokens of its sessions: one file, which only they may read.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use model::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{config::refuse_readable_by_others, keys::private_folder};

/// No such file is larger, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// The sessions of this person on this machine, by server.
pub struct Credentials {
    file: PathBuf,
    kept: Kept,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    servers: BTreeMap<String, KeptSession>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptSession {
    token: String,
    until: Timestamp,
}

impl Credentials {
    /// `$XDG_CONFIG_HOME/exequatur/sessions.json`, else below `$HOME/.config`.
    ///
    /// # Errors
    /// When neither is set, or the file can't be used.
    pub fn of_user() -> anyhow::Result<Self> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
        let base =
            base.context("neither XDG_CONFIG_HOME nor HOME is set, so there is no place for the session")?;
        Self::read(&base.join("exequatur").join("sessions.json"))
    }

    /// From this file; none yet if it isn't there.
    ///
    /// # Errors
    /// When others may read it, or it is no such file.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let file = file.to_owned();
        if !file.exists() {
            return Ok(Self { file, kept: Kept::default() });
        }
        refuse_readable_by_others(&file)?;
        if fs::metadata(&file)?.len() > MAX_BYTES {
            bail!("{} is larger than {MAX_BYTES} bytes", file.display());
        }
        let text =
            Zeroizing::new(fs::read(&file).with_context(|| format!("{} can't be read", file.display()))?);
        let kept = serde_json::from_slice(&text).map_err(|why| {
            // The library's text could repeat a token.
            anyhow::anyhow!(
                "{} can't be read: line {}\nhint: delete it, and sign in again with `exq login`",
                file.display(),
                why.line()
            )
        })?;
        Ok(Self { file, kept })
    }

    /// The token for a server.
    #[must_use]
    pub fn token(&self, server: &str) -> Option<SecretString> {
        self.kept.servers.get(server).map(|session| SecretString::from(session.token.clone()))
    }

    /// Keeps a session.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn keep(&mut self, server: &str, token: &SecretString, until: Timestamp) -> anyhow::Result<()> {
        let session = KeptSession { token: token.expose_secret().to_owned(), until };
        self.kept.servers.insert(server.to_owned(), session);
        self.write()
    }

    /// Forgets a session.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn forget(&mut self, server: &str) -> anyhow::Result<()> {
        if self.kept.servers.remove(server).is_some() {
            self.write()?;
        }
        Ok(())
    }

    /// Whole or not at all, and never readable by others, not even for a moment.
    fn write(&self) -> anyhow::Result<()> {
        let what = || format!("{} can't be written", self.file.display());
        private_folder(self.file.parent().context("the file has no folder")?)?;
        let text = Zeroizing::new(serde_json::to_vec_pretty(&self.kept)?);
        let part = self.file.with_extension(format!("part-{}", std::process::id()));
        let mut out =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).with_context(what)?;
        let written = out.write_all(&text).and_then(|()| out.sync_all());
        if let Err(error) = written.and_then(|()| fs::rename(&part, &self.file)) {
            let _ = fs::remove_file(&part);
            return Err(error).with_context(what);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_session_is_kept_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("exequatur/sessions.json");
        let mut credentials = Credentials::read(&file).unwrap();
        let until = Timestamp::from_millis(1_000);
        credentials.keep("https://a", &SecretString::from("t-a"), until).unwrap();
        credentials.keep("https://b", &SecretString::from("t-b"), until).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        let mut again = Credentials::read(&file).unwrap();
        assert_eq!(again.token("https://a").unwrap().expose_secret(), "t-a");
        again.forget("https://a").unwrap();
        assert!(Credentials::read(&file).unwrap().token("https://a").is_none());
        assert!(Credentials::read(&file).unwrap().token("https://b").is_some());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Credentials::read(&file).is_err(), "others may read it");
    }

    #[test]
    fn a_broken_file_is_said_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.json");
        fs::write(&file, "{\"servers\": \"secret-token\"}").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let why = Credentials::read(&file).err().unwrap().to_string();
        assert!(!why.contains("secret-token") && why.contains("hint:"), "{why}");
    }
}
