//! What is rolled out here: three operations that differ in what may be repeated and in what can be taken back. Written
//! down once, for the operations project and for who judges.

use std::fmt::Write as _;

use model::{Run, RunState, StepState};

/// One step of an operation.
pub(crate) struct Act {
    /// Its id.
    pub(crate) id: &'static str,
    /// Whether it may be done again when nobody knows whether it was done.
    pub(crate) repeat: bool,
    /// Whether it has an undo, and whether that may be done again.
    pub(crate) undo: Option<bool>,
}

/// One operation.
pub(crate) struct Shape {
    /// The project that it rolls out.
    pub(crate) project: &'static str,
    /// Its steps.
    pub(crate) acts: &'static [Act],
    /// How a rollout ends whose last step fails.
    pub(crate) failed: &'static str,
}

const fn act(id: &'static str, repeat: bool, undo: Option<bool>) -> Act {
    Act { id, repeat, undo }
}

/// `switch` is the story's, `healthy` a look, the others are [`PROGRAM`]; `check` is the one that fails.
pub(crate) const SHAPES: [Shape; 3] = [
    Shape {
        project: "shop",
        acts: &[
            act("switch", true, Some(true)),
            act("healthy", true, None),
            act("pause", true, Some(true)),
            act("check", true, Some(true)),
        ],
        failed: "undone",
    },
    // What must not be repeated, forward and back.
    Shape {
        project: "cart",
        acts: &[
            act("switch", true, Some(false)),
            act("healthy", true, None),
            act("once", false, Some(false)),
            act("check", true, Some(true)),
        ],
        failed: "undone",
    },
    // One step that can't be taken back.
    Shape {
        project: "stock",
        acts: &[
            act("switch", true, Some(true)),
            act("healthy", true, None),
            act("pause", true, None),
            act("check", true, Some(true)),
        ],
        failed: "partial",
    },
];

/// Says in `ROOT/acts` when it begins and ends, and takes a while between. `check` fails where `ROOT/broken` is.
pub(crate) const PROGRAM: &str = r#"#!/bin/sh
# act NAME WAY REVISION ROOT
set -eu
name=$1 way=$2 revision=$3 root=$4
echo "$revision $name $way begin" >> "$root/acts"
sleep 0.25
echo "$revision $name $way end" >> "$root/acts"
[ "$name" != check ] || [ "$way" = undo ] || [ ! -e "$root/broken" ]
"#;

/// A place in a run: what is under way there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Place {
    /// The act of a step, by its place in the plan; or taking it back.
    At { step: usize, undo: bool },
    /// The run is over, and that has to be said.
    Over,
}

impl Shape {
    /// The places that a run comes by: all steps, or up to the one that fails and back.
    pub(crate) fn path(&self, fails: Option<usize>) -> Vec<Place> {
        let last = fails.unwrap_or(self.acts.len() - 1);
        let mut path: Vec<Place> = (0..=last).map(|step| Place::At { step, undo: false }).collect();
        if fails.is_some() {
            let back = (0..=last).rev().filter(|step| self.acts[*step].undo.is_some());
            path.extend(back.map(|step| Place::At { step, undo: true }));
        }
        path.push(Place::Over);
        path
    }

    /// Whether what is done there may be done again.
    pub(crate) fn may_repeat(&self, place: Place) -> bool {
        match place {
            Place::At { step, undo: false } => self.acts[step].repeat,
            Place::At { step, undo: true } => self.acts[step].undo == Some(true),
            Place::Over => true,
        }
    }

    /// `operations/PROJECT-web.yaml`
    pub(crate) fn operation(&self) -> String {
        let project = self.project;
        let mut text = format!(
            "operation: {project}-web\ntitle: Roll out the {project}\nmode: enforce\n\
             trigger: {{ merged: {{ server: main, project: {project}, branch: main }} }}\nreview: {{ people: 1 }}\n\
             environments:\n  prod: {{ targets: {project}-hosts }}\nsteps:\n"
        );
        for act in self.acts {
            let _ = writeln!(text, "  - id: {}", act.id);
            if act.id == "healthy" {
                text.push_str(
                    "    http: { get: \"{{ target.url }}/version\", expect: { json: { revision: \"{{ revision }}\" } }, within: 20s }\n",
                );
                continue;
            }
            let _ = writeln!(
                text,
                "    exec: {{ {}, timeout: 30s, idempotent: {} }}",
                run(act.id, false),
                act.repeat
            );
            if let Some(repeat) = act.undo {
                let _ = writeln!(
                    text,
                    "    undo: {{ {}, timeout: 30s, idempotent: {repeat} }}",
                    run(act.id, true)
                );
            }
        }
        text.push_str("on_failure: undo\nnewer: replaces\n");
        text
    }
}

fn run(id: &str, undo: bool) -> String {
    if id == "switch" {
        let revision = if undo { "before.revision" } else { "revision" };
        return format!(
            r#"run: [./shop/switch, "{{{{ {revision} }}}}", "{{{{ target.root }}}}", "{{{{ target.port }}}}", "{{{{ target.serve }}}}"]"#
        );
    }
    let way = if undo { "undo" } else { "do" };
    format!(r#"run: [./shop/act, {id}, {way}, "{{{{ revision }}}}", "{{{{ target.root }}}}"]"#)
}

/// What is under way in a run; none only while its grant is not spent.
pub(crate) fn under_way(run: &Run) -> Option<Place> {
    if matches!(run.state, RunState::Finished { .. }) {
        return Some(Place::Over);
    }
    let open = |state: &StepState| matches!(state, StepState::Started { .. });
    run.steps.iter().enumerate().find_map(|(step, at)| match (open(&at.state), open(&at.undo)) {
        (true, _) => Some(Place::At { step, undo: false }),
        (_, true) => Some(Place::At { step, undo: true }),
        _ => None,
    })
}
