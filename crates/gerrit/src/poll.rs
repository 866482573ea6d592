//! The cursor of a poll over merged changes, as pure functions.
//!
//! The index answers `after:` inclusively, in whole seconds, newest `updated` first. Anything done to a merged change
//! moves `updated`, so it comes again: nothing is lost, and the reader deduplicates on `(number, meta_rev_id)`.
//!
//! A walk reads all pages of one query. The next walk starts [`OVERLAP_SECONDS`] before the largest `updated` of the
//! **first** page of this one: a change that is updated during the walk moves to the front, behind us, but its
//! `updated` is then above the cursor, and the next walk finds it. A crash of Gerrit can lose index entries: a poll
//! alone is no safety net.

use jiff::SignedDuration;

use crate::info::ChangeInfo;
use crate::{ChangeQuery, DetailLevel, Page, Time};

/// How far a walk reaches back behind the cursor: the index may be that late.
pub const OVERLAP_SECONDS: i64 = 60;

/// How many changes on one page.
pub const PAGE: u32 = 100;

/// How far a completed walk has read. To be stored in the same transaction as what the walk found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub Time);

/// A walk in progress.
#[derive(Debug, Clone)]
pub struct Walk {
    since: Cursor,
    read: u64,
    newest: Option<Time>,
    done: bool,
}

impl Walk {
    /// Starts a walk behind a cursor.
    #[must_use]
    pub const fn new(since: Cursor) -> Self {
        Self { since, read: 0, newest: None, done: false }
    }

    /// What to ask next; `None` when the walk is complete.
    #[must_use]
    pub fn next_query(&self, detail: DetailLevel) -> Option<ChangeQuery> {
        if self.done {
            return None;
        }
        let overlap = SignedDuration::from_secs(OVERLAP_SECONDS);
        let from =
            Time::new(self.since.0.timestamp().saturating_sub(overlap).unwrap_or(self.since.0.timestamp()));
        Some(ChangeQuery {
            query: format!("status:merged after:{}", from.for_query()),
            limit: PAGE,
            start: self.read,
            detail,
        })
    }

    /// Takes in the page that answers [`next_query`](Self::next_query).
    pub fn take(&mut self, page: &Page) {
        if self.read == 0 {
            self.newest = page.changes.iter().map(|change: &ChangeInfo| change.updated).max();
        }
        self.read = self.read.saturating_add(page.changes.len() as u64);
        // A page that says "more" and brings nothing would be asked for ever.
        self.done = !page.more || page.changes.is_empty();
    }

    /// The cursor of the next walk; `None` while this one isn't complete. It never goes back.
    #[must_use]
    pub fn finish(&self) -> Option<Cursor> {
        self.done.then(|| self.newest.map_or(self.since, |newest| Cursor(newest).max(self.since)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse(&format!("2026-11-24 {text}.000000000")).unwrap()
    }

    fn change(number: u64, updated: &str) -> ChangeInfo {
        serde_json::from_value(serde_json::json!({
            "id": format!("app~{number}"), "_number": number, "project": "app", "branch": "main", "change_id": "I1",
            "subject": "s", "status": "MERGED", "created": time("06:00:00"), "updated": time(updated),
            "owner": {"_account_id": 1},
        }))
        .unwrap()
    }

    fn page(changes: Vec<ChangeInfo>, more: bool) -> Page {
        Page { changes, more }
    }

    #[test]
    fn a_walk_asks_a_minute_before_the_cursor_and_says_the_zone() {
        let walk = Walk::new(Cursor(time("07:00:30")));
        let query = walk.next_query(DetailLevel::Brief).unwrap();
        assert_eq!(query.query, "status:merged after:\"2026-11-24 06:59:30 +0000\"");
        assert_eq!(query.start, 0);
    }

    #[test]
    fn the_cursor_is_the_newest_of_the_first_page_and_only_of_a_complete_walk() {
        let mut walk = Walk::new(Cursor(time("07:00:00")));
        walk.take(&page(vec![change(3, "07:05:00"), change(2, "07:04:00")], true));
        assert_eq!(walk.finish(), None);
        let next = walk.next_query(DetailLevel::Brief).unwrap();
        assert_eq!(next.start, 2);
        assert!(next.query.contains("06:59:00"), "every page is of the same query: {}", next.query);
        // updated while we were walking: newer than the first page's newest, and seen here by chance
        walk.take(&page(vec![change(1, "07:09:00")], false));
        assert!(walk.next_query(DetailLevel::Brief).is_none());
        assert_eq!(walk.finish(), Some(Cursor(time("07:05:00"))));
    }

    #[test]
    fn an_empty_walk_or_an_old_page_keeps_the_cursor() {
        let mut walk = Walk::new(Cursor(time("07:00:00")));
        walk.take(&page(vec![], false));
        assert_eq!(walk.finish(), Some(Cursor(time("07:00:00"))));
        let mut walk = Walk::new(Cursor(time("07:00:00")));
        walk.take(&page(vec![change(1, "06:59:30")], false));
        assert_eq!(walk.finish(), Some(Cursor(time("07:00:00"))));
    }

    #[test]
    fn a_server_that_says_more_and_gives_nothing_does_not_hold_us_for_ever() {
        let mut walk = Walk::new(Cursor(time("07:00:00")));
        walk.take(&page(vec![], true));
        assert!(walk.next_query(DetailLevel::Brief).is_none());
    }
}
