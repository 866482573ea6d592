//! in-toto Statement v1 (in-toto/attestation, `spec/v1/statement.md`) about one plan.
//!
//! The predicate carries the purpose of the key that signs: a signature made for one purpose says nothing for another,
//! even if somebody uses the same secret for both.

use model::{Canonical as _, Digest, Plan, from_canonical, to_canonical};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{GrantError, Purpose, SigningKey, envelope};

const TYPE: &str = "https://in-toto.io/Statement/v1";

/// What a predicate is.
pub(crate) trait Predicate: Serialize + DeserializeOwned {
    /// in-toto's `predicateType`: a URI.
    const TYPE: &'static str;
    /// Whose keys sign it.
    const PURPOSE: Purpose;
    /// The plan that it is about.
    fn plan(&self) -> Digest;
    /// Whether it makes sense in itself; asked before it is signed and after it is read.
    fn check(&self) -> Result<(), GrantError>;
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement<P> {
    #[serde(rename = "_type")]
    kind: String,
    predicate: Signed<P>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    subject: [Subject; 1],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed<P> {
    purpose: String,
    value: P,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    digest: PlanDigest,
    name: String,
}

/// Named for what it is: the hash of a plan is over a domain too, so it is no plain `sha256` of a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanDigest {
    #[serde(rename = "exequatur.plan/1")]
    plan: Digest,
}

/// Signs a predicate: the envelope's bytes.
pub(crate) fn sign<P: Predicate>(value: P, key: &SigningKey) -> Result<Vec<u8>, GrantError> {
    if key.purpose() != P::PURPOSE {
        return Err(GrantError::WrongPurpose { is: key.purpose(), needs: P::PURPOSE });
    }
    value.check()?;
    envelope::seal(&to_canonical(&statement(value, P::PURPOSE))?, key)
}

fn statement<P: Predicate>(value: P, purpose: Purpose) -> Statement<P> {
    let digest = PlanDigest { plan: value.plan() };
    Statement {
        kind: TYPE.to_owned(),
        predicate: Signed { purpose: purpose.name().to_owned(), value },
        predicate_type: P::TYPE.to_owned(),
        subject: [Subject { digest, name: "plan".to_owned() }],
    }
}

/// Reads a predicate that this key signed.
pub(crate) fn read<P: Predicate>(bytes: &[u8], key: &model::KeyId) -> Result<P, GrantError> {
    let payload = envelope::open(bytes, key, P::PURPOSE)?;
    let statement: Statement<P> = from_canonical(&payload).map_err(GrantError::Statement)?;
    let [subject] = &statement.subject;
    let value = statement.predicate.value;
    for (what, found, expected) in [
        ("type", statement.kind, TYPE.to_owned()),
        ("predicate type", statement.predicate_type, P::TYPE.to_owned()),
        ("purpose", statement.predicate.purpose, P::PURPOSE.name().to_owned()),
        ("subject name", subject.name.clone(), "plan".to_owned()),
        ("subject", subject.digest.plan.to_string(), value.plan().to_string()),
    ] {
        if found != expected {
            let found = found.chars().take(80).collect();
            return Err(GrantError::StatementKind { what, found, expected });
        }
    }
    value.check()?;
    Ok(value)
}

/// The digest of a plan of the schema that we know.
pub(crate) fn plan_digest(plan: &Plan) -> Result<Digest, GrantError> {
    if plan.schema != Plan::SCHEMA {
        return Err(GrantError::Unsound { what: "plan", why: "its schema is not exequatur.plan/1" });
    }
    Ok(plan.digest()?)
}

/// Signs a statement as if the key were for it: what an attacker with another key would do.
#[cfg(test)]
pub(crate) fn forge<P: Predicate>(value: P, purpose: Purpose, key: &SigningKey) -> Vec<u8> {
    envelope::seal(&to_canonical(&statement(value, purpose)).unwrap(), key).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{GrantId, KeyId, OutcomeId, Revision, RunId, Timestamp};

    fn grant(executor: &KeyId) -> crate::Grant {
        crate::Grant {
            schema: crate::Grant::SCHEMA.into(),
            id: GrantId::derive(&[b"g"]),
            run: RunId::derive(&[b"r"]),
            outcome: OutcomeId::derive(&[b"o"]),
            plan: Digest::of(b"plan"),
            decision: Digest::of(b"decision"),
            configuration: Revision::from_bytes([0; 20]),
            executor: executor.clone(),
            host: "h".into(),
            origin: "o".into(),
            issued_at: Timestamp::from_millis(0),
            not_after: Timestamp::from_millis(1),
            evidence: Digest::of(b"evidence"),
            presence: None,
        }
    }

    #[test]
    fn what_was_signed_for_another_purpose_is_refused_though_the_key_is_the_same() {
        let key = SigningKey::from_secret(Purpose::Executor, &[1; 32]).unwrap();
        let forged = forge(grant(key.id()), Purpose::Executor, &key);
        assert!(matches!(
            read::<crate::Grant>(&forged, key.id()),
            Err(GrantError::StatementKind { what: "purpose", .. })
        ));
        let honest = forge(grant(key.id()), Purpose::Gate, &key);
        assert!(read::<crate::Grant>(&honest, key.id()).is_ok());
    }

    #[test]
    fn a_signed_statement_that_is_not_canonical_or_says_more_is_refused() {
        let key = SigningKey::from_secret(Purpose::Gate, &[1; 32]).unwrap();
        let good = to_canonical(&statement(grant(key.id()), Purpose::Gate)).unwrap();
        let good = String::from_utf8(good).unwrap();
        let signed = |text: &str| envelope::seal(text.as_bytes(), &key).unwrap();
        assert!(read::<crate::Grant>(&signed(&good), key.id()).is_ok());
        for bad in [
            format!("{good}\n"),
            good.replace("\":", "\": "),
            good.replacen("{\"_type\"", "{\"_typo\":1,\"_type\"", 1),
            good.replacen("\"value\":{", "\"value\":{\"also\":1,", 1),
            good.replacen("\"predicate\":{", "\"predicate\":{\"also\":1,", 1),
            good.replacen("\"subject\":[", "\"subject\":[{\"digest\":{},\"name\":\"x\"},", 1),
            good.replace("\"name\":\"plan\"", "\"name\":\"\\u0070lan\""),
        ] {
            assert_ne!(bad, good);
            assert!(
                matches!(read::<crate::Grant>(&signed(&bad), key.id()), Err(GrantError::Statement(_))),
                "{bad}"
            );
        }
        for (from, to, what) in [
            ("Statement/v1", "Statement/v0", "type"),
            ("exequatur.dev/grant/1", "exequatur.dev/grant/2", "predicate type"),
            ("\"name\":\"plan\"", "\"name\":\"plot\"", "subject name"),
        ] {
            let error = read::<crate::Grant>(&signed(&good.replacen(from, to, 1)), key.id()).unwrap_err();
            assert!(
                matches!(error, GrantError::StatementKind { what: w, .. } if w == what),
                "{what}: {error}"
            );
        }
    }

    #[test]
    fn a_subject_that_is_another_plan_than_the_predicates_is_refused() {
        let key = SigningKey::from_secret(Purpose::Gate, &[1; 32]).unwrap();
        let mut statement = statement(grant(key.id()), Purpose::Gate);
        statement.subject[0].digest.plan = Digest::of(b"other");
        let bytes = envelope::seal(&to_canonical(&statement).unwrap(), &key).unwrap();
        assert!(matches!(
            read::<crate::Grant>(&bytes, key.id()),
            Err(GrantError::StatementKind { what: "subject", .. })
        ));
    }
}
