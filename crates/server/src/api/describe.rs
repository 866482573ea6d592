//! A short way to say what an endpoint takes and answers, for the OpenAPI document.

use utoipa::openapi::{
    Content, ContentBuilder, ObjectBuilder, Ref, Required, ResponseBuilder,
    path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn},
    request_body::RequestBodyBuilder,
    schema::{KnownFormat, SchemaFormat, Type},
    security::SecurityRequirement,
};

/// An operation that readers may call, unless said otherwise.
pub(crate) fn operation(id: &str, summary: &str) -> Described {
    Described { built: OperationBuilder::new().operation_id(Some(id)).summary(Some(summary)), open: false }
}

/// An operation, half described.
pub(crate) struct Described {
    built: OperationBuilder,
    open: bool,
}

impl Described {
    /// Needs no credential.
    pub(crate) fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// A part of the path; `schema` is `text`, `integer` or a component.
    pub(crate) fn path(self, name: &str, about: &str, schema: &str) -> Self {
        self.parameter(name, about, schema, ParameterIn::Path)
    }

    /// A key of the query; all may be left out.
    pub(crate) fn query(self, name: &str, about: &str, schema: &str) -> Self {
        self.parameter(name, about, schema, ParameterIn::Query)
    }

    /// `limit` and `after`.
    pub(crate) fn paged(self) -> Self {
        self.query("limit", "At most so many rows, 1 to 500; 50 if left out.", "integer").query(
            "after",
            "The `next` of the page before.",
            "text",
        )
    }

    /// Any JSON object as a body.
    pub(crate) fn body(self, about: &str) -> Self {
        let object = ObjectBuilder::new().schema_type(Type::Object).build();
        let body = RequestBodyBuilder::new()
            .description(Some(about))
            .content("application/json", Content::new(Some(object)))
            .required(Some(Required::True))
            .build();
        Self { built: self.built.request_body(Some(body)), ..self }
    }

    /// An answer with a component, or without a body.
    pub(crate) fn answer(self, status: u16, about: &str, component: Option<&str>) -> Self {
        let mut response = ResponseBuilder::new().description(about);
        if let Some(name) = component {
            let schema = Ref::from_schema_name(name);
            response = response.content("application/json", Content::new(Some(schema)));
        }
        Self { built: self.built.response(status.to_string(), response.build()), ..self }
    }

    /// An answer that is no JSON.
    pub(crate) fn bytes(self, status: u16, about: &str, media: &str) -> Self {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .build();
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new().description(about).content(media, content).build();
        Self { built: self.built.response(status.to_string(), response), ..self }
    }

    /// An error, of the one shape.
    pub(crate) fn error(self, status: u16, about: &str) -> Self {
        self.answer(status, about, Some("Problem"))
    }

    /// What can go wrong wherever something is read.
    pub(crate) fn reader_errors(self) -> Self {
        self.error(400, "The question can't be read; the message says why.")
            .error(401, "No open session, and not the command line's token.")
            .error(
                503,
                "The store can't be read, or too many ask at once; `Retry-After` says when to come back.",
            )
    }

    /// What can go wrong where a person asks for something.
    pub(crate) fn person_errors(self) -> Self {
        self.error(400, "It can't be read, or can't be asked for; the message says why.")
            .error(401, "Nobody is signed in.")
            .error(403, "The host's token is no person; or the person is in no group that may read here.")
            .error(404, "Nobody signs in here.")
            .error(503, "It can't be stored at the moment; `Retry-After` says when to come back.")
    }

    /// The operation.
    pub(crate) fn done(self) -> Operation {
        if self.open {
            return self.built.build();
        }
        let none: [&str; 0] = [];
        self.built
            .security(SecurityRequirement::new("cliToken", none))
            .security(SecurityRequirement::new("session", none))
            .build()
    }

    fn parameter(self, name: &str, about: &str, schema: &str, place: ParameterIn) -> Self {
        let built = ParameterBuilder::new()
            .name(name)
            .description(Some(about))
            .required(if place == ParameterIn::Path { Required::True } else { Required::False })
            .parameter_in(place);
        let built = match schema {
            "text" => built.schema(Some(ObjectBuilder::new().schema_type(Type::String).build())),
            "integer" => built.schema(Some(ObjectBuilder::new().schema_type(Type::Integer).build())),
            component => built.schema(Some(Ref::from_schema_name(component))),
        };
        Self { built: self.built.parameter(built.build()), ..self }
    }
}
