//! The OpenAPI document doesn't lie: every answer has exactly the shape that it says.

use serde_json::Value;

use crate::{client::Request, samples, world::Site};

pub fn document() -> Value {
    serde_json::to_value(server::openapi()).unwrap()
}

#[test]
fn the_document_as_it_is() {
    insta::assert_json_snapshot!("openapi", sorted(document()));
}

/// Members in the order of their names: whether `serde_json` keeps the order they were written in depends on what else is
/// built.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let by_name: std::collections::BTreeMap<String, Value> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            by_name.into_iter().collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[tokio::test]
async fn it_is_served() {
    let site = Site::start().await;
    assert_eq!(site.cli(Request::get("/api/v1/openapi.json")).await.json(), document());
}

#[test]
fn it_describes_every_route_of_the_api_and_every_shape_exists() {
    let document = document();
    for route in server::routes() {
        if route.path.starts_with("/api/") && !route.path.ends_with("openapi.json") {
            let operation = &document["paths"][route.path][route.method.to_lowercase()];
            assert!(operation["operationId"].is_string(), "{route:?}");
            let is_public = route.access == server::Access::Public;
            assert_ne!(operation["security"].is_array(), is_public, "{route:?}");
        }
    }
    let text = document.to_string();
    for name in text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[tokio::test]
async fn every_answer_has_the_shape_that_the_document_says() {
    let site = Site::start().await;
    let document = document();
    let (run, submission) = (samples::run_id("succeeded"), samples::id("waiting"));
    let range = format!("{}..{}", samples::revision("base"), samples::revision("tip"));
    for (path, target) in [
        ("/api/v1/submissions", "/api/v1/submissions".to_owned()),
        ("/api/v1/submissions/{id}", format!("/api/v1/submissions/{submission}")),
        ("/api/v1/why", "/api/v1/why?change=42".to_owned()),
        ("/api/v1/why", "/api/v1/why?change=47".to_owned()),
        ("/api/v1/evidence", "/api/v1/evidence?change=40".to_owned()),
        (
            "/api/v1/evidence",
            format!("/api/v1/evidence?range={range}&project=shop&branch=refs/heads/main&server=main"),
        ),
        ("/api/v1/evidence", "/api/v1/evidence?change=41".to_owned()),
        ("/api/v1/evidence", "/api/v1/evidence?change=40&range=x".to_owned()),
        ("/api/v1/access", "/api/v1/access?person=alice&deed=review&on=shop-web/prod".to_owned()),
        ("/api/v1/links", "/api/v1/links".to_owned()),
        ("/api/v1/requests", "/api/v1/requests".to_owned()),
        ("/api/v1/requests/{id}", format!("/api/v1/requests/{}", samples::request_id())),
        ("/api/v1/consents", "/api/v1/consents".to_owned()),
        ("/api/v1/consents/{id}", format!("/api/v1/consents/{}", samples::outcome_id())),
        ("/api/v1/consents/{id}", "/api/v1/consents/out-00000000000000000000".to_owned()),
        ("/api/v1/runs", "/api/v1/runs".to_owned()),
        ("/api/v1/runs/{id}", format!("/api/v1/runs/{run}")),
        ("/api/v1/configuration", "/api/v1/configuration".to_owned()),
        ("/readyz", "/readyz".to_owned()),
        ("/api/v1/runs/{id}", "/api/v1/runs/nothing".to_owned()),
        ("/api/v1/submissions/{id}", "/api/v1/submissions/sub-00000000000000000000".to_owned()),
    ] {
        let answer = site.cli(Request::get(&target)).await;
        let response = &document["paths"][path]["get"]["responses"][answer.status.to_string()];
        let schema = &response["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{target}: {} is not in the document", answer.status);
        fits(&document, schema, &answer.json()).unwrap_or_else(|why| panic!("{target}: {why}"));
    }
    let token = site.cli(Request::post("/api/v1/open-tokens", "")).await.json();
    fits(&document, &serde_json::json!({"$ref": "#/components/schemas/OpenToken"}), &token).unwrap();
}

/// Whether a value fits a schema, as far as our document uses JSON Schema; objects have no key that isn't named.
pub fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let fail = |why: &str| Err(format!("{why}: {value} against {schema}"));
    if let Some(name) = schema["$ref"].as_str() {
        let schema = document.pointer(&name[1..]).ok_or(format!("no {name}"))?;
        return fits(document, schema, value);
    }
    if let Some(any) = schema["oneOf"].as_array() {
        let fitting = any.iter().filter(|one| fits(document, one, value).is_ok()).count();
        return if fitting == 1 { Ok(()) } else { fail(&format!("{fitting} of oneOf fit")) };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = &schema["type"];
    if allowed != kind && !allowed.as_array().is_some_and(|all| all.iter().any(|one| one == kind)) {
        return fail("wrong type");
    }
    if let Some(values) = schema["enum"].as_array().filter(|_| !value.is_null())
        && !values.contains(value)
    {
        return fail("not one of the values");
    }
    for item in value.as_array().into_iter().flatten() {
        fits(document, &schema["items"], item)?;
    }
    let Some(object) = value.as_object() else { return Ok(()) };
    for required in schema["required"].as_array().into_iter().flatten() {
        if !object.contains_key(required.as_str().unwrap()) {
            return fail(&format!("{required} is missing"));
        }
    }
    for (key, item) in object {
        match (&schema["properties"][key], &schema["additionalProperties"]) {
            (Value::Object(known), _) => fits(document, &Value::Object(known.clone()), item)?,
            (_, Value::Object(any)) => fits(document, &Value::Object(any.clone()), item)?,
            _ => return fail(&format!("{key} is not named")),
        }
    }
    Ok(())
}
