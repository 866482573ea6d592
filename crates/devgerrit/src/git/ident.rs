//! `Name <mail> seconds zone`, as commits carry it.

/// Who and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ident {
    pub(crate) name: String,
    pub(crate) email: String,
    /// Seconds since 1970, UTC.
    pub(crate) when: i64,
    /// Minutes east of UTC.
    pub(crate) zone_minutes: i32,
}

impl Ident {
    pub(crate) fn new(name: impl Into<String>, email: impl Into<String>, when: i64) -> Self {
        Self { name: name.into(), email: email.into(), when, zone_minutes: 0 }
    }

    /// Reads the value of an `author` or `committer` line. Lenient: what can't be read is empty or zero.
    pub(crate) fn parse(line: &str) -> Self {
        let (head, tail) = line.rsplit_once('>').unwrap_or((line, ""));
        let (name, email) = head.split_once('<').unwrap_or((head, ""));
        let mut words = tail.split_whitespace();
        let when = words.next().and_then(|w| w.parse().ok()).unwrap_or(0);
        let zone = words.next().and_then(|w| w.parse::<i32>().ok()).unwrap_or(0);
        let zone_minutes = zone / 100 * 60 + zone % 100;
        Self { name: name.trim_end().to_owned(), email: email.to_owned(), when, zone_minutes }
    }

    pub(crate) fn render(&self) -> String {
        let sign = if self.zone_minutes < 0 { '-' } else { '+' };
        let zone = self.zone_minutes.unsigned_abs();
        format!("{} <{}> {} {sign}{:02}{:02}", self.name, self.email, self.when, zone / 60, zone % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::Ident;

    #[test]
    fn an_ident_survives_reading_and_writing() {
        for line in ["Ann Example <ann@example.com> 1700000000 -0330", "x <> 0 +0000"] {
            assert_eq!(Ident::parse(line).render(), line);
        }
    }
}
