//! Lists and maps that end where they have more than they may: so that a hostile file costs what it is long, and nothing is
//! held of what would be refused anyway.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

/// Reads a list of at most `N`.
pub(crate) fn list<'de, const N: usize, T, D>(from: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    from.deserialize_seq(List::<N, T>(PhantomData))
}

/// Reads a map of at most `N`. Of a name that stands twice the last value counts: who reads it compares the canonical form,
/// in which each stands once.
pub(crate) fn map<'de, const N: usize, K, V, D>(from: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    from.deserialize_map(Map::<N, K, V>(PhantomData))
}

struct List<const N: usize, T>(PhantomData<T>);

impl<'de, const N: usize, T: Deserialize<'de>> Visitor<'de> for List<N, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {N}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(next) = from.next_element()? {
            if read.len() == N {
                return Err(A::Error::custom(format_args!("a list of more than {N}")));
            }
            read.push(next);
        }
        Ok(read)
    }
}

struct Map<const N: usize, K, V>(PhantomData<(K, V)>);

impl<'de, const N: usize, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Map<N, K, V> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a map of at most {N}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let (mut read, mut count) = (BTreeMap::new(), 0);
        while let Some((key, value)) = from.next_entry()? {
            count += 1;
            if count > N {
                return Err(A::Error::custom(format_args!("a map of more than {N}")));
            }
            read.insert(key, value);
        }
        Ok(read)
    }
}
