//! The keys of this installation: made on the first start, kept in files that only their owner may read.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use anyhow::{Context, bail};
use grant::{Purpose, SigningKey};
use ledger::{LogSigner, Origin};
use model::{Entropy, OsEntropy};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// All keys.
pub struct Keys {
    /// Signs grants.
    pub gate: SigningKey,
    /// Signs step reports.
    pub executor: SigningKey,
    /// Signs checkpoints.
    pub ledger: LogSigner,
    /// Makes the marks on our own messages: 32 bytes.
    pub marker: Zeroizing<Vec<u8>>,
    /// What the command line shows to the server on this host.
    pub cli: SecretString,
}

impl Keys {
    /// Reads the keys below `data/keys`; makes none.
    ///
    /// # Errors
    /// There are none, or they can't be used.
    pub fn load(data: &Path, origin: &str) -> anyhow::Result<Self> {
        let file = data.join("keys").join("ledger.key");
        if !file.is_file() {
            bail!(
                "there is no installation in {}: {} isn't there\nhint: `data` in the file that --config names says where; \
                 `exq serve` makes one",
                data.display(),
                file.display()
            );
        }
        Self::load_or_make(data, origin, &OsEntropy)
    }

    /// Reads the keys below `data/keys`, and makes those that aren't there.
    ///
    /// # Errors
    /// A file can't be read or made, others may read it, or the ledger's key is that of another origin.
    pub fn load_or_make(data: &Path, origin: &str, entropy: &dyn Entropy) -> anyhow::Result<Self> {
        let folder = data.join("keys");
        private_folder(&folder)?;
        let signing = |purpose: Purpose| -> anyhow::Result<SigningKey> {
            let file = folder.join(format!("{purpose}.key"));
            let text = read_or_make(&file, || Ok(SigningKey::generate(purpose, entropy)?.to_file_text()))?;
            SigningKey::from_file_text(purpose, &text).with_context(|| format!("{}", file.display()))
        };
        let origin = Origin::new(origin).context("origin")?;
        let ledger_file = folder.join("ledger.key");
        let ledger_text = read_or_make(&ledger_file, || {
            let signer = LogSigner::from_seed(origin.clone(), &*seed(entropy)?);
            Ok(Zeroizing::new(format!("{}\n", signer.expose_private_key().expose_secret())))
        })?;
        let ledger = LogSigner::parse(&SecretString::from(ledger_text.trim_end()))
            .with_context(|| format!("{}", ledger_file.display()))?;
        if ledger.origin() != &origin {
            bail!(
                "{} is the key of {}, and origin in exq.yaml says {}\nhint: an origin stays for the life of a ledger",
                ledger_file.display(),
                ledger.origin().as_str(),
                origin.as_str()
            );
        }
        let random =
            |name: &str| read_or_make(&folder.join(name), || Ok(Zeroizing::new(hex::encode(seed(entropy)?))));
        let marker = Zeroizing::new(hex::decode(random("marker.key")?.trim_end()).context("marker.key")?);
        let cli = SecretString::from(random("cli.token")?.trim_end());
        // The public half lies where an auditor is told to look for it.
        fs::write(data.join("ledger.pub"), format!("{}\n", ledger.verifier()))?;
        Ok(Self { gate: signing(Purpose::Gate)?, executor: signing(Purpose::Executor)?, ledger, marker, cli })
    }
}

/// Where the command line finds its token.
pub fn cli_token(data: &Path) -> anyhow::Result<SecretString> {
    let file = data.join("keys").join("cli.token");
    let text = Zeroizing::new(fs::read_to_string(&file).with_context(|| {
        format!(
            "{} can't be read\nhint: run this as the user of `exq serve`, with the same --config",
            file.display()
        )
    })?);
    Ok(SecretString::from(text.trim_end()))
}

fn seed(entropy: &dyn Entropy) -> anyhow::Result<Zeroizing<[u8; 32]>> {
    let mut seed = Zeroizing::new([0; 32]);
    entropy.fill(seed.as_mut_slice()).context("this machine gives no randomness")?;
    Ok(seed)
}

/// A folder that only its owner may enter.
pub fn private_folder(folder: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("{} can't be made", folder.display()))
}

fn read_or_make(
    file: &Path,
    make: impl FnOnce() -> anyhow::Result<Zeroizing<String>>,
) -> anyhow::Result<Zeroizing<String>> {
    if !file.exists() {
        let text = make()?;
        let part = file.with_extension("part");
        let mut out =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        fs::rename(&part, file).with_context(|| format!("{} can't be made", file.display()))?;
    }
    crate::config::refuse_readable_by_others(file)?;
    Ok(Zeroizing::new(fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?))
}
