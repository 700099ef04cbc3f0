//! One call of a tool and the one request that it makes.

use http::Method;
use serde_json::{Value, json};

use super::{Called, Served, line};

/// What a call has to send.
pub struct Sends<'a> {
    pub tool: &'a str,
    pub args: Value,
    /// `METHOD /path` without version.
    pub line: String,
    pub query: &'a str,
    /// Null for none.
    pub body: Value,
}

impl Served {
    /// Calls a tool and checks that it sends this and no other write; what it reads first is not
    /// looked at.
    pub async fn sends(&self, wanted: Sends<'_>) -> Called {
        let Sends { tool, args, line: route, query, body } = wanted;
        self.sent();
        let called = self.call(tool, args).await;
        called.data();
        let mut sent = self.sent();
        let last = sent.pop().unwrap_or_else(|| panic!("{tool} sent nothing"));
        assert_eq!(line(&last).replacen("/v1", "", 1), route, "{tool}");
        assert_eq!(last.query, query, "{tool}");
        let given = if last.body.is_empty() { Value::Null } else { last.json() };
        assert_eq!(given, body, "{tool}");
        assert!(sent.iter().all(|it| it.method == Method::GET), "{tool} writes more than once");
        called
    }

    /// The body of the one write that was sent, whatever was read before and after it.
    pub fn written(&self) -> Value {
        let sent = self.sent();
        let mut writes = sent.iter().filter(|it| it.method != Method::GET);
        let write = writes.next().expect("a write");
        assert!(writes.next().is_none(), "more than one write");
        write.json()
    }

    /// Calls a tool that sends one request and asserts how that left: `METHOD /path?query`, and the
    /// body (null for none).
    pub async fn sends_one(&self, tool: &str, args: Value, target: &str, body: Value) -> Called {
        self.sent();
        let called = self.call(tool, args).await;
        let sent = self.sent();
        let [request] = &sent[..] else {
            panic!("{tool} sent {} requests: {}", sent.len(), called.answer.body)
        };
        let query = if request.query.is_empty() { "" } else { "?" };
        assert_eq!(format!("{}{query}{}", line(request), request.query), target, "{tool}");
        assert_eq!(request.json(), body, "{tool}");
        assert_eq!(request.body.is_empty(), body.is_null(), "{tool}");
        called
    }

    /// Calls a tool with arguments that are refused before anything is sent, and gives the error.
    pub async fn refused(&self, tool: &str, args: Value) -> Value {
        self.sent();
        let error = self.call(tool, args.clone()).await.error();
        assert_eq!(error["kind"], "invalid_arguments", "{tool} {args}: {error}");
        assert_eq!(self.sent_lines(), [""; 0], "{tool} {args}");
        error
    }

    /// The same, and gives its message.
    pub async fn refuses(&self, tool: &str, args: Value) -> String {
        self.refused(tool, args).await["message"].as_str().unwrap().to_owned()
    }
}

/// An object with more fields.
pub fn joined(mut base: Value, more: &Value) -> Value {
    let fields = base.as_object_mut().unwrap();
    fields.extend(more.as_object().cloned().unwrap_or_default());
    json!(fields)
}
