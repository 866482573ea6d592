//! `POST /changes/{id}/check.submit_requirement`: tries an expression, writes nothing.

use crate::change::Change;
use crate::config::Requirement;
use crate::refusal::Refusal;
use crate::requirements::{self, Subject};
use crate::rest::{Answer, Request, input};
use crate::world::World;

use super::info;

pub(super) fn check(world: &World, request: &Request, change: &Change) -> Result<Answer, Refusal> {
    let body = request.object()?;
    let text = |key: &str| input::text(&body, key).filter(|text| !text.is_empty()).map(str::to_owned);
    let name = text("name").ok_or_else(|| Refusal::bad("Field 'name' is missing from input."))?;
    let submittable_if = text("submittability_expression");
    let requirement = Requirement {
        name,
        project: change.project.clone(),
        description: None,
        applicable_if: text("applicability_expression"),
        submittable_if: submittable_if
            .ok_or_else(|| Refusal::bad("Field 'submittability_expression' is missing from input."))?,
        override_if: text("override_expression"),
        allow_override_in_child: false,
    };
    if let Some(why) = requirements::problem(&requirement.submittable_if) {
        return Err(Refusal::bad(format!("Invalid submit requirement input: {why}")));
    }
    let repo = world.must_repo(&change.project)?;
    let labels = world.labels(&change.project);
    let subject = Subject::new(world, &repo, change, &labels)?;
    Answer::ok(info::requirement(&subject.judge(&requirement)))
}
