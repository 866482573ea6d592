//! The shapes that the API answers, as JSON Schema, in `schemas.json` beside this file.
//!
//! The values come from `model` and `engine`, which know nothing of HTTP; tests hold every answer of the server against
//! these shapes, in both directions, so that they can't drift.

use utoipa::openapi::Components;

/// All of them.
pub(crate) fn components() -> Components {
    // That it parses is tested below; a server doesn't die for its description.
    read().unwrap_or_default()
}

fn read() -> Result<Components, serde_json::Error> {
    serde_json::from_str(include_str!("schemas.json"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_shapes_are_read_without_loss() {
        let written: serde_json::Value = serde_json::from_str(include_str!("schemas.json")).unwrap();
        let read = serde_json::to_value(super::read().unwrap()).unwrap();
        for (name, schema) in written["schemas"].as_object().unwrap() {
            assert_eq!(&read["schemas"][name], schema, "{name}");
        }
    }
}
