//! `operations/*.yaml`

use std::borrow::Cow;

use model::{EnvironmentName, OperationName, Project, RoleName, ServerName, StepId, TargetName};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    duration::Millis,
    read::{At, Decode, Entries, Key, Kind, Node, Reader, record, words},
    template::Template,
};

record! {
    /// An operation.
    OperationFile {
        /// Its name, the file's own without `.yaml`.
        operation: At<OperationName>,
        /// What it does, in a few words.
        title: At<String>,
        /// `observe`: everything is judged and recorded, nothing runs. Default: observe.
        mode: Option<ModeWord>,
        /// What sets it off.
        trigger: Option<TriggerFile>,
        /// The artifact that it rolls out.
        artifact: Option<At<ArtifactFile>>,
        /// How much review the range needs.
        review: Option<ReviewFile>,
        /// What a request has to give, by name.
        inputs: Option<Entries<InputName, InputFile>>,
        /// Its environments, in the order of promotion.
        environments: At<Entries<EnvironmentName, EnvironmentFile>>,
        /// What it does, in order.
        steps: At<Vec<StepFile>>,
        /// What a failed step leads to. Default: stop.
        on_failure: Option<OnFailureWord>,
        /// What a newer submission does to a waiting one. Default: replaces.
        newer: Option<NewerWord>,
        /// How long an outcome may wait for what can still be supplied.
        wait: Option<WaitFile>,
        /// The operation that takes back a finished run of this one.
        inverse: Option<At<OperationName>>,
    }
}

words! {
    /// Whether an allow runs.
    ModeWord {
        /// Judged and recorded, never run.
        Observe = "observe",
        /// An allow runs.
        Enforce = "enforce",
    }
}

words! {
    /// What a failed step leads to.
    OnFailureWord {
        /// The steps that acted are taken back, last first.
        Undo = "undo",
        /// Everything stays as it is.
        Stop = "stop",
    }
}

words! {
    /// What a newer submission does to a waiting one.
    NewerWord {
        /// It supersedes it.
        Replaces = "replaces",
        /// It waits for it.
        Queues = "queues",
    }
}

record! {
    /// What sets it off.
    TriggerFile {
        /// A submission.
        merged: At<MergedFile>,
    }
}

record! {
    /// Which submissions.
    MergedFile {
        /// The Gerrit server, as exq.yaml names it.
        server: At<ServerName>,
        /// The project there.
        project: At<Project>,
        /// The branch: `main`, or in full `refs/heads/main`.
        branch: At<String>,
        /// Only if a path like one of these was changed. Default: any.
        paths: Option<At<Vec<At<String>>>>,
    }
}

record! {
    /// The artifact that it rolls out.
    ArtifactFile {
        /// The image, without tag or digest.
        image: At<String>,
        /// Who builds it, of builders.yaml.
        builder: At<String>,
        /// How long its statement may take to come.
        within: Option<At<Millis>>,
    }
}

record! {
    /// How much review the range needs.
    ReviewFile {
        /// So many independent people, on every change of the range. Default: 1.
        people: At<u32>,
    }
}

record! {
    /// What a request has to give.
    InputFile {
        /// What it means, to the person who asks.
        title: At<String>,
    }
}

record! {
    /// An environment.
    EnvironmentFile {
        /// Its targets: a set of targets.yaml.
        targets: Option<At<TargetName>>,
        /// Its address, for `environment.url`.
        url: Option<At<String>>,
        /// Only after this environment.
        after: Option<At<EnvironmentName>>,
        /// How long the environment before has to have run well.
        soak: Option<At<Millis>>,
        /// Who approves the plan itself.
        approve: Option<At<ApproveFile>>,
    }
}

record! {
    /// Who approves the plan itself.
    ApproveFile {
        /// Of this role.
        role: At<RoleName>,
        /// So many of them. Default: 1.
        people: Option<At<u32>>,
        /// Each with proof of presence. Default: false.
        present: Option<bool>,
    }
}

record! {
    /// How long an outcome may wait.
    WaitFile {
        /// So long. Default: 7d.
        within: At<Millis>,
    }
}

record! {
    /// One step: exactly one of exec, http and gerrit.
    StepFile {
        /// Its id, unique in the operation.
        id: At<StepId>,
        /// Runs a program.
        exec: Option<At<ExecFile>>,
        /// Calls over HTTP.
        http: Option<At<HttpFile>>,
        /// Does something on Gerrit.
        gerrit: Option<At<GerritFile>>,
        /// What takes it back: of the same kind.
        undo: Option<At<UndoFile>>,
    }
}

record! {
    /// Runs a program; no shell reads the arguments.
    ExecFile {
        /// The program and its arguments. `./shop/switch` is a file of this project, `/usr/bin/x` one of the host.
        run: At<Vec<At<Template>>>,
        /// Killed after so long. Default: 5m.
        timeout: Option<At<Millis>>,
        /// May be repeated when it isn't known whether it acted. Default: false.
        idempotent: Option<bool>,
    }
}

record! {
    /// Calls over HTTP until the answer is as expected or the time is over: exactly one of get, post, put and delete.
    HttpFile {
        /// Reads this address.
        get: Option<At<Template>>,
        /// Posts to this address.
        post: Option<At<Template>>,
        /// Puts to this address.
        put: Option<At<Template>>,
        /// Deletes this address.
        delete: Option<At<Template>>,
        /// What is sent, as JSON.
        body: Option<At<JsonFile>>,
        /// What has to be answered. Default: status 200.
        expect: Option<ExpectFile>,
        /// How long it may take to be so. Default: 30s.
        within: Option<At<Millis>>,
    }
}

record! {
    /// What has to be answered.
    ExpectFile {
        /// The status. Default: 200.
        status: Option<At<u16>>,
        /// Members of the JSON object that is answered.
        json: Option<Entries<MemberName, At<ScalarFile>>>,
    }
}

record! {
    /// Does something on the changes of the submission: exactly one of these; never a review vote.
    GerritFile {
        /// Writes this message.
        message: Option<At<Template>>,
        /// Adds and removes hashtags.
        hashtag: Option<At<HashtagFile>>,
        /// Makes the change that reverts the last one, with this message.
        revert: Option<At<Template>>,
    }
}

record! {
    /// Adds and removes hashtags.
    HashtagFile {
        /// To add.
        add: Option<Vec<At<Template>>>,
        /// To remove.
        remove: Option<Vec<At<Template>>>,
    }
}

record! {
    /// What takes a step back: `run` for a program, `get`, `post`, `put` or `delete` for a call.
    UndoFile {
        /// The program and its arguments.
        run: Option<At<Vec<At<Template>>>>,
        /// Killed after so long. Default: that of the step.
        timeout: Option<At<Millis>>,
        /// May be repeated when it isn't known whether it acted. Default: that of the step.
        idempotent: Option<bool>,
        /// Reads this address.
        get: Option<At<Template>>,
        /// Posts to this address.
        post: Option<At<Template>>,
        /// Puts to this address.
        put: Option<At<Template>>,
        /// Deletes this address.
        delete: Option<At<Template>>,
        /// What is sent, as JSON.
        body: Option<At<JsonFile>>,
        /// What has to be answered. Default: status 200.
        expect: Option<ExpectFile>,
        /// How long it may take to be so. Default: that of the step.
        within: Option<At<Millis>>,
    }
}

/// The name of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputName(pub(crate) String);

impl std::str::FromStr for InputName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if crate::template::is_key(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{}` is no name of an input: a-z, then a-z, 0-9 and _", crate::read::short(text)))
        }
    }
}

impl Key for InputName {}

/// A member of the JSON object that a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberName(pub(crate) String);

impl std::str::FromStr for MemberName {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl Key for MemberName {
    const MAY_BE_QUOTED: bool = true;
}

/// Any JSON value whose texts are templates.
#[derive(Debug, Clone)]
pub(crate) enum JsonFile {
    Null,
    Bool(bool),
    Int(i64),
    Text(Template),
    List(Vec<JsonFile>),
    Map(Vec<(String, JsonFile)>),
}

impl Decode for JsonFile {
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        Some(match &node.kind {
            Kind::Null => Self::Null,
            Kind::Bool(value) => Self::Bool(*value),
            Kind::Int(value) => Self::Int(*value),
            Kind::Text(_) => Self::Text(Template::decode(node, reader)?),
            Kind::Float => {
                reader.error_hint(node.span, "only whole numbers of 64 bits", "write it in quotes");
                return None;
            }
            Kind::List(list) => {
                let items: Vec<Option<Self>> = list.iter().map(|item| Self::decode(item, reader)).collect();
                Self::List(items.into_iter().collect::<Option<_>>()?)
            }
            Kind::Map(entries) => {
                let members: Vec<Option<(String, Self)>> = entries
                    .iter()
                    .map(|(_, key, value)| Self::decode(value, reader).map(|value| (key.clone(), value)))
                    .collect();
                Self::Map(members.into_iter().collect::<Option<_>>()?)
            }
        })
    }
}

/// A text, a whole number, or true or false: what a member of an answer has to be.
#[derive(Debug, Clone)]
pub(crate) struct ScalarFile(pub(crate) Template);

impl Decode for ScalarFile {
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let literal = |text: String| Template { parts: vec![crate::template::Part::Text(text)] };
        match &node.kind {
            Kind::Text(_) => Template::decode(node, reader).map(Self),
            Kind::Bool(value) => Some(Self(literal(value.to_string()))),
            Kind::Int(value) => Some(Self(literal(value.to_string()))),
            _ => {
                reader.expected(node, "text, a whole number, or true or false");
                None
            }
        }
    }
}

macro_rules! inline_schema {
    ($type:ty, $name:literal, $schema:tt) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}
inline_schema!(JsonFile, "Json", {});
inline_schema!(ScalarFile, "Scalar", { "type": ["string", "integer", "boolean"] });

crate::read::derived!(
    ArtifactFile,
    ApproveFile,
    MergedFile,
    ExecFile,
    HttpFile,
    GerritFile,
    HashtagFile,
    UndoFile,
    JsonFile,
    ScalarFile,
    Entries<EnvironmentName, EnvironmentFile>,
    Vec<StepFile>,
    Vec<At<String>>,
    Vec<At<Template>>,
);
