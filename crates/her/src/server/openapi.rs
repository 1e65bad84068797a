//! `/openapi.json`, made of the route table and the schemas below.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::answer;
use super::routes::{self, Content, Route};
use crate::locks::scope::Scope;

mod doors;
mod schemas;

/// Routes whose body may be left out, as nothing in it must be said.
const OPTIONAL: [&str; 2] = ["leave", "write_book"];

/// `GET /openapi.json`.
pub(super) async fn openapi() -> Response {
    answer::json(StatusCode::OK, &document())
}

/// The whole document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in routes::api() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Heraclitus",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            "description": "Models that never stop learning. An update is durable before it is \
                            acknowledged; every answer about an identity carries its version.",
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas::all(),
            "headers": {
                "HerVersion": {
                    "description": "the version that the answer is of",
                    "schema": { "type": "integer" },
                },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let (status, given) = route.gives;
    let mut responses = Map::new();
    let given = [&[given], doors::also(route.id)].concat();
    let mut fine = json!({ "description": route.summary, "content": content(&given) });
    if route.path.starts_with("/v1/identities/") {
        fine["headers"] = json!({ "Her-Version": { "$ref": "#/components/headers/HerVersion" } });
    }
    responses.insert(status.to_string(), fine);
    for status in refusals(route) {
        let what = StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason());
        responses.insert(
            status.to_string(),
            json!({
                "description": what.unwrap_or("refused"),
                "content": content(&[refusal(route)]),
            }),
        );
    }
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": responses,
    });
    if !route.takes.is_empty() {
        let required = !OPTIONAL.contains(&route.id);
        operation["requestBody"] = json!({ "required": required, "content": content(route.takes) });
    }
    let one = |scope: &Scope| json!({ "token": [scope.name()] });
    operation["security"] = route.scope.any_of().iter().map(one).collect();
    operation
}

/// How a route tells a refusal.
fn refusal(route: &Route) -> Content {
    if route.path.starts_with("/v2") {
        ("application/json", "V2Error")
    } else if route.path.starts_with("/openai") {
        ("application/json", "OpenAiError")
    } else {
        ("application/problem+json", "Problem")
    }
}

/// What a route may refuse: its own reasons, and those of every route like it.
fn refusals(route: &Route) -> Vec<u16> {
    let mut all = vec![400, 403];
    if route.scope != Scope::Open {
        all.push(401);
    }
    if route.path.starts_with("/v1/") || route.path.starts_with("/v2/models/") {
        all.push(422);
    }
    if ["/v1/", "/v2/models/", "/openai/"].iter().any(|start| route.path.starts_with(start)) {
        all.extend([500, 503]);
    }
    if route.path.contains('{') && route.method != "PUT" {
        all.push(404);
    }
    if !route.takes.is_empty() {
        all.extend([408, 413, 415]);
    }
    all.extend(route.refusals);
    all.sort_unstable();
    all.dedup();
    all
}

fn parameters(route: &Route) -> Value {
    let in_path = route.path.split(['{', '}']).skip(1).step_by(2).map(|name| {
        let (kind, help) = match name {
            "version" => ("integer", "a version, from 1"),
            "model" => ("string", "the name of an identity, or name@version"),
            "client" => ("string", "the name that a client numbers its requests under"),
            _ => ("string", "the name of an identity"),
        };
        let schema = json!({ "type": kind });
        json!({
            "name": name,
            "in": "path",
            "required": true,
            "description": help,
            "schema": schema,
        })
    });
    let others = route.params.iter().map(|p| {
        let required = p.help.ends_with("must be given");
        json!({
            "name": p.name,
            "in": p.place,
            "required": required,
            "description": p.help,
            "schema": { "type": p.kind },
        })
    });
    in_path.chain(others).collect()
}

fn content(contents: &[Content]) -> Value {
    let all = contents.iter().map(|(kind, schema)| {
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        ((*kind).to_owned(), json!({ "schema": schema }))
    });
    all.collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(value: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
        match value {
            Value::Object(map) => {
                visit(map);
                map.values().for_each(|v| walk(v, visit));
            }
            Value::Array(list) => list.iter().for_each(|v| walk(v, visit)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_described_and_every_reference_leads_somewhere() {
        let doc = document();
        let mut ids = Vec::new();
        for route in routes::api() {
            let op = &doc["paths"][route.path][route.method.to_lowercase()];
            ids.push(op["operationId"].as_str().expect(route.path));
            for name in route.path.split(['{', '}']).skip(1).step_by(2) {
                let params = op["parameters"].as_array().unwrap();
                assert!(params.iter().any(|p| p["name"] == name && p["in"] == "path"), "{name}");
            }
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), routes::api().count(), "operation ids are unique");
        let (mut found, mut used) = (0, Vec::new());
        walk(&doc, &mut |map| {
            if let Some(Value::String(to)) = map.get("$ref") {
                let pointer = to.strip_prefix('#').expect("only references within");
                assert!(doc.pointer(pointer).is_some(), "{to} leads nowhere");
                used.push(pointer.to_owned());
                found += 1;
            }
        });
        assert!(found > routes::api().count());
        for name in doc["components"]["schemas"].as_object().unwrap().keys() {
            let pointer = format!("/components/schemas/{name}");
            assert!(used.contains(&pointer), "the schema {name} is used by nothing");
        }
    }
}
