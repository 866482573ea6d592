//! Services and agents: by the OIDC token that their platform gives them (a CI job, a Kubernetes service account), under
//! rules that people reviewed.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::Clock;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Agent, Error, Http, Issuer, Limits, Principal, Refusal, Result, Service, SigningAlgorithm,
    token::{Claims, id_token::times},
};

/// No workload's token lives longer: whoever finds one in a log finds it expired.
const MAX_LIFE_MS: i64 = 24 * 60 * 60_000;
const MAX_RULES: usize = 1000;

/// What a rule makes of who it lets in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A workload that does what it was written to do.
    Service,
    /// A program that decides by itself what to do next.
    Agent,
}

/// How a claim has to be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Matches {
    /// This text.
    Equals(String),
    /// One of these texts.
    OneOf(Vec<String>),
    /// Begins so. It ends in `:` or `/`, or `repo:acme/shop` would let `repo:acme/shop-evil` in.
    Begins(String),
}

/// One condition on a token.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The claim, by its path: `["kubernetes.io", "serviceaccount", "name"]`.
    pub claim: Vec<String>,
    /// How it has to be.
    pub is: Matches,
}

/// Who is let in as what. A reviewed value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, for entries and messages.
    pub name: String,
    /// The issuer, byte for byte.
    pub issuer: String,
    /// The one audience that the token is for: us.
    pub audience: String,
    /// What it makes of them.
    pub kind: Kind,
    /// All have to hold; at least one.
    pub when: Vec<Condition>,
}

impl Rule {
    /// Whether it can do its work and no more.
    ///
    /// # Errors
    /// [`Error::Config`] with what is wrong.
    pub fn check(&self) -> Result<()> {
        let wrong =
            |why: &str| Error::Config { what: "a workload rule", why: format!("{}: {why}", self.name) };
        if self.name.is_empty() || self.audience.is_empty() {
            return Err(wrong("it needs a name and an audience"));
        }
        if self.when.is_empty() {
            return Err(wrong("without a condition it lets in everybody whom the issuer knows"));
        }
        for condition in &self.when {
            if condition.claim.is_empty() || condition.claim.iter().any(String::is_empty) {
                return Err(wrong("a condition names no claim"));
            }
            match &condition.is {
                Matches::Equals(text) if text.is_empty() => return Err(wrong("a condition is empty")),
                Matches::OneOf(all) if all.is_empty() || all.iter().any(String::is_empty) => {
                    return Err(wrong("a condition is empty"));
                }
                Matches::Begins(text) if text.len() < 2 || !text.ends_with([':', '/']) => {
                    return Err(wrong(
                        "a beginning ends in : or /, else it lets in names that only begin alike",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn holds(&self, claims: &Claims) -> bool {
        let audience = claims.audiences().is_ok_and(|all| all.iter().all(|one| *one == self.audience));
        audience && self.when.iter().all(|condition| condition.holds(claims))
    }
}

impl Condition {
    fn holds(&self, claims: &Claims) -> bool {
        let mut path = self.claim.iter();
        let mut found = path.next().and_then(|first| claims.get(first));
        for part in path {
            found = found.and_then(|value| value.get(part));
        }
        let Some(text) = found.and_then(Value::as_str) else { return false };
        match &self.is {
            Matches::Equals(one) => one == text,
            Matches::OneOf(all) => all.iter().any(|one| one == text),
            // `..` would leave the place that the beginning names.
            Matches::Begins(beginning) => text.starts_with(beginning) && !text.contains(".."),
        }
    }
}

/// The rules, and the issuers that they name.
pub struct Workloads {
    rules: Vec<Rule>,
    issuers: BTreeMap<String, Issuer>,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

impl Workloads {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Config`] for a rule that is none.
    pub fn new(rules: Vec<Rule>, http: &Http, clock: &Arc<dyn Clock>, limits: Limits) -> Result<Self> {
        if rules.len() > MAX_RULES {
            return Err(Error::Config {
                what: "workload rules",
                why: format!("there are more than {MAX_RULES}"),
            });
        }
        let mut issuers = BTreeMap::new();
        for rule in &rules {
            rule.check()?;
            if !issuers.contains_key(&rule.issuer) {
                let algorithms = SigningAlgorithm::DEFAULT.to_vec();
                let issuer = Issuer::new(&rule.issuer, http.clone(), Arc::clone(clock), algorithms, limits)?;
                issuers.insert(rule.issuer.clone(), issuer);
            }
        }
        Ok(Self { rules, issuers, clock: Arc::clone(clock), limits })
    }

    /// Who holds this token. Never a person.
    ///
    /// # Errors
    /// [`Error::Refused`], or what keeps the issuer from being read.
    pub async fn verify(&self, token: &str) -> Result<Principal> {
        // Which issuer's keys to use; believed only once they have checked the signature.
        let said = said_issuer(token, self.limits.token_bytes)?;
        let issuer = self.issuers.get(&said).ok_or(Refusal::Issuer)?;
        let opened = issuer.open(token).await?;
        let claims = &opened.claims;
        let identity = claims.identity(issuer.name())?;
        times(claims, self.clock.now(), &self.limits)?;
        let (made, ends) = (claims.moment("iat")?, claims.moment("exp")?);
        if made.zip(ends).is_none_or(|(made, ends)| ends.ms_since(made) > MAX_LIFE_MS) {
            return Err(Refusal::Claim("exp").into());
        }
        // What the same issuer gives to browsers isn't taken here.
        if claims.has("nonce") || claims.has("events") {
            return Err(Refusal::Kind.into());
        }
        let mine = |rule: &&Rule| rule.issuer == issuer.name() && rule.holds(claims);
        let rule = self.rules.iter().find(mine).ok_or(Refusal::NoRule)?;
        let actors = claims.actors(issuer.name())?;
        match (rule.kind, actors.all().first().cloned()) {
            (Kind::Service, None) => Ok(Principal::Service(Service { identity, rule: rule.name.clone() })),
            (Kind::Service, Some(_)) => Err(Refusal::Delegated.into()),
            (Kind::Agent, None) => {
                Ok(Principal::Agent(Agent { identity, acts_for: None, actors, rule: rule.name.clone() }))
            }
            (Kind::Agent, Some(actor)) => Ok(Principal::Agent(Agent {
                identity: actor,
                acts_for: Some(identity),
                actors,
                rule: rule.name.clone(),
            })),
        }
    }
}

fn said_issuer(token: &str, limit: usize) -> Result<String, Refusal> {
    if token.len() > limit {
        return Err(Refusal::TooLong { limit });
    }
    let payload = token.split('.').nth(1).ok_or(Refusal::Malformed("it has no parts"))?;
    let payload =
        URL_SAFE_NO_PAD.decode(payload).map_err(|_| Refusal::Malformed("a part is no base64url"))?;
    let claims = Claims::read(&payload)?;
    Ok(claims.text("iss")?.ok_or(Refusal::Claim("iss"))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(is: Matches) -> Rule {
        Rule {
            name: "shop-ci".into(),
            issuer: "https://ci.example".into(),
            audience: "exq".into(),
            kind: Kind::Service,
            when: vec![Condition { claim: vec!["sub".into()], is }],
        }
    }

    #[test]
    fn a_rule_that_lets_in_more_than_it_says_is_refused() {
        assert!(rule(Matches::Begins("repo:acme/shop:".into())).check().is_ok());
        for is in [
            Matches::Begins("repo:acme/shop".into()),
            Matches::Begins("/".into()),
            Matches::Equals(String::new()),
            Matches::OneOf(vec![]),
            Matches::OneOf(vec![String::new()]),
        ] {
            assert!(rule(is.clone()).check().is_err(), "{is:?}");
        }
        assert!(Rule { when: vec![], ..rule(Matches::Equals("x".into())) }.check().is_err());
        assert!(Rule { audience: String::new(), ..rule(Matches::Equals("x".into())) }.check().is_err());
    }

    #[test]
    fn conditions_read_claims_by_path_and_only_texts() {
        let claims = Claims::read(
            json!({"aud": "exq", "sub": "repo:acme/shop:ref", "k": {"sa": {"name": "deploy"}}, "n": 1})
                .to_string()
                .as_bytes(),
        )
        .unwrap();
        let holds = |path: &[&str], is| {
            let claim = path.iter().map(|part| (*part).to_owned()).collect();
            Condition { claim, is }.holds(&claims)
        };
        assert!(holds(&["k", "sa", "name"], Matches::Equals("deploy".into())));
        assert!(holds(&["sub"], Matches::Begins("repo:acme/shop:".into())));
        assert!(!holds(&["sub"], Matches::Begins("repo:acme/sho:".into())));
        assert!(!holds(&["k", "sa"], Matches::Equals("deploy".into())));
        assert!(!holds(&["n"], Matches::Equals("1".into())));
        assert!(!holds(&["missing"], Matches::OneOf(vec!["".into(), "null".into()])));
    }
}
