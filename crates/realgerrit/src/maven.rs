//! Gets Gerrit's jars from Maven by their coordinates.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cache::Cache;
use crate::error::At;
use crate::java::{command, finish};
use crate::{Error, VERSION};

const BOUNCY_CASTLE: &str = "1.80";

/// The framework holds Gerrit's `Init` and `Daemon`, the plugin API all that they need; there is no war on Maven.
fn artifacts() -> [(&'static str, &'static str, &'static str); 6] {
    [
        ("com.google.gerrit", "gerrit-acceptance-framework", VERSION),
        ("com.google.gerrit", "gerrit-plugin-api", VERSION),
        ("org.bouncycastle", "bcprov-jdk18on", BOUNCY_CASTLE),
        ("org.bouncycastle", "bcutil-jdk18on", BOUNCY_CASTLE),
        ("org.bouncycastle", "bcpkix-jdk18on", BOUNCY_CASTLE),
        ("org.bouncycastle", "bcpg-jdk18on", BOUNCY_CASTLE),
    ]
}

/// The jars, got once. The cache must be locked.
pub(crate) fn jars(cache: &Cache) -> Result<Vec<PathBuf>, Error> {
    let dir = cache.once(&format!("jars-{VERSION}"), fetch)?;
    Ok(artifacts().iter().map(|(_, name, version)| dir.join(format!("{name}-{version}.jar"))).collect())
}

fn fetch(dir: &Path) -> Result<(), Error> {
    let mvn = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|path| path.join("mvn"))
        .find(|path| path.is_file())
        .ok_or(Error::Maven)?;
    let pom = dir.join("pom.xml");
    std::fs::write(&pom, project()).at(&pom)?;
    let mut copy = command(&mvn);
    copy.args(["-q", "-B", "-f"]).arg(&pom).arg("dependency:copy").current_dir(dir);
    copy.arg(format!("-DoutputDirectory={}", dir.display()));
    finish("mvn dependency:copy", copy)
}

/// One run of Maven for all jars is much faster than one for each.
fn project() -> String {
    let mut items = String::new();
    for (group, name, version) in artifacts() {
        let _ = write!(
            items,
            "<artifactItem><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>\
             </artifactItem>"
        );
    }
    format!(
        "<project><modelVersion>4.0.0</modelVersion><groupId>exequatur</groupId><artifactId>jars</artifactId>\
         <version>1</version><packaging>pom</packaging><build><plugins><plugin>\
         <artifactId>maven-dependency-plugin</artifactId><configuration><artifactItems>{items}</artifactItems>\
         </configuration></plugin></plugins></build></project>"
    )
}
