//! `git-receive-pack`: the advertisement, and the answer to a push.

use crate::git::{Oid, program};
use crate::refusal::Refusal;
use crate::world::World;
use crate::world::accounts::Caller;

use super::commands::{Command, Push, parse};
use super::pkt;

/// What a pusher is told, beside the status of each ref.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Lines before the progress, for refused rights.
    pub(crate) before: Vec<String>,
    /// Lines after it.
    pub(crate) after: Vec<String>,
    pub(crate) new: usize,
    pub(crate) updated: usize,
    pub(crate) closed: usize,
}

/// Why one ref was not moved, in the words of the report.
pub(crate) type Refused = String;

impl World {
    /// The refs a pusher may build on, with what this server can do.
    pub(crate) fn advertise_receive(&self, caller: Caller, project: &str) -> Result<Vec<u8>, Refusal> {
        let repo = self.must_repo(project)?;
        let mut refs = self.visible_refs(caller, project, &repo);
        refs.retain(|name, _| name.starts_with("refs/heads/") || name.starts_with("refs/tags/"));
        let abilities = "report-status delete-refs side-band-64k ofs-delta push-options agent=devgerrit";
        let mut out = pkt::line(b"# service=git-receive-pack\n");
        out.extend_from_slice(pkt::FLUSH);
        let mut first = true;
        for (name, id) in &refs {
            let tail = if std::mem::take(&mut first) { format!("\0{abilities}") } else { String::new() };
            out.extend(pkt::line(format!("{id} {name}{tail}\n").as_bytes()));
        }
        if first {
            out.extend(pkt::line(format!("{} capabilities^{{}}\0{abilities}\n", Oid::ZERO).as_bytes()));
        }
        out.extend_from_slice(pkt::FLUSH);
        Ok(out)
    }

    /// Does what a push asks, ref by ref, and writes the answer.
    pub(crate) fn receive(
        &mut self,
        caller: Caller,
        project: &str,
        request: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        // git probes with an empty push before it sends a large one
        if request == pkt::FLUSH {
            return Ok(Vec::new());
        }
        let repo = self.must_repo(project)?;
        let push = parse(request).ok_or_else(|| Refusal::bad("malformed push"))?;
        let unpacked = if push.pack.is_empty() { Ok(()) } else { program::unpack_objects(&repo, push.pack) };
        let mut told = Told::default();
        let mut status = Vec::new();
        let state = self.config(project).state();
        for command in &push.commands {
            let done = match (&unpacked, state) {
                (Err(_), _) => Err("unpacker error".to_owned()),
                (_, "ACTIVE") => self.execute(caller, project, command, &push, &mut told),
                (_, state) => {
                    Err(format!("prohibited by Gerrit: project state {state} does not permit write"))
                }
            };
            status.push((command.name.clone(), done));
        }
        Ok(report(&push, unpacked.err().map(|error| error.to_string()), &status, &told))
    }

    fn execute(
        &mut self,
        caller: Caller,
        project: &str,
        command: &Command,
        push: &Push<'_>,
        told: &mut Told,
    ) -> Result<(), Refused> {
        match command.name.strip_prefix("refs/for/") {
            Some(target) => self.push_for_review(caller, project, target, command, push, told),
            None => self.push_directly(caller, project, command, told),
        }
    }

    /// The rights that are missing, as a pusher is told.
    pub(crate) fn denied(&self, caller: Caller, name: &str, hint: &[&str], told: &mut Told) {
        let user = caller.account.and_then(|id| self.account(id)).and_then(|a| a.username.clone());
        told.before.push(format!("error: branch {name}:"));
        told.before.extend(hint.iter().map(|line| (*line).to_owned()));
        told.before.push(format!("User: {}", user.unwrap_or_default()));
        told.before.push("Contact an administrator to fix the permissions".to_owned());
    }
}

fn report(
    push: &Push<'_>,
    failed: Option<String>,
    status: &[(String, Result<(), Refused>)],
    told: &Told,
) -> Vec<u8> {
    let mut lines = pkt::line(
        match &failed {
            None => "unpack ok\n".to_owned(),
            Some(why) => format!("unpack error {}\n", why.replace('\n', " ")),
        }
        .as_bytes(),
    );
    for (name, done) in status {
        lines.extend(pkt::line(
            match done {
                Ok(()) => format!("ok {name}\n"),
                Err(why) => format!("ng {name} {why}\n"),
            }
            .as_bytes(),
        ));
    }
    lines.extend_from_slice(pkt::FLUSH);
    if !push.side_band {
        return if push.report_status { lines } else { Vec::new() };
    }
    let mut out = pkt::band(2, progress(push, told).as_bytes());
    if push.report_status {
        out.extend(pkt::band(1, &lines));
    }
    out.extend_from_slice(pkt::FLUSH);
    out
}

/// What the pusher reads behind `remote:`.
fn progress(push: &Push<'_>, told: &Told) -> String {
    let mut out = String::new();
    for line in &told.before {
        out.push_str(&format!("{line}\n"));
    }
    let mut counts = format!("Processing changes: refs: {}", push.commands.len());
    for (word, count) in [("new", told.new), ("updated", told.updated), ("closed", told.closed)] {
        if count > 0 {
            counts.push_str(&format!(", {word}: {count}"));
        }
    }
    out.push_str(&format!("\n{counts}\r{counts}, done    \n"));
    for line in &told.after {
        out.push_str(&format!("{line}\n"));
    }
    out
}
