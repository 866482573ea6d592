//! The site's `gerrit.config`: written whole at each start, so that a copied site keeps nothing of where it was.

use std::fmt::Write as _;
use std::path::Path;

use crate::Error;
use crate::error::At;

/// What differs from site to site.
pub(crate) struct SiteConfig<'a> {
    pub(crate) server_id: &'a str,
    pub(crate) http_port: u16,
    pub(crate) ssh_port: u16,
    pub(crate) hook_url: Option<&'a str>,
    pub(crate) commit_at_once: bool,
    pub(crate) java_home: &'a Path,
}

const INDEXES: [&str; 5] = ["changes_open", "changes_closed", "accounts", "groups", "projects"];

impl SiteConfig<'_> {
    pub(crate) fn write(&self, site: &Path) -> Result<(), Error> {
        let path = site.join("etc/gerrit.config");
        std::fs::write(&path, self.text()).at(path)
    }

    fn text(&self) -> String {
        let Self { server_id, http_port, ssh_port, .. } = self;
        let mut text = format!(
            "[gerrit]\n\tbasePath = git\n\tcanonicalWebUrl = http://127.0.0.1:{http_port}/\n\tserverId = {server_id}\n\
             [container]\n\tjavaHome = {}\n\
             [index]\n\ttype = lucene\n\
             [auth]\n\ttype = DEVELOPMENT_BECOME_ANY_ACCOUNT\n\tuserNameCaseInsensitive = true\n\
             [receive]\n\tenableSignedPush = false\n\
             [change]\n\tsubmitWholeTopic = true\n\
             [sendemail]\n\tenable = false\n\
             [sshd]\n\tlistenAddress = 127.0.0.1:{ssh_port}\n\
             [httpd]\n\tlistenUrl = http://127.0.0.1:{http_port}/\n\
             [cache]\n\tdirectory = cache\n",
            self.java_home.display()
        );
        if self.commit_at_once {
            // Else a hard kill loses what the index had not yet committed: queries then miss what NoteDb has.
            for index in INDEXES {
                let _ = write!(text, "[index \"{index}\"]\n\tcommitWithin = 0\n");
            }
        }
        if let Some(url) = self.hook_url {
            let _ =
                write!(text, "[plugin \"posthook\"]\n\turl = \"{}\"\n", url.replace(['"', '\\', '\n'], ""));
        }
        text
    }
}

/// The id of the server that a site belongs to.
pub(crate) fn server_id(site: &Path) -> Result<String, Error> {
    let path = site.join("etc/gerrit.config");
    let text = std::fs::read_to_string(&path).at(&path)?;
    text.lines()
        .find_map(|line| line.trim().strip_prefix("serverId = "))
        .map(str::to_owned)
        .ok_or_else(|| Error::Machine(format!("{} names no serverId", path.display())))
}
