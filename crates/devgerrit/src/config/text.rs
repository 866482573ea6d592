//! The text of `project.config`: git's configuration format, read and written the way Gerrit writes it.

/// One `[name "sub"]` block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) sub: Option<String>,
    pub(crate) entries: Vec<(String, String)>,
}

/// A whole file, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfigText {
    pub(crate) sections: Vec<Section>,
}

impl ConfigText {
    /// `Err` is the number of the first line that can't be read, counted from one.
    pub(crate) fn parse(text: &str) -> Result<Self, usize> {
        let mut sections: Vec<Section> = Vec::new();
        for (n, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line.starts_with(';') {
                continue;
            }
            if let Some(head) = line.strip_prefix('[') {
                let head = head.strip_suffix(']').ok_or(n + 1)?;
                let (name, sub) = match head.split_once(' ') {
                    Some((name, sub)) => {
                        let sub =
                            sub.trim().strip_prefix('"').and_then(|s| s.strip_suffix('"')).ok_or(n + 1)?;
                        (name, Some(unescape(sub)))
                    }
                    None => (head, None),
                };
                sections.push(Section { name: name.to_owned(), sub, entries: Vec::new() });
                continue;
            }
            let section = sections.last_mut().ok_or(n + 1)?;
            let (key, value) = line.split_once('=').unwrap_or((line, "true"));
            section.entries.push((key.trim().to_owned(), unquote(value.trim())));
        }
        Ok(Self { sections })
    }

    pub(crate) fn render(&self) -> String {
        let mut out = String::new();
        for section in &self.sections {
            match &section.sub {
                Some(sub) => out.push_str(&format!("[{} \"{}\"]\n", section.name, escape(sub))),
                None => out.push_str(&format!("[{}]\n", section.name)),
            }
            for (key, value) in &section.entries {
                out.push_str(&format!("\t{key} = {}\n", quote(value)));
            }
        }
        out
    }

    /// The last value of a key, as git reads it. Keys compare without case.
    pub(crate) fn get(&self, name: &str, sub: Option<&str>, key: &str) -> Option<&str> {
        self.all(name, sub, key).last().copied()
    }

    pub(crate) fn all(&self, name: &str, sub: Option<&str>, key: &str) -> Vec<&str> {
        self.sections
            .iter()
            .filter(|s| s.name == name && s.sub.as_deref() == sub)
            .flat_map(|s| s.entries.iter())
            .filter(|(has, _)| has.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The names of all subsections, in order, each once.
    pub(crate) fn subsections(&self, name: &str) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for sub in self.sections.iter().filter(|s| s.name == name).filter_map(|s| s.sub.as_deref()) {
            if !found.contains(&sub) {
                found.push(sub);
            }
        }
        found
    }

    /// Replaces all values of a key; no values takes it away. Makes the section when it is needed.
    pub(crate) fn set(&mut self, name: &str, sub: Option<&str>, key: &str, values: &[String]) {
        let at = self.sections.iter().position(|s| s.name == name && s.sub.as_deref() == sub);
        let section = match at.and_then(|at| self.sections.get_mut(at)) {
            Some(section) => section,
            None if values.is_empty() => return,
            None => {
                let new = Section { name: name.to_owned(), sub: sub.map(str::to_owned), entries: Vec::new() };
                self.sections.push(new);
                let Some(section) = self.sections.last_mut() else { return };
                section
            }
        };
        let place = section.entries.iter().position(|(has, _)| has.eq_ignore_ascii_case(key));
        section.entries.retain(|(has, _)| !has.eq_ignore_ascii_case(key));
        let place = place.unwrap_or(section.entries.len()).min(section.entries.len());
        let new: Vec<_> = values.iter().map(|value| (key.to_owned(), value.clone())).collect();
        section.entries.splice(place..place, new);
    }

    pub(crate) fn remove_section(&mut self, name: &str, sub: Option<&str>) -> bool {
        let before = self.sections.len();
        self.sections.retain(|s| s.name != name || s.sub.as_deref() != sub);
        before != self.sections.len()
    }

    /// Takes away what has no entries left, as Gerrit does for rules of access.
    pub(crate) fn drop_empty(&mut self, name: &str) {
        self.sections.retain(|s| s.name != name || !s.entries.is_empty());
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    out
}

fn quote(value: &str) -> String {
    let inner = escape(value).replace('\n', "\\n").replace('\t', "\\t");
    let needs = value.starts_with(' ') || value.ends_with(' ') || value.contains(['#', ';']);
    if needs { format!("\"{inner}\"") } else { inner }
}

fn unquote(value: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            '#' | ';' if !quoted => break,
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    if value.ends_with('"') { out } else { out.trim_end().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::ConfigText;

    #[test]
    fn values_with_quotes_and_comment_signs_survive() {
        let mut config = ConfigText::default();
        for value in ["hashtag:\"break-glass\"", "a # b", " lead", "x;y", "back\\slash", "plain = text"] {
            config.set("s", Some("a \"b\""), "key", &[value.to_owned()]);
            let again = ConfigText::parse(&config.render()).expect("readable");
            assert_eq!(again.get("s", Some("a \"b\""), "KEY"), Some(value));
        }
    }

    #[test]
    fn setting_a_key_keeps_its_place() {
        let mut config = ConfigText::parse("[a]\n\tx = 1\n\ty = 2\n\tx = 3\n").expect("readable");
        config.set("a", None, "x", &["4".to_owned(), "5".to_owned()]);
        assert_eq!(config.render(), "[a]\n\tx = 4\n\tx = 5\n\ty = 2\n");
    }

    #[test]
    fn a_line_outside_any_section_is_named() {
        assert_eq!(ConfigText::parse("# fine\nkey = 1\n"), Err(2));
    }
}
