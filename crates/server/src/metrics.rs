//! `GET /metrics`: Prometheus text (exposition format 0.0.4). What ends in `_total` is a counter, all else a gauge.

use std::fmt::Write as _;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use engine::surface::Metric;

use crate::App;

pub(crate) async fn get(State(app): State<App>) -> Response {
    let mut all = app.surface.metrics().await;
    all.extend(own(&app));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], write(all)).into_response()
}

fn own(app: &App) -> Vec<Metric> {
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let mut rows: Vec<Metric> = vec![
        ("exq_http_sessions", vec![], count(app.sessions.count(app.now()))),
        (
            "exq_http_streams",
            vec![],
            count(app.limits.streams.saturating_sub(app.streams.available_permits())),
        ),
    ];
    for ((route, status), served) in app.counters.requests() {
        let labels = vec![("route", route), ("status", status.to_string())];
        rows.push(("exq_http_requests_total", labels.clone(), served.count));
        rows.push(("exq_http_request_microseconds_total", labels, served.total_us));
    }
    rows
}

/// One family after the other, each named once.
fn write(mut all: Vec<Metric>) -> String {
    all.sort_by(|a, b| a.0.cmp(b.0));
    let mut text = String::new();
    let mut family = "";
    for (name, labels, value) in &all {
        if *name != family {
            let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
            let _ = writeln!(text, "# TYPE {name} {kind}");
            family = name;
        }
        let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", escaped(v))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(text, "{name}{labels} {value}");
    }
    text
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_named_once_and_a_label_can_not_break_out() {
        let text = write(vec![
            ("exq_b_total", vec![("p", "x\"} 1\nevil 2\\".into())], 1),
            ("exq_a", vec![], 2),
            ("exq_b_total", vec![], 3),
        ]);
        let expected = "# TYPE exq_a gauge\nexq_a 2\n# TYPE exq_b_total counter\n\
                        exq_b_total{p=\"x\\\"} 1\\nevil 2\\\\\"} 1\nexq_b_total 3\n";
        assert_eq!(text, expected);
    }
}
