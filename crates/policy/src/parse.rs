//! From texts to policies that can decide, once, at load.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use cedar_policy::{ActionConstraint, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use model::{Digest, RoleName};

use crate::{
    Diagnostic, Span,
    annotation::{self, Rule},
    decide::Slice,
    diagnostic::Source,
    statement::{NoStatements, statements},
};

const SCHEMA: &str = include_str!("../policies/schema.cedarschema");

const DEFAULTS: [(&str, &str); 4] = [
    ("default/now.cedar", include_str!("../policies/now.cedar")),
    ("default/people.cedar", include_str!("../policies/people.cedar")),
    ("default/permit.cedar", include_str!("../policies/permit.cedar")),
    ("default/range.cedar", include_str!("../policies/range.cedar")),
];

/// Ids of defaults begin so, and no others.
const RESERVED: &str = "default-";
/// Bytes of one file.
const FILE: usize = 128 * 1024;
/// Files, and policies in all.
const FILES: usize = 64;
const POLICIES: usize = 1000;

/// Our own policies, by path: in force for every team, before anything that it writes.
#[must_use]
pub fn default_texts() -> &'static [(&'static str, &'static str)] {
    &DEFAULTS
}

/// Policies that were parsed and hold to the schema: the defaults, and a team's.
#[derive(Debug, Clone)]
pub struct Policies {
    pub(crate) run: Arc<Slice>,
    pub(crate) accept: Arc<Slice>,
    pub(crate) rules: Arc<BTreeMap<String, Rule>>,
    pub(crate) schema: Arc<Schema>,
    /// The roles that each policy names, by its id.
    roles: Arc<BTreeMap<String, BTreeSet<RoleName>>>,
    texts: Arc<Vec<(String, String)>>,
}

impl Policies {
    /// The defaults, and a team's files by path and text.
    ///
    /// # Errors
    /// Everything that is wrong with the files, in their order.
    pub fn parse<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Result<Self, Vec<Diagnostic>> {
        let mut loading = OURS.clone();
        for (path, text) in files {
            loading.file(path.as_ref(), text.as_ref(), false);
        }
        loading.finish()
    }

    /// Exactly these texts, as [`Policies::texts`] gave them when a decision was made, defaults included: for asking an
    /// old question again. Whether its defaults are this program's is for the caller to judge
    /// ([`Policies::has_our_defaults`]).
    ///
    /// # Errors
    /// As [`Policies::parse`].
    pub fn replay<P: AsRef<str>, T: AsRef<str>>(texts: &[(P, T)]) -> Result<Self, Vec<Diagnostic>> {
        let mut loading = Loading::default();
        for (path, text) in texts {
            let path = path.as_ref();
            loading.file(path, text.as_ref(), path.starts_with("default/"));
        }
        loading.finish()
    }

    /// The ids of all policies, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().map(String::as_str)
    }

    /// The roles that some policy names; one may come several times.
    pub fn roles(&self) -> impl Iterator<Item = &RoleName> {
        self.roles.values().flatten()
    }

    /// Whether some policy names a role. What none names decides nothing, and needn't be known.
    #[must_use]
    pub fn name_role(&self, role: &RoleName) -> bool {
        self.roles.values().any(|named| named.contains(role))
    }

    /// Whether the policy with that id names a role.
    #[must_use]
    pub fn names_role(&self, id: &str, role: &RoleName) -> bool {
        self.roles.get(id).is_some_and(|named| named.contains(role))
    }

    /// Every text in force, by path; the defaults lie under `default/`.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether the defaults among the texts are byte for byte those of this program.
    #[must_use]
    pub fn has_our_defaults(&self) -> bool {
        let theirs = self.texts().filter(|(path, _)| path.starts_with("default/"));
        theirs.eq(DEFAULTS)
    }

    /// A hash of the schema and of all texts.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut parts = vec![SCHEMA.as_bytes()];
        for (path, text) in self.texts.iter() {
            parts.extend([path.as_bytes(), text.as_bytes()]);
        }
        Digest::of_parts("exequatur.policies/1", &parts)
    }
}

/// The defaults, parsed once: configurations come and go, and an auditor reads many.
static OURS: LazyLock<Loading> = LazyLock::new(|| {
    let mut loading = Loading::default();
    for (path, text) in DEFAULTS {
        loading.file(path, text, true);
    }
    loading
});

/// The schema, parsed once.
static PARSED_SCHEMA: LazyLock<Result<Arc<Schema>, String>> = LazyLock::new(|| {
    let parsed = Schema::from_cedarschema_str(SCHEMA);
    parsed.map(|(schema, _)| Arc::new(schema)).map_err(|why| why.to_string())
});

#[derive(Clone, Default)]
struct Loading {
    wrong: Vec<Diagnostic>,
    /// By id: the policy, where it came from, where it begins there.
    policies: BTreeMap<String, (Policy, Source, Span)>,
    rules: BTreeMap<String, Rule>,
    texts: Vec<(String, String)>,
}

impl Loading {
    fn file(&mut self, path: &str, text: &str, ours: bool) {
        let source = Source::new(path, text);
        self.texts.push((path.to_owned(), text.to_owned()));
        let problem = match (text.len() > FILE, self.texts.len() > FILES, model::hidden_character(text)) {
            (true, _, _) => Some((None, format!("more than {FILE} bytes"))),
            (_, true, _) => Some((None, format!("more than {FILES} policy files"))),
            (_, _, Some((at, c))) => Some((
                Some(Span { start: at, len: c.len_utf8() }),
                format!("U+{:04X} is a character that can hide what a text says", u32::from(c)),
            )),
            _ => None,
        };
        if let Some((span, message)) = problem {
            self.wrong.push(Diagnostic::new(&source, span, message));
            return;
        }
        let spans = match statements(text) {
            Ok(spans) => spans,
            Err(why) => {
                let span = match why {
                    NoStatements::Depth(at) => Span { start: at, len: 1 },
                    NoStatements::Long(span) | NoStatements::Open(span) => span,
                };
                self.wrong.push(Diagnostic::new(&source, Some(span), why.to_string()));
                return;
            }
        };
        for span in spans {
            let text = text.get(span.start..span.start + span.len).unwrap_or_default();
            self.policy(&source, span, text, ours);
        }
    }

    fn policy(&mut self, source: &Source, span: Span, text: &str, ours: bool) {
        let policy = match Policy::parse(None, text) {
            Ok(policy) => policy,
            Err(errors) => {
                for error in errors.iter() {
                    self.wrong.push(cedar(source, span, error));
                }
                return;
            }
        };
        let (id, rule) = match annotation::read(&policy) {
            Ok(read) => read,
            Err(problems) => {
                for (message, hint) in problems {
                    self.wrong.push(Diagnostic::new(source, Some(span), message).hint(hint));
                }
                return;
            }
        };
        if id.starts_with(RESERVED) != ours {
            let hint = format!("ids that begin with {RESERVED} are those of the built-in policies");
            self.wrong.push(Diagnostic::new(source, Some(span), format!("{id} can't be its id")).hint(hint));
            return;
        }
        if self.policies.contains_key(&id) {
            let message = format!("a second policy with the id {id}");
            self.wrong
                .push(Diagnostic::new(source, Some(span), message).hint("ids are unique over all files"));
            return;
        }
        if self.policies.len() >= POLICIES {
            self.wrong.push(Diagnostic::new(source, Some(span), format!("more than {POLICIES} policies")));
            return;
        }
        let policy = policy.new_id(PolicyId::new(&id));
        self.rules.insert(id.clone(), rule);
        self.policies.insert(id, (policy, source.clone(), span));
    }

    fn finish(mut self) -> Result<Policies, Vec<Diagnostic>> {
        let schema = match &*PARSED_SCHEMA {
            Ok(schema) => Arc::clone(schema),
            Err(why) => {
                let source = Source::new("schema.cedarschema", SCHEMA);
                self.wrong.push(Diagnostic::new(&source, None, why.clone()));
                return Err(self.wrong);
            }
        };
        let policies: Vec<Policy> = self.policies.values().map(|(policy, ..)| policy.clone()).collect();
        let of = |action: Option<&str>| {
            let chosen = policies.iter().filter(|p| action.is_none_or(|action| speaks_of(p, action)));
            PolicySet::from_policies(chosen.cloned()).map_err(|why| why.to_string())
        };
        let sets = of(None).and_then(|all| Ok((all, of(Some("run"))?, of(Some("accept"))?)));
        let (all, run, accept) = match sets {
            Ok(sets) => sets,
            Err(why) => {
                self.wrong.push(Diagnostic::new(&Source::new("policies", ""), None, why));
                return Err(self.wrong);
            }
        };
        let validator = Validator::new((*schema).clone());
        let result = validator.validate(&all, ValidationMode::Strict);
        let errors = result.validation_errors().map(|e| (e.policy_id(), e as &dyn miette::Diagnostic));
        // a warning is a policy that can never apply, or a name that looks like another: nobody means that
        let warnings = result.validation_warnings().map(|w| (w.policy_id(), w as &dyn miette::Diagnostic));
        for (id, problem) in errors.chain(warnings) {
            if let Some((_, source, span)) = self.policies.get(&id.to_string()) {
                self.wrong.push(cedar(source, *span, problem));
            }
        }
        if !result.validation_passed() && self.wrong.is_empty() {
            self.wrong.push(Diagnostic::new(
                &Source::new("policies", ""),
                None,
                "the policies don't fit the schema",
            ));
        }
        if !self.wrong.is_empty() {
            return Err(self.wrong);
        }
        let roles = policies.iter().map(|policy| (policy.id().to_string(), roles_named(policy))).collect();
        Ok(Policies {
            roles: Arc::new(roles),
            run: Arc::new(run),
            accept: Arc::new(accept),
            rules: Arc::new(self.rules),
            schema,
            texts: Arc::new(self.texts),
        })
    }
}

/// The roles that a policy names, in its scope or in its conditions. One that has no name of a role is no role's.
fn roles_named(policy: &Policy) -> BTreeSet<RoleName> {
    let literals = policy.entity_literals().into_iter().filter(|uid| uid.type_name().basename() == "Role");
    literals.filter_map(|uid| uid.id().unescaped().parse().ok()).collect()
}

/// Whether a policy's scope lets it speak of that action.
fn speaks_of(policy: &Policy, action: &str) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => uid.id().unescaped() == action,
        ActionConstraint::In(uids) => uids.iter().any(|uid| uid.id().unescaped() == action),
    }
}

/// What Cedar says of a policy that stands at `span` of its file.
fn cedar(source: &Source, span: Span, problem: &(impl miette::Diagnostic + ?Sized)) -> Diagnostic {
    let label = problem.labels().and_then(|mut labels| labels.next());
    let at = label.map_or(span, |label| Span {
        start: span.start.saturating_add(label.offset()).min(span.start.saturating_add(span.len)),
        len: label.len().min(span.len),
    });
    let diagnostic = Diagnostic::new(source, Some(at), problem.to_string());
    match problem.help() {
        Some(help) => diagnostic.hint(help.to_string()),
        None => diagnostic,
    }
}
