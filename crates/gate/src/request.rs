//! Requests: a change in the requests project counts only if it is, to the byte, what was stored from a verified sign-in,
//! and only our own writer had a hand in it.

use std::{collections::BTreeMap, sync::Arc};

use evidence::{Account as Accounted, ChangeEvidence, RangeCommit, RangeEvidence, Status};
use model::{
    AccountId, ChangeNumber, Need, PersonKey, Reason, Request, RequesterKind, Revision, SubmissionId,
};
use notedb::{Kind, ObjectId, Objects, Tree, walk};
use operations::{Links, Wish};
use serde::{Deserialize, Serialize};

use crate::{Case, CaseError, Matter, Rulebook, case::same, object_id, question};

/// A stored request, with the change that we made of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestMatter {
    /// What was asked, as stored before anybody else saw it.
    pub request: Request,
    /// The change that we made.
    pub change: ChangeNumber,
    /// Its one patch set.
    pub revision: Revision,
    /// The account by which we made it.
    pub writer: AccountId,
    /// Why it doesn't stand any more: withdrawn, expired, refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended: Option<String>,
    /// The submission by which its change was merged first; none: it wasn't yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub merged: Option<SubmissionId>,
    /// The version of its record.
    pub version: u64,
}

/// What was found about the change of a request: texts by code. Of a good one, nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestEvidence(pub BTreeMap<String, String>);

impl RequestEvidence {
    fn found(&mut self, code: &str, text: impl Into<String>) {
        self.0.entry(code.to_owned()).or_insert_with(|| text.into());
    }
}

impl Matter {
    /// The request that it is about, if it is about one.
    #[must_use]
    pub fn request(&self) -> Option<&RequestMatter> {
        match self {
            Self::Run(run) => run.request.as_deref(),
            Self::Submit(asked) => Some(asked),
            Self::Accept => None,
        }
    }
}

impl RequestMatter {
    /// That it speaks of the case that it is in.
    pub(crate) fn check(&self, case: &Case) -> Result<(), CaseError> {
        let request = &self.request;
        same("the request's schema", &request.schema, Request::SCHEMA)?;
        same("the request's server", &request.server, &case.server)?;
        same("the request's project", &request.project, &case.project)?;
        same("the request's branch", &request.branch, &case.branch)
    }
}

/// Why a change in the requests project that nobody asked for through us comes to nothing.
#[must_use]
pub fn unknown_request(change: ChangeNumber) -> Reason {
    Reason {
        code: "request-unknown".to_owned(),
        text: format!(
            "Change {change} is no request that was made through Exequatur: in this project nothing else counts"
        ),
        cure: Some(
            "ask for it with `exq request`; whoever administers the project finds out who may push there"
                .to_owned(),
        ),
        policy: None,
        need: Need::Final,
    }
}

/// Looks at the change of a request.
///
/// # Errors
/// [`CaseError`]: something can't be read, or the range isn't that of the change alone.
pub(crate) fn examine<O: Objects + ?Sized>(
    case: &Case,
    asked: &RequestMatter,
    objects: &O,
    changes: &[ChangeEvidence],
    range: &RangeEvidence,
) -> Result<RequestEvidence, CaseError> {
    begins_before(case, objects)?;
    let mut evidence = RequestEvidence::default();
    if let Some(why) = &asked.ended {
        evidence.found("request-ended", format!("the request doesn't stand any more: {why}"));
    }
    if let Matter::Run(run) = &case.matter
        && run.submission.submitted_at > asked.request.until.plus_ms(999)
    {
        evidence.found(
            "request-ended",
            format!("it stood until {}, and was submitted later", asked.request.until),
        );
    }
    if let Matter::Run(run) = &case.matter
        && asked.merged.as_ref() != Some(&run.submission.id)
    {
        let text = "it was not merged by this submission: what was asked once runs once";
        evidence.found("request-merged-before", text);
    }
    if let Matter::Run(run) = &case.matter
        && (run.submission.changes != [asked.change] || !brings_only(asked.change, range))
    {
        evidence.found("request-not-alone", "it was merged together with something else");
    }
    let Some(change) = changes.iter().find(|change| change.change.number == asked.change) else {
        let text = format!("what was merged is not change {}, by which it was asked", asked.change);
        evidence.found("request-other-change", text);
        return Ok(evidence);
    };
    hands(asked, change, &mut evidence);
    file(asked, objects, &mut evidence)?;
    Ok(evidence)
}

/// Whether each commit of the range is the change's own, or a merge that Gerrit made of it.
fn brings_only(change: ChangeNumber, range: &RangeEvidence) -> bool {
    let own = |commit: &&RangeCommit| commit.change == Some(change);
    let other = |commit: &RangeCommit| !own(&commit) && commit.account != Accounted::MergeMadeByGerrit;
    range.commits.iter().filter(own).count() == 1 && !range.commits.iter().any(other)
}

/// A request brings its own change and nothing else, so its range begins right before it on its branch.
fn begins_before<O: Objects + ?Sized>(case: &Case, objects: &O) -> Result<(), CaseError> {
    let links = walk::links(objects, &object_id(&case.tip))?;
    let links = links.ok_or_else(|| CaseError::Missing { what: format!("commit {}", case.tip) })?;
    let first = links.parents.first().map(crate::revision);
    let none = || "nothing".to_owned();
    same("where a request's range begins", &case.base, &first.map_or_else(none, |first| first.to_string()))
}

/// Who made the change, and added to it, and submitted it: nobody but our writer.
fn hands(asked: &RequestMatter, change: &ChangeEvidence, evidence: &mut RequestEvidence) {
    let writer = asked.writer.0;
    let patch_set = change.patch_set.unwrap_or_default();
    if patch_set != 1 || change.revision != Some(object_id(&asked.revision)) {
        let text = format!("its newest patch set is number {patch_set}: somebody added to what was asked");
        evidence.found("request-patch-sets", text);
    }
    if change.change.id.as_deref() != asked.request.change_id().as_ref().map(model::ChangeId::as_str) {
        evidence.found("request-other-change", "its Change-Id is not that of the request");
    }
    let people = &change.people;
    let others = change.contributors().into_iter().filter(|account| *account != writer);
    let others: Vec<String> = others.map(|account| account.to_string()).collect();
    if !others.is_empty() || people.owner != Some(writer) || people.uploaders != [writer] {
        let by = if others.is_empty() { "nobody we know".to_owned() } else { others.join(", ") };
        evidence
            .found("request-foreign-hand", format!("not only our writer had a hand in it, but account {by}"));
    }
    if change.status == Some(Status::Merged) {
        let submitted = change.submitted.as_ref();
        let by = submitted.filter(|s| s.real.is_none()).and_then(|s| s.by);
        if by != Some(writer) {
            let text = match by {
                Some(by) => format!("it was submitted by account {by}, not by us"),
                None => "it was not submitted by us".to_owned(),
            };
            evidence.found("request-submitted-past-us", text);
        }
    }
}

/// That the patch set adds the request's file, and does nothing else.
fn file<O: Objects + ?Sized>(
    asked: &RequestMatter,
    objects: &O,
    evidence: &mut RequestEvidence,
) -> Result<(), CaseError> {
    let missing = |what: &str| CaseError::Missing { what: format!("{what} of request {}", asked.request.id) };
    let commit = walk::commit(objects, &object_id(&asked.revision))?;
    let commit = commit.ok_or_else(|| missing("the commit"))?;
    let [parent] = commit.parents.as_slice() else {
        evidence.found("request-differs", "its commit is a merge, or stands on nothing");
        return Ok(());
    };
    let parent = walk::commit(objects, parent)?.ok_or_else(|| missing("the commit below"))?;
    let path = asked.request.path();
    let (folder, name) = path.split_once('/').unwrap_or_default();
    let (old, new) = (tree(objects, Some(parent.tree))?, tree(objects, Some(commit.tree))?);
    let inside = |tree: &Tree| tree.get(folder.as_bytes()).filter(|e| e.mode.is_tree()).map(|e| e.id);
    let (old_inside, new_inside) = (tree(objects, inside(&old))?, tree(objects, inside(&new))?);
    let added = new_inside.get(name.as_bytes()).filter(|entry| entry.mode.bits() == 0o100_644);
    let only = without(&old, folder) == without(&new, folder)
        && old.get(folder.as_bytes()).is_none_or(|entry| entry.mode.is_tree())
        && old_inside.get(name.as_bytes()).is_none()
        && old_inside.entries == without(&new_inside, name);
    let Some(added) = added.filter(|_| only) else {
        let text = format!("its commit does not just add {path}");
        evidence.found("request-differs", text);
        return Ok(());
    };
    let blob = get(objects, &added.id, Kind::Blob)?.ok_or_else(|| missing("the file"))?;
    if *blob != *asked.request.file().as_bytes() {
        evidence.found("request-differs", format!("{path} is not what was asked and stored"));
    }
    Ok(())
}

/// The entries but for one, which stands once.
fn without(tree: &Tree, name: &str) -> Vec<notedb::Entry> {
    tree.entries.iter().filter(|entry| entry.name != name.as_bytes()).cloned().collect()
}

fn tree<O: Objects + ?Sized>(objects: &O, id: Option<ObjectId>) -> Result<Tree, CaseError> {
    let Some(id) = id else { return Ok(Tree::default()) };
    let data = get(objects, &id, Kind::Tree)?;
    let missing = || CaseError::Missing { what: format!("folder {id} of a request") };
    data.and_then(|data| Tree::parse(&data)).ok_or_else(missing)
}

fn get<O: Objects + ?Sized>(objects: &O, id: &ObjectId, kind: Kind) -> Result<Option<Arc<[u8]>>, CaseError> {
    Ok(objects.get(id)?.filter(|object| object.kind == kind).map(|object| object.data))
}

/// The persons who ask, as the links know them: none of them is a reviewer of it.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    /// All of them, the one who asks first.
    pub(crate) persons: Vec<PersonKey>,
    /// Somebody whom no link names.
    pub(crate) unlinked: bool,
}

/// Who asks, under these links: by identity, and by the key that the provider says.
pub(crate) fn asking(request: &Request, links: &Links) -> Asking {
    let by = &request.by;
    let mut asking = Asking::default();
    let named = by.person.as_ref().filter(|key| links.person(key).is_some());
    let own: Vec<&PersonKey> = links.person_of_identity(&by.identity).into_iter().chain(named).collect();
    // Of whom nobody knows who it is, nobody can say that the reviewer is somebody else; for a service or an agent that is who
    // answers for it.
    asking.unlinked = own.is_empty() && (by.kind == RequesterKind::Person || by.acts_for.is_none());
    let mut others = Vec::new();
    if let Some(other) = &by.acts_for {
        others.extend(links.person_of_identity(other));
        asking.unlinked |= others.is_empty();
    }
    for key in own.into_iter().chain(others) {
        if !asking.persons.contains(key) {
            asking.persons.push(key.clone());
        }
    }
    asking
}

/// What stands against a request that policy isn't asked about.
pub(crate) fn reasons(
    case: &Case,
    asked: &RequestMatter,
    evidence: Option<&RequestEvidence>,
    rulebooks: &[&Rulebook],
    opened: &Rulebook,
) -> Vec<Reason> {
    let reason = |code: &str, text: String, cure: &str, need| Reason {
        code: code.to_owned(),
        text,
        cure: Some(cure.to_owned()),
        policy: None,
        need,
    };
    let request = &asked.request;
    let mut reasons = Vec::new();
    let nothing =
        RequestEvidence([("request-unexamined".to_owned(), "it was not looked at".to_owned())].into());
    for (code, text) in &evidence.unwrap_or(&nothing).0 {
        let text = format!("Request {}: {text}", request.id);
        let cure = "ask for it anew with `exq request`; whoever administers the requests project finds out who else may write there";
        reasons.push(reason(code, text, cure, Need::Final));
    }
    let proven = question::proven(case);
    let unlinked =
        |rulebook: &&Rulebook| asking(request, &rulebook.configuration.links().with(&proven)).unlinked;
    if rulebooks.iter().any(unlinked) {
        let text = format!(
            "{} asks, and no link says which person that is: so nobody can say that the reviewers are other people",
            request.by
        );
        let cure = "they link an account of theirs, `exq link`; or a change to links.yaml in the operations project names the identity";
        reasons.push(reason("requester-unlinked", text, cure, Need::Waits));
    }
    let wish =
        Wish { operation: &request.operation, environment: &request.environment, inputs: &request.inputs };
    let again = operations::requested(&opened.configuration, &wish);
    let stale = match again.as_ref().map(model::Canonical::digest) {
        Ok(Ok(digest)) if digest == request.plan => None,
        Ok(_) => Some(
            "what would happen now is not what was asked for: the operation has changed since".to_owned(),
        ),
        Err(why) => Some(format!("what was asked for can't be done any more: {why}")),
    };
    if let Some(text) = stale {
        let text = format!("Request {}: {text}", request.id);
        let cure = "look at `exq plan`, and ask for it anew; its approvals don't carry over";
        reasons.push(reason("plan-stale", text, cure, Need::Final));
    }
    reasons
}
