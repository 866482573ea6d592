//! Gerrit's query language, as far as its grammar goes: `AND`, `OR`, `NOT`, `-`, parentheses, and atoms. Submit
//! requirements, copy conditions and queries share it; what an atom means is theirs.

/// A parsed expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Atom(Atom),
}

/// `key:value`, or a bare word (then the key is empty).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Atom {
    /// As written, quotes included: what results list.
    pub(crate) text: String,
    pub(crate) key: String,
    /// Without its quotes.
    pub(crate) value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Atom(Atom),
}

/// The deepest nesting that is read.
const DEEPEST: usize = 64;

impl Expr {
    /// `Err` is what is wrong, in a few words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = tokens(text)?.into_iter().peekable();
        let expr = either(&mut tokens, 0)?;
        match tokens.next() {
            None => Ok(expr),
            Some(_) => Err("line 1: unexpected ')'".to_owned()),
        }
    }

    /// All atoms, in order, each once.
    pub(crate) fn atoms(&self) -> Vec<&Atom> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Atom>) {
        match self {
            Self::And(list) | Self::Or(list) => list.iter().for_each(|e| e.collect(found)),
            Self::Not(inner) => inner.collect(found),
            Self::Atom(atom) => {
                if !found.iter().any(|has| has.text == atom.text) {
                    found.push(atom);
                }
            }
        }
    }

    pub(crate) fn eval(&self, holds: &dyn Fn(&Atom) -> bool) -> bool {
        match self {
            Self::And(list) => list.iter().all(|e| e.eval(holds)),
            Self::Or(list) => list.iter().any(|e| e.eval(holds)),
            Self::Not(inner) => !inner.eval(holds),
            Self::Atom(atom) => holds(atom),
        }
    }
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<Token>>;

fn either(tokens: &mut Tokens, depth: usize) -> Result<Expr, String> {
    let mut list = vec![both(tokens, depth)?];
    while tokens.next_if_eq(&Token::Or).is_some() {
        list.push(both(tokens, depth)?);
    }
    Ok(one_or(list, Expr::Or))
}

fn both(tokens: &mut Tokens, depth: usize) -> Result<Expr, String> {
    let mut list = vec![single(tokens, depth)?];
    loop {
        let joined = tokens.next_if_eq(&Token::And).is_some();
        match tokens.peek() {
            None | Some(Token::Or | Token::Close) if !joined => return Ok(one_or(list, Expr::And)),
            _ => list.push(single(tokens, depth)?),
        }
    }
}

fn one_or(mut list: Vec<Expr>, make: fn(Vec<Expr>) -> Expr) -> Expr {
    match (list.pop(), list.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            list.extend(last);
            make(list)
        }
    }
}

fn single(tokens: &mut Tokens, depth: usize) -> Result<Expr, String> {
    if depth > DEEPEST {
        return Err("nested too deeply".to_owned());
    }
    match tokens.next() {
        Some(Token::Not) => Ok(Expr::Not(Box::new(single(tokens, depth + 1)?))),
        Some(Token::Open) => {
            let inner = either(tokens, depth + 1)?;
            match tokens.next() {
                Some(Token::Close) => Ok(inner),
                _ => Err("missing ')'".to_owned()),
            }
        }
        Some(Token::Atom(atom)) => Ok(Expr::Atom(atom)),
        _ => Err("no viable alternative at input '<EOF>'".to_owned()),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.peek().copied() {
        match c {
            c if c.is_whitespace() => drop(chars.next()),
            '(' => {
                chars.next();
                found.push(Token::Open);
            }
            ')' => {
                chars.next();
                found.push(Token::Close);
            }
            '-' => {
                chars.next();
                found.push(Token::Not);
            }
            _ => {
                let word = word(&mut chars)?;
                found.push(match word.text.as_str() {
                    "AND" => Token::And,
                    "OR" => Token::Or,
                    "NOT" => Token::Not,
                    _ => Token::Atom(word),
                });
            }
        }
    }
    Ok(found)
}

fn word(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Atom, String> {
    let (mut text, mut plain, mut key) = (String::new(), String::new(), None);
    while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !"()".contains(*c)) {
        text.push(c);
        match c {
            '"' | '{' => {
                let end = if c == '{' { '}' } else { '"' };
                loop {
                    match chars.next() {
                        None => return Err("missing closing quote".to_owned()),
                        Some(c) if c == end => {
                            text.push(c);
                            break;
                        }
                        Some('\\') if end == '"' => {
                            text.push('\\');
                            if let Some(c) = chars.next() {
                                text.push(c);
                                plain.push(c);
                            }
                        }
                        Some(c) => {
                            text.push(c);
                            plain.push(c);
                        }
                    }
                }
            }
            ':' if key.is_none() && !plain.is_empty() => key = Some(std::mem::take(&mut plain)),
            c => plain.push(c),
        }
    }
    if key.is_some() && plain.is_empty() && !text.ends_with(['"', '}']) {
        return Err(format!("line 1:{} no viable alternative at input '<EOF>'", text.len()));
    }
    Ok(Atom { text, key: key.unwrap_or_default(), value: plain })
}

#[cfg(test)]
mod tests {
    use super::Expr;

    fn holds(text: &str, true_atoms: &[&str]) -> bool {
        let expr = Expr::parse(text).expect(text);
        expr.eval(&|atom| true_atoms.contains(&atom.text.as_str()))
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        assert!(holds("a:1 OR b:1 AND c:1", &["a:1"]));
        assert!(!holds("(a:1 OR b:1) AND c:1", &["a:1"]));
        assert!(holds("a:1 -b:1", &["a:1"]));
        assert!(!holds("a:1 NOT b:1", &["a:1", "b:1"]));
    }

    #[test]
    fn a_quoted_value_keeps_its_quotes_in_the_text_only() {
        let expr = Expr::parse("hashtag:\"break glass\" {a b}").expect("fine");
        let atoms = expr.atoms();
        assert_eq!(
            (atoms[0].text.as_str(), atoms[0].value.as_str()),
            ("hashtag:\"break glass\"", "break glass")
        );
        assert_eq!((atoms[1].key.as_str(), atoms[1].value.as_str()), ("", "a b"));
    }

    #[test]
    fn what_is_not_complete_is_refused() {
        for text in ["", "bogus:", "a:1 AND", "(a:1", "a:1)", "a:\"x"] {
            assert!(Expr::parse(text).is_err(), "{text}");
        }
    }
}
