//! Where a browser goes after it has signed in: a place of ours, and nowhere else.

/// A path of our own, with its query: `/runs?after=x`. Anything that a browser could read as another origin is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnTo(String);

/// Longer ones are cut to the beginning: a page's address is short.
const MAX_BYTES: usize = 1024;

impl ReturnTo {
    /// The first page.
    #[must_use]
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// What somebody asks for, if it is a place of ours; else the first page. It never fails: a strange wish isn't worth a
    /// refused sign-in.
    ///
    /// Only printable ASCII without `\`; begins with one `/` and no second one, since `//evil` and `/\evil` are other
    /// hosts to browsers, and a tab or line break between them is skipped by them.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut bytes = text.bytes();
        let rooted = bytes.next() == Some(b'/') && bytes.next() != Some(b'/');
        let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        if rooted && plain && text.len() <= MAX_BYTES && !escapes(text) {
            Self(text.to_owned())
        } else {
            Self::home()
        }
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the URL standard reads it as a place of another origin.
fn escapes(text: &str) -> bool {
    const BASE: &str = "https://ours.invalid/x/y";
    let Ok(base) = url::Url::parse(BASE) else { return true };
    base.join(text).map_or(true, |there| there.origin() != base.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_redirect_leads_home() {
        for bad in [
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "http:evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "///evil.example",
            "evil.example",
            "",
            "/\u{202e}",
            &format!("/{}", "x".repeat(MAX_BYTES)),
        ] {
            assert_eq!(ReturnTo::parse(bad), ReturnTo::home(), "{bad:?}");
        }
        for good in ["/", "/runs", "/runs?after=x%2Fy&z=//a", "/submissions/sub-1#x", "/a/..//b"] {
            assert_eq!(ReturnTo::parse(good).as_str(), good);
        }
    }
}
