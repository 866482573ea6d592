//! The driver guided by coverage: libFuzzer, on the target that `EXQ_FUZZ_TARGET` names. `cargo xtask fuzz` builds and
//! runs it.
#![no_main]

use std::sync::OnceLock;

fn chosen() -> Option<&'static fuzz::Target> {
    static CHOSEN: OnceLock<Option<&'static fuzz::Target>> = OnceLock::new();
    *CHOSEN.get_or_init(|| fuzz::target(&std::env::var("EXQ_FUZZ_TARGET").ok()?))
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| -> libfuzzer_sys::Corpus {
    let Some(target) = chosen() else { return libfuzzer_sys::Corpus::Reject };
    if data.len() > target.longest {
        return libfuzzer_sys::Corpus::Reject;
    }
    target.run(data);
    libfuzzer_sys::Corpus::Keep
});
