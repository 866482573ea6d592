//! Addresses: the authority is written out, or is a value of the reviewed configuration as a whole (docs/OPERATIONS.md,
//! Values).

use url::Url;

use super::scope::Scope;
use crate::{
    Place, Template,
    operation::{UrlBase, UrlTemplate},
    read::{At, Reader},
    template::Part,
};

/// What is wrong with an address that others are built on.
pub(crate) fn base_problem(text: &str) -> Option<String> {
    let Ok(url) = text.parse::<Url>() else {
        return Some("not a URL: http://host:port or https://host".to_owned());
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Some("an address begins with http:// or https:// and a host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("no user name or password in an address: a secret is in no operation (I8)".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Some("nothing after the path: no `?`, no `#`".to_owned());
    }
    let after_scheme = text.split_once("://").map_or("", |(_, rest)| rest);
    if !text.is_ascii()
        || text.contains(['\\', ' '])
        || text.len() > 1024
        || !after_scheme.starts_with(|c: char| c != '/')
    {
        return Some("only plain ASCII, and no backslash, in an address".to_owned());
    }
    None
}

pub(super) fn url(template: At<Template>, scope: &Scope<'_>, reader: &mut Reader) -> Option<UrlTemplate> {
    scope.check(&template, true, reader);
    let At { span, value } = template;
    let mut parts = value.parts.into_iter();
    let (base, rest) = match parts.next() {
        Some(Part::Place(place @ (Place::EnvironmentUrl | Place::Target(_)))) => {
            let rest: Vec<Part> = parts.collect();
            if !matches!(rest.first(), None | Some(Part::Text(_)))
                || matches!(rest.first(), Some(Part::Text(t)) if !t.starts_with(['/', '?']))
            {
                reader.error_hint(
                    span,
                    format!("after {place} follows a `/`"),
                    "a value is never part of a host",
                );
                return None;
            }
            if let Place::Target(name) = &place {
                values_are_addresses(name, scope, span, reader);
            }
            (UrlBase::Place(place), rest)
        }
        Some(Part::Text(text)) => {
            let begin = text.find("://").map_or(0, |at| at + 3);
            let end = text.get(begin..).and_then(|rest| rest.find(['/', '?', '#'])).map(|at| at + begin);
            let more = parts.len() > 0;
            let end = match end {
                Some(end) => end,
                None if more => {
                    let hint = "write the host out, or begin with target.x or environment.url as a whole";
                    reader.error_hint(span, "a substituted value can't be part of a host", hint);
                    return None;
                }
                None => text.len(),
            };
            let (base, path) = text.split_at(end);
            if let Some(why) = base_problem(base) {
                reader.error(span, why);
                return None;
            }
            let first = (!path.is_empty()).then(|| Part::Text(path.to_owned()));
            (UrlBase::Written(base.to_owned()), first.into_iter().chain(parts).collect())
        }
        _ => {
            let hint = "begin with http:// or https://, or with target.x or environment.url as a whole";
            reader.error_hint(span, "an address whose host isn't known", hint);
            return None;
        }
    };
    let written =
        |part: &Part| matches!(part, Part::Text(text) if text.contains(['#', '\\', ' ']) || !text.is_ascii());
    if rest.iter().any(written) {
        reader.error_hint(
            span,
            "only plain ASCII, and no `#`, backslash or blank, in an address",
            "write it %-encoded",
        );
        return None;
    }
    Some(UrlTemplate { base, rest: Template { parts: rest } })
}

fn values_are_addresses(name: &str, scope: &Scope<'_>, span: crate::Span, reader: &mut Reader) {
    for target in scope.environments.iter().filter_map(|e| scope.targets(e)).flatten() {
        if let Some(why) = target.values.get(name).and_then(|value| base_problem(value)) {
            reader.error(
                span,
                format!("{name} of the target {} is no address to build on: {why}", target.name),
            );
        }
    }
}
