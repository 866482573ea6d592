//! What pages say, as values. Text from outside becomes [`Shown`] here; templates only lay out.

pub(crate) mod chip;
pub(crate) mod configuration;
pub(crate) mod consent;
pub(crate) mod outcome;
pub(crate) mod overview;
pub(crate) mod reason;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod submission;
pub(crate) mod when;

use askama::{Template, filters::HtmlSafe};

use crate::{App, pages::assets, text::Shown};

/// Where a page stands in the navigation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Overview,
    Submission,
    Runs,
    Consents,
    Configuration,
    Sessions,
    Outside,
}

impl Place {
    /// Its path, for those that have one of their own.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Overview | Self::Submission | Self::Outside => "/",
            Self::Runs => "/runs",
            Self::Consents => "/consents",
            Self::Configuration => "/configuration",
            Self::Sessions => "/sessions",
        }
    }
}

/// What all pages share.
pub(crate) struct Frame {
    pub(crate) title: Shown,
    place: Place,
    /// Of the assets.
    pub(crate) version: &'static str,
    /// Where the server listens.
    pub(crate) address: String,
    /// People sign in here.
    pub(crate) has_people: bool,
}

/// One entry of the navigation.
pub(crate) struct Entry {
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    pub(crate) is_here: bool,
    pub(crate) is_under: bool,
}

impl Frame {
    /// For a reader.
    pub(crate) fn inside(app: &App, title: &str, place: Place) -> Self {
        Self {
            title: Shown::line(title),
            place,
            version: assets::version(),
            address: app.address.to_string(),
            has_people: app.people.is_some(),
        }
    }

    /// For anybody.
    pub(crate) fn outside(app: &App, title: &str) -> Self {
        Self::inside(app, title, Place::Outside)
    }

    /// The navigation; nothing of it for who is not a reader.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let entry = |place: Place, name| Entry {
            path: place.path(),
            name,
            is_here: self.place == place,
            is_under: self.place == Place::Submission && place == Place::Overview,
        };
        match self.place {
            Place::Outside => Vec::new(),
            _ => {
                let mut all = vec![
                    entry(Place::Overview, "Submissions"),
                    entry(Place::Runs, "Runs"),
                    entry(Place::Configuration, "Configuration"),
                ];
                if self.has_people {
                    all.insert(1, entry(Place::Consents, "Approvals"));
                    all.push(entry(Place::Sessions, "Sessions"));
                }
                all
            }
        }
    }
}

/// A commit or digest: whole for machines and on hover, its first digits for eyes.
/// It is a piece of a page: a template shows it as it is.
#[derive(Clone, PartialEq, Eq, Debug, Template)]
#[template(ext = "html", source = r#"<code class="hash" title="{{ whole }}">{{ short }}</code>"#)]
pub(crate) struct Hash {
    pub(crate) whole: String,
    pub(crate) short: String,
}

impl HtmlSafe for Hash {}

impl Hash {
    pub(crate) fn of(hash: &impl std::fmt::Display) -> Self {
        let whole = hash.to_string();
        let short = whole.chars().take(10).collect();
        Self { whole, short }
    }
}

/// A link that leads where it says: `http` or `https`, no characters that a browser would read otherwise.
pub(crate) fn safe_link(url: &str) -> Option<String> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let plain = url.bytes().all(|b| b.is_ascii_graphic() && !br#"\"'<>`"#.contains(&b));
    (web && plain && url.len() <= 2_000).then(|| url.to_owned())
}

/// `refs/heads/main` as `main`.
pub(crate) fn branch(name: &model::RefName) -> String {
    name.as_str().strip_prefix("refs/heads/").unwrap_or(name.as_str()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_links_are_links() {
        assert!(safe_link("https://gerrit.example.com/c/shop/+/42").is_some());
        for bad in ["javascript:alert(1)", "//x", "https://a\"b", "http://a b", "data:text/html,x", ""] {
            assert_eq!(safe_link(bad), None, "{bad}");
        }
    }
}
