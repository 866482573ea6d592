//! One run: what was approved, what it did, and how to check it without us.

use engine::surface::RunView;
use model::{Action, Exec, Gerrit, Method, Program, Run, RunState, Step, StepResult, StepState};

use crate::{
    api::v1::runs::bundle,
    text::Shown,
    view::{
        Hash,
        chip::{self, Chip},
        when::{When, duration},
    },
};

pub(crate) struct RunModel {
    pub(crate) id: String,
    pub(crate) chip: Chip,
    pub(crate) granted: When,
    /// How long it took, or nothing while it goes on.
    pub(crate) took: Option<String>,
    pub(crate) grant: String,
    pub(crate) plan: Hash,
    pub(crate) steps: Vec<StepModel>,
    pub(crate) timeline: Vec<EventModel>,
    pub(crate) outputs: Vec<OutputModel>,
    /// The bundle's file name, and the command that checks it.
    pub(crate) bundle: String,
    pub(crate) verify: Shown,
    /// Whether the bundle is whole: the run is over.
    pub(crate) finished: bool,
}

pub(crate) struct StepModel {
    pub(crate) id: String,
    pub(crate) target: Option<String>,
    /// `exec`, `http` or `gerrit`.
    pub(crate) kind: &'static str,
    /// What it does, in a line.
    pub(crate) does: Shown,
    pub(crate) chip: Chip,
    pub(crate) took: Option<String>,
    pub(crate) why: Option<Shown>,
    /// How taking it back stands, once that has begun.
    pub(crate) undo: Option<Chip>,
}

pub(crate) struct EventModel {
    pub(crate) index: u64,
    /// Since the first event.
    pub(crate) offset: String,
    pub(crate) at: When,
    pub(crate) kind: Shown,
    pub(crate) text: Shown,
}

pub(crate) struct OutputModel {
    pub(crate) anchor: String,
    pub(crate) step: Shown,
    pub(crate) text: Shown,
    pub(crate) truncated: bool,
    pub(crate) lines: usize,
}

pub(crate) fn model(view: &RunView, verify_key: &str) -> RunModel {
    let run = &view.run;
    let began = view.timeline.first().map_or(run.granted_at, |event| event.at);
    let bundle = bundle::file_name(&run.id);
    RunModel {
        id: run.id.to_string(),
        chip: chip::of_run(&run.state),
        granted: When::of(run.granted_at),
        took: match run.state {
            RunState::Finished { at, .. } => Some(duration(run.granted_at, at)),
            _ => None,
        },
        grant: run.grant.to_string(),
        plan: Hash::of(&run.plan),
        steps: steps(view, run),
        timeline: view
            .timeline
            .iter()
            .map(|event| EventModel {
                index: event.index,
                offset: duration(began, event.at),
                at: When::of(event.at),
                kind: Shown::line(&event.kind),
                text: Shown::line(&event.text),
            })
            .collect(),
        outputs: view
            .outputs
            .iter()
            .enumerate()
            .map(|(at, output)| OutputModel {
                anchor: format!("{}-output-{at}", run.id),
                step: Shown::line(&output.step),
                text: Shown::block(&output.text),
                truncated: output.truncated,
                lines: output.text.lines().count(),
            })
            .collect(),
        verify: Shown::line(&format!("exq verify {bundle} --key {}", quoted(verify_key))),
        bundle,
        finished: matches!(run.state, RunState::Finished { .. }),
    }
}

/// A word as a shell reads it as one.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The run's steps beside the plan's: both are in the plan's order.
fn steps(view: &RunView, run: &Run) -> Vec<StepModel> {
    run.steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let planned = view.plan.steps.get(at);
            StepModel {
                id: step.id.to_string(),
                target: planned.and_then(|p| p.target.as_ref()).map(|target| target.name.to_string()),
                kind: planned.map_or("", |p| kind(&p.action)),
                does: Shown::line(&planned.map(|p| does(&p.action)).unwrap_or_default()),
                chip: chip::of_step(&step.state),
                took: took(view, step),
                why: match &step.state {
                    StepState::Done { result: StepResult::Failed { why, .. }, .. } => Some(Shown::line(why)),
                    _ => None,
                },
                undo: match &step.undo {
                    StepState::Pending => None,
                    begun => Some(chip::of_step(begun)),
                },
            }
        })
        .collect()
}

/// When the outcome came, since the run was granted.
fn took(view: &RunView, step: &Step) -> Option<String> {
    match &step.state {
        StepState::Done { at, .. } => Some(format!("after {}", duration(view.run.granted_at, *at))),
        StepState::Started { attempt, .. } if *attempt > 1 => Some(format!("attempt {attempt}")),
        _ => None,
    }
}

const fn kind(action: &Action) -> &'static str {
    match action {
        Action::Exec(_) => "exec",
        Action::Http(_) => "http",
        Action::Gerrit(_) => "gerrit",
    }
}

/// An action in a line. Arguments with blanks are shown in quotes; this is for eyes, nothing reads it again.
fn does(action: &Action) -> String {
    match action {
        Action::Exec(Exec { program, args, .. }) => {
            let (Program::Operations { path, .. } | Program::Host { path }) = program;
            let words = std::iter::once(path).chain(args).map(|word| {
                if word.is_empty() || word.contains(char::is_whitespace) {
                    format!("{word:?}")
                } else {
                    word.clone()
                }
            });
            words.collect::<Vec<_>>().join(" ")
        }
        Action::Http(call) => {
            let method = match call.method {
                Method::Get => "GET",
                Method::Post => "POST",
                Method::Put => "PUT",
                Method::Delete => "DELETE",
            };
            format!("{method} {} → {}", call.url, call.expect.status)
        }
        Action::Gerrit(Gerrit::Message { text }) => format!("message: {text}"),
        Action::Gerrit(Gerrit::Hashtag { add, remove }) => {
            let signed =
                |sign: char, tags: &[String]| tags.iter().map(|t| format!("{sign}{t}")).collect::<Vec<_>>();
            format!("hashtags {}", [signed('+', add), signed('−', remove)].concat().join(" "))
        }
        Action::Gerrit(Gerrit::Revert { .. }) => "make the change that reverts this submission".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_with_blanks_stays_one_word() {
        assert_eq!(super::quoted("/var/lib/exq/ledger.pub"), "/var/lib/exq/ledger.pub");
        assert_eq!(super::quoted("my keys/it's.pub"), "'my keys/it'\\''s.pub'");
    }
}
