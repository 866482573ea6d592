//! The tests that every store must pass. A store implements [`Place`] in its tests and calls
//! [`conformance_tests!`](crate::conformance_tests); each function here then is a test of its own.
//!
//! Functions panic where a store fails: they are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod concurrent;
mod ledger;
mod random;
mod reads;
mod restart;
mod things;
mod time;
mod writes;

use std::sync::Arc;

use async_trait::async_trait;

pub use self::ledger::*;
pub use concurrent::*;
pub use random::*;
pub use reads::*;
pub use restart::*;
pub use things::{Note, Setting, StepClock, Thing};
pub use time::*;
pub use writes::*;

use crate::Store;

/// A place where a store lies, empty at first; gone when dropped.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens the store, as after a start of the process.
    async fn open(&self, setting: &Setting) -> Arc<dyn Store>;

    /// Closes it, as at the end of the process.
    async fn close(&self, store: Arc<dyn Store>);
}

/// Makes a test of each function of the suite. `$place` is an expression that makes a new empty [`Place`]; the crate
/// that calls this needs `tokio` with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_tests {
    ($place:expr) => {
        $crate::conformance_tests!(@each $place;
            a_precondition_that_does_not_hold_leaves_nothing
            what_is_required_holds_the_rest_of_a_commit
            a_commit_is_there_whole_or_not_at_all
            transitions_of_a_commit_see_each_other
            bookkeeping_has_no_entry_and_can_be_forgotten
            what_is_recorded_is_never_bookkeeping
            an_entry_that_can_not_be_made_fails_its_commit
            objects_are_kept_once_under_their_hash
            a_commit_over_a_limit_is_refused
            every_change_is_in_the_ledger_and_committed_to
            entries_are_under_a_signed_checkpoint_when_commit_returns
            an_entry_without_a_record_is_kept_with_its_texts
            an_erased_text_is_gone_and_its_entry_stays
            a_grant_is_spent_once_however_many_try
            commits_at_once_each_get_their_own_answer
            readers_see_whole_commits_only
            everything_is_there_after_a_restart
            lists_show_everything_once_in_order
            lists_take_several_states_at_once
            counts_are_by_kind_and_state
            a_broken_record_is_named_and_takes_no_other_with_it
            time_never_goes_back
            a_clock_far_behind_stops_entries_and_nothing_else
        );

        #[test]
        fn random_operations_do_what_a_simple_model_does() {
            $crate::conformance::random_operations_do_what_a_simple_model_does(&|| Box::new($place));
        }
    };
    (@each $place:expr; $($test:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                $crate::conformance::$test(&$place).await;
            }
        )*
    };
}
