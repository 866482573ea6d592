//! Programs of the tree, by digest, with the files that lie beside them.

use std::collections::BTreeMap;

use model::{Digest, Program, StepId};

use super::PlanError;
use crate::{Configuration, RunProgram};

/// Files that one program brings along.
const FILES: usize = 512;

/// Resolves a program, and adds it and everything under its top folder to the files of the plan.
pub(super) fn program(
    configuration: &Configuration,
    program: &RunProgram,
    step: &StepId,
    files: &mut BTreeMap<String, Digest>,
) -> Result<Program, PlanError> {
    let path = match program {
        RunProgram::Host(path) => return Ok(Program::Host { path: path.clone() }),
        RunProgram::Tree(path) => path,
    };
    let bytes = configuration
        .tree()
        .get(path)
        .ok_or_else(|| PlanError::Nothing { step: step.clone(), place: format!("the program {path}") })?;
    let sha256 = Digest::of(bytes);
    files.insert(path.clone(), sha256);
    if let Some((folder, _)) = path.split_once('/') {
        let inside = |path: &str| path.split_once('/').is_some_and(|(top, _)| top == folder);
        for (count, (path, bytes)) in
            configuration.tree().files().filter(|(path, _)| inside(path)).enumerate()
        {
            if count >= FILES {
                return Err(PlanError::Files { step: step.clone(), folder: folder.to_owned(), limit: FILES });
            }
            if !files.contains_key(path) {
                files.insert(path.to_owned(), Digest::of(bytes));
            }
        }
    }
    Ok(Program::Operations { path: path.clone(), sha256 })
}
