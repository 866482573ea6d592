//! `exq evidence`: what is true about a change, or about a range: in a bare repository, or read by the running server.

mod words;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use evidence::{ChangeEvidence, RangeEvidence, ReviewRules, offline};
use gerrit::repo::Repo;
use model::{Project, RefName, ServerName};
use notedb::ObjectId;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Answer, Place, api, block, say};
use words::{Known, change_in_words, range_in_words};

/// Says what is true about a change, or about a range of commits.
///
/// Without --repo the running server of this installation reads it from Gerrit now.
#[derive(Debug, Args)]
pub(super) struct Evidence {
    /// The change's number.
    #[arg(required_unless_present_any = ["all", "range"])]
    change: Option<u64>,
    /// The bare repository with `refs/changes/*`: nothing is asked for.
    #[arg(long, value_name = "BARE.git")]
    repo: Option<PathBuf>,
    /// Every change of the repository, ordered by number.
    #[arg(long, conflicts_with_all = ["change", "range"], requires = "repo")]
    all: bool,
    /// A range of commits, `BASE..TIP`.
    #[arg(long, value_name = "BASE..TIP", requires = "branch", conflicts_with = "change")]
    range: Option<String>,
    /// The branch of the range, in full: `refs/heads/main`.
    #[arg(long, value_name = "REF")]
    branch: Option<RefName>,
    /// The project: of a range; of a change it saves a look.
    #[arg(long, conflicts_with = "repo")]
    project: Option<Project>,
    /// Which Gerrit, where there are several.
    #[arg(long, conflicts_with = "repo")]
    server: Option<ServerName>,
    /// The project's `refs/meta/config` at the base: how it moved since is judged too.
    #[arg(long, value_name = "COMMIT", requires = "range", conflicts_with = "repo")]
    rules: Option<ObjectId>,
    /// One JSON value a line.
    #[arg(long)]
    json: bool,
}

impl Evidence {
    pub(super) fn run(self, place: Place) -> Answer {
        match &self.repo {
            Some(repo) => self.offline(repo),
            None => block(self.live(&place)),
        }
    }

    fn offline(&self, path: &Path) -> Answer {
        let repo = Repo::open(path)?;
        let rules = ReviewRules::default();
        if let Some((base, tip)) = self.ends()? {
            let branch = self.branch.as_ref().map(RefName::as_str).unwrap_or_default();
            return self.range(&offline::range(&repo, base, tip, branch, &rules)?, &Known::default());
        }
        if self.all {
            for change in &offline::all(&repo, &rules)? {
                self.change(change, &Known::default())?;
            }
            return Ok(true);
        }
        let number = self.change.context("which change?")?;
        let Some(judged) = offline::one(&repo, number, &rules)? else {
            bail!("{} has no change {number}\nhint: fetch refs/changes/*/meta into it", path.display());
        };
        self.change(&judged, &Known::default())
    }

    async fn live(&self, place: &Place) -> Answer {
        let mut query = form_urlencoded();
        query.extend_pairs(self.server.iter().map(|server| ("server", server.as_str())));
        query.extend_pairs(self.project.iter().map(|project| ("project", project.as_str())));
        let range = self.ends()?;
        match (range, self.change, &self.project, &self.branch) {
            (Some((base, tip)), None, Some(_), Some(branch)) => {
                query.append_pair("range", &format!("{base}..{tip}"));
                query.append_pair("branch", branch.as_str());
                query.extend_pairs(self.rules.iter().map(|rules| ("rules", rules.to_string())));
            }
            (Some(_), ..) => bail!("--range needs --project\nhint: or --repo, to look into a repository"),
            (None, Some(number), ..) => {
                query.append_pair("change", &number.to_string());
            }
            (None, None, ..) => bail!("which change?"),
        }
        let answer = api(place)?.json(&format!("evidence?{}", query.finish())).await?;
        if range.is_some() {
            let (judged, known) = read(answer)?;
            self.range(&judged, &known)
        } else {
            let (judged, known) = read(answer)?;
            self.change(&judged, &known)
        }
    }

    /// Base and tip.
    fn ends(&self) -> anyhow::Result<Option<(ObjectId, ObjectId)>> {
        let Some(range) = &self.range else { return Ok(None) };
        let words = "--range takes BASE..TIP, two commit ids of 40 hex digits";
        let (base, tip) = range.split_once("..").context(words)?;
        Ok(Some((base.parse().context(words)?, tip.parse().context(words)?)))
    }

    fn change(&self, judged: &ChangeEvidence, known: &Known) -> Answer {
        self.print(judged, || change_in_words(judged, known))?;
        Ok(judged.reviewed)
    }

    fn range(&self, judged: &RangeEvidence, known: &Known) -> Answer {
        self.print(judged, || range_in_words(judged, known))?;
        Ok(judged.reviewed)
    }

    fn print<T: Serialize>(&self, value: &T, words: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json {
            say(serde_json::to_string(value)?);
        } else {
            say(words());
        }
        Ok(())
    }
}

fn form_urlencoded() -> url::form_urlencoded::Serializer<'static, String> {
    url::form_urlencoded::Serializer::new(String::new())
}

/// The evidence in the server's answer, and what it knows beside it.
fn read<E: DeserializeOwned>(mut answer: Value) -> anyhow::Result<(E, Known)> {
    let unknown =
        "the server answers in a shape that this program doesn't know\nhint: are both of the same version?";
    let evidence = answer.get_mut("evidence").map(Value::take).unwrap_or_default();
    let evidence = serde_json::from_value(evidence).context(unknown)?;
    Ok((evidence, serde_json::from_value(answer).context(unknown)?))
}
