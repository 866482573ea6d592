//! `docs/schema` holds the schemas that the types give, so that an editor says what `exq config check` says.

use std::{env, fs, path::Path};

use operations::schemas;

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    for document in schemas() {
        let path = folder.join(document.name);
        if env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &document.text).unwrap();
        }
        let published = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            published == document.text,
            "docs/schema/{} isn't what the types say\nhint: UPDATE_SCHEMAS=1 cargo test -p operations --test schema",
            document.name
        );
    }
}

#[test]
fn the_schemas_are_closed_and_offer_no_null() {
    for document in schemas() {
        assert!(
            !document.text.contains("\"null\""),
            "{} offers null, which the reader refuses",
            document.name
        );
        assert!(!document.text.contains("core::"), "{} tells of Rust's types", document.name);
    }
    let operation = schemas().into_iter().find(|d| d.name == "operation.schema.json").unwrap();
    let schema: serde_json::Value = serde_json::from_str(&operation.text).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    let required: Vec<&str> =
        schema["required"].as_array().unwrap().iter().filter_map(|k| k.as_str()).collect();
    assert_eq!(required, ["operation", "title", "environments", "steps"]);
}
