//! The claims of a token whose signature was checked.

use model::{Identity, PersonKey, Timestamp};
use serde_json::{Map, Value};

use crate::{Actors, Groups, Limits, Profile, Refusal, http::shorten};

/// The longest issuer, subject, session id and the like, in bytes (OIDC Core, section 2: a subject has at most 255).
const MAX_ID: usize = 255;
/// The longest chain of who acts for whom.
const MAX_ACTORS: usize = 8;

/// Claims, unread.
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    pub(crate) fn read(payload: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(payload)
            .map(Self)
            .map_err(|_| Refusal::Malformed("its payload is no JSON object"))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A short text; absent is none, anything else is an error.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if is_id(text) => Ok(Some(text)),
            Some(_) => Err(Refusal::Claim(name)),
        }
    }

    /// A moment, seconds since 1970, which may have a fraction (RFC 7519, section 2).
    pub(crate) fn moment(&self, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let seconds = value.as_f64().ok_or(Refusal::Claim(name))?;
        if !(0.0..=1e11).contains(&seconds) {
            return Err(Refusal::Claim(name));
        }
        #[allow(clippy::cast_possible_truncation)] // at most 1e14
        Ok(Some(Timestamp::from_millis((seconds * 1000.0) as i64)))
    }

    /// `aud`, one text or a list.
    pub(crate) fn audiences(&self) -> Result<Vec<&str>, Refusal> {
        let wrong = Refusal::Claim("aud");
        let all: Vec<&str> = match self.0.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) if all.len() <= 64 => {
                all.iter().map(|one| one.as_str().ok_or(Refusal::Claim("aud"))).collect::<Result<_, _>>()?
            }
            _ => return Err(wrong),
        };
        if all.is_empty() { Err(wrong) } else { Ok(all) }
    }

    /// Issuer and subject.
    pub(crate) fn identity(&self, issuer: &str) -> Result<Identity, Refusal> {
        match self.text("iss")? {
            Some(found) if found == issuer => {}
            Some(_) => return Err(Refusal::Issuer),
            None => return Err(Refusal::Claim("iss")),
        }
        let subject = self.text("sub")?.ok_or(Refusal::Claim("sub"))?;
        Ok(Identity { issuer: issuer.to_owned(), subject: subject.to_owned() })
    }

    /// Who acts (RFC 8693): outermost is who acts now.
    pub(crate) fn actors(&self, issuer: &str) -> Result<Actors, Refusal> {
        let mut chain = Vec::new();
        let mut next = self.0.get("act");
        while let Some(actor) = next {
            let wrong = || Refusal::Claim("act");
            let object = actor.as_object().ok_or_else(wrong)?;
            if chain.len() == MAX_ACTORS {
                return Err(wrong());
            }
            let text = |name: &str| match object.get(name) {
                None => Ok(None),
                Some(Value::String(text)) if is_id(text) => Ok(Some(text.clone())),
                Some(_) => Err(wrong()),
            };
            let subject = text("sub")?.ok_or_else(wrong)?;
            chain.push(Identity { issuer: text("iss")?.unwrap_or_else(|| issuer.to_owned()), subject });
            next = object.get("act");
        }
        Ok(Actors(chain))
    }

    /// The groups that `claim` lists.
    pub(crate) fn groups(&self, claim: &str, limits: &Limits) -> Result<Groups, Refusal> {
        let all = match self.0.get(claim) {
            Some(Value::Array(all)) => all.as_slice(),
            Some(one @ Value::String(_)) => std::slice::from_ref(one),
            Some(Value::Null) | None => return Ok(self.without_groups(claim)),
            Some(_) => return Err(Refusal::Claim("groups")),
        };
        if all.len() > limits.groups {
            return Err(Refusal::TooManyGroups { limit: limits.groups });
        }
        let mut groups = Vec::with_capacity(all.len());
        for group in all {
            match group.as_str() {
                Some(name) if !name.is_empty() && name.len() <= limits.group_bytes => {
                    groups.push(name.to_owned());
                }
                _ => return Err(Refusal::Claim("groups")),
            }
        }
        groups.sort_unstable();
        groups.dedup();
        Ok(Groups::Known(groups))
    }

    /// Entra sends no groups when there are too many, but says so: `_claim_names` points to where they are, or
    /// `hasgroups` is true.
    fn without_groups(&self, claim: &str) -> Groups {
        let pointed = self.0.get("_claim_names").and_then(|names| names.get(claim)).is_some();
        let said = self.0.get("hasgroups").is_some_and(is_true);
        if pointed || said { Groups::Overage } else { Groups::Missing }
    }

    /// The person's key. A claim that is absent, or no key, is none: unknown counts for nobody.
    pub(crate) fn person_key(&self, claim: &str) -> Option<PersonKey> {
        match self.0.get(claim)? {
            Value::String(text) => text.parse().ok(),
            // An employee's number.
            Value::Number(number) => number.as_u64()?.to_string().parse().ok(),
            _ => None,
        }
    }

    /// What is shown. A strange value is left out; nobody is refused for how they are called.
    pub(crate) fn profile(&self) -> Profile {
        let text = |name: &str| {
            let text = self.0.get(name).and_then(Value::as_str)?;
            let text = shorten(text, 200);
            (!text.trim().is_empty()).then_some(text)
        };
        Profile {
            name: text("name").or_else(|| text("preferred_username")),
            email: text("email"),
            email_verified: self.0.get("email_verified").is_some_and(is_true),
        }
    }
}

/// Some providers write `"true"`.
fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str() == Some("true"))
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: Value) -> Claims {
        Claims::read(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn no_groups_too_many_groups_and_no_claim_are_three_answers() {
        let groups = |value| claims(value).groups("groups", &Limits::default());
        assert_eq!(groups(json!({"groups": []})), Ok(Groups::Known(vec![])));
        assert_eq!(
            groups(json!({"groups": ["b", "a", "b"]})),
            Ok(Groups::Known(vec!["a".into(), "b".into()]))
        );
        assert_eq!(groups(json!({"groups": "a"})), Ok(Groups::Known(vec!["a".into()])));
        assert_eq!(groups(json!({})), Ok(Groups::Missing));
        assert_eq!(groups(json!({"_claim_names": {"groups": "src1"}})), Ok(Groups::Overage));
        assert_eq!(groups(json!({"_claim_names": {"roles": "src1"}})), Ok(Groups::Missing));
        assert_eq!(groups(json!({"hasgroups": true})), Ok(Groups::Overage));
        assert_eq!(groups(json!({"hasgroups": "true"})), Ok(Groups::Overage));
        let many: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
        assert_eq!(groups(json!({"groups": many})), Err(Refusal::TooManyGroups { limit: 1000 }));
        for bad in [json!({"a": 1}), json!([1]), json!([""]), json!(["x".repeat(257)]), json!(true)] {
            assert_eq!(groups(json!({"groups": bad})), Err(Refusal::Claim("groups")));
        }
    }

    #[test]
    fn a_mail_address_said_in_any_way_only_shows() {
        let profile = |value| claims(value).profile();
        for yes in [json!(true), json!("true")] {
            assert!(profile(json!({"email": "a@b", "email_verified": yes})).email_verified);
        }
        for no in [json!(false), json!("false"), json!(1), json!("yes"), json!(null)] {
            assert!(!profile(json!({"email": "a@b", "email_verified": no})).email_verified);
        }
        assert_eq!(profile(json!({"email": 7, "name": " "})), Profile::default());
    }

    #[test]
    fn a_person_key_is_a_key_or_none() {
        let key = |value| claims(json!({"k": value})).person_key("k").map(|k| k.to_string());
        assert_eq!(key(json!("alice")).as_deref(), Some("alice"));
        assert_eq!(key(json!(1234)).as_deref(), Some("1234"));
        for bad in [json!(""), json!("a b"), json!("<a>"), json!(1.5), json!(-1), json!(["a"]), json!(null)] {
            assert_eq!(key(bad.clone()), None, "{bad}");
        }
    }

    #[test]
    fn who_acts_for_whom_is_kept_in_order_and_bounded() {
        let chain = claims(json!({"act": {"sub": "bot", "act": {"sub": "tool", "iss": "https://x"}}}));
        let chain = chain.actors("https://i").unwrap();
        let said: Vec<_> = chain.all().iter().map(|a| (a.issuer.as_str(), a.subject.as_str())).collect();
        assert_eq!(said, [("https://i", "bot"), ("https://x", "tool")]);
        let mut deep = json!({"sub": "x"});
        for _ in 0..MAX_ACTORS {
            deep = json!({"sub": "x", "act": deep});
        }
        for bad in [deep, json!({}), json!("x"), json!({"sub": 1}), json!({"sub": "x", "iss": 1})] {
            assert_eq!(claims(json!({"act": bad})).actors("https://i").err(), Some(Refusal::Claim("act")));
        }
    }

    #[test]
    fn moments_are_numbers_of_this_age() {
        let moment = |value| claims(json!({"exp": value})).moment("exp");
        assert_eq!(moment(json!(1_700_000_000)), Ok(Some(Timestamp::from_millis(1_700_000_000_000))));
        assert_eq!(moment(json!(1.5)), Ok(Some(Timestamp::from_millis(1500))));
        for bad in [json!("1700000000"), json!(-1), json!(1e300), json!(null), json!(1_700_000_000_000_i64)] {
            assert_eq!(moment(bad.clone()), Err(Refusal::Claim("exp")), "{bad}");
        }
    }
}
