//! Writes a source in which all its mutants are, each asleep until its number is called.
//!
//! So there is one build for all of them. An alternative is made of the untouched source: only one mutant is ever awake.

use std::ops::Range;

use super::mutant::{Act, Mutant};

/// What asks whether all of these sleep. The scratch crate has it.
const ASLEEP: &str = "crate::mutants_asleep";

/// A woven source.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Woven {
    pub(super) text: String,
    /// Which bytes of it are there because of which mutant.
    pub(super) regions: Vec<(Range<usize>, u32)>,
    /// Which bytes of it are a place where these mutants are, the sleeping text included.
    pub(super) sites: Vec<(Range<usize>, Vec<u32>)>,
}

/// All that is done at one place.
struct Site<'m> {
    range: Range<usize>,
    acts: Vec<(u32, &'m Act)>,
}

/// Weaves the mutants, each with its number, into their source. `consts` are the `const fn` of it: the word, the body.
pub(super) fn weave(
    source: &str,
    mutants: &[(u32, &Mutant)],
    consts: &[(Range<usize>, Range<usize>)],
) -> Woven {
    let mut sites: Vec<Site<'_>> = Vec::new();
    for (id, mutant) in mutants {
        for place in &mutant.places {
            let is_expression = |act: &Act| matches!(act, Act::Replace(_));
            let same = |site: &&mut Site<'_>| {
                site.range == place.range
                    && site.acts.iter().all(|(_, act)| {
                        is_expression(act) == is_expression(&place.act)
                            && (is_expression(act) || matches!(place.act, Act::Return(_)))
                    })
            };
            match sites.iter_mut().find(same) {
                Some(site) => site.acts.push((*id, &place.act)),
                None => sites.push(Site { range: place.range.clone(), acts: vec![(*id, &place.act)] }),
            }
        }
    }
    // Outer before inner; a statement before the expression that it is.
    sites.sort_by_key(|site| (site.range.start, !site.range.is_empty(), std::cmp::Reverse(site.range.end)));
    let not_const: Vec<Range<usize>> = consts
        .iter()
        .filter(|(_, body)| sites.iter().any(|site| body.contains(&site.range.start)))
        .map(|(word, _)| word.clone())
        .collect();
    let mut weaver = Weaver { source, woven: Woven::default(), not_const };
    weaver.emit(0..source.len(), &sites);
    weaver.woven
}

struct Weaver<'s> {
    source: &'s str,
    woven: Woven,
    not_const: Vec<Range<usize>>,
}

impl Weaver<'_> {
    /// A piece of the source, with what is within.
    fn emit(&mut self, range: Range<usize>, mut sites: &[Site<'_>]) {
        let mut at = range.start;
        while let Some((site, rest)) = sites.split_first() {
            let within = rest.iter().take_while(|other| other.range.start < site.range.end).count();
            let (inner, after) = rest.split_at_checked(within).unwrap_or((rest, &[]));
            self.plain(at..site.range.start);
            self.site(site, inner);
            at = site.range.end;
            sites = after;
        }
        self.plain(at..range.end);
    }

    fn plain(&mut self, range: Range<usize>) {
        let mut at = range.start;
        for word in self.not_const.iter().filter(|word| range.contains(&word.start)) {
            self.woven.text.push_str(self.source.get(at..word.start).unwrap_or_default());
            at = word.end;
        }
        self.woven.text.push_str(self.source.get(at..range.end).unwrap_or_default());
    }

    fn site(&mut self, site: &Site<'_>, inner: &[Site<'_>]) {
        let begin = self.woven.text.len();
        let ids: Vec<u32> = site.acts.iter().map(|(id, _)| *id).collect();
        let asleep = |ids: &[u32]| format!("{ASLEEP}(&{ids:?})");
        match site.acts.as_slice() {
            [(id, Act::LeaveOut)] => {
                self.woven.text.push_str(&format!("if {} {{ ", asleep(&ids)));
                self.woven.regions.push((begin..self.woven.text.len(), *id));
                self.emit(site.range.clone(), inner);
                self.woven.text.push_str(" }");
            }
            [(id, Act::NeverTake)] => {
                self.woven.text.push_str(&format!(" if {}", asleep(&ids)));
                self.woven.regions.push((begin..self.woven.text.len(), *id));
            }
            acts => {
                let is_expression = acts.iter().any(|(_, act)| matches!(act, Act::Replace(_)));
                if is_expression {
                    self.woven.text.push_str(&format!("(if {} {{ ", asleep(&ids)));
                    self.emit(site.range.clone(), inner);
                    self.woven.text.push_str(" }");
                }
                for (at, (id, act)) in acts.iter().enumerate() {
                    let begin = self.woven.text.len();
                    let is_last = at + 1 == acts.len();
                    match act {
                        Act::Replace(with) if is_last => {
                            self.woven.text.push_str(&format!(" else {{ {with} }}"))
                        }
                        Act::Replace(with) => {
                            self.woven.text.push_str(&format!(" else if !{} {{ {with} }}", asleep(&[*id])));
                        }
                        Act::Return(value) => {
                            let value = if value.is_empty() { value.clone() } else { format!(" {value}") };
                            self.woven
                                .text
                                .push_str(&format!(" if !{} {{ return{value}; }}", asleep(&[*id])));
                        }
                        Act::LeaveOut | Act::NeverTake => {}
                    }
                    self.woven.regions.push((begin..self.woven.text.len(), *id));
                }
                if is_expression {
                    self.woven.text.push(')');
                }
            }
        }
        self.woven.sites.push((begin..self.woven.text.len(), ids));
    }
}

impl Woven {
    /// The mutants because of which the compiler complains about these bytes: those whose text it is, else those of the
    /// innermost place.
    pub(super) fn blame(&self, spans: &[Range<usize>]) -> Vec<u32> {
        let touches =
            |range: &Range<usize>, span: &Range<usize>| span.start >= range.start && span.end <= range.end;
        let mut blamed: Vec<u32> = self
            .regions
            .iter()
            .filter(|(range, _)| spans.iter().any(|span| touches(range, span)))
            .map(|(_, id)| *id)
            .collect();
        if blamed.is_empty() {
            let around = self.sites.iter().filter(|(range, _)| spans.iter().any(|span| touches(range, span)));
            let innermost = around.min_by_key(|(range, _)| range.len());
            blamed.extend(innermost.into_iter().flat_map(|(_, ids)| ids));
        }
        blamed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::find;

    fn woven(source: &str, keep: impl Fn(&str) -> bool) -> Woven {
        let mutants = find::mutants(source).unwrap();
        let numbered: Vec<(u32, &Mutant)> =
            (1..).zip(mutants.iter().filter(|mutant| keep(&mutant.what))).collect();
        weave(source, &numbered, &find::const_functions(source).unwrap())
    }

    #[test]
    fn a_comparison_has_its_alternatives_behind_it() {
        let woven = woven("fn f(a: u8) { g(a < b); }", |what| what.starts_with("`a < b`"));
        assert_eq!(
            woven.text,
            "fn f(a: u8) { g((if crate::mutants_asleep(&[1, 2]) { a < b } \
             else if !crate::mutants_asleep(&[1]) { a <= b } else { a >= b })); }"
        );
    }

    #[test]
    fn what_lies_within_is_woven_where_the_outer_sleeps_and_plain_elsewhere() {
        let woven =
            woven("fn f() -> bool { !(a == b) }", |what| what.starts_with("`!") || what.starts_with("`a =="));
        assert_eq!(
            woven.text,
            "fn f() -> bool { (if crate::mutants_asleep(&[1]) { !((if crate::mutants_asleep(&[2]) { a == b } \
             else { a != b })) } else { (a == b) }) }"
        );
    }

    #[test]
    fn statements_returns_and_arms_are_guarded() {
        let source = "const fn f(a: u8) -> bool { match a { 1 => x(), _ => y() } }";
        let woven_arm = woven(source, |what| what.contains("never taken"));
        assert_eq!(
            woven_arm.text,
            " fn f(a: u8) -> bool { match a { 1 if crate::mutants_asleep(&[1]) => x(), _ => y() } }"
        );
        let woven_return = woven("fn f() -> bool { g() }", |what| what.starts_with("returns"));
        assert_eq!(
            woven_return.text,
            "fn f() -> bool { if !crate::mutants_asleep(&[1]) { return true; } \
             if !crate::mutants_asleep(&[2]) { return false; } g() }"
        );
        let left_out = woven("fn f() { g(); }", |what| what.starts_with("without"));
        assert_eq!(left_out.text, "fn f() { if crate::mutants_asleep(&[1]) { g(); } }");
    }

    #[test]
    fn complaints_are_traced_to_their_mutant() {
        let woven = woven("fn f(a: u8) { g(a < b); }", |what| what.starts_with("`a < b`"));
        let span = |text: &str| {
            let at = woven.text.find(text).unwrap();
            at..at + text.len()
        };
        assert_eq!(woven.blame(&[span("a >= b")]), [2]);
        assert_eq!(woven.blame(&[span("a < b")]), [1, 2]);
        assert!(woven.blame(&[span("fn f")]).is_empty());
    }
}
