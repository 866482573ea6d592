//! What a place may name where it stands.

use std::collections::BTreeMap;

use model::Target;

use super::Known;
use crate::{
    Environment, Place, Template,
    read::{At, Reader},
    suggest,
};

/// What the texts of a step may name.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) known: &'a Known<'a>,
    pub(super) environments: &'a [Environment],
    pub(super) inputs: &'a BTreeMap<String, String>,
    /// A submission sets it off, so there are no inputs.
    pub(super) triggered: bool,
    /// It takes a step back, which happens only where something ran before.
    pub(super) undo: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn undo(self) -> Self {
        Self { undo: true, ..self }
    }

    /// The targets of an environment; none where it has none, or where that isn't known.
    pub(super) fn targets(&self, environment: &Environment) -> Option<&'a [Target]> {
        let known = self.known;
        known.targets.as_ref()?.get(environment.targets.as_ref()?).map(Vec::as_slice)
    }

    /// Checks every place of a text that stands once for each target, or (on Gerrit) once.
    pub(super) fn check(&self, template: &At<Template>, per_target: bool, reader: &mut Reader) {
        for place in template.value.places() {
            if let Some((message, hint)) = self.problem(place, per_target) {
                reader.error_hint(template.span, message, hint);
            }
        }
        let before = template.value.places().any(|p| *p == Place::BeforeRevision);
        if before && !self.undo {
            let hint = "before the first rollout nothing has run there: this step can't be planned then";
            reader.advice(template.span, "before.revision outside of `undo`", hint);
        }
    }

    fn problem(&self, place: &Place, per_target: bool) -> Option<(String, String)> {
        match place {
            Place::Input(_) if self.triggered => Some((
                format!("{place} is given by a request, but a submission sets this operation off"),
                "take it out, or take `trigger` out".to_owned(),
            )),
            Place::Input(name) if !self.inputs.contains_key(name) => Some((
                format!("there is no input {name}"),
                suggest::hint(name, self.inputs.keys().map(String::as_str)),
            )),
            Place::EnvironmentUrl => {
                let without = self.environments.iter().find(|e| e.url.is_none())?;
                Some((
                    format!("{} has no url", without.name),
                    "give every environment a `url`, or use a value of the target".to_owned(),
                ))
            }
            Place::TargetName | Place::Target(_) if !per_target => Some((
                format!("{place} means nothing on Gerrit: the step is for the changes, not for a target"),
                "use environment.name".to_owned(),
            )),
            Place::TargetName => self.without_targets(),
            Place::Target(name) => self.without_targets().or_else(|| self.without_value(name)),
            _ => None,
        }
    }

    fn without_targets(&self) -> Option<(String, String)> {
        let without = self.environments.iter().find(|e| e.targets.is_none())?;
        let hint = "give every environment its `targets`, a set of targets.yaml".to_owned();
        Some((format!("{} has no targets", without.name), hint))
    }

    fn without_value(&self, name: &str) -> Option<(String, String)> {
        let mut all = self.environments.iter().filter_map(|e| self.targets(e)).flatten();
        let without = all.find(|target| !target.values.contains_key(name))?;
        let hint = suggest::hint(name, without.values.keys().map(String::as_str).chain(["name"]));
        Some((format!("the target {} has no value {name}", without.name), hint))
    }
}
