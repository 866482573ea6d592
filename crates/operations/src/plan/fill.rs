//! Substitution: into list items, path and query, JSON texts and messages that were already parsed. What comes out is never
//! parsed again.

use std::collections::BTreeMap;

use model::{Action, Digest, Exec, Gerrit, Http, HttpExpect, StepId, Target};
use serde_json::Value;
use url::Url;

use super::{Given, PlanError, program};
use crate::{
    Configuration, Environment, ExecStep, GerritStep, HttpStep, JsonTemplate, Place, StepDo, Template,
    operation::{UrlBase, UrlTemplate},
};

/// Bytes of one argument, address or text after substitution.
const LENGTH: usize = 16 * 1024;
/// Bytes of one address.
const URL: usize = 4096;

/// What the places of one step on one target stand for.
pub(super) struct Filling<'a> {
    pub(super) configuration: &'a Configuration,
    pub(super) environment: &'a Environment,
    pub(super) given: &'a Given<'a>,
    pub(super) target: Option<&'a Target>,
    pub(super) step: &'a StepId,
}

/// Whether an undo can only be done where something ran before.
pub(super) fn needs_before(undo: &StepDo) -> bool {
    let before = |template: &Template| template.places().any(|place| *place == Place::BeforeRevision);
    match undo {
        StepDo::Exec(step) => step.args.iter().any(before),
        StepDo::Http(step) => {
            before(&step.url.rest)
                || step.json.values().any(before)
                || step.body.as_ref().is_some_and(|body| json_has(body, &before))
        }
        StepDo::Gerrit(_) => false,
    }
}

fn json_has(json: &JsonTemplate, has: &impl Fn(&Template) -> bool) -> bool {
    match json {
        JsonTemplate::Text(template) => has(template),
        JsonTemplate::List(items) => items.iter().any(|item| json_has(item, has)),
        JsonTemplate::Map(members) => members.values().any(|value| json_has(value, has)),
        JsonTemplate::Null | JsonTemplate::Bool(_) | JsonTemplate::Int(_) => false,
    }
}

impl Filling<'_> {
    pub(super) fn action(
        &self,
        does: &StepDo,
        files: &mut BTreeMap<String, Digest>,
    ) -> Result<Action, PlanError> {
        Ok(match does {
            StepDo::Exec(step) => Action::Exec(self.exec(step, files)?),
            StepDo::Http(step) => Action::Http(self.http(step)?),
            StepDo::Gerrit(step) => Action::Gerrit(self.gerrit(step)?),
        })
    }

    fn value(&self, place: &Place) -> Result<String, PlanError> {
        let by = self.given.triggered_by;
        let value = match place {
            Place::Revision => by.map(|by| by.revision.to_string()),
            Place::ChangeNumber => by.and_then(|by| by.changes.last()).map(ToString::to_string),
            Place::ChangeProject => by.map(|by| by.project.to_string()),
            Place::ChangeBranch => by.map(|by| {
                let full = by.branch.as_str();
                full.strip_prefix("refs/heads/").unwrap_or(full).to_owned()
            }),
            Place::Input(name) => self.given.inputs.get(name).cloned(),
            Place::BeforeRevision => self.given.before.map(|revision| revision.to_string()),
            Place::EnvironmentName => Some(self.environment.name.to_string()),
            Place::EnvironmentUrl => self.environment.url.clone(),
            Place::TargetName => self.target.map(|target| target.name.to_string()),
            Place::Target(name) => self.target.and_then(|target| target.values.get(name).cloned()),
        };
        value.ok_or_else(|| PlanError::Nothing { step: self.step.clone(), place: place.to_string() })
    }

    fn text(&self, template: &Template) -> Result<String, PlanError> {
        let text = template.fill(|place| self.value(place))?;
        if text.len() > LENGTH {
            return Err(PlanError::Text {
                step: self.step.clone(),
                why: "more than 16 KiB after substitution",
            });
        }
        Ok(text)
    }

    fn exec(&self, step: &ExecStep, files: &mut BTreeMap<String, Digest>) -> Result<Exec, PlanError> {
        let program = program::program(self.configuration, &step.program, self.step, files)?;
        let args: Result<Vec<String>, PlanError> = step.args.iter().map(|arg| self.argument(arg)).collect();
        Ok(Exec { program, args: args?, timeout_ms: step.timeout.0, idempotent: step.idempotent })
    }

    /// An argument begins with `-` only if the operation itself wrote that `-`.
    fn argument(&self, template: &Template) -> Result<String, PlanError> {
        let argument = self.text(template)?;
        if argument.starts_with('-') && template.begins_with_place() {
            return Err(PlanError::Option { step: self.step.clone(), argument });
        }
        Ok(argument)
    }

    fn http(&self, step: &HttpStep) -> Result<Http, PlanError> {
        let body = match &step.body {
            Some(body) => Some(self.json(body)?.to_string()),
            None => None,
        };
        let json: Result<BTreeMap<String, String>, PlanError> =
            step.json.iter().map(|(name, template)| Ok((name.clone(), self.text(template)?))).collect();
        Ok(Http {
            method: step.method,
            url: self.url(&step.url)?,
            body,
            expect: HttpExpect { status: step.status, json: json? },
            within_ms: step.within.0,
        })
    }

    fn json(&self, json: &JsonTemplate) -> Result<Value, PlanError> {
        Ok(match json {
            JsonTemplate::Null => Value::Null,
            JsonTemplate::Bool(value) => Value::Bool(*value),
            JsonTemplate::Int(value) => Value::from(*value),
            JsonTemplate::Text(template) => Value::String(self.text(template)?),
            JsonTemplate::List(items) => {
                Value::Array(items.iter().map(|item| self.json(item)).collect::<Result<_, _>>()?)
            }
            JsonTemplate::Map(members) => Value::Object(
                members.iter().map(|(key, value)| Ok((key.clone(), self.json(value)?))).collect::<Result<
                    _,
                    PlanError,
                >>(
                )?,
            ),
        })
    }

    fn url(&self, url: &UrlTemplate) -> Result<String, PlanError> {
        let base = match &url.base {
            UrlBase::Written(base) => base.clone(),
            UrlBase::Place(place) => self.value(place)?,
        };
        let rest = url.rest.fill(|place| self.value(place).map(|value| encode(&value)))?;
        let text = format!("{}{rest}", base.trim_end_matches('/'));
        let refuse = |why| PlanError::Url { step: self.step.clone(), url: text.clone(), why };
        if text.len() > URL {
            return Err(refuse("more than 4,096 bytes"));
        }
        if crate::check::base_problem(&base).is_some() {
            return Err(refuse("what it is built on is no address"));
        }
        let path = text.split(['?', '#']).next().unwrap_or_default();
        if path.split('/').any(is_dots) {
            return Err(refuse("a part of its path is `.` or `..`"));
        }
        let (whole, base) = match (text.parse::<Url>(), base.parse::<Url>()) {
            (Ok(whole), Ok(base)) => (whole, base),
            _ => return Err(refuse("it doesn't parse")),
        };
        // one normalisation, here: what is called is these very bytes
        if whole.origin() != base.origin() || whole.fragment().is_some() || !whole.username().is_empty() {
            return Err(refuse("its host isn't the one that was reviewed"));
        }
        Ok(whole.to_string())
    }

    fn gerrit(&self, step: &GerritStep) -> Result<Gerrit, PlanError> {
        let texts = |list: &[Template]| -> Result<Vec<String>, PlanError> {
            list.iter().map(|template| self.hashtag(template)).collect()
        };
        Ok(match step {
            GerritStep::Message(text) => Gerrit::Message { text: self.said(text)? },
            GerritStep::Revert(message) => Gerrit::Revert { message: self.said(message)? },
            GerritStep::Hashtag { add, remove } => {
                Gerrit::Hashtag { add: texts(add)?, remove: texts(remove)? }
            }
        })
    }

    fn said(&self, template: &Template) -> Result<String, PlanError> {
        let text = self.text(template)?;
        if text.trim().is_empty() {
            return Err(PlanError::Text { step: self.step.clone(), why: "an empty message" });
        }
        Ok(text)
    }

    /// Gerrit's rule: no comma, no blank at either end, no `#` before it.
    fn hashtag(&self, template: &Template) -> Result<String, PlanError> {
        let tag = self.text(template)?;
        let good = (1..=128).contains(&tag.len()) && !tag.contains([',', '#', '\n']) && tag.trim() == tag;
        if good { Ok(tag) } else { Err(PlanError::Text { step: self.step.clone(), why: "no hashtag" }) }
    }
}

/// `.` and `..`, also as URL parsers read them (`%2e`).
fn is_dots(part: &str) -> bool {
    matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// Everything but unreserved characters (RFC 3986, 2.3) as `%XX`: a value is one part of a path, or one value of a query.
fn encode(value: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // writing to a String can't fail
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
