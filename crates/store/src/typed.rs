//! Records as the values that they are.

use std::future::Future;

use crate::{Cursor, Kept, Query, ReadError, Record, Standing, Store, Versioned};

/// One page of values. A record that can't be read doesn't take the others with it: it is reported beside them.
#[derive(Debug)]
pub struct Listed<T> {
    /// The values, in order.
    pub items: Vec<Versioned<T>>,
    /// What couldn't be read, each with its kind and key.
    pub broken: Vec<ReadError>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

/// Typed reads, on every [`Store`].
pub trait StoreExt: Store {
    /// The value with this key. What is recorded is believed only if its newest entry commits to it: a row that was
    /// edited, put back to an older version, or taken away is an error, not an answer.
    ///
    /// # Errors
    /// [`ReadError::Broken`] if the record isn't what its kind says, or not what the ledger says.
    fn get<T: Kept>(
        &self,
        key: &str,
    ) -> impl Future<Output = Result<Option<Versioned<T>>, ReadError>> + Send {
        async move { believed(self.standing(T::KIND, key).await?, key) }
    }

    /// One page of the values that `query` asks for; its kind is taken from the type.
    ///
    /// # Errors
    /// [`ReadError`], but a broken record is reported in [`Listed::broken`].
    fn page<T: Kept>(&self, query: Query) -> impl Future<Output = Result<Listed<T>, ReadError>> + Send {
        async move {
            let page = self.list(Query { kind: T::KIND, ..query }).await?;
            let mut listed = Listed { items: vec![], broken: vec![], next: page.next };
            for standing in page.items {
                let key = standing.record.as_ref().map(|record| record.key.clone()).unwrap_or_default();
                match believed(standing, &key) {
                    Ok(value) => listed.items.extend(value),
                    Err(why) => listed.broken.push(why),
                }
            }
            Ok(listed)
        }
    }

    /// All values that stand so (or all: no states), oldest first, page by page. For kinds of which there are few; the
    /// caller says how many that is, and gets no more.
    ///
    /// # Errors
    /// As [`StoreExt::page`].
    fn all<T: Kept>(
        &self,
        states: &[&'static str],
        at_most: usize,
    ) -> impl Future<Output = Result<Listed<T>, ReadError>> + Send {
        async move {
            let mut all = Listed { items: vec![], broken: vec![], next: None };
            loop {
                let left = at_most.saturating_sub(all.items.len() + all.broken.len());
                if left == 0 {
                    return Ok(all);
                }
                let limit = u32::try_from(left).unwrap_or(u32::MAX);
                let query = Query { states: states.to_vec(), ..Query::of(T::KIND).oldest().limit(limit) };
                let page = self.page::<T>(query.after(all.next.take())).await?;
                all.items.extend(page.items);
                all.broken.extend(page.broken);
                all.next = page.next;
                if all.next.is_none() {
                    return Ok(all);
                }
            }
        }
    }
}

impl<S: Store + ?Sized> StoreExt for S {}

/// The value that stands under a key: of what is recorded, only what the ledger says.
fn believed<T: Kept>(standing: Standing, key: &str) -> Result<Option<Versioned<T>>, ReadError> {
    let found = match T::RECORDED {
        true => standing.confirmed(T::KIND, key)?,
        false => standing.record,
    };
    found.map(|record| parse(&record)).transpose()
}

/// The value that a record is.
///
/// # Errors
/// [`ReadError::Broken`] if the body is no such value in canonical JSON, or if kind, key, state or order beside it say
/// something else than the value does.
pub fn parse<T: Kept>(record: &Record) -> Result<Versioned<T>, ReadError> {
    let broken = |why: String| ReadError::Broken { kind: record.kind.clone(), key: record.key.clone(), why };
    if record.kind != T::KIND {
        return Err(broken(format!("it is no {}", T::KIND)));
    }
    let value: T = model::from_canonical(&record.body).map_err(|why| broken(why.to_string()))?;
    let beside = (record.key.as_str(), record.state.as_str(), record.sort);
    if (value.key().as_str(), value.state(), value.sort()) != beside {
        return Err(broken("its key, state or order isn't that of the value in it".to_owned()));
    }
    if T::RECORDED != record.entry.is_some() {
        return Err(broken("it has an entry and should have none, or the other way round".to_owned()));
    }
    Ok(Versioned { value, version: record.version, entry: record.entry })
}
