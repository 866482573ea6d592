//! One figure of a bench.

use anyhow::Context as _;
use serde_json::Value;

/// What one JSON line says.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) bench: String,
    json: Value,
}

impl Figure {
    /// A line that isn't a figure is an error: a bench says everything else on standard error.
    pub(super) fn read(line: &str) -> anyhow::Result<Self> {
        let no = || format!("not a figure: {line}");
        let json: Value = serde_json::from_str(line).with_context(no)?;
        let bench = json.get("bench").and_then(Value::as_str).with_context(no)?.to_owned();
        for key in ["ours", "n"] {
            json.get(key)
                .and_then(Value::as_f64)
                .with_context(|| format!("{}: `{key}` is no number", no()))?;
        }
        json.get("unit").and_then(Value::as_str).with_context(|| format!("{}: no unit", no()))?;
        Ok(Self { bench, json })
    }

    /// Its row. A figure without a peer leaves those cells empty.
    pub(super) fn row(&self, measured: &str) -> String {
        let cells =
            ["ours", "unit", "peer", "theirs", "ratio", "spread", "n"].map(|key| match self.json.get(key) {
                Some(Value::String(text)) => clean(text),
                Some(Value::Number(number)) => number.to_string(),
                _ => String::new(),
            });
        format!("| {} | {} | {} |", clean(&self.bench), cells.join(" | "), clean(measured))
    }
}

/// Text that doesn't break a table.
fn clean(text: &str) -> String {
    text.replace(['|', '\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_becomes_a_row() {
        let line = r#"{"bench":"a","ours":1.5,"peer":"git log","theirs":3,"ratio":0.5,"spread":0.1,"unit":"s","n":5}"#;
        let figure = Figure::read(line).unwrap();
        assert_eq!(figure.bench, "a");
        assert_eq!(figure.row("today"), "| a | 1.5 | s | git log | 3 | 0.5 | 0.1 | 5 | today |");
    }

    #[test]
    fn a_figure_without_a_peer_leaves_cells_empty() {
        let figure = Figure::read(r#"{"bench":"a|b","ours":1,"unit":"ns","n":5}"#).unwrap();
        assert_eq!(figure.row("t"), "| a b | 1 | ns |  |  |  |  | 5 | t |");
    }

    #[test]
    fn what_is_no_figure_is_an_error() {
        for line in [
            "hello",
            "{}",
            r#"{"bench":"a","ours":"fast","unit":"s","n":1}"#,
            r#"{"bench":"a","ours":1,"n":1}"#,
        ] {
            assert!(Figure::read(line).is_err(), "{line}");
        }
    }
}
