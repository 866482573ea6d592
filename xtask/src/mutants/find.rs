//! Finds what can be changed in a source file: comparisons, conditions, guards, arms, operators, constants, calls in a
//! chain, statements, and what functions return.

use std::{collections::BTreeMap, ops::Range};

use anyhow::Context as _;
use syn::{spanned::Spanned, visit::Visit};

use super::{
    mutant::{Act, Mutant, Place, short},
    swaps,
};

/// All mutants of one source, in its order.
///
/// # Errors
/// If it is no Rust.
pub(super) fn mutants(source: &str) -> anyhow::Result<Vec<Mutant>> {
    let file = syn::parse_file(source).context("is no Rust")?;
    let mut finder = Finder {
        source,
        found: Vec::new(),
        functions: Vec::new(),
        chain: None,
        constants: BTreeMap::new(),
        uses: BTreeMap::new(),
    };
    finder.visit_file(&file);
    finder.constants_used();
    let mut found = finder.found;
    found.sort_by_key(|mutant| mutant.places.first().map_or(0, |place| place.range.start));
    let mut named: BTreeMap<(String, String), usize> = BTreeMap::new();
    for mutant in &mut found {
        let times = named.entry((mutant.function.clone(), mutant.what.clone())).or_default();
        *times += 1;
        if *times > 1 {
            mutant.what = format!("{} (the {times}. time)", mutant.what);
        }
    }
    Ok(found)
}

/// The pieces of a source that are `const fn`: what asks which mutant is on can't be one.
pub(super) fn const_functions(source: &str) -> anyhow::Result<Vec<(Range<usize>, Range<usize>)>> {
    struct Consts(Vec<(Range<usize>, Range<usize>)>);
    impl<'a> Visit<'a> for Consts {
        fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
            self.0.extend(item.sig.constness.as_ref().map(|word| (range(word), range(&*item.block))));
        }
        fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
            self.0.extend(item.sig.constness.as_ref().map(|word| (range(word), range(&item.block))));
        }
    }
    let mut consts = Consts(Vec::new());
    consts.visit_file(&syn::parse_file(source).context("is no Rust")?);
    Ok(consts.0)
}

fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

/// Methods that ask a closure for yes or no.
const ASKING: &[&str] = &[
    "all",
    "any",
    "filter",
    "find",
    "is_none_or",
    "is_ok_and",
    "is_some_and",
    "partition_point",
    "position",
    "retain",
    "rfind",
    "skip_while",
    "take_while",
];
/// Methods whose text decides what is looked for.
const NAMING: &[&str] = &[
    "all",
    "eq_ignore_ascii_case",
    "get",
    "is",
    "one",
    "split_once",
    "starts_with",
    "strip_prefix",
    "strip_suffix",
    "take",
    "tip",
];

struct Finder<'s> {
    source: &'s str,
    found: Vec<Mutant>,
    functions: Vec<String>,
    /// The whole chain of calls that the expression at hand is the beginning of.
    chain: Option<Range<usize>>,
    /// Constants that are plain numbers, by name: where, and the number.
    constants: BTreeMap<String, usize>,
    /// Where single names are used as values.
    uses: BTreeMap<String, Vec<Range<usize>>>,
}

impl Finder<'_> {
    fn text(&self, range: &Range<usize>) -> &str {
        self.source.get(range.clone()).unwrap_or_default()
    }

    fn add(&mut self, at: usize, what: String, places: Vec<Place>) {
        let before = self.source.get(..at).unwrap_or_default();
        let function = self.functions.join("::");
        self.found.push(Mutant { function, line: before.matches('\n').count() + 1, what, places });
    }

    /// Another expression in place of this one.
    fn replace(&mut self, range: Range<usize>, with: &str) {
        let what = format!("`{}` → `{}`", short(self.text(&range)), short(with));
        let place = Place { range: range.clone(), act: Act::Replace(with.to_owned()) };
        self.add(range.start, what, vec![place]);
    }

    /// The whole expression with a piece of it changed; `what` says it.
    fn rewrite(&mut self, whole: &Range<usize>, piece: &Range<usize>, with: &str, what: String) {
        let before = self.text(&(whole.start..piece.start));
        let text = format!("{before}{with}{}", self.text(&(piece.end..whole.end)));
        self.add(piece.start, what, vec![Place { range: whole.clone(), act: Act::Replace(text) }]);
    }

    fn binary(&mut self, binary: &syn::ExprBinary, whole: &Range<usize>) {
        let piece = range(&binary.op);
        let is_and = matches!(binary.op, syn::BinOp::And(_));
        if is_and && (has_let(&binary.left) || has_let(&binary.right)) {
            return;
        }
        for with in swaps::operators(&binary.op) {
            let text =
                format!("{} {with} {}", self.text(&range(&*binary.left)), self.text(&range(&*binary.right)));
            let what = format!("`{}` → `{}`", short(self.text(whole)), short(&text));
            self.rewrite(whole, &piece, with, what);
        }
    }

    fn condition(&mut self, condition: &syn::Expr) {
        let covered = match condition {
            syn::Expr::Binary(binary) => !swaps::operators(&binary.op).is_empty(),
            syn::Expr::Unary(unary) => matches!(unary.op, syn::UnOp::Not(_)),
            other => has_let(other),
        };
        if !covered {
            let range = range(condition);
            let with = format!("!({})", self.text(&range));
            self.replace(range, &with);
        }
    }

    fn method(&mut self, call: &syn::ExprMethodCall, whole: &Range<usize>, chain: &Range<usize>) {
        let name = call.method.to_string();
        let name_range = range(&call.method);
        for with in swaps::methods(&name) {
            let what = format!("`{}` → `.{with}(…)`", short(self.text(&(name_range.start - 1..whole.end))));
            self.rewrite(chain, &name_range, with, what);
        }
        if swaps::can_go(&name) {
            let piece = range(&*call.receiver).end..whole.end;
            let what = format!("without `{}`", short(self.text(&piece)));
            self.rewrite(chain, &piece, "", what);
        }
        for argument in &call.args {
            match argument {
                syn::Expr::Closure(closure)
                    if ASKING.contains(&name.as_str()) && !matches!(*closure.body, syn::Expr::Lit(_)) =>
                {
                    for with in ["true", "false"] {
                        self.replace(range(&*closure.body), with);
                    }
                }
                syn::Expr::Range(limits) => {
                    let piece = range(&limits.limits);
                    let with = match limits.limits {
                        syn::RangeLimits::HalfOpen(_) => "..=",
                        syn::RangeLimits::Closed(_) => "..",
                    };
                    if limits.end.is_some() {
                        let what = format!("`{}` with `{with}`", short(self.text(&range(limits))));
                        self.rewrite(chain, &piece, with, what);
                    }
                }
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })
                    if NAMING.contains(&name.as_str()) =>
                {
                    self.replace(range(text), "\"\\u{1}\"");
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        self.functions.push(signature.ident.to_string());
        if signature.constness.is_none() {
            let begin = range(block).start + 1;
            let empty = block.stmts.is_empty();
            for value in swaps::returns(&signature.output).into_iter().filter(|_| !empty) {
                let what =
                    if value.is_empty() { "does nothing".to_owned() } else { format!("returns `{value}`") };
                self.add(begin, what, vec![Place { range: begin..begin, act: Act::Return(value) }]);
            }
        }
        self.visit_block(block);
        self.functions.pop();
    }

    fn arms(&mut self, arms: &[syn::Arm]) {
        let catches_all = |arm: &syn::Arm| match &arm.pat {
            syn::Pat::Wild(_) => arm.guard.is_none(),
            // `None` is a name too, but that of a variant.
            syn::Pat::Ident(name) => {
                arm.guard.is_none() && name.ident.to_string().starts_with(char::is_lowercase)
            }
            _ => false,
        };
        let last = arms.iter().position(catches_all).unwrap_or(0);
        for (at, arm) in arms.iter().enumerate() {
            let pattern = range(&arm.pat);
            let said = short(self.text(&pattern));
            match &arm.guard {
                Some((_, guard)) if !has_let(guard) => {
                    for with in ["true", "false"] {
                        self.replace(range(&**guard), with);
                    }
                }
                None if at < last => {
                    let place = Place { range: pattern.end..pattern.end, act: Act::NeverTake };
                    self.add(pattern.start, format!("the arm `{said}` is never taken"), vec![place]);
                }
                _ => {}
            }
        }
    }

    /// A constant is one more or less wherever it is used.
    fn constants_used(&mut self) {
        for (name, at) in std::mem::take(&mut self.constants) {
            let Some(uses) = self.uses.get(&name).cloned() else { continue };
            for with in [format!("({name} + 1)"), format!("({name} - 1)")] {
                let place =
                    |range: &Range<usize>| Place { range: range.clone(), act: Act::Replace(with.clone()) };
                let places = uses.iter().map(place).collect();
                self.add(at, format!("`{name}` → `{}`", with.trim_matches(['(', ')'])), places);
            }
        }
    }
}

/// Whether a condition has a `let` that a change around it would break.
fn has_let(condition: &syn::Expr) -> bool {
    match condition {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_)) => {
            has_let(&binary.left) || has_let(&binary.right)
        }
        _ => false,
    }
}

/// Whether it is there for tests only.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) => {
            list.path.is_ident("cfg")
                && ["test", "feature = \"testing\""].contains(&list.tokens.to_string().as_str())
        }
        syn::Meta::NameValue(_) => false,
    })
}

impl<'a> Visit<'a> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            self.function(&item.sig, &item.block);
        }
    }

    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        let name = self.text(&range(&*item.self_ty)).split('<').next().unwrap_or_default().to_owned();
        self.functions.push(name);
        syn::visit::visit_item_impl(self, item);
        self.functions.pop();
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            self.function(&item.sig, &item.block);
        }
    }

    fn visit_item_const(&mut self, item: &'a syn::ItemConst) {
        const NUMBERS: [&str; 7] = ["u8", "u16", "u32", "u64", "usize", "i32", "i64"];
        let is_number = match &*item.ty {
            syn::Type::Path(path) => NUMBERS.iter().any(|number| path.path.is_ident(number)),
            _ => false,
        };
        if is_number {
            self.constants.insert(item.ident.to_string(), range(item).start);
        }
    }

    fn visit_impl_item_const(&mut self, _: &'a syn::ImplItemConst) {}
    fn visit_item_static(&mut self, _: &'a syn::ItemStatic) {}
    fn visit_item_macro(&mut self, _: &'a syn::ItemMacro) {}
    fn visit_type(&mut self, _: &'a syn::Type) {}
    fn visit_pat(&mut self, _: &'a syn::Pat) {}
    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}

    fn visit_stmt(&mut self, statement: &'a syn::Stmt) {
        if let syn::Stmt::Expr(expression, Some(_)) = statement
            && swaps::can_be_left_out(expression)
        {
            let range = range(statement);
            let what = format!("without `{}`", short(self.text(&range)));
            self.add(range.start, what, vec![Place { range, act: Act::LeaveOut }]);
        }
        syn::visit::visit_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a syn::Expr) {
        let chain = self.chain.take();
        let whole = range(expression);
        match expression {
            syn::Expr::Binary(binary) => self.binary(binary, &whole),
            syn::Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Not(_)) => {
                let inner = self.text(&range(&*unary.expr)).to_owned();
                self.replace(whole, &inner);
            }
            syn::Expr::If(conditional) => self.condition(&conditional.cond),
            syn::Expr::While(conditional) => self.condition(&conditional.cond),
            syn::Expr::Match(choice) => self.arms(&choice.arms),
            syn::Expr::Lit(literal) => {
                for with in swaps::literals(&literal.lit) {
                    self.replace(whole.clone(), &with);
                }
            }
            syn::Expr::Path(path) => {
                if let Some(name) = path.path.get_ident() {
                    self.uses.entry(name.to_string()).or_default().push(whole);
                }
            }
            syn::Expr::MethodCall(call) => {
                let chain = chain.unwrap_or_else(|| whole.clone());
                self.method(call, &whole, &chain);
                self.chain = Some(chain);
                self.visit_expr(&call.receiver);
                self.chain = None;
                call.args.iter().for_each(|argument| self.visit_expr(argument));
                return;
            }
            // What comes behind goes on with the same chain.
            syn::Expr::Try(_) | syn::Expr::Field(_) | syn::Expr::Await(_) => self.chain = chain,
            // Its length is part of a type.
            syn::Expr::Repeat(repeat) => return self.visit_expr(&repeat.expr),
            _ => {}
        }
        syn::visit::visit_expr(self, expression);
        self.chain = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(source: &str) -> Vec<String> {
        mutants(source)
            .unwrap()
            .into_iter()
            .map(|mutant| format!("{}: {}", mutant.function, mutant.what))
            .collect()
    }

    #[test]
    fn comparisons_conditions_and_returns_are_found() {
        let found =
            whats("fn f(a: u8) -> bool { if a < 3 && !g() { return true; } a == MAX }\nconst MAX: u8 = 9;");
        for expected in [
            "f: returns `true`",
            "f: returns `false`",
            "f: `a < 3` → `a <= 3`",
            "f: `a < 3` → `a >= 3`",
            "f: `a < 3 && !g()` → `a < 3 || !g()`",
            "f: `!g()` → `g()`",
            "f: `true` → `false`",
            "f: `3` → `4`",
            "f: `a == MAX` → `a != MAX`",
            ": `MAX` → `MAX + 1`",
        ] {
            assert!(found.iter().any(|what| what == expected), "{expected} is not in {found:#?}");
        }
    }

    #[test]
    fn a_change_that_makes_another_type_is_made_of_the_whole_chain() {
        let source = "fn f(x: &[u8]) -> Option<&u8> { x.iter().rev().find(|b| **b > 1) }";
        let without =
            mutants(source).unwrap().into_iter().find(|mutant| mutant.what == "without `.rev()`").unwrap();
        assert_eq!(without.places[0].act, Act::Replace("x.iter().find(|b| **b > 1)".to_owned()));
    }

    #[test]
    fn guards_arms_and_statements_are_found_and_tests_are_not() {
        let found = whats(
            "fn f(a: u8) { match a { 1 => g(), n if n > 7 => h(), _ => {} } self.x.push(a); }\n\
             #[cfg(test)] mod tests { fn t() -> bool { 1 == 2 } }",
        );
        for expected in [
            "f: the arm `1` is never taken",
            "f: `n > 7` → `true`",
            "f: `n > 7` → `false`",
            "f: without `self.x.push(a);`",
            "f: does nothing",
        ] {
            assert!(found.iter().any(|what| what == expected), "{expected} is not in {found:#?}");
        }
        assert!(!found.iter().any(|what| what.contains("1 == 2")));
    }

    #[test]
    fn a_let_in_a_condition_is_left_alone() {
        let found = whats("fn f() { if let Some(x) = g() && x > 1 { h(); } }");
        assert!(!found.iter().any(|what| what.contains("let")), "{found:?}");
        assert!(found.contains(&"f: `x > 1` → `x >= 1`".to_owned()));
    }

    #[test]
    fn the_same_twice_in_a_function_has_two_names() {
        let found = whats("fn f(a: u8) { g(a == 1); g(a == 1); }");
        assert!(found.contains(&"f: `a == 1` → `a != 1` (the 2. time)".to_owned()), "{found:?}");
    }
}
