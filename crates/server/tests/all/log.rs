//! What the server logs, at every level, kept for a test to look at.

use std::{
    io::Write,
    sync::{Mutex, Once},
};

static KEPT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static STARTED: Once = Once::new();

struct Keep;

impl Write for Keep {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        KEPT.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps what is logged from now on. One for the whole process: subscribers of single threads race with each other.
pub fn keep() {
    STARTED.call_once(|| {
        let level = tracing_subscriber::filter::LevelFilter::TRACE;
        tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(|| Keep).init();
    });
}

/// All of it.
pub fn so_far() -> String {
    String::from_utf8(KEPT.lock().unwrap().clone()).unwrap()
}
