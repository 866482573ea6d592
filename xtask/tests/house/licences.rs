//! The licences of everything that is built are ones that we may ship under Apache-2.0. `deny.toml` says the same.

use crate::cargo::{list, metadata, root, text};

const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// One crate, one more licence: used as it is, not changed.
const EXCEPTIONS: [(&str, &str); 1] = [("uluru", "MPL-2.0")];

/// Whether an SPDX expression can be met with licences that `allowed` accepts. What isn't understood is not.
fn may(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, allowed, broken: false };
    let answer = reader.any();
    answer && reader.words.is_empty() && !reader.broken
}

struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a dyn Fn(&str) -> bool,
    /// The expression is no expression.
    broken: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, word: &str) -> bool {
        let there = self.words.first() == Some(&word);
        if there {
            self.words = &self.words[1..];
        }
        there
    }

    fn any(&mut self) -> bool {
        let mut fine = self.every();
        while self.take("OR") {
            fine |= self.every();
        }
        fine
    }

    fn every(&mut self) -> bool {
        let mut fine = self.one();
        while self.take("AND") {
            fine &= self.one();
        }
        fine
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let fine = self.any();
            self.broken |= !self.take(")");
            return fine;
        }
        let name = self.word();
        if self.take("WITH") {
            let exception = self.word();
            return (self.allowed)(&format!("{name} WITH {exception}"));
        }
        (self.allowed)(name)
    }

    fn word(&mut self) -> &'a str {
        let Some((word, rest)) = self.words.split_first() else {
            self.broken = true;
            return "";
        };
        self.words = rest;
        word
    }
}

#[test]
fn every_licence_is_one_that_we_may_ship() {
    let mut bad = Vec::new();
    for package in list(metadata(), "packages") {
        let (name, licence) = (text(package, "name"), text(package, "license"));
        let allowed = |one: &str| ALLOWED.contains(&one) || EXCEPTIONS.contains(&(name, one));
        if !may(licence, &allowed) {
            bad.push(format!("{name} {}: {licence:?}", text(package, "version")));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn each_exception_is_still_needed() {
    for (name, licence) in EXCEPTIONS {
        let packages = list(metadata(), "packages").iter();
        let found = packages
            .filter(|package| text(package, "name") == name)
            .any(|p| text(p, "license").contains(licence));
        assert!(found, "{name} under {licence} is gone: take the exception away");
    }
}

#[test]
fn deny_toml_allows_the_same() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let licenses = deny.split("\n[licenses]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let allow = licenses.split("allow = [").nth(1).unwrap().split(']').next().unwrap();
    let mut said: Vec<&str> = allow.split('"').skip(1).step_by(2).collect();
    said.sort_unstable();
    assert_eq!(said, ALLOWED);
}

#[test]
fn expressions_are_read_as_spdx_says() {
    let fine = |expression: &str| may(expression, &|one| ALLOWED.contains(&one));
    for good in [
        "MIT",
        "GPL-3.0 OR MIT",
        "MIT/GPL-3.0",
        "(MIT OR GPL-3.0) AND ISC",
        "Apache-2.0 WITH LLVM-exception",
        "MIT AND ISC OR GPL-3.0",
    ] {
        assert!(fine(good), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT",
        "MIT ISC",
        "MIT WITH Odd",
        "MIT WITH",
        "MIT OR",
        "GPL-3.0 AND (MIT OR ISC)",
    ] {
        assert!(!fine(bad), "{bad}");
    }
}
