//! The question in Cedar's words, and in the words of the texts that people read.

use std::collections::{BTreeSet, HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression, Schema,
};
use model::{Mode, PersonKey, RoleName};

use crate::{Asked, Question, Run};

/// Why a question can't be asked. It is never an allow.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAsked {
    #[error("the schema lacks a type: {0}")]
    Name(#[from] Box<cedar_policy::ParseErrors>),
    #[error("{0}")]
    Context(#[from] Box<cedar_policy::ContextCreationError>),
    #[error("{0}")]
    Entities(#[from] Box<cedar_policy::entities_errors::EntitiesError>),
    #[error("{0}")]
    Attribute(#[from] Box<cedar_policy::EntityAttrEvaluationError>),
    #[error("{0}")]
    Request(#[from] Box<cedar_policy::RequestValidationError>),
}

/// What Cedar is handed.
pub(crate) struct Asking {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, NotAsked> {
    let kind: EntityTypeName = kind.parse().map_err(Box::new)?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn entity(uid: EntityUid, attributes: Attributes, parents: HashSet<EntityUid>) -> Result<Entity, NotAsked> {
    Entity::new(uid, attributes, parents).map_err(|why| Box::new(why).into())
}

type Attributes = HashMap<String, RestrictedExpression>;

fn text(value: impl ToString) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_string())
}

fn count(value: impl TryInto<i64>) -> RestrictedExpression {
    RestrictedExpression::new_long(value.try_into().unwrap_or(i64::MAX))
}

fn texts<'a>(values: impl IntoIterator<Item = &'a String>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.into_iter().map(text))
}

fn things<'a, T: AsRef<str> + 'a>(
    kind: &str,
    ids: impl IntoIterator<Item = &'a T>,
) -> Result<RestrictedExpression, NotAsked> {
    let uids: Result<Vec<_>, NotAsked> = ids.into_iter().map(|id| uid(kind, id.as_ref())).collect();
    Ok(RestrictedExpression::new_set(uids?.into_iter().map(RestrictedExpression::new_entity_uid)))
}

fn person(key: &PersonKey) -> Result<RestrictedExpression, NotAsked> {
    Ok(RestrictedExpression::new_entity_uid(uid("Person", key.as_str())?))
}

/// The request and the entities, both held to the schema.
pub(crate) fn ask(question: &Question, schema: &Schema) -> Result<Asking, NotAsked> {
    let principal = match question.requester.as_ref().or(question.submitter.as_ref()) {
        Some(key) => uid("Person", key.as_str())?,
        None => uid("Unknown", "nobody")?,
    };
    let (action, resource) = match &question.asked {
        Asked::Run(_) => (uid("Action", "run")?, None),
        Asked::Accept(accept) => (uid("Action", "accept")?, Some(accept)),
    };
    let mut all = people(question)?;
    let resource = match (&question.asked, resource) {
        (Asked::Run(run), _) => environment(run, &mut all)?,
        (Asked::Accept(accept), _) => {
            let id = uid("Configuration", &accept.commit.to_string())?;
            let attributes = HashMap::from([("commit".to_owned(), text(accept.commit))]);
            all.push(entity(id.clone(), attributes, HashSet::new())?);
            id
        }
    };
    let context = Context::from_pairs(context(question)?).map_err(Box::new)?;
    let request = Request::new(principal, action, resource, context, Some(schema)).map_err(Box::new)?;
    let entities = Entities::from_entities(all, Some(schema)).map_err(Box::new)?;
    Ok(Asking { request, entities })
}

fn people(question: &Question) -> Result<Vec<Entity>, NotAsked> {
    let range = &question.range;
    let named = range.changes.iter().flat_map(|c| c.approvers.iter().chain(&c.contributors));
    let mut keys: BTreeSet<&PersonKey> = named.chain(question.roles.keys()).collect();
    keys.extend(question.submitter.iter().chain(&question.requester));
    let mut roles: BTreeSet<&RoleName> = question.roles.values().flatten().collect();
    if let Asked::Run(Run { approve: Some(approve), .. }) = &question.asked {
        roles.insert(&approve.role);
    }
    let mut all = vec![entity(uid("Unknown", "nobody")?, HashMap::new(), HashSet::new())?];
    for role in roles {
        all.push(entity(uid("Role", role.as_str())?, HashMap::new(), HashSet::new())?);
    }
    for key in keys {
        let parents: Result<HashSet<_>, NotAsked> =
            question.roles.get(key).into_iter().flatten().map(|role| uid("Role", role.as_str())).collect();
        all.push(entity(uid("Person", key.as_str())?, HashMap::new(), parents?)?);
    }
    Ok(all)
}

fn environment(run: &Run, all: &mut Vec<Entity>) -> Result<EntityUid, NotAsked> {
    let operation = uid("Operation", run.operation.as_str())?;
    let id = uid("Environment", &format!("{}/{}", run.operation, run.environment))?;
    let mut attributes = HashMap::from([
        ("operation".to_owned(), text(&run.operation)),
        ("environment".to_owned(), text(&run.environment)),
        ("mode".to_owned(), text(mode(run.mode))),
        ("people".to_owned(), count(run.people)),
    ]);
    if let Some(approve) = &run.approve {
        let role = RestrictedExpression::new_entity_uid(uid("Role", approve.role.as_str())?);
        let fields = [
            ("role".to_owned(), role),
            ("people".to_owned(), count(approve.people)),
            ("present".to_owned(), RestrictedExpression::new_bool(approve.present)),
        ];
        // the keys are distinct by construction; a record that can't be made leaves the need unsaid, so it is an error
        let record = RestrictedExpression::new_record(fields)
            .map_err(|why| Box::new(cedar_policy::ContextCreationError::from(why)))?;
        attributes.insert("approve".to_owned(), record);
    }
    all.push(entity(operation.clone(), HashMap::new(), HashSet::new())?);
    all.push(entity(id.clone(), attributes, HashSet::from([operation]))?);
    Ok(id)
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe",
        Mode::Enforce => "enforce",
    }
}

fn context(question: &Question) -> Result<Vec<(String, RestrictedExpression)>, NotAsked> {
    let range = &question.range;
    let findings: BTreeSet<&String> =
        range.findings.iter().chain(range.changes.iter().flat_map(|c| &c.findings)).collect();
    let approvers: BTreeSet<&PersonKey> = range.changes.iter().flat_map(|c| &c.approvers).collect();
    let (unlinked_approvers, unlinked_contributors) = unlinked(question);
    let mut facts = vec![
        ("server", text(&range.server)),
        ("project", text(&range.project)),
        ("branch", text(&range.branch)),
        // evidence says so of the range; a change that it doesn't call reviewed can't be inside
        (
            "reviewed",
            RestrictedExpression::new_bool(range.reviewed && range.changes.iter().all(|c| c.reviewed)),
        ),
        ("findings", texts(findings)),
        ("commits", count(range.commits)),
        ("changes", count(range.changes.len())),
        ("unaccounted", count(range.unaccounted)),
        ("independent", count(question.independent())),
        ("independent_if_linked", count(question.independent_if_linked())),
        ("unlinked_approvers", count(unlinked_approvers)),
        ("unlinked_contributors", count(unlinked_contributors)),
        ("approvers", things("Person", approvers)?),
        ("approver_roles", things("Role", question.approver_roles())?),
        ("contributors", things("Person", question.contributors())?),
        ("approvals", count(question.approvals())),
        ("freezes", texts(&question.freezes)),
        ("drift", texts(&question.drift)),
        ("holds", texts(&question.holds)),
        ("facts_age_s", count(question.facts_age_s)),
    ];
    if let Some(key) = &question.submitter {
        facts.push(("submitter", person(key)?));
    }
    if let Some(key) = &question.requester {
        facts.push(("requester", person(key)?));
    }
    Ok(facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn unlinked(question: &Question) -> (u64, u64) {
    let sum =
        |of: fn(&crate::ChangeFacts) -> u32| question.range.changes.iter().map(|c| u64::from(of(c))).sum();
    (sum(|c| c.unlinked_approvers), sum(|c| c.unlinked_contributors))
}

/// The value of a name in a text; `code` is that of the rule whose text it is.
pub(crate) fn value(question: &Question, code: &str, name: &str) -> String {
    let list = |values: &BTreeSet<String>| values.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let run = match &question.asked {
        Asked::Run(run) => Some(run),
        Asked::Accept(_) => None,
    };
    let approve = run.and_then(|run| run.approve.as_ref());
    match name {
        "approvals" => question.approvals().to_string(),
        "approve_people" => approve.map(|a| a.people.to_string()).unwrap_or_default(),
        "approve_present" => {
            approve.filter(|a| a.present).map(|_| ", present").unwrap_or_default().to_owned()
        }
        "approve_role" => approve.map(|a| a.role.to_string()).unwrap_or_default(),
        "changes" => changes(question, code),
        "commits" => question.range.commits.to_string(),
        "drift" => list(&question.drift),
        "environment" => run.map(|r| r.environment.to_string()).unwrap_or_default(),
        "facts_age_s" => question.facts_age_s.to_string(),
        "freezes" => list(&question.freezes),
        "holds" => list(&question.holds),
        "independent" => question.independent().to_string(),
        "needed" => run.map_or(2, |r| r.people.max(1)).to_string(),
        "operation" => run.map(|r| r.operation.to_string()).unwrap_or_default(),
        "project" => question.range.project.to_string(),
        "unaccounted" => question.range.unaccounted.to_string(),
        "unlinked_approvers" => unlinked(question).0.to_string(),
        "unlinked_contributors" => unlinked(question).1.to_string(),
        _ => String::new(),
    }
}

/// At most so many numbers are named one by one.
const NAMED: usize = 10;

fn changes(question: &Question, code: &str) -> String {
    let has = |c: &&crate::ChangeFacts| c.findings.contains(code);
    let numbers: Vec<String> =
        question.range.changes.iter().filter(has).map(|c| c.number.to_string()).collect();
    let named = numbers.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match numbers.len() {
        0 => "The range".to_owned(),
        1 => format!("Change {named}"),
        n if n > NAMED => format!("Changes {named} and {} more", n - NAMED),
        _ => format!("Changes {named}"),
    }
}
