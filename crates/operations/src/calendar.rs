//! Times in which nothing runs.

use std::collections::BTreeSet;

use model::{EnvironmentName, OperationName, Timestamp};

/// A time in which nothing runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Freeze {
    /// Its name.
    pub name: String,
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, exclusive.
    pub until: Timestamp,
    /// Only these operations; none: all.
    pub operations: Option<BTreeSet<OperationName>>,
    /// Only these environments; none: all.
    pub environments: Option<BTreeSet<EnvironmentName>>,
    /// Why, to the person who waits.
    pub reason: String,
}

/// `calendar.yaml`
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Calendar {
    /// The freezes, as written.
    pub freezes: Vec<Freeze>,
}

impl Calendar {
    /// The freezes in force for an operation in an environment at a time.
    pub fn in_force<'a>(
        &'a self,
        at: Timestamp,
        operation: &'a OperationName,
        environment: &'a EnvironmentName,
    ) -> impl Iterator<Item = &'a Freeze> {
        self.freezes.iter().filter(move |freeze| {
            freeze.from <= at
                && at < freeze.until
                && freeze.operations.as_ref().is_none_or(|only| only.contains(operation))
                && freeze.environments.as_ref().is_none_or(|only| only.contains(environment))
        })
    }
}
