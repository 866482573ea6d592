//! Reads what happened and says whether it may have. It doesn't use the machine, nor its rules.

use std::collections::{BTreeMap, BTreeSet};

use model::{OnFailure, Run, RunResult, RunState, StepResult, StepState};

use super::{
    plans::{Answer, Kind, Scenario},
    world::{Moment, Played},
};

/// A step, and whether its undo is meant.
type Place = (usize, bool);

/// All that was done at a place: where in the log, and how it ended.
type Acts = BTreeMap<Place, Vec<(usize, Answer)>>;

/// How the run ended, if everything that has to hold does.
pub(super) fn check(scenario: &Scenario, played: &Played) -> Result<RunResult, String> {
    let acts = acts(played)?;
    let (last, end) = end(played)?;
    for (place, done) in &acts {
        if done.len() > 1 && !kind(scenario, *place)?.may_be_repeated() {
            return Err(format!("{place:?} may not be repeated, and acted twice or more"));
        }
        if done.iter().any(|(when, _)| *when > last) {
            return Err(format!("{place:?} acted after the end"));
        }
    }
    let lost = lost(scenario, played)?;
    outcomes(&end, &acts, &lost)?;
    order(scenario, &acts)?;
    let RunState::Finished { result, .. } = end.state else { return Err("it has no end".into()) };
    agrees(scenario, &end, &acts, result)?;
    Ok(result)
}

fn kind(scenario: &Scenario, (index, undo): Place) -> Result<Kind, String> {
    let step = &scenario.steps[index];
    if undo { step.undo.ok_or_else(|| format!("step {index} has no undo")) } else { Ok(step.kind) }
}

/// The intents of a run that have no outcome, each with its attempt.
fn open(run: &Run) -> Vec<(Place, u32)> {
    let places = run
        .steps
        .iter()
        .enumerate()
        .flat_map(|(index, step)| [((index, false), &step.state), ((index, true), &step.undo)]);
    places
        .filter_map(|(place, state)| match state {
            StepState::Started { attempt, .. } => Some((place, *attempt)),
            StepState::Pending | StepState::Done { .. } => None,
        })
        .collect()
}

/// What was done; each act under the one intent that was durable before it, for that very attempt.
fn acts(played: &Played) -> Result<Acts, String> {
    let mut acts = Acts::new();
    let mut durable: Option<&Run> = None;
    for (when, moment) in played.log.iter().enumerate() {
        match moment {
            Moment::Durable(runs) => durable = runs.last(),
            Moment::Died => {}
            Moment::Acted { at, attempt, answer } => {
                let place = (usize::try_from(at.index).unwrap(), at.undo);
                let open = durable.map(open).unwrap_or_default();
                if open != [(place, *attempt)] {
                    return Err(format!(
                        "{place:?} acted without a durable intent for attempt {attempt}: {open:?}"
                    ));
                }
                let done = acts.entry(place).or_default();
                if usize::try_from(*attempt).unwrap() <= done.len() {
                    return Err(format!("{place:?} acted twice under the intent for attempt {attempt}"));
                }
                done.push((when, *answer));
            }
        }
    }
    Ok(acts)
}

/// Where nobody can know whether it acted: the process died with the intent open, and it may not be repeated.
fn lost(scenario: &Scenario, played: &Played) -> Result<BTreeSet<Place>, String> {
    let mut lost = BTreeSet::new();
    let mut durable: Option<&Run> = None;
    for moment in &played.log {
        match moment {
            Moment::Durable(runs) => durable = runs.last(),
            Moment::Acted { .. } => {}
            Moment::Died => {
                for (place, _) in durable.map(open).unwrap_or_default() {
                    if !kind(scenario, place)?.may_be_repeated() {
                        lost.insert(place);
                    }
                }
            }
        }
    }
    Ok(lost)
}

/// Where the end became durable, and how the run stood then; exactly once.
fn end(played: &Played) -> Result<(usize, Run), String> {
    let over = |run: &Run| matches!(run.state, RunState::Finished { .. });
    let mut ends = Vec::new();
    for (when, moment) in played.log.iter().enumerate() {
        if let Moment::Durable(runs) = moment {
            ends.extend(runs.iter().filter(|run| over(run)).map(|run| (when, run.clone())));
        }
    }
    match <[_; 1]>::try_from(ends) {
        Ok([end]) => Ok(end),
        Err(ends) => Err(format!("it has {} ends", ends.len())),
    }
}

/// What the record says of each action is what the last act at it answered; unknown where nobody heard the answer, and
/// nowhere else.
fn outcomes(end: &Run, acts: &Acts, lost: &BTreeSet<Place>) -> Result<(), String> {
    for (index, step) in end.steps.iter().enumerate() {
        for (undo, state) in [(false, &step.state), (true, &step.undo)] {
            let place = (index, undo);
            let last = last(acts, place);
            let is_true = match state {
                StepState::Pending => last.is_none() && !lost.contains(&place),
                StepState::Started { .. } => false,
                StepState::Done { result, .. } => match result {
                    StepResult::Unknown { .. } => lost.contains(&place) || last == Some(Answer::Unknown),
                    StepResult::Succeeded { .. } => last == Some(Answer::Succeeds) && !lost.contains(&place),
                    StepResult::Failed { .. } => last == Some(Answer::Fails) && !lost.contains(&place),
                },
            };
            if !is_true {
                return Err(format!("{place:?}: it says {state:?}, and the last act answered {last:?}"));
            }
        }
    }
    Ok(())
}

fn last(acts: &Acts, place: Place) -> Option<Answer> {
    acts.get(&place).and_then(|done| done.last()).map(|(_, answer)| *answer)
}

/// Forward in order, then back in order, and never forward again.
fn order(scenario: &Scenario, acts: &Acts) -> Result<(), String> {
    let mut all: Vec<(usize, Place)> =
        acts.iter().flat_map(|(place, done)| done.iter().map(|(when, _)| (*when, *place))).collect();
    all.sort_unstable();
    let rank = |(index, undo): Place| if undo { 2 * scenario.steps.len() - index } else { index };
    if all.is_sorted_by_key(|(_, place)| rank(*place)) {
        Ok(())
    } else {
        Err(format!("out of order: {all:?}"))
    }
}

/// Whether the result is the one that what was done deserves.
fn agrees(scenario: &Scenario, end: &Run, acts: &Acts, result: RunResult) -> Result<(), String> {
    let is_unknown =
        |state: &StepState| matches!(state, StepState::Done { result: StepResult::Unknown { .. }, .. });
    let unknown = end.steps.iter().any(|step| is_unknown(&step.state) || is_unknown(&step.undo));
    let any = |test: &dyn Fn(usize) -> bool| (0..scenario.steps.len()).any(test);
    let changed = |index| acts.contains_key(&(index, false)) && !scenario.steps[index].kind.only_looks();
    let turned_back = acts.keys().any(|(_, undo)| *undo);
    let step_failed = any(&|index| last(acts, (index, false)) == Some(Answer::Fails));
    let undo_failed = any(&|index| last(acts, (index, true)) == Some(Answer::Fails));
    let not_all_succeeded = any(&|index| last(acts, (index, false)) != Some(Answer::Succeeds));
    // What may have changed something, and isn't taken back.
    let remains = any(&|index| changed(index) && last(acts, (index, true)) != Some(Answer::Succeeds));
    let undoing = scenario.on_failure == OnFailure::Undo;
    let deserved = match result {
        RunResult::Unknown => unknown,
        _ if unknown => false,
        RunResult::Succeeded => !not_all_succeeded && !turned_back,
        RunResult::Failed => step_failed && !turned_back && !undoing,
        RunResult::Undone => step_failed && undoing && !remains && !undo_failed,
        RunResult::Partial => step_failed && undoing && (remains || undo_failed),
    };
    if deserved {
        Ok(())
    } else {
        Err(format!("it says {result:?}; unknown {unknown}, a step failed {step_failed}, remains {remains}"))
    }
}
