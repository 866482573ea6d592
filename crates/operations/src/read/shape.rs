//! What the JSON Schemas say of values with a grammar.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{At, Entries};
use crate::{duration::Millis, template::Template};

/// The schema of a value that stands in a document.
pub(crate) trait Shape {
    fn shape(generator: &mut SchemaGenerator) -> Schema;
}

impl<T: Shape> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        std::any::type_name::<T>().into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::shape(generator)
    }
}

impl<K, V: JsonSchema> JsonSchema for Entries<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Entries_of_{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<V>();
        json_schema!({ "type": "object", "additionalProperties": values })
    }
}

const NAME: &str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

macro_rules! text_like {
    ($($type:ty: $pattern:expr),* $(,)?) => {$(
        impl Shape for $type {
            fn shape(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    )*};
}
text_like! {
    model::ServerName: NAME,
    model::OperationName: NAME,
    model::EnvironmentName: NAME,
    model::StepId: NAME,
    model::RoleName: NAME,
    model::TargetName: NAME,
    model::PersonKey: "^[!-~]{1,128}$",
    model::Project: "^[!-~]{1,255}$",
    model::KeyId: "^ed25519:[0-9a-f]{64}$",
    model::Revision: "^[0-9a-f]{40}$",
    Millis: "^[1-9][0-9]{0,8}[smhd]$",
}

macro_rules! plain {
    ($($type:ty => $schema:tt),* $(,)?) => {$(
        impl Shape for $type {
            fn shape(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}
plain! {
    String => { "type": "string" },
    Template => { "type": "string" },
    bool => { "type": "boolean" },
    u16 => { "type": "integer", "minimum": 0, "maximum": 65535 },
    u32 => { "type": "integer", "minimum": 0 },
    u64 => { "type": "integer", "minimum": 0 },
}

macro_rules! derived {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::read::Shape for $type {
            fn shape(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                generator.subschema_for::<$type>()
            }
        }
    )*};
}
pub(crate) use derived;
