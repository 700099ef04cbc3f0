//! The validator itself, held to a small description that has what it has to read.

use bytes::Bytes;
use http::{HeaderMap, Method};
use portkey_admin_mcp::sandbox::{Answered, Received};
use serde_json::{Value, json};

use super::{
    check,
    description::Description,
    divergence::{Divergence, Problem, Side},
    known::{KNOWN, Known},
};

const DESCRIPTION: &str = r##"
openapi: 3.0.0
paths:
  /labels/{labelId}:
    parameters:
      - { name: labelId, in: path, required: true, schema: { type: string, format: uuid } }
    put:
      parameters:
        - $ref: "#/components/parameters/Count"
        - { name: states, in: query, schema: { type: array, items: { enum: [open, done] } } }
        - { name: team, in: query, required: true, schema: { type: string } }
      requestBody:
        required: true
        content:
          application/json:
            schema: { $ref: "#/components/schemas/Change" }
      responses:
        "200":
          content:
            application/json:
              schema:
                type: object
                required: [id]
                properties:
                  id: { type: string }
                  note: { type: string, nullable: true }
                  owner: { type: string }
        "404":
          description: No such label
components:
  parameters:
    Count: { name: count, in: query, schema: { type: integer, minimum: 1 } }
  schemas:
    Named:
      type: object
      required: [name]
      properties:
        name: { type: string, maxLength: 5, required: true }
        parent: { nullable: true, allOf: [{ $ref: "#/components/schemas/Named" }] }
    Change:
      allOf:
        - $ref: "#/components/schemas/Named"
        - type: object
          properties:
            color: { type: string, nullable: true, enum: [red, green] }
            free: { type: object }
            texts: { type: object, additionalProperties: { type: string } }
            rules:
              type: array
              items:
                oneOf:
                  - type: object
                    required: [kind, limit]
                    properties: { kind: { enum: [limit] }, limit: { type: integer } }
                  - type: object
                    required: [kind, days, hours]
                    properties:
                      kind: { enum: [time] }
                      days: { type: integer }
                      hours: { type: integer }
                  - type: string
                discriminator: { propertyName: kind }
"##;

const TARGET: &str = "/v1/labels/3fa85f64-5717-4562-b3fc-2c963f66afa6?team=a";

fn exchange(target: &str, body: &Value, status: u16, answer: &str) -> Received {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Received {
        method: Method::PUT,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: HeaderMap::new(),
        body: if body.is_null() { Bytes::new() } else { body.to_string().into() },
        key: None,
        answer: Some(Answered { status, body: answer.to_owned().into() }),
    }
}

/// What is found in a request to `target` with its answer, as `problem in the side at place`.
fn found(target: &str, body: &Value, status: u16, answer: &str) -> Vec<String> {
    let description = Description::new(DESCRIPTION);
    let exchange = exchange(target, body, status, answer);
    let operation = description.operation("PUT /labels/{}").unwrap();
    let found = check::divergences(operation, &exchange);
    found.into_iter().map(|(divergence, _)| divergence.to_string()).collect()
}

fn in_body(body: Value) -> Vec<String> {
    found(TARGET, &body, 200, r#"{"id":"a"}"#)
}

fn in_answer(status: u16, answer: &str) -> Vec<String> {
    found(TARGET, &json!({ "name": "n" }), status, answer)
}

#[test]
fn what_is_as_described_is_no_divergence() {
    for body in [
        json!({ "name": "n" }),
        json!({ "name": "n", "color": null, "parent": null, "rules": [], "free": { "any": 1 } }),
        json!({ "name": "n", "color": "red", "parent": { "name": "p" }, "texts": { "any": "t" } }),
        json!({ "name": "n", "rules": ["r", { "kind": "limit", "limit": 1 }] }),
    ] {
        assert_eq!(in_body(body.clone()), [""; 0], "{body}");
    }
    for query in ["&count=2", "&states=open,done", "&states=done"] {
        let target = format!("{TARGET}{query}");
        assert_eq!(found(&target, &json!({ "name": "n" }), 404, ""), [""; 0], "{query}");
    }
    assert_eq!(in_answer(200, r#"{"id":"a","note":null,"newer":1}"#), [""; 0]);
}

#[test]
fn a_divergence_in_a_body_is_told_with_its_place() {
    for (body, told) in [
        (json!({}), "/name: Missing"),
        (json!({ "name": "n", "nam": "n" }), "/nam: Unknown"),
        (json!({ "name": 1 }), "/name: Type"),
        (json!({ "name": null }), "/name: Null"),
        (json!({ "name": "longer" }), "/name: Value"),
        (json!({ "name": "n", "color": "blue" }), "/color: Value"),
        (json!({ "name": "n", "parent": { "name": "p", "nam": 1 } }), "/parent/nam: Unknown"),
        (json!({ "name": "n", "texts": { "a": 1 } }), "/texts/a: Type"),
        (json!({ "name": "n", "rules": [{ "kind": "limit" }] }), "/rules/*/limit: Missing"),
        (
            json!({ "name": "n", "rules": [{ "kind": "limit", "limit": "1" }] }),
            "/rules/*/limit: Type",
        ),
        (
            json!({ "name": "n", "rules": [{ "kind": "limit", "limit": 1, "days": 2 }] }),
            "/rules/*/days: Unknown",
        ),
        (json!({ "name": "n", "rules": [3] }), "/rules/*: Value"),
        (json!(["n"]), "/: Type"),
        (Value::Null, "/: Body"),
    ] {
        assert_eq!(in_body(body.clone()), [format!("{told} in the Request")], "{body}");
    }
}

#[test]
fn a_divergence_in_a_path_or_query_is_told() {
    let body = json!({ "name": "n" });
    for (target, told) in [
        ("/v1/labels/3fa85f64-5717-4562-b3fc-2c963f66afa6", "?team: Missing"),
        ("/v1/labels/mine?team=a", "{labelId}: Value"),
        (&format!("{TARGET}&count=many"), "?count: Type"),
        (&format!("{TARGET}&count=0"), "?count: Value"),
        (&format!("{TARGET}&states=open,don"), "?states: Type"),
        (&format!("{TARGET}&tem=a"), "?tem: Unknown"),
    ] {
        assert_eq!(found(target, &body, 404, ""), [format!("{told} in the Request")], "{target}");
    }
}

#[test]
fn a_divergence_in_an_answer_is_told() {
    for (status, answer, told) in [
        (200, r#"{"id":null}"#, "/id: Null"),
        (200, r#"{"note":"n"}"#, "/id: Missing"),
        (200, r#"{"id":"a","owner":{}}"#, "/owner: Type"),
        (200, "", "200: Body"),
        (409, "{}", "409: Status"),
    ] {
        assert_eq!(in_answer(status, answer), [format!("{told} in the Answer")], "{answer}");
    }
}

#[test]
fn what_the_description_offers_and_nothing_sends_is_told() {
    let description = Description::new(DESCRIPTION);
    let operation = description.operation("PUT /labels/{}").unwrap();
    let body = json!({ "name": "n", "color": null, "texts": {}, "parent": null });
    let sent = [
        exchange(&format!("{TARGET}&count=1"), &body, 200, ""),
        exchange(TARGET, &json!([{ "free": {} }]), 200, ""),
    ];
    let unused = check::unused(operation, sent.iter());
    let unused: Vec<_> = unused.iter().map(Divergence::to_string).collect();
    assert_eq!(unused, ["/rules: Unused in the Request", "?states: Unused in the Request"]);
}

#[test]
fn what_is_known_is_explained_and_what_is_found_no_more_is_stale() {
    let known = Known::new(
        r#"
        [[known]]
        why = "the reason of this test"
        side = "request"
        problem = "unknown"
        at = ["PUT /labels/{} /color", "GET /labels* */note", "GET /labels ?page"]
        "#,
    );
    let place = |side, problem, at: &str| Divergence { side, problem, at: at.to_owned() };
    let color = place(Side::Request, Problem::Unknown, "/color");
    let note = place(Side::Request, Problem::Unknown, "/data/*/note");
    assert!(known.explains("PUT /labels/{}", &color));
    assert!(known.explains("GET /labels", &note) && known.explains("GET /labels/{}", &note));
    for (line, other) in [
        ("POST /labels", color.clone()),
        ("PUT /labels/{}", place(Side::Answer, Problem::Unknown, "/color")),
        ("PUT /labels/{}", place(Side::Request, Problem::Type, "/color")),
        ("PUT /labels/{}", place(Side::Request, Problem::Unknown, "/color/tone")),
    ] {
        assert!(!known.explains(line, &other), "{line} {other}");
    }
    let found = [("PUT /labels/{}", &color), ("GET /labels/{}", &note)];
    assert_eq!(known.stale(found.into_iter()), ["GET /labels ?page: Unknown in the Request"]);
    assert_eq!(known.stale([].into_iter()).len(), 3);
}

/// Where there is no description, too.
#[test]
fn every_known_divergence_has_its_reason() {
    Known::new(KNOWN);
}
