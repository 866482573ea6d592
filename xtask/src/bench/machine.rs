//! Where and when something was measured.

use crate::process::Program;

/// Date, cores, processor, and the load before: `2026-11-24, 2 × Xeon …, load 0.31`.
pub(super) fn describe() -> String {
    let mut date = Program::new("date");
    date.args(["-u", "+%Y-%m-%d"]);
    let date = date.text().map_or_else(|_| "undated".to_owned(), |text| text.trim().to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().trim();
    format!("{date}, {cores} × {}, load {load}", processor(&processors))
}

fn processor(cpuinfo: &str) -> String {
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| "unnamed processor".to_owned(), |(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n"), "Some CPU @ 2 GHz");
        assert_eq!(processor(""), "unnamed processor");
    }
}
