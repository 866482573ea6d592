//! The configuration in force, and how the parts are.

use engine::surface::{ConfigurationView, Health};
use model::{Project, ServerName};

use crate::{
    text::Shown,
    view::{Hash, reason, reason::ReasonModel, when::When},
};

pub(crate) struct ConfigurationModel {
    pub(crate) accepted: Hash,
    pub(crate) since: When,
    pub(crate) refused: Option<(Hash, Vec<ReasonModel>)>,
    pub(crate) watched: Vec<(String, String)>,
    pub(crate) ready: bool,
    pub(crate) parts: Vec<(Shown, bool, Shown)>,
    pub(crate) alarms: Vec<Shown>,
}

impl ConfigurationModel {
    pub(crate) fn of(view: &ConfigurationView, watched: &[(ServerName, Project)], health: &Health) -> Self {
        Self {
            accepted: Hash::of(&view.accepted),
            since: When::of(view.since),
            refused: view.refused.as_ref().map(|(commit, why)| (Hash::of(commit), reason::list(why))),
            watched: watched.iter().map(|(s, p)| (s.to_string(), p.to_string())).collect(),
            ready: health.ready,
            parts: health.parts.iter().map(|(n, well, t)| (Shown::line(n), *well, Shown::line(t))).collect(),
            alarms: health.alarms.iter().map(|alarm| Shown::line(alarm)).collect(),
        }
    }
}
