//! A plan that waits for somebody's approval.

use engine::surface::{ConsentGiven, ConsentView};
use grant::ConsentAnswer;
use model::{Action, Program};

use crate::{
    text::Shown,
    view::{Hash, safe_link, when::When},
};

/// What the page says.
pub(crate) struct ConsentModel {
    pub(crate) path: String,
    pub(crate) submission: String,
    pub(crate) subject: Shown,
    pub(crate) change: Option<String>,
    pub(crate) operation: Shown,
    pub(crate) title: Shown,
    pub(crate) environment: Shown,
    pub(crate) state: &'static str,
    pub(crate) waits: bool,
    /// Whole: it is what is signed.
    pub(crate) plan: Option<String>,
    pub(crate) code: String,
    pub(crate) revision: Option<Hash>,
    pub(crate) configuration: Option<Hash>,
    pub(crate) inputs: Vec<(Shown, Shown)>,
    pub(crate) steps: Vec<StepLine>,
    pub(crate) needs: Option<String>,
    pub(crate) requester: Option<Shown>,
    pub(crate) justification: Option<Shown>,
    pub(crate) given: Vec<GivenLine>,
    pub(crate) why_not: Option<Shown>,
    pub(crate) may: bool,
    /// Passkeys are used here.
    pub(crate) has_passkeys: bool,
}

/// One step in a line.
pub(crate) struct StepLine {
    pub(crate) id: Shown,
    pub(crate) target: Option<Shown>,
    pub(crate) does: Shown,
}

/// One answer.
pub(crate) struct GivenLine {
    pub(crate) person: Shown,
    pub(crate) approves: bool,
    pub(crate) kind: &'static str,
    pub(crate) at: When,
    pub(crate) is_of_this_plan: bool,
}

impl ConsentModel {
    pub(crate) fn of(view: &ConsentView, has_passkeys: bool) -> Self {
        let plan = view.plan.as_ref();
        let needs = view.approve.as_ref().map(|approve| {
            let people = if approve.people == 1 {
                "one person".to_owned()
            } else {
                format!("{} people", approve.people)
            };
            format!("{people} of the role {}", approve.role)
        });
        let you = view.you.as_ref();
        Self {
            path: format!("/consents/{}", view.outcome),
            submission: format!("/submissions/{}", view.submission),
            subject: Shown::line(&view.subject),
            change: safe_link(&view.change_url),
            operation: Shown::line(view.operation.as_str()),
            title: Shown::line(&view.title),
            environment: Shown::line(view.environment.as_str()),
            state: view.state.name(),
            waits: view.waits,
            plan: view.hash.map(|hash| hash.to_string()),
            code: view.code.clone().unwrap_or_default(),
            revision: plan.map(|plan| Hash::of(&plan.triggered_by.revision)),
            configuration: plan.map(|plan| Hash::of(&plan.configuration)),
            inputs: plan
                .map(|plan| plan.inputs.iter().map(|(k, v)| (Shown::line(k), Shown::line(v))).collect())
                .unwrap_or_default(),
            steps: plan.map(|plan| plan.steps.iter().map(StepLine::of).collect()).unwrap_or_default(),
            needs,
            requester: view.request.as_ref().map(|request| Shown::line(&request.by.to_string())),
            justification: view.request.as_ref().map(|request| Shown::line(request.justification.as_str())),
            given: view.given.iter().map(GivenLine::of).collect(),
            has_passkeys,
            why_not: you.and_then(|you| you.why_not.as_deref()).map(Shown::line),
            may: view.waits && view.hash.is_some() && you.is_some_and(|you| you.person.is_some()),
        }
    }
}

impl StepLine {
    fn of(step: &model::PlannedStep) -> Self {
        Self {
            id: Shown::line(step.id.as_str()),
            target: step.target.as_ref().map(|target| Shown::line(target.name.as_str())),
            does: Shown::line(&does(&step.action)),
        }
    }
}

impl GivenLine {
    fn of(given: &ConsentGiven) -> Self {
        let nobody = "somebody whom no link names";
        Self {
            person: Shown::line(given.person.as_ref().map_or(nobody, |person| person.as_str())),
            approves: given.answer == ConsentAnswer::Approve,
            kind: match given.kind {
                "passkey" => "by passkey",
                _ => "by a step-up at the identity provider",
            },
            at: When::of(given.at),
            is_of_this_plan: given.is_of_this_plan,
        }
    }
}

fn does(action: &Action) -> String {
    match action {
        Action::Exec(exec) => {
            let program = match &exec.program {
                Program::Operations { path, .. } => format!("./{path}"),
                Program::Host { path } => path.clone(),
            };
            let args = exec.args.iter().map(|arg| format!(" {arg:?}")).collect::<String>();
            format!("runs {program}{args}")
        }
        Action::Http(http) => format!("{:?} {}", http.method, http.url).replacen("Get", "GET", 1),
        Action::Gerrit(_) => "writes on the change in Gerrit".to_owned(),
    }
}
