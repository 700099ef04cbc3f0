//! What one call sends, whole.

use std::sync::Arc;

use portkey_admin_mcp::{mcp::Endpoint, tools::Catalogue};
use serde_json::Value;

use super::{Called, Served, line, portkey_of, settings};

impl Served {
    /// The same sandbox behind an endpoint with another of the seeded keys.
    pub fn keyed(self, key: &str) -> Self {
        let portkey = portkey_of(&self.sandbox, key);
        let catalogue = Arc::new(Catalogue::new(&[]).unwrap());
        Self { endpoint: Endpoint::new(settings(), catalogue, portkey), ..self }
    }

    /// Calls a tool and asserts that it sends one request: `METHOD /path?query` and this body, null
    /// for none.
    pub async fn leaves(&self, tool: &str, args: Value, wanted: &str, body: Value) -> Called {
        self.sent();
        let called = self.call(tool, args).await;
        let sent = self.sent();
        let [request] = &sent[..] else {
            panic!("{tool} sent {} requests: {}", sent.len(), called.answer.body)
        };
        let query = if request.query.is_empty() { "" } else { "?" };
        let left = format!("{}{query}{}", line(request), request.query);
        assert_eq!(left, wanted, "{tool}");
        assert_eq!(request.json(), body, "{tool}");
        called
    }

    /// Calls a tool that is to refuse its arguments, and asserts that nothing is sent.
    pub async fn refuses(&self, tool: &str, args: Value) -> Value {
        self.sent();
        let called = self.call(tool, args).await;
        assert_eq!(self.sent_lines(), [""; 0], "{tool}");
        let error = called.error();
        assert_eq!(error["kind"], "invalid_arguments", "{tool}: {error}");
        error
    }

    /// A field of the row of this name in a list of the sandbox.
    pub async fn seeded(&self, key: &str, path: &str, name: &str, field: &str) -> String {
        let list = self.account(key).get(path).await;
        let row = list["data"].as_array().unwrap().iter().find(|row| row["name"] == name);
        row.unwrap_or_else(|| panic!("no {name} in {path}"))[field].as_str().unwrap().to_owned()
    }
}
