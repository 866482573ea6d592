//! A crate imports only from floors below its own; side crates are in no product but for the demo.

use std::collections::{BTreeMap, BTreeSet};

use crate::cargo::{self, Member, members};

/// Where a crate lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Floor {
    At(u32),
    Side,
}

/// A row of the table in docs/ARCHITECTURE.md, for one of its crates.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) floor: Floor,
    /// The last column.
    pub(crate) never: String,
}

/// The table below "The house".
fn table() -> BTreeMap<String, Row> {
    let page = std::fs::read_to_string(cargo::root().join("docs/ARCHITECTURE.md")).unwrap();
    let rows = parse(&page);
    assert!(rows.len() > 10, "the table in docs/ARCHITECTURE.md has too few rows");
    rows
}

fn parse(page: &str) -> BTreeMap<String, Row> {
    let (_, house) = page.split_once("\n## The house\n").expect("a part called The house");
    let house = house.split("\n## ").next().unwrap();
    let mut rows = BTreeMap::new();
    for line in house.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let floor = match cells[0] {
            "side" => Floor::Side,
            number => match number.parse() {
                Ok(floor) => Floor::At(floor),
                Err(_) => continue,
            },
        };
        for name in cells[1].split('`').skip(1).step_by(2) {
            let row = Row { floor, never: cells.last().copied().unwrap_or_default().to_owned() };
            assert!(rows.insert(name.to_owned(), row).is_none(), "{name} is in the table twice");
        }
    }
    rows
}

/// What is wrong with one crate's dependencies.
fn wrong(member: &Member, table: &BTreeMap<String, Row>) -> Vec<String> {
    let Some(row) = table.get(&member.name) else {
        return vec![format!("{} is not in the table of docs/ARCHITECTURE.md", member.name)];
    };
    let Floor::At(floor) = row.floor else { return Vec::new() };
    let mut wrong = Vec::new();
    for (name, kind, optional) in &member.dependencies {
        let Some(below) = table.get(name) else { continue };
        if kind == "dev" {
            continue;
        }
        let fine = match below.floor {
            Floor::At(below) => below < floor,
            Floor::Side => member.name == "exq" && *optional && only_by_demo(&member.features, name),
        };
        if !fine {
            wrong.push(format!("{} (floor {floor}) imports {name} ({:?})", member.name, below.floor));
        }
    }
    wrong
}

/// Nothing but the feature `demo` brings this dependency in.
fn only_by_demo(features: &BTreeMap<String, Vec<String>>, name: &str) -> bool {
    let [brings, through, weak] = [format!("dep:{name}"), format!("{name}/"), format!("{name}?/")];
    features.iter().all(|(feature, items)| {
        feature == "demo"
            || !items.iter().any(|item| {
                *item == brings || item == name || item.starts_with(&through) || item.starts_with(&weak)
            })
    })
}

#[test]
fn each_crate_imports_only_from_floors_below() {
    let table = table();
    let members = members();
    let wrong: Vec<String> = members
        .iter()
        .filter(|member| member.name != "xtask")
        .flat_map(|member| wrong(member, &table))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_crate_of_the_table_exists() {
    let names: BTreeSet<String> = members().into_iter().map(|member| member.name).collect();
    let gone: Vec<String> = table().into_keys().filter(|name| !names.contains(name)).collect();
    assert!(gone.is_empty(), "docs/ARCHITECTURE.md speaks of {gone:?}, which are not there");
}

#[test]
fn nothing_imports_the_tasks() {
    for member in members() {
        assert!(member.dependencies.iter().all(|(name, ..)| name != "xtask"), "{}", member.name);
    }
}

/// What each word of the column "never" stands for among crates of others.
fn never(word: &str) -> &'static [&'static str] {
    match word {
        "I/O" | "network" => &["async-std", "gix", "hyper", "mio", "reqwest", "socket2", "tokio"],
        "tokio" | "async" => &["async-std", "mio", "smol", "tokio"],
        "HTTP" => &["axum", "hyper", "reqwest", "tower-http", "ureq"],
        "SQL" | "database" => &["libsqlite3-sys", "rusqlite", "sqlx", "sqlx-core", "tokio-postgres"],
        _ => &[],
    }
}

/// For these words what the imported crates bring counts too. For the others only what the crate itself asks for: the
/// engine uses the client of Gerrit, and speaks no HTTP.
const DEEP: [&str; 4] = ["I/O", "network", "database", "tokio"];

#[test]
fn each_crate_keeps_what_its_row_says_never() {
    let table = table();
    let mut wrong = Vec::new();
    for member in members() {
        let Some(row) = table.get(&member.name) else { continue };
        let words: Vec<&str> = row.never.split(", ").collect();
        let deep = words.iter().any(|word| DEEP.contains(word));
        let brings: BTreeSet<String> = if deep {
            let tree = cargo::tree(&["--package", &member.name, "--edges", "normal"]);
            tree.into_iter().map(|(name, _)| name).collect()
        } else {
            let asked = member.dependencies.iter().filter(|(_, kind, _)| kind == "normal");
            asked.map(|(name, ..)| name.clone()).collect()
        };
        for word in words {
            let bad: Vec<&str> = never(word).iter().copied().filter(|name| brings.contains(*name)).collect();
            if !bad.is_empty() {
                wrong.push(format!("{}: never {word}, but it brings {}", member.name, bad.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const PAGE: &str = "# A\n\n## The house\n\n| floor | crate | what | never |\n|---|---|---|---|\n\
    | 0 | `model` | words with `code` | I/O, SQL |\n| 1 | `engine` | x | y |\n| 6 | `exq` | x | y |\n\
    | side | `devgerrit`, `story` | x | y |\n\n## Next\n\n| 9 | `other` | x | y |\n";

fn member(name: &str, dependencies: &[(&str, &str, bool)], features: &[(&str, &str)]) -> Member {
    Member {
        name: name.to_owned(),
        folder: cargo::root(),
        dependencies: dependencies.iter().map(|(n, k, o)| ((*n).to_owned(), (*k).to_owned(), *o)).collect(),
        features: features.iter().map(|(n, item)| ((*n).to_owned(), vec![(*item).to_owned()])).collect(),
    }
}

#[test]
fn the_table_is_read_and_nothing_beside_it() {
    let rows = parse(PAGE);
    assert_eq!(rows.keys().collect::<Vec<_>>(), ["devgerrit", "engine", "exq", "model", "story"]);
    assert_eq!(rows["engine"].floor, Floor::At(1));
    assert_eq!(rows["story"].floor, Floor::Side);
    assert_eq!(rows["model"].never, "I/O, SQL");
}

#[test]
fn what_a_floor_forbids_is_found() {
    let rows = parse(PAGE);
    let count = |member: Member| wrong(&member, &rows).len();
    assert_eq!(count(member("engine", &[("model", "normal", false), ("serde", "normal", false)], &[])), 0);
    assert_eq!(count(member("model", &[("engine", "normal", false)], &[])), 1, "from above");
    assert_eq!(count(member("model", &[("engine", "build", false)], &[])), 1, "from above, to build");
    assert_eq!(count(member("model", &[("engine", "dev", false)], &[])), 0, "tests may look up");
    assert_eq!(count(member("engine", &[("story", "normal", true)], &[("demo", "dep:story")])), 1, "not exq");
    assert_eq!(count(member("unheard", &[], &[])), 1, "not in the table");
    let exq =
        |optional, feature, item| count(member("exq", &[("story", "normal", optional)], &[(feature, item)]));
    assert_eq!(exq(true, "demo", "dep:story"), 0);
    assert_eq!(exq(false, "demo", "dep:story"), 1, "always there");
    assert_eq!(exq(true, "pages", "dep:story"), 1, "by another feature");
    assert_eq!(exq(true, "pages", "story/x"), 1, "through another feature");
}
