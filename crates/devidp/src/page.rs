//! The two pages: pick a person; type a device's code.

use std::fmt::Write as _;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

use crate::world::DevPerson;

const STYLE: &str = "body{font:16px system-ui;max-width:28rem;margin:4rem auto;padding:0 1rem}\
    button{display:block;width:100%;margin:.4rem 0;padding:.7rem;font:inherit;text-align:left;cursor:pointer}\
    input{font:inherit;padding:.5rem}small{color:#666}";

/// `fields` come back with the choice.
pub(crate) fn pick<'a>(
    title: &str,
    action: &str,
    people: impl Iterator<Item = &'a DevPerson>,
    fields: &[(String, String)],
) -> Response {
    let mut body = format!("<h1>{}</h1><form method=\"post\" action=\"{}\">", escape(title), escape(action));
    for (name, value) in fields {
        let _ = write!(body, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value));
    }
    for person in people {
        let groups =
            if person.groups.is_empty() { "in no group".to_owned() } else { person.groups.join(", ") };
        let _ = write!(
            body,
            "<button name=\"person\" value=\"{}\">{} <small>{}</small></button>",
            escape(&person.login),
            escape(&person.name),
            escape(&groups)
        );
    }
    body.push_str(
        "</form><p><small>Anybody may be anybody here: this issuer is for trying things out.</small></p>",
    );
    page(StatusCode::OK, title, &body)
}

/// Where a device's code is typed.
pub(crate) fn type_code() -> Response {
    let body = "<h1>Connect a device</h1><form method=\"get\" action=\"/device\"><label>The code that it shows: \
                <input name=\"user_code\" autofocus></label> <button>Go on</button></form>";
    page(StatusCode::OK, "Connect a device", body)
}

pub(crate) fn say(status: StatusCode, text: &str) -> Response {
    page(status, text, &format!("<h1>{}</h1>", escape(text)))
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{}</title><style>{STYLE}</style><body>{body}",
        escape(title)
    );
    let mut response = (status, Html(html)).into_response();
    let csp =
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, csp);
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
