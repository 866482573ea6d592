//! Holds an answer against what is expected. Nothing of the answer but its status goes into a reason.

use model::HttpExpect;
use serde_json::{Map, Value};

pub(super) fn status(expect: &HttpExpect, status: u16) -> Result<(), String> {
    match status {
        status if status == expect.status => Ok(()),
        300..=399 => Err(format!("answered {status}, not {}; redirects are not followed", expect.status)),
        status => Err(format!("answered {status}, not {}", expect.status)),
    }
}

pub(super) fn json(expect: &HttpExpect, body: &[u8]) -> Result<(), String> {
    let answer: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| "the answer is no JSON object".to_owned())?;
    expect.json.iter().try_for_each(|(name, expected)| {
        let found = match answer.get(name) {
            None => return Err(format!("the answer has no {name:?}")),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(bool)) => bool.to_string(),
            Some(Value::Null) => "null".to_owned(),
            Some(Value::Array(_) | Value::Object(_)) => {
                return Err(format!("the answer's {name:?} is no text, number or truth value"));
            }
        };
        if found == *expected { Ok(()) } else { Err(format!("the answer's {name:?} is not {expected:?}")) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(json: &[(&str, &str)]) -> HttpExpect {
        let json = json.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        HttpExpect { status: 200, json: json.collect() }
    }

    #[test]
    fn members_are_compared_as_text() {
        let body = br#"{"a":"x","n":3,"b":true,"z":null,"o":{},"more":1}"#;
        assert_eq!(json(&expect(&[("a", "x"), ("n", "3"), ("b", "true"), ("z", "null")]), body), Ok(()));
        for wrong in [[("a", "y")], [("n", "4")], [("b", "false")], [("o", "{}")], [("none", "")]] {
            assert!(json(&expect(&wrong), body).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn reasons_quote_nothing_of_the_answer() {
        let body = br#"{"token":"hunter2"}"#;
        let why = json(&expect(&[("token", "x")]), body).unwrap_err();
        assert_eq!(why, "the answer's \"token\" is not \"x\"");
        assert_eq!(json(&expect(&[("a", "x")]), b"hunter2").unwrap_err(), "the answer is no JSON object");
        assert!(json(&expect(&[("a", "x")]), b"[]").is_err());
    }

    #[test]
    fn a_redirect_is_no_answer() {
        assert_eq!(
            status(&expect(&[]), 302).unwrap_err(),
            "answered 302, not 200; redirects are not followed"
        );
        assert_eq!(status(&HttpExpect { status: 302, json: [].into() }, 302), Ok(()));
    }
}
