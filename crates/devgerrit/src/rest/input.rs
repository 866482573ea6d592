//! A request, taken apart.

use serde_json::{Map, Value};

use crate::refusal::Refusal;
use crate::world::accounts::Caller;

/// One REST request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path in decoded parts, without `a` at the front and without empty parts at the end.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) caller: Caller,
}

impl Request {
    /// The JSON object that was sent; an empty one if no body and no content type were.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Refusal> {
        let json = self.content_type.as_deref().is_some_and(|kind| kind.starts_with("application/json"));
        if self.body.is_empty() {
            return if json { Err(Refusal::bad("Expected JSON object")) } else { Ok(Map::new()) };
        }
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Err(Refusal::bad("Expected JSON object")),
            Err(_) => Err(Refusal::bad("Invalid application/json in request")),
        }
    }

    /// The last value of a query parameter.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(has, _)| has == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn params<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(has, _)| has == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.param(name).is_some_and(|value| value != "false")
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let wrong = |text: &str| Refusal::bad(format!("\"{text}\" is not a valid value for \"-{name}\""));
        self.param(name).map(|text| text.parse().map_err(|_| wrong(text))).transpose()
    }
}

/// Reads a member of a JSON object.
pub(crate) fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str)
}

/// A boolean, also where it came as text (as Gson takes it).
pub(crate) fn flag(map: &Map<String, Value>, key: &str) -> Option<bool> {
    match map.get(key) {
        Some(Value::Bool(on)) => Some(*on),
        Some(Value::String(word)) => Some(word == "true"),
        _ => None,
    }
}

/// A list of strings.
pub(crate) fn list(map: &Map<String, Value>, key: &str) -> Vec<String> {
    let items = map.get(key).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Percent-decoding of one path part or one query value; `plus` turns `+` into a blank.
pub(crate) fn decode(text: &str, plus: bool) -> String {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (byte, hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(value)) => {
                out.push(value);
                at += 3;
                continue;
            }
            (b'+', _) if plus => out.push(b' '),
            (byte, _) => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `a=b&c` in pairs.
pub(crate) fn query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key, true), decode(value, true))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_takes_what_is_encoded_and_nothing_else() {
        assert_eq!(decode("a%2Fb+c%zz%", false), "a/b+c%zz%");
        assert_eq!(query("q=a+b%2B&x"), vec![("q".into(), "a b+".into()), ("x".into(), String::new())]);
    }
}
