//! Git objects that were read for a decision, as one object of the store and of a bundle.
//!
//! `exequatur.git/1`: canonical JSON, the objects in the order of their ids, contents in base64.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use notedb::{Kind, MapObjects, Object};
use serde::{Deserialize, Serialize};

use crate::{ProofError, objects::canonical};

/// Git objects by id, as they are kept.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitObjects {
    /// `exequatur.git/1`
    pub schema: String,
    /// By id: the kind, and the content in base64.
    pub objects: BTreeMap<String, (Kind, String)>,
}

impl GitObjects {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.git/1";

    /// The canonical bytes of what was recorded.
    ///
    /// # Errors
    /// None in practice.
    pub fn encode(objects: &MapObjects) -> Result<Vec<u8>, serde_json::Error> {
        let objects =
            objects.iter().map(|(id, o)| (id.to_string(), (o.kind, STANDARD.encode(&o.data)))).collect();
        model::to_canonical(&Self { schema: Self::SCHEMA.to_owned(), objects })
    }

    /// Reads them. Each is held to the id that it stands under.
    ///
    /// # Errors
    /// [`ProofError`] when the bytes aren't canonical, or an object isn't what its id says.
    pub fn decode(bytes: &[u8]) -> Result<MapObjects, ProofError> {
        let read: Self = canonical("git objects", bytes)?;
        if read.schema != Self::SCHEMA {
            return Err(ProofError::format("git objects", "their schema is another"));
        }
        let mut objects = MapObjects::new();
        for (id, (kind, data)) in read.objects {
            let data = STANDARD.decode(&data).map_err(|why| ProofError::format("git objects", why))?;
            if Object::new(kind, data.clone()).id().to_string() != id {
                return Err(ProofError::format("git objects", format!("the object at {id} is another")));
            }
            objects.insert(kind, data);
        }
        Ok(objects)
    }
}
