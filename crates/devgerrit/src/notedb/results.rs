//! Submit requirement results, as the merge stores them beside the history.
//!
//! Gerrit writes them with Gson: the outer object is pretty-printed and HTML-safe, an expression's result is one
//! compact line without that escaping, and optionals are `{"value": …}` or `{}`.

use serde_json::Value;

/// What evaluating one expression gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExpressionResult {
    pub(crate) expression: String,
    pub(crate) status: ExpressionStatus,
    pub(crate) passing: Vec<String>,
    pub(crate) failing: Vec<String>,
    /// Why it could not be evaluated.
    pub(crate) error: Option<String>,
}

/// How an expression came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpressionStatus {
    Pass,
    Fail,
    Error,
    NotEvaluated,
}

impl ExpressionStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Error => "ERROR",
            Self::NotEvaluated => "NOT_EVALUATED",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "PASS" => Self::Pass,
            "FAIL" => Self::Fail,
            "NOT_EVALUATED" => Self::NotEvaluated,
            _ => Self::Error,
        }
    }
}

/// The result of one requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredResult {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) allow_override_in_child: bool,
    pub(crate) applicable_if: Option<String>,
    pub(crate) submittable_if: String,
    pub(crate) override_if: Option<String>,
    pub(crate) applicability: Option<ExpressionResult>,
    pub(crate) submittability: Option<ExpressionResult>,
    pub(crate) overriding: Option<ExpressionResult>,
    pub(crate) forced: bool,
}

impl StoredResult {
    /// REST's word for it. The order of the tests is Gerrit's.
    pub(crate) fn status(&self) -> &'static str {
        let is =
            |result: &Option<ExpressionResult>, status| result.as_ref().is_some_and(|r| r.status == status);
        if self.forced {
            "FORCED"
        } else if [&self.applicability, &self.submittability, &self.overriding]
            .into_iter()
            .any(|result| is(result, ExpressionStatus::Error))
        {
            "ERROR"
        } else if is(&self.applicability, ExpressionStatus::Fail) {
            "NOT_APPLICABLE"
        } else if is(&self.overriding, ExpressionStatus::Pass) {
            "OVERRIDDEN"
        } else if is(&self.submittability, ExpressionStatus::Pass) {
            "SATISFIED"
        } else {
            "UNSATISFIED"
        }
    }

    pub(crate) fn fulfilled(&self) -> bool {
        matches!(self.status(), "FORCED" | "NOT_APPLICABLE" | "OVERRIDDEN" | "SATISFIED")
    }
}

/// The note for one patch set: results sorted by name, as Gerrit does.
/// Inline comments that lie there stay.
pub(crate) fn render(results: &[StoredResult], comments: &[Value], commit: &str) -> String {
    let mut sorted: Vec<&StoredResult> = results.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let items: Vec<String> = sorted.into_iter().map(|result| item(result, commit)).collect();
    let comments =
        serde_json::to_string_pretty(comments).unwrap_or_else(|_| "[]".to_owned()).replace('\n', "\n  ");
    if items.is_empty() {
        return format!("{{\n  \"comments\": {comments}\n}}");
    }
    format!(
        "{{\n  \"comments\": {comments},\n  \"submitRequirementResults\": [\n{}\n  ]\n}}",
        items.join(",\n")
    )
}

fn item(r: &StoredResult, commit: &str) -> String {
    let mut out = String::from("    {\n      \"submitRequirement\": {\n");
    out.push_str(&format!("        \"name\": {},\n", safe(&r.name)));
    out.push_str(&format!("        \"description\": {},\n", optional(r.description.as_deref().map(safe), 8)));
    let expression = |text: &String, indent: usize| {
        let pad = " ".repeat(indent);
        format!("{{\n{pad}  \"expressionString\": {}\n{pad}}}", safe(text))
    };
    let applicable = r.applicable_if.as_ref().map(|text| expression(text, 10));
    out.push_str(&format!("        \"applicabilityExpression\": {},\n", optional(applicable, 8)));
    out.push_str(&format!("        \"submittabilityExpression\": {},\n", expression(&r.submittable_if, 8)));
    let overriding = r.override_if.as_ref().map(|text| expression(text, 10));
    out.push_str(&format!("        \"overrideExpression\": {},\n", optional(overriding, 8)));
    out.push_str(&format!(
        "        \"allowOverrideInChildProjects\": {}\n      }},\n",
        r.allow_override_in_child
    ));
    for (key, result) in [
        ("applicabilityExpressionResult", &r.applicability),
        ("submittabilityExpressionResult", &r.submittability),
        ("overrideExpressionResult", &r.overriding),
    ] {
        out.push_str(&format!("      \"{key}\": {},\n", optional(result.as_ref().map(compact), 6)));
    }
    out.push_str(&format!("      \"patchSetCommitId\": \"{commit}\",\n"));
    out.push_str("      \"legacy\": {\n        \"value\": false\n      },\n");
    out.push_str(&format!("      \"forced\": {},\n", optional(r.forced.then(|| "true".to_owned()), 6)));
    out.push_str("      \"hidden\": {}\n    }");
    out
}

fn optional(value: Option<String>, indent: usize) -> String {
    let pad = " ".repeat(indent);
    value.map_or_else(|| "{}".to_owned(), |value| format!("{{\n{pad}  \"value\": {value}\n{pad}}}"))
}

fn compact(r: &ExpressionResult) -> String {
    let list = |atoms: &[String]| atoms.iter().map(|a| plain(a)).collect::<Vec<_>>().join(",");
    let mut atoms: Vec<&String> = r.passing.iter().chain(&r.failing).collect();
    atoms.dedup();
    let explanations = if r.status == ExpressionStatus::NotEvaluated {
        "null".to_owned()
    } else {
        format!("{{{}}}", atoms.iter().map(|a| format!("{}:\"\"", plain(a))).collect::<Vec<_>>().join(","))
    };
    format!(
        "{{\"expression\":{{\"expressionString\":{}}},\"status\":\"{}\",\"errorMessage\":{{\"value\":{}}},\
         \"passingAtoms\":[{}],\"failingAtoms\":[{}],\"atomExplanations\":{{\"value\":{explanations}}}}}",
        plain(&r.expression),
        r.status.word(),
        r.error.as_deref().map_or_else(|| "null".to_owned(), plain),
        list(&r.passing),
        list(&r.failing)
    )
}

fn plain(text: &str) -> String {
    Value::from(text).to_string()
}

/// A JSON string as Gson writes it by default.
fn safe(text: &str) -> String {
    let mut out = String::new();
    for c in plain(text).chars() {
        match c {
            '<' | '>' | '&' | '=' | '\'' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// The results in a note.
pub(crate) fn read(note: &Value) -> Vec<StoredResult> {
    let items = note.get("submitRequirementResults").and_then(Value::as_array);
    items.into_iter().flatten().filter_map(read_item).collect()
}

fn read_item(item: &Value) -> Option<StoredResult> {
    let requirement = item.get("submitRequirement")?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let inner = |key: &str| requirement.get(key).and_then(|v| v.get("value"));
    let expression = |key: &str| text(inner(key).and_then(|v| v.get("expressionString")));
    let result = |key: &str| item.get(key).and_then(|v| v.get("value")).map(read_expression);
    Some(StoredResult {
        name: text(requirement.get("name"))?,
        description: text(inner("description")),
        allow_override_in_child: requirement
            .get("allowOverrideInChildProjects")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        applicable_if: expression("applicabilityExpression"),
        submittable_if: text(
            requirement.get("submittabilityExpression").and_then(|v| v.get("expressionString")),
        )
        .unwrap_or_default(),
        override_if: expression("overrideExpression"),
        applicability: result("applicabilityExpressionResult"),
        submittability: result("submittabilityExpressionResult"),
        overriding: result("overrideExpressionResult"),
        forced: item.get("forced").and_then(|v| v.get("value")).and_then(Value::as_bool).unwrap_or(false),
    })
}

fn read_expression(value: &Value) -> ExpressionResult {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("").to_owned();
    let list = |key: &str| -> Vec<String> {
        let items = value.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    ExpressionResult {
        expression: text(value.get("expression").and_then(|v| v.get("expressionString"))),
        status: ExpressionStatus::parse(&text(value.get("status"))),
        passing: list("passingAtoms"),
        failing: list("failingAtoms"),
        error: value
            .get("errorMessage")
            .and_then(|v| v.get("value"))
            .and_then(Value::as_str)
            .map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_survive_writing_and_reading() {
        let expression = |status| ExpressionResult {
            expression: "label:A=MAX AND -hashtag:\"b\"".to_owned(),
            status,
            passing: vec!["label:A=MAX".to_owned()],
            failing: vec!["hashtag:\"b\"".to_owned()],
            error: None,
        };
        let result = StoredResult {
            name: "A".to_owned(),
            description: Some("what <it> says".to_owned()),
            allow_override_in_child: true,
            applicable_if: Some("branch:refs/heads/main".to_owned()),
            submittable_if: "label:A=MAX".to_owned(),
            override_if: None,
            applicability: Some(expression(ExpressionStatus::Pass)),
            submittability: Some(expression(ExpressionStatus::Fail)),
            overriding: None,
            forced: true,
        };
        let text = render(std::slice::from_ref(&result), &[Value::from("a comment")], "0123");
        let note: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read(&note), vec![result.clone()]);
        assert_eq!(note["comments"][0], "a comment");
        assert_eq!(result.status(), "FORCED");
        assert!(text.contains("label:A\\u003dMAX"), "the outer object is HTML-safe");
        assert!(text.contains("\"expressionString\":\"label:A=MAX AND"), "the inner line is not");
    }
}
