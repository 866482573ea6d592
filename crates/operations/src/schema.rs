//! JSON Schemas of the files, for editors.

use std::collections::BTreeMap;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

use crate::file::{operation::OperationFile, others};

/// A kind of file with its JSON Schema.
#[derive(Clone, Debug)]
pub struct Document {
    /// The schema's own file name: `operation.schema.json`.
    pub name: &'static str,
    /// Which files of the operations project it is for.
    pub files: &'static str,
    /// The schema, as JSON text that ends in a line feed.
    pub text: String,
}

/// The schemas of all files of the operations project (draft 2020-12). `docs/schema` holds them.
#[must_use]
pub fn schemas() -> Vec<Document> {
    vec![
        document::<OperationFile>("operation.schema.json", "operations/*.yaml", "Exequatur: an operation"),
        document::<others::RolesFile>("roles.schema.json", "roles.yaml", "Exequatur: roles"),
        document::<others::LinksFile>(
            "links.schema.json",
            "links.yaml",
            "Exequatur: persons and their accounts",
        ),
        document::<others::TargetsFile>("targets.schema.json", "targets.yaml", "Exequatur: targets"),
        document::<others::BuildersFile>("builders.schema.json", "builders.yaml", "Exequatur: builders"),
        document::<others::CalendarFile>("calendar.schema.json", "calendar.yaml", "Exequatur: calendar"),
        document::<others::BaselinesFile>("baselines.schema.json", "baselines.yaml", "Exequatur: baselines"),
        document::<others::ExamplesFile>(
            "policy-tests.schema.json",
            "policies/tests/*.yaml",
            "Exequatur: policy tests",
        ),
        document::<others::WorkloadsFile>(
            "workloads.schema.json",
            "workloads.yaml",
            "Exequatur: services and agents",
        ),
        document::<others::RequestsFile>("requests.schema.json", "requests.yaml", "Exequatur: requests"),
    ]
}

fn document<T: JsonSchema>(name: &'static str, files: &'static str, title: &str) -> Document {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    let mut value = schema.to_value();
    without_null(&mut value);
    if let Value::Object(members) = &mut value {
        members.insert("title".to_owned(), title.into());
    }
    let mut text = format!("{:#}", sorted(value));
    text.push('\n');
    Document { name, files, text }
}

/// Members by name: whether serde_json keeps another order depends on who else is in the build.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> =
                members.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// A key without a value is refused by the reader, so the schemas don't offer `null` either (a key may be left out).
fn without_null(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(without_null);
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|t| t != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            unwrap_any_of(members);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn unwrap_any_of(members: &mut Map<String, Value>) {
    let Some(Value::Array(any)) = members.get_mut("anyOf") else { return };
    any.retain(|schema| schema.get("type").is_none_or(|t| t != "null"));
    if let [Value::Object(only)] = any.as_slice() {
        let only = only.clone();
        members.remove("anyOf");
        for (key, value) in only {
            members.entry(key).or_insert(value);
        }
    }
}
