//! Judges one change: what its meta history says, rule by rule.

mod cast;
mod findings;
mod people;
mod requirements;
mod rest;
mod standing;
mod story;
mod why;

use notedb::{History, HistoryError, ObjectId, Objects, ParseError, ReadError, Refs};

use crate::change::{Change, ChangeEvidence, ChangeSchema, People, Submitted};
use crate::reach::Branches;
use crate::{Finding, FindingCode, LabelRanges, LiveFacts, ReviewRules, Status};
pub use people::co_authors;
use story::Story;

/// What is judged, and by which rules.
#[derive(Clone, Copy)]
pub struct ChangeInput<'a> {
    /// The change's number.
    pub number: u64,
    /// The meta commit to read.
    pub meta: ObjectId,
    /// Where the branches are.
    pub refs: &'a dyn Refs,
    /// The ranges of the project's labels as the repository has them; live ones come with `live`.
    pub labels: &'a LabelRanges,
    /// What policy says of labels.
    pub rules: &'a ReviewRules,
    /// What a running Gerrit said, if one was asked.
    pub live: Option<&'a LiveFacts>,
}

/// Judges one change at one meta revision. A history that can't be parsed is no error but the finding `malformed`.
///
/// # Errors
/// [`ReadError`] if the store could not answer; then nothing is known.
pub fn judge<O: Objects + ?Sized>(objects: &O, input: &ChangeInput<'_>) -> Result<ChangeEvidence, ReadError> {
    judge_on(objects, input, &Branches::default())
}

/// [`judge`], with what is known already of the branches of the same refs.
pub(crate) fn judge_on<O: Objects + ?Sized>(
    objects: &O,
    input: &ChangeInput<'_>,
    branches: &Branches,
) -> Result<ChangeEvidence, ReadError> {
    match Judge::read(objects, input, branches) {
        Ok(evidence) => Ok(evidence),
        Err(HistoryError::Malformed(error)) => Ok(malformed(input, &error)),
        Err(HistoryError::Read(error)) => Err(error),
    }
}

/// Everything the rules look at.
struct Judge<'a> {
    story: &'a Story<'a>,
    live: Option<&'a LiveFacts>,
    labels: &'a LabelRanges,
    rules: &'a ReviewRules,
    people: people::Contributors,
    submitted: Option<Submitted>,
    standing: Vec<standing::Standing>,
    requirements: Vec<notedb::requirements::RequirementResult>,
    on_branch: Option<findings::OnBranch>,
}

impl Judge<'_> {
    fn read<O: Objects + ?Sized>(
        objects: &O,
        input: &ChangeInput<'_>,
        branches: &Branches,
    ) -> Result<ChangeEvidence, HistoryError> {
        let history = History::read(objects, input.meta)?;
        let story = Story::new(history.commits())?;
        let requirements = requirements::of(objects, &story)?;
        let judge = Judge {
            people: people::Contributors::read(objects, &story, input.live)?,
            submitted: story.submitted(),
            standing: standing::votes(&story),
            requirements,
            on_branch: findings::OnBranch::find(objects, &story, input.refs, branches)?,
            labels: input.live.map_or(input.labels, |live| &live.labels),
            story: &story,
            live: input.live,
            rules: input.rules,
        };
        Ok(judge.evidence(input))
    }

    fn evidence(self, input: &ChangeInput<'_>) -> ChangeEvidence {
        let mut votes: Vec<_> = self.standing.iter().map(|vote| self.vote(vote)).collect();
        votes.sort_by(|a, b| {
            (&a.label, a.account, a.patch_set, a.at).cmp(&(&b.label, b.account, b.patch_set, b.at))
        });
        let findings = self.findings(&votes);
        let earlier_uploaders = self.earlier_uploaders().map(|(account, _)| account).collect();
        let reviewed = self.story.status == Status::Merged
            && votes.iter().any(|vote| vote.counts && self.rules.review_labels.contains(&vote.label))
            && !findings.iter().any(|finding| finding.code.is_refusing());
        let story = self.story;
        ChangeEvidence {
            schema: ChangeSchema::V1,
            change: Change {
                server: Some(story.server.to_owned()),
                project: self.live.map(|live| live.project.clone()),
                number: input.number,
                id: Some(story.change_id.to_owned()),
                branch: Some(story.branch.to_owned()),
            },
            meta: input.meta,
            status: Some(story.status),
            patch_set: Some(story.standing.number),
            revision: Some(story.standing.revision),
            submitted: self.submitted,
            people: self.people.people,
            votes,
            requirements: self.requirements,
            reviewed,
            findings,
            landed_as: story.landed_as(),
            earlier_uploaders,
        }
    }
}

fn malformed(input: &ChangeInput<'_>, error: &ParseError) -> ChangeEvidence {
    ChangeEvidence {
        schema: ChangeSchema::V1,
        change: Change {
            number: input.number,
            project: input.live.map(|live| live.project.clone()),
            ..Change::default()
        },
        meta: input.meta,
        status: None,
        patch_set: None,
        revision: None,
        submitted: None,
        people: People::default(),
        votes: Vec::new(),
        requirements: Vec::new(),
        reviewed: false,
        findings: vec![Finding::new(FindingCode::Malformed, error.to_string())],
        landed_as: None,
        earlier_uploaders: std::collections::BTreeSet::new(),
    }
}
