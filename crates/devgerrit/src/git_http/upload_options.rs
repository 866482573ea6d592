//! What stands behind the `%` of `refs/for/main%topic=x,submit`, and in `git push -o`.

use crate::change::create::Upload;
use crate::notedb::update::ReviewerState;
use crate::world::World;
use crate::world::accounts::Caller;

use super::receive::Refused;

/// A push for review, taken apart.
pub(crate) struct Target {
    /// In full.
    pub(crate) branch: String,
    pub(crate) submit: bool,
    pub(crate) upload: Upload,
}

/// Percent escapes and `_` for a blank, as `m=` takes them.
fn message(text: &str) -> String {
    crate::rest::input::decode(text, true).replace('_', " ")
}

impl World {
    pub(crate) fn push_target(
        &self,
        caller: Caller,
        target: &str,
        options: &[String],
    ) -> Result<Target, Refused> {
        let (branch, inline) = target.split_once('%').unwrap_or((target, ""));
        let branch = crate::change::revert::full_branch(branch);
        let mut found = Target { branch, submit: false, upload: Upload::default() };
        let upload = &mut found.upload;
        for option in inline.split(',').filter(|o| !o.is_empty()).chain(options.iter().map(String::as_str)) {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            match key {
                "topic" => upload.topic = Some(value.to_owned()).filter(|topic| !topic.is_empty()),
                "t" | "hashtag" => drop(upload.hashtags.insert(value.to_owned())),
                "r" | "reviewer" | "cc" => {
                    let id = self.resolve_account(caller, value);
                    let id = id.map_err(|_| format!("user \"{value}\" not found"))?;
                    let state = if key == "cc" { ReviewerState::Cc } else { ReviewerState::Reviewer };
                    upload.reviewers.insert(id, state);
                }
                "m" | "message" => upload.message = Some(message(value)).filter(|text| !text.is_empty()),
                "l" | "label" => upload.votes.push(vote(value)?),
                "submit" => found.submit = true,
                "wip" | "work-in-progress" if upload.work_in_progress == Some(false) => {
                    return Err(exclusive());
                }
                "ready" if upload.work_in_progress == Some(true) => return Err(exclusive()),
                "wip" | "work-in-progress" => upload.work_in_progress = Some(true),
                "ready" => upload.work_in_progress = Some(false),
                "private" => upload.private = Some(true),
                "remove-private" => upload.private = Some(false),
                "notify"
                | "notify-to"
                | "no-publish-comments"
                | "publish-comments"
                | "np"
                | "trace"
                | "deadline" => {}
                other => return Err(format!("\"--{other}\" is not a valid option")),
            }
        }
        Ok(found)
    }
}

fn exclusive() -> Refused {
    "the options 'wip' and 'ready' are mutually exclusive".to_owned()
}

/// `Code-Review+1`, `Code-Review=-1`, or a bare label, which is `+1`.
fn vote(text: &str) -> Result<(String, i32), Refused> {
    let wrong = || format!("invalid label {text}");
    if let Some((label, value)) = text.split_once('=') {
        return Ok((label.to_owned(), value.trim_start_matches('+').parse().map_err(|_| wrong())?));
    }
    let digits = text.chars().rev().take_while(char::is_ascii_digit).count();
    let (head, number) = text.split_at(text.len() - digits);
    match (head.strip_suffix('+'), head.strip_suffix('-'), number.parse::<i32>()) {
        (Some(label), _, Ok(value)) => Ok((label.to_owned(), value)),
        (_, Some(label), Ok(value)) => Ok((label.to_owned(), -value)),
        _ => Ok((text.to_owned(), 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::vote;

    #[test]
    fn votes_are_read_in_all_their_forms() {
        assert_eq!(vote("Code-Review+2"), Ok(("Code-Review".into(), 2)));
        assert_eq!(vote("Code-Review-1"), Ok(("Code-Review".into(), -1)));
        assert_eq!(vote("Code-Review=-1"), Ok(("Code-Review".into(), -1)));
        assert_eq!(vote("Verified"), Ok(("Verified".into(), 1)));
    }
}
