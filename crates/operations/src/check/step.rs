//! One step.

use std::collections::BTreeMap;

use model::Method;

use super::{scope::Scope, url::url};
use crate::{
    ExecStep, GerritStep, HttpStep, JsonTemplate, Millis, RunProgram, StepDo, StepSpec, Template,
    file::operation::{ExecFile, ExpectFile, GerritFile, HttpFile, JsonFile, StepFile, UndoFile},
    problem::Span,
    read::{At, Reader},
    suggest,
};

/// Where nothing is said.
const TIMEOUT: Millis = Millis(5 * 60 * 1000);
const WITHIN: Millis = Millis(30 * 1000);
/// Nothing that a step does takes longer.
const LONGEST: Millis = Millis(24 * 60 * 60 * 1000);
/// Arguments of one program.
const ARGUMENTS: usize = 256;

pub(super) fn step(file: StepFile, scope: &Scope<'_>, reader: &mut Reader) -> Option<StepSpec> {
    let kinds = [
        file.exec.as_ref().map(|at| at.span),
        file.http.as_ref().map(|at| at.span),
        file.gerrit.as_ref().map(|at| at.span),
    ];
    if kinds.iter().flatten().count() != 1 {
        let span = kinds.iter().flatten().nth(1).copied().unwrap_or(file.id.span);
        reader.error(
            span,
            format!("the step {} has to have exactly one of exec, http and gerrit", file.id.value),
        );
        return None;
    }
    let does = match (file.exec, file.http, file.gerrit) {
        (Some(file), ..) => exec(file.value, scope, reader).map(StepDo::Exec),
        (_, Some(file), _) => http(file, scope, reader).map(StepDo::Http),
        (.., Some(file)) => gerrit(file, scope, reader).map(StepDo::Gerrit),
        _ => None,
    };
    let (undo, undone) = match (file.undo, &does) {
        (Some(file), Some(does)) => {
            let undo = undo(file, does, &scope.undo(), reader);
            (undo.clone(), undo.is_some())
        }
        (file, _) => (None, file.is_none()),
    };
    does.filter(|_| undone).map(|does| StepSpec { id: file.id.value, does, undo })
}

fn limited(time: Option<At<Millis>>, default: Millis, reader: &mut Reader) -> Millis {
    let Some(At { span, value }) = time else { return default };
    if value > LONGEST {
        reader.error(span, format!("a step takes {LONGEST} at most"));
    }
    value
}

fn exec(file: ExecFile, scope: &Scope<'_>, reader: &mut Reader) -> Option<ExecStep> {
    let timeout = limited(file.timeout, TIMEOUT, reader);
    let (program, args) = run(file.run, scope, reader)?;
    Some(ExecStep { program, args, timeout, idempotent: file.idempotent.unwrap_or(false) })
}

fn run(
    file: At<Vec<At<Template>>>,
    scope: &Scope<'_>,
    reader: &mut Reader,
) -> Option<(RunProgram, Vec<Template>)> {
    if file.value.len() > ARGUMENTS {
        reader.error(file.span, format!("{ARGUMENTS} arguments at most"));
    }
    let several = scope.environments.iter().filter_map(|e| scope.targets(e)).any(|targets| targets.len() > 1);
    let names_target = |template: &Template| {
        template.places().any(|p| matches!(p, crate::Place::TargetName | crate::Place::Target(_)))
    };
    if several && !file.value.iter().any(|argument| names_target(&argument.value)) {
        let hint = "it runs once for each target, each time with the same arguments: pass target.name or a value of it";
        reader.advice(file.span, "this program isn't told which target it is for", hint);
    }
    let mut arguments = file.value.into_iter();
    let Some(program) = arguments.next() else {
        reader.error(file.span, "the list is empty: it begins with the program");
        return None;
    };
    let program = self::program(&program, scope, reader);
    let args = arguments
        .map(|argument| {
            scope.check(&argument, true, reader);
            argument.value
        })
        .collect();
    Some((program?, args))
}

fn program(template: &At<Template>, scope: &Scope<'_>, reader: &mut Reader) -> Option<RunProgram> {
    let span = template.span;
    let Some(text) = template.value.literal() else {
        reader.error_hint(
            span,
            "a substituted value can't be the program",
            "write the program out, and pass the value to it",
        );
        return None;
    };
    if text.starts_with('/') {
        let plain = text.split('/').skip(1).all(|part| !part.is_empty() && part != "." && part != "..");
        if !plain {
            reader.error(span, "an absolute path without empty, `.` or `..` parts");
        }
        return plain.then(|| RunProgram::Host(text.to_owned()));
    }
    let Some(path) = text.strip_prefix("./") else {
        let hint = format!("`./{text}` is a file of this project, `/usr/bin/{text}` a program of the host");
        reader.error_hint(span, "programs aren't looked for in a search path", hint);
        return None;
    };
    if scope.known.tree.get(path).is_none() {
        let files = scope.known.tree.files().map(|(path, _)| path);
        let programs = files.filter(|path| !path.ends_with(".yaml") && !path.ends_with(".cedar"));
        let hint = match suggest::nearest(path, programs) {
            Some(near) => format!("did you mean ./{near}?"),
            None => "it is a regular file (no link) of the same commit".to_owned(),
        };
        reader.error_hint(span, format!("there is no file {path} in this project"), hint);
        return None;
    }
    Some(RunProgram::Tree(path.to_owned()))
}

fn http(file: At<HttpFile>, scope: &Scope<'_>, reader: &mut Reader) -> Option<HttpStep> {
    let At { span, value: file } = file;
    let methods = [
        (Method::Get, file.get),
        (Method::Post, file.post),
        (Method::Put, file.put),
        (Method::Delete, file.delete),
    ];
    call(span, methods, file.body, file.expect, limited(file.within, WITHIN, reader), scope, reader)
}

fn call(
    span: Span,
    methods: [(Method, Option<At<Template>>); 4],
    body: Option<At<JsonFile>>,
    expect: Option<ExpectFile>,
    within: Millis,
    scope: &Scope<'_>,
    reader: &mut Reader,
) -> Option<HttpStep> {
    let mut given: Vec<(Method, At<Template>)> =
        methods.into_iter().filter_map(|(method, url)| url.map(|url| (method, url))).collect();
    let (Some((method, template)), true) = (given.pop(), given.is_empty()) else {
        reader.error(span, "exactly one of get, post, put and delete, with the address");
        return None;
    };
    let url = url(template, scope, reader);
    let body = match body {
        Some(At { span, .. }) if method == Method::Get => {
            reader.error(span, "a get has no body");
            return None;
        }
        Some(At { span, value }) => Some(json(value, span, scope, reader)),
        None => None,
    };
    let (status, members) = expect.map_or((None, None), |expect| (expect.status, expect.json));
    if let Some(At { span, value }) = &status
        && !(200..=599).contains(value)
    {
        reader.error(*span, "a status from 200 to 599");
    }
    let mut expected = BTreeMap::new();
    for (name, At { span, value }) in members.into_iter().flat_map(|members| members.0) {
        scope.check(&At { span, value: value.0.clone() }, true, reader);
        expected.insert(name.value.0, value.0);
    }
    Some(HttpStep {
        method,
        url: url?,
        body,
        status: status.map_or(200, |s| s.value),
        json: expected,
        within,
    })
}

fn json(file: JsonFile, span: Span, scope: &Scope<'_>, reader: &mut Reader) -> JsonTemplate {
    match file {
        JsonFile::Null => JsonTemplate::Null,
        JsonFile::Bool(value) => JsonTemplate::Bool(value),
        JsonFile::Int(value) => JsonTemplate::Int(value),
        JsonFile::Text(template) => {
            let template = At { span, value: template };
            scope.check(&template, true, reader);
            JsonTemplate::Text(template.value)
        }
        JsonFile::List(items) => {
            JsonTemplate::List(items.into_iter().map(|item| json(item, span, scope, reader)).collect())
        }
        JsonFile::Map(members) => JsonTemplate::Map(
            members.into_iter().map(|(key, value)| (key, json(value, span, scope, reader))).collect(),
        ),
    }
}

fn gerrit(file: At<GerritFile>, scope: &Scope<'_>, reader: &mut Reader) -> Option<GerritStep> {
    let At { span, value: file } = file;
    let text = |template: At<Template>, reader: &mut Reader| {
        scope.check(&template, false, reader);
        template.value
    };
    match (file.message, file.hashtag, file.revert) {
        (Some(message), None, None) => Some(GerritStep::Message(text(message, reader))),
        (None, None, Some(message)) => Some(GerritStep::Revert(text(message, reader))),
        (None, Some(At { span, value }), None) => {
            let mut texts = |list: Option<Vec<At<Template>>>| -> Vec<Template> {
                list.into_iter().flatten().map(|template| text(template, reader)).collect()
            };
            let (add, remove) = (texts(value.add), texts(value.remove));
            if add.is_empty() && remove.is_empty() {
                reader.error(span, "no hashtag to add or remove");
                return None;
            }
            Some(GerritStep::Hashtag { add, remove })
        }
        _ => {
            reader.error_hint(span, "exactly one of message, hashtag and revert", "a step never votes");
            None
        }
    }
}

fn undo(file: At<UndoFile>, does: &StepDo, scope: &Scope<'_>, reader: &mut Reader) -> Option<StepDo> {
    let At { span, value: file } = file;
    let urls = [&file.get, &file.post, &file.put, &file.delete];
    let calls = urls.iter().any(|url| url.is_some())
        || file.body.is_some()
        || file.expect.is_some()
        || file.within.is_some();
    let runs = file.run.is_some() || file.timeout.is_some() || file.idempotent.is_some();
    match does {
        StepDo::Exec(step) if !calls => {
            let Some(list) = file.run else {
                reader.error(span, "the key `run` is missing");
                return None;
            };
            let timeout = limited(file.timeout, step.timeout, reader);
            let (program, args) = run(list, scope, reader)?;
            let idempotent = file.idempotent.unwrap_or(step.idempotent);
            Some(StepDo::Exec(ExecStep { program, args, timeout, idempotent }))
        }
        StepDo::Http(step) if !runs => {
            let methods = [
                (Method::Get, file.get),
                (Method::Post, file.post),
                (Method::Put, file.put),
                (Method::Delete, file.delete),
            ];
            let within = limited(file.within, step.within, reader);
            call(span, methods, file.body, file.expect, within, scope, reader).map(StepDo::Http)
        }
        StepDo::Gerrit(_) => {
            reader.error(span, "what a step does on Gerrit isn't taken back");
            None
        }
        StepDo::Exec(_) | StepDo::Http(_) => {
            let hint = "`run` for exec; get, post, put or delete for http";
            reader.error_hint(span, "a step is taken back by what is of its own kind", hint);
            None
        }
    }
}
