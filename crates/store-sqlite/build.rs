//! Makes the database that the queries of this crate are checked against while it compiles: an empty one, in Cargo's
//! output directory, with all migrations applied.
//!
//! So the check is always against the schema as it is, a clean clone needs no database, and there is no query data in
//! the tree that could be stale. `DATABASE_URL` is set for this crate only, over whatever the environment says.

use std::{error::Error, path::PathBuf};

use sqlx::{Connection as _, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=migrations");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let path = out.join("schema.db");
    match std::fs::remove_file(&path) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(why.into()),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        Migrator::new(PathBuf::from("migrations")).await?.run(&mut connection).await?;
        connection.close().await?;
        Ok::<_, Box<dyn Error>>(())
    })?;
    let path = path.to_str().ok_or("the output directory's path is not UTF-8")?;
    println!("cargo::rustc-env=DATABASE_URL=sqlite://{path}");
    println!("cargo::rustc-env=SQLX_OFFLINE=false");
    Ok(())
}
