//! One call of a tool through the endpoint, and the rules that every result keeps.

use std::{collections::HashMap, sync::LazyLock};

use http::Method;
use jsonschema::Validator;
use portkey_admin_mcp::tools::Catalogue;
use serde_json::{Value, json};

use super::{Answer, Served, principal};

/// The output schemas that are published, compiled.
static OUTPUTS: LazyLock<HashMap<&'static str, Validator>> = LazyLock::new(|| {
    let catalogue = Catalogue::new(&[]).unwrap();
    let typed = catalogue.entries().iter().filter_map(|entry| {
        let schema = json!(entry.tool.output_schema()?);
        Some((entry.tool.name, jsonschema::draft202012::new(&schema).unwrap()))
    });
    typed.collect()
});

/// What a call gave back.
pub struct Called {
    pub tool: String,
    pub answer: Answer,
}

impl Called {
    fn new(tool: &str, answer: Answer) -> Self {
        let called = Self { tool: tool.to_owned(), answer };
        called.keeps_the_rules();
        called
    }

    fn result(&self) -> &Value {
        &self.answer.body["result"]
    }

    pub fn failed(&self) -> bool {
        self.result()["isError"] == true
    }

    /// The structured content of a success.
    pub fn data(&self) -> &Value {
        assert!(self.result().is_object() && !self.failed(), "{}: {}", self.tool, self.answer.body);
        &self.result()["structuredContent"]
    }

    /// What a tool error says.
    pub fn error(&self) -> Value {
        assert!(self.failed(), "{} did not fail: {}", self.tool, self.answer.body);
        serde_json::from_str::<Value>(self.text()).unwrap()["error"].take()
    }

    /// The arguments that a tool error complains about.
    pub fn complaints(&self) -> Vec<String> {
        let error = self.error();
        assert_eq!(error["kind"], "invalid_arguments", "{}: {error}", self.tool);
        let problems = error["problems"].as_array().unwrap().iter();
        problems.map(|problem| problem["argument"].as_str().unwrap().to_owned()).collect()
    }

    /// The first text block.
    pub fn text(&self) -> &str {
        self.result()["content"][0]["text"].as_str().unwrap_or_else(|| {
            panic!("{} has no text: {} {}", self.tool, self.answer.status, self.answer.body)
        })
    }

    /// Everything that came back, as it would be read on the wire.
    pub fn wire(&self) -> String {
        format!("{} {:?}", self.answer.body, self.answer.headers)
    }

    /// The text says what the structured content says, and that fits the published schema.
    fn keeps_the_rules(&self) {
        let Self { tool, answer } = self;
        if !self.result().is_object() {
            return;
        }
        let text: Value = serde_json::from_str(self.text()).unwrap();
        if self.failed() {
            for field in ["tool", "kind", "message", "remedy", "retry_helps"] {
                assert!(!text["error"][field].is_null(), "{tool}: no `{field}` in {text}");
            }
            assert!(self.result().get("structuredContent").is_none(), "{tool}");
            return;
        }
        assert_eq!(&text, self.data(), "{tool}: text and structured content differ");
        if let Some(schema) = OUTPUTS.get(&**tool) {
            let problems: Vec<_> =
                schema.iter_errors(self.data()).map(|error| error.to_string()).collect();
            assert!(problems.is_empty(), "{tool}: {problems:?} in {}", answer.body);
        }
    }
}

impl Served {
    /// Calls a tool in the modern era.
    pub async fn call(&self, tool: &str, args: Value) -> Called {
        let params = json!({ "name": tool, "arguments": args });
        Called::new(tool, self.modern(&principal("caller"), "tools/call", params).await)
    }

    /// Calls a tool in a legacy session of its own.
    pub async fn call_legacy(&self, version: &str, tool: &str, args: Value) -> Called {
        let caller = principal("legacy caller");
        let session = self.initialize(&caller, version).await;
        let headers = [("mcp-session-id", &*session), ("mcp-protocol-version", version)];
        let params = json!({ "name": tool, "arguments": args });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        Called::new(tool, self.send(&caller, Method::POST, &headers, &body).await)
    }
}
