//! Every request and every method that there is, from the tables of the protocol, with the names of what they take.

use std::fmt::Write as _;

use fulmar_protocol::Method;
use serde_json::{Map, Value, json};

use crate::ask::Ask;
use crate::kinds::{Kind, kind, wrapped};
use crate::world::{Things, World};

/// A name, and whether it has to be there.
pub(crate) type Field = (String, bool);

/// A route.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) verb: String,
    pub(crate) path: String,
    pub(crate) query: Vec<String>,
    pub(crate) body: Vec<Field>,
    pub(crate) needs_token: bool,
}

/// Every route of the OpenAPI document.
pub(crate) fn routes(world: &mut World) -> Vec<Template> {
    let document = Ask::new("GET", "/v1/openapi.json").of(world).json();
    let mut found = Vec::new();
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for (verb, operation) in verbs.as_object().unwrap() {
            let parameters = operation["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let query = parameters.iter().filter(|one| one["in"] == "query");
            let schema = operation.pointer("/requestBody/content/application~1json/schema");
            found.push(Template {
                verb: verb.to_uppercase(),
                path: path.clone(),
                query: query
                    .map(|one| one["name"].as_str().unwrap().to_owned())
                    .collect(),
                body: schema
                    .map(|schema| fields(&document, schema))
                    .unwrap_or_default(),
                needs_token: operation.get("security").is_some(),
            });
        }
    }
    found
}

/// Every method with its params.
pub(crate) fn methods() -> Vec<(&'static str, Vec<Field>)> {
    let mut generator = schemars::SchemaGenerator::default();
    let of = |name: &&'static str| {
        let request = Method::REQUESTS
            .iter()
            .find(|request| request.operation == *name);
        let request = request
            .unwrap_or_else(|| panic!("{name} has no request: say here where its params are"));
        let schema = (request.params)(&mut generator);
        (*name, fields(&Value::Null, schema.as_value()))
    };
    Method::NAMES.iter().map(of).collect()
}

fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').unwrap();
        return fields(document, document.pointer(pointer).unwrap());
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let field = |name: String| {
        let needed = required.iter().any(|one| *one == *name);
        (name, needed)
    };
    properties
        .into_iter()
        .map(|(name, _)| field(name))
        .collect()
}

/// What stands under a name when nothing is wrong: something of one's own.
pub(crate) fn good(name: &str, own: &Things) -> Value {
    match kind(name) {
        Kind::Plain(value) => value,
        named => wrapped(name, named.of(own).first().map_or("", String::as_str)),
    }
}

/// An object of everything that has to be there, and what is asked for.
pub(crate) fn object(body: &[Field], own: &Things, named: &[(&str, &str)]) -> Value {
    let mut fields = Map::new();
    for (name, needed) in body {
        match named.iter().find(|(asked, _)| asked == name) {
            Some((_, value)) => fields.insert(name.clone(), wrapped(name, value)),
            // The rules want a title of a group, the shape does not.
            None if *needed || name == "title" => fields.insert(name.clone(), good(name, own)),
            None => None,
        };
    }
    Value::Object(fields)
}

pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").unwrap();
        encoded
    })
}

impl Template {
    /// The names in the braces of its path.
    pub(crate) fn path_names(&self) -> Vec<&str> {
        let parts = self.path.split('/').filter(|part| part.starts_with('{'));
        parts.map(|part| part.trim_matches(['{', '}'])).collect()
    }

    /// Every name that it takes.
    pub(crate) fn names(&self) -> Vec<&str> {
        let query = self.query.iter().map(String::as_str);
        let body = self.body.iter().map(|(name, _)| name.as_str());
        self.path_names()
            .into_iter()
            .chain(query)
            .chain(body)
            .collect()
    }

    /// The request with good values, and with these instead where they are named.
    pub(crate) fn ask(&self, own: &Things, named: &[(&str, &str)]) -> Ask {
        let value = |name: &str| -> String {
            let asked = named.iter().find(|(asked, _)| *asked == name);
            let good = || good(name, own).as_str().unwrap_or("1").to_owned();
            asked.map_or_else(good, |(_, value)| (*value).to_owned())
        };
        let path = self.path.split('/').map(|part| {
            match part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
            {
                Some(name) => encoded(&value(name)),
                None => part.to_owned(),
            }
        });
        let path = path.collect::<Vec<_>>().join("/");
        // Without its text a search is none.
        let query = self
            .query
            .iter()
            .filter(|name| *name == "q" || named.iter().any(|(asked, _)| asked == name));
        let query: Vec<String> = query
            .map(|name| format!("{name}={}", encoded(&value(name))))
            .collect();
        let ask = Ask::new(&self.verb, &path).query(&query.join("&"));
        if self.path.starts_with("/v1/files") {
            return ask.headers(&[
                ("tus-resumable", "1.0.0"),
                ("content-type", "application/offset+octet-stream"),
                ("upload-offset", "0"),
                ("upload-length", "11"),
            ]);
        }
        if self.body.is_empty() {
            return ask;
        }
        let mut body = object(&self.body, own, named);
        if self.body.iter().any(|(name, _)| name == "operationKey") {
            body["operationKey"] = json!(crate::world::key(0xfade));
        }
        ask.body(&body)
    }
}
