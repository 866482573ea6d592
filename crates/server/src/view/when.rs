//! Times and durations for people. Times are UTC, and say so.

use askama::{Template, filters::HtmlSafe};
use model::Timestamp;

/// A moment. It is a piece of a page: a template shows it as it is.
#[derive(Clone, PartialEq, Eq, Debug, Template)]
#[template(ext = "html", source = r#"<time datetime="{{ iso }}">{{ day }} {{ clock }}</time>"#)]
pub(crate) struct When {
    /// For machines.
    pub(crate) iso: String,
    /// `2026-11-24`.
    pub(crate) day: String,
    /// `08:41:05`.
    pub(crate) clock: String,
}

impl HtmlSafe for When {}

impl When {
    pub(crate) fn of(time: Timestamp) -> Self {
        // The one way to write a timestamp: 2026-11-24T08:00:00.123Z.
        let iso = time.to_string();
        let day = iso.get(..10).unwrap_or_default().to_owned();
        let clock = iso.get(11..19).unwrap_or_default().to_owned();
        Self { iso, day, clock }
    }
}

/// `412 ms`, `3.2 s`, `2 min 05 s`, `1 h 12 min`, `3 d 4 h`; nothing negative, since clocks differ.
pub(crate) fn duration(from: Timestamp, to: Timestamp) -> String {
    let ms = to.ms_since(from).max(0);
    let (seconds, minutes, hours, days) = (ms / 1000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{seconds}.{} s", ms % 1000 / 100),
        60_000..3_600_000 => format!("{minutes} min {:02} s", seconds % 60),
        3_600_000..86_400_000 => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let at = Timestamp::from_millis;
        for (ms, text) in [
            (0, "0 ms"),
            (412, "412 ms"),
            (3_249, "3.2 s"),
            (125_000, "2 min 05 s"),
            (4_320_000, "1 h 12 min"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(duration(at(1_000), at(1_000 + ms)), text);
        }
        assert_eq!(duration(at(5), at(1)), "0 ms");
    }

    #[test]
    fn a_moment_is_cut_from_its_one_form() {
        let when = When::of(Timestamp::from_millis(1_795_507_200_123));
        assert_eq!((when.day.as_str(), when.clock.as_str()), ("2026-11-24", "08:00:00"));
    }
}
