//! Plans of small programs.

use std::{collections::BTreeMap, path::Path};

use model::{
    Action, Digest, Exec, OnFailure, Plan, PlannedStep, Program, Revision, SubmissionId, TriggeredBy,
};

/// One step: a program that writes its name down and then does something, and what takes it back.
#[derive(Clone)]
pub struct Script {
    pub name: &'static str,
    /// What it does after that.
    pub does: &'static str,
    pub idempotent: bool,
    /// What its undo does; none: there is no undo.
    pub undo: Option<&'static str>,
}

impl Script {
    /// One that goes well, may not be repeated, and can be taken back.
    pub const fn new(name: &'static str) -> Self {
        Self { name, does: "true", idempotent: false, undo: Some("true") }
    }

    pub const fn does(self, does: &'static str) -> Self {
        Self { does, ..self }
    }

    pub const fn again(self) -> Self {
        Self { idempotent: true, ..self }
    }

    pub const fn undo(self, undo: Option<&'static str>) -> Self {
        Self { undo, ..self }
    }

    /// The program: `step` or `undo`, and where to write it down.
    pub fn bytes(&self) -> Vec<u8> {
        let (name, does, undo) = (self.name, self.does, self.undo.unwrap_or("false"));
        format!("#!/bin/sh\nif test \"$1\" = step\nthen echo {name} >> \"$2\"; {does}\nelse echo undo {name} >> \"$2\"; {undo}\nfi\n")
            .into_bytes()
    }

    fn action(&self, what: &str, trace: &Path) -> Action {
        Action::Exec(Exec {
            program: Program::Operations { path: self.path(), sha256: Digest::of(&self.bytes()) },
            args: vec![what.into(), trace.to_str().unwrap().into()],
            timeout_ms: 30_000,
            idempotent: self.idempotent,
        })
    }

    fn path(&self) -> String {
        format!("shop/{}", self.name)
    }
}

/// A plan of these steps.
pub fn plan(scripts: &[Script], on_failure: OnFailure, trace: &Path) -> Plan {
    let steps = scripts.iter().map(|script| PlannedStep {
        id: script.name.parse().unwrap(),
        target: None,
        action: script.action("step", trace),
        undo: script.undo.map(|_| script.action("undo", trace)),
    });
    Plan {
        schema: Plan::SCHEMA.into(),
        operation: "shop-web".parse().unwrap(),
        environment: "prod".parse().unwrap(),
        configuration: Revision::from_bytes([4; 20]),
        triggered_by: TriggeredBy {
            submission: SubmissionId::derive(&[b"s"]),
            server: "main".parse().unwrap(),
            project: "shop".parse().unwrap(),
            branch: "refs/heads/main".parse().unwrap(),
            revision: Revision::from_bytes([5; 20]),
            base: Revision::from_bytes([6; 20]),
            changes: vec![42],
        },
        inputs: BTreeMap::new(),
        before: BTreeMap::new(),
        files: scripts.iter().map(|script| (script.path(), Digest::of(&script.bytes()))).collect(),
        steps: steps.collect(),
        on_failure,
    }
}
