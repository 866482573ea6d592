//! The sample tree is valid, and plans what its authors expect.

mod common;

use std::collections::BTreeMap;

use common::{commit, sample, triggered_by};
use model::{Canonical as _, to_canonical};
use operations::{Ask, Configuration, check, plan};

#[test]
fn the_sample_has_no_problem() {
    let (configuration, report) = check(&sample());
    assert_eq!(report.render(false), "");
    assert_eq!(configuration.unwrap().policies().count(), 1);
}

#[test]
fn a_plan_is_the_same_wherever_it_is_made() {
    let by = triggered_by();
    let (operation, environment) = ("shop-web".parse().unwrap(), "prod".parse().unwrap());
    let inputs = BTreeMap::new();
    let ask = Ask {
        commit: commit(),
        operation: &operation,
        environment: &environment,
        triggered_by: &by,
        inputs: &inputs,
        before: Some("bb".repeat(20).parse().unwrap()),
    };
    let one = plan(&Configuration::parse(&sample()).unwrap(), &ask).unwrap();
    let other = plan(&Configuration::parse(&sample()).unwrap(), &ask).unwrap();
    assert_eq!(to_canonical(&one).unwrap(), to_canonical(&other).unwrap());
    assert_eq!(one.digest().unwrap(), other.digest().unwrap());
    insta::assert_json_snapshot!(one);
}

#[test]
fn before_the_first_rollout_there_is_no_way_back() {
    let by = triggered_by();
    let (operation, environment) = ("shop-web".parse().unwrap(), "prod".parse().unwrap());
    let inputs = BTreeMap::new();
    let ask = Ask {
        commit: commit(),
        operation: &operation,
        environment: &environment,
        triggered_by: &by,
        inputs: &inputs,
        before: None,
    };
    let plan = plan(&Configuration::parse(&sample()).unwrap(), &ask).unwrap();
    assert!(plan.before.is_empty());
    assert!(plan.steps.iter().all(|step| step.undo.is_none()));
}
