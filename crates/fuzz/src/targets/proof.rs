//! Bundles: no edit of a real one proves anything else, and nothing else proves anything.

use std::sync::OnceLock;

use ::ledger::{LogSigner, Origin, VerifierKey};
use ::proof::{Bundle, GitObjects, Verified, verify};

use crate::edits::edited;

/// A real bundle, what it proves, and the ledger's key.
struct Real {
    bundle: Vec<u8>,
    key: VerifierKey,
    proves: Verified,
}

/// The one that `EXQ_FUZZ_BUNDLE` and `EXQ_FUZZ_LEDGER_KEY` name; `cargo xtask fuzz` has the demo make it.
fn real() -> Option<&'static Real> {
    static REAL: OnceLock<Option<Real>> = OnceLock::new();
    REAL.get_or_init(|| {
        let bundle = std::fs::read(std::env::var_os("EXQ_FUZZ_BUNDLE")?).ok()?;
        let key = std::fs::read_to_string(std::env::var_os("EXQ_FUZZ_LEDGER_KEY")?).ok()?;
        let key = VerifierKey::parse(&key).ok()?;
        let proves = verify(&bundle, &key).ok()?;
        Some(Real { bundle, key, proves })
    })
    .as_ref()
}

pub(super) fn run(data: &[u8]) {
    if let Ok(bundle) = Bundle::decode(data) {
        assert_eq!(bundle.encode().ok().as_deref(), Some(data), "a bundle has one spelling");
    }
    let _ = GitObjects::decode(data);
    let origin = Origin::new("log.example/x").ok();
    if let Some(signer) = origin.map(|origin| LogSigner::from_seed(origin, &[1; 32])) {
        assert!(verify(data, &signer.verifier()).is_err(), "nobody signed a ledger with this key");
    }
    if let Some(real) = real() {
        check(&real.bundle, &real.key, &real.proves, data);
    }
}

/// Edits a real bundle as `script` says: it proves nothing, or the same. The same is left of one whose erasable texts
/// were taken out, or that others signed too.
///
/// # Panics
/// If the edited bundle proves anything else.
pub fn check(bundle: &[u8], key: &VerifierKey, proves: &Verified, script: &[u8]) {
    let edited = edited(bundle, script);
    if edited == bundle {
        return;
    }
    if let Ok(proven) = verify(&edited, key) {
        let same = Verified {
            absent: proves.absent.clone(),
            rests_on: proves.rests_on.clone(),
            not_checked: proves.not_checked.clone(),
            proven: proves.proven.clone(),
            ..proven
        };
        assert_eq!(same, *proves, "an edited bundle proves something else");
    }
}
