//! Every run ends, and what it says agrees with what was done, wherever it crashes.
//!
//! A made-up world records and acts; it dies at a given moment, and the run is taken up from what was durable. What
//! happened is then held, by a reader that knows nothing of the machine, against what must hold (I1, I6, I7).

mod checker;
mod plans;
mod world;

use model::RunResult;
use proptest::prelude::*;

use checker::check;
use plans::{KINDS, Kind, Scenario, scenarios, steps};
use world::{Moment, play};

/// Plays a scenario without a crash, and then once for each moment at which it can crash.
fn everywhere(scenario: &Scenario, second: usize) {
    let whole = play(scenario, &[]);
    check(scenario, &whole).unwrap_or_else(|why| panic!("{why}\nwithout a crash\n{scenario:?}\n{whole:#?}"));
    for first in 0..whole.moments {
        let crashed = play(scenario, &[first]);
        check(scenario, &crashed)
            .unwrap_or_else(|why| panic!("{why}\ncrashed at {first}\n{scenario:?}\n{crashed:#?}"));
        // Once more, some moments after it was taken up.
        let again = [first, first + 1 + second];
        let twice = play(scenario, &again);
        check(scenario, &twice)
            .unwrap_or_else(|why| panic!("{why}\ncrashed at {again:?}\n{scenario:?}\n{twice:#?}"));
    }
}

#[test]
fn one_step_of_every_kind_with_every_result_crashes_everywhere_and_is_told_truly() {
    for (number, scenario) in steps(1, &KINDS).enumerate() {
        everywhere(&scenario, number % 4);
    }
}

#[test]
fn two_steps_with_every_result_are_told_truly() {
    for scenario in steps(2, &[Kind::Once, Kind::Get]) {
        let whole = play(&scenario, &[]);
        check(&scenario, &whole).unwrap_or_else(|why| panic!("{why}\n{scenario:?}\n{whole:#?}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_plans_crash_everywhere_and_are_told_truly(scenario in scenarios(), second in 0_usize..12) {
        everywhere(&scenario, second);
    }
}

/// That the checker can say no: each of these is a lie about a run that was played honestly.
#[test]
fn the_checker_finds_what_it_is_for() {
    let scenario = Scenario::of(&[(Kind::Once, Some(Kind::Again)), (Kind::Once, None)]);
    let honest = play(&scenario, &[]);
    assert_eq!(check(&scenario, &honest), Ok(RunResult::Succeeded));
    let moment = |wanted: fn(&Moment) -> bool| honest.log.iter().position(wanted).unwrap();
    let acted = moment(|m| matches!(m, Moment::Acted { .. }));
    let mut twice = honest.clone();
    twice.log.insert(acted, honest.log[acted].clone());
    assert!(check(&scenario, &twice).unwrap_err().contains("twice"));
    let mut early = honest.clone();
    let act = early.log.remove(acted);
    early.log.insert(0, act);
    assert!(check(&scenario, &early).unwrap_err().contains("durable intent"));
    let mut never = honest.clone();
    never.log.remove(acted);
    assert!(check(&scenario, &never).is_err());
    let mut endless = honest;
    endless.log.pop();
    assert!(check(&scenario, &endless).unwrap_err().contains("end"));
}
