//! What a Gerrit must do for us, as checks that run against any server: the real one, and our small one.
//!
//! A [`World`] is a server on which [`realgerrit::provision::World::standard`] was applied. [`suite!`] turns all
//! checks into tests against one:
//!
//! ```text
//! async fn world() -> &'static MyWorld { … }
//! conformance::suite!(world);
//! ```
//!
//! Checks panic when they fail: they are tests, only kept in a library so that several servers share them. Each works
//! in a project of its own, so that they run side by side.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "checks are tests, and their names say what must hold"
)]

pub mod access;
pub mod changes;
pub mod git;
pub mod people;
pub mod play;
pub mod polling;
pub mod requests;
pub mod rules;
pub mod situations;
pub mod stage;
pub mod votes;

pub use situations::{contributors, findings, ranges, requirements, standing, strategies};
pub use stage::{Stage, World};

/// Makes a test of every check, against the server that an async function of that name gives.
#[macro_export]
macro_rules! suite {
    ($world:ident) => {
        $crate::tests! { $world;
            access: a_wrong_token_is_named_as_such, the_reader_reads_and_writes_nothing,
                the_writer_reports_but_approves_nothing, only_the_writer_makes_and_submits_requests;
            changes: an_answer_holds_what_was_read, a_change_is_read_whole, a_change_is_read_as_it_was,
                what_we_cannot_see_is_not_there, a_chain_is_submitted_together,
                a_topic_is_submitted_together_over_projects,
                a_revision_that_is_not_current_is_not_submitted, an_unmet_requirement_keeps_a_change_open,
                an_overridden_requirement_says_so, a_merged_change_is_reverted;
            votes: a_vote_that_is_not_stored_is_an_error, after_the_merge_a_vote_only_rises,
                hashtags_can_be_set_twice, messages_are_not_idempotent, a_message_that_is_too_long_is_refused;
            requests: a_request_is_one_call_and_reads_back, the_same_change_id_is_refused,
                text_that_is_no_patch_gives_an_empty_change, a_malformed_patch_is_refused;
            people: an_address_is_found_only_whole, second_addresses_are_for_the_reader,
                members_are_counted_through_included_groups, a_hidden_group_is_not_there,
                a_group_tells_its_owner_its_members_and_what_it_includes, an_account_knows_the_groups_that_it_owns,
                a_token_works_until_it_is_deleted, labels_say_their_range, rights_are_seen_by_the_reader_only;
            polling: a_walk_finds_what_was_merged_page_by_page, what_happens_to_a_merged_change_brings_it_again;
            git: refs_are_those_that_rest_names, a_mirror_follows_a_change, a_told_revision_needs_no_listing,
                what_is_gone_there_goes_here, many_objects_stay_one_pack, a_want_that_is_not_there_is_gone,
                an_unknown_project_is_not_found, the_meta_history_tells_the_same_votes;
        }
    };
}

/// Makes a test of every situation of `docs/EVIDENCE.md` that can be played, against the same kind of server: what
/// evidence says of it, live and offline.
#[macro_export]
macro_rules! evidence_suite {
    ($world:ident) => {
        $crate::situations_in! { [$crate::tests] $world; }
    };
}

/// Every situation, handed to another macro: that makes tests of them, or a list.
#[doc(hidden)]
#[macro_export]
macro_rules! situations_in {
    ([$($then:tt)*] $($first:tt)*) => {
        $($then)* ! { $($first)*
            standing: merged_with_one_independent_approval, not_merged, after_submit, nearly_after_submit, on_behalf,
                nearly_on_behalf, on_behalf_laundered_by_a_submit_that_rebases,
                on_behalf_laundered_by_a_submit_that_picks, nearly_laundered_by_a_submit,
                on_behalf_laundered_by_a_copy, nearly_laundered_by_a_copy, stale, nearly_stale, taken_back, not_max,
                nearly_not_max, not_max_where_the_project_lowered_the_maximum, foreign, nearly_foreign;
            contributors: the_owner_approved, nearly_the_owner_approved, the_uploader_approved,
                nearly_the_uploader_approved, the_author_approved, nearly_the_author_approved, the_committer_approved,
                nearly_the_committer_approved, a_co_author_approved, nearly_a_co_author_approved, an_address_is_nobodys,
                a_second_address_is_an_accounts, nearly_a_second_address;
            requirements: overridden, nearly_overridden, an_override_hides_beside_the_former_patch_set,
                an_override_hides_behind_a_pick, nearly_an_override_beside_the_former_patch_set,
                an_override_hides_behind_an_abandon, nearly_an_override_behind_an_abandon, forced_by_a_push_that_submits,
                nearly_forced, unsatisfied, nearly_unsatisfied;
            findings: vetoed, nearly_vetoed, no_independent_approval, submitted_on_behalf, nearly_submitted_on_behalf,
                pushed_directly, nearly_pushed_directly, not_on_branch, nearly_not_on_branch, history_rewritten,
                nearly_history_rewritten, rest_disagrees, nearly_rest_disagrees, submitter_is_owner, updated_after_merge,
                nothing_to_find, evidence_weak, nearly_evidence_weak, malformed, nearly_malformed;
            strategies: merge_if_necessary, merge_always, rebase_if_necessary, rebase_always, cherry_pick,
                fast_forward_only, the_owner_of_a_rebased_change_approved_it, the_owner_of_a_picked_change_approved_it;
            ranges: a_chain, a_chain_with_one_that_its_author_approved,
                nearly_a_chain_with_one_that_its_author_approved, a_merge_made_by_gerrit, an_evil_merge,
                nearly_an_evil_merge, a_pushed_commit_below_a_reviewed_one, nearly_a_pushed_commit_below,
                an_open_change_that_was_pushed, an_import, a_commit_pushed_just_below_a_merge_change,
                strategies_that_rewrite, a_revert, nothing_and_the_way_back, the_least_that_is_a_range,
                a_base_that_is_no_ancestor, a_branch_that_was_reset, a_branch_that_is_gone, a_branch_that_came_back,
                rules_that_changed, rules_that_changed_before, rules_that_changed_by_a_reviewed_change;
        }
    };
}

macro_rules! names {
    ($($module:ident: $($name:ident),+;)+) => {
        &[$($(concat!(stringify!($module), "::", stringify!($name))),+),+]
    };
}

/// The names of all situations, `module::name`, in the order in which they stand in the suite.
pub const SITUATIONS: &[&str] = situations_in! { [names] };

/// The tests that [`suite!`] makes.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($world:ident; $($module:ident: $($name:ident),+;)+) => {
        $(mod $module {
            $(#[tokio::test]
            async fn $name() {
                $crate::$module::$name($crate::as_world(super::$world().await)).await;
            })+
        })+
    };
}

/// Helps [`suite!`] to take any world.
#[doc(hidden)]
pub fn as_world<W: World>(world: &W) -> &dyn World {
    world
}
