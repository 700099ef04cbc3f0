//! Prompts: the runbooks, as a client sees them.

use std::sync::Arc;

use portkey_admin_mcp::{mcp::Endpoint, runbooks::RUNBOOKS, tools::Catalogue};
use serde_json::{Value, json};

use crate::support::{Served, portkey_of, principal, serve, settings};

impl Served {
    /// The same sandbox behind an endpoint of these domains alone.
    pub fn of_domains(self, domains: &[&str]) -> Self {
        let domains: Vec<String> = domains.iter().map(|it| (*it).to_owned()).collect();
        let catalogue = Arc::new(Catalogue::new(&domains).unwrap());
        let portkey = portkey_of(&self.sandbox, "admin");
        Self { endpoint: Endpoint::new(settings(), catalogue, portkey), ..self }
    }

    /// A modern request that succeeds, and its result.
    pub async fn result(&self, method: &str, params: Value) -> Value {
        let answer = self.modern(&principal("ann"), method, params).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let result = answer.body["result"].clone();
        let server = &result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"];
        assert_eq!(server, "portkey-admin", "{method}: {result}");
        assert_eq!(result["resultType"], "complete", "{method}: {result}");
        result
    }

    /// A modern request that fails: its HTTP status and error.
    pub async fn fails(&self, method: &str, params: Value) -> (u16, Value) {
        let answer = self.modern(&principal("ann"), method, params).await;
        (answer.status.as_u16(), answer.body["error"].clone())
    }
}

/// The names in a list of this method.
pub async fn names(served: &Served, method: &str, list: &str, name: &str) -> Vec<String> {
    let result = served.result(method, json!({})).await;
    assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(300_000), &json!("public")));
    let rows = result[list].as_array().unwrap().iter();
    rows.map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_runbook_is_listed_with_description_and_arguments() {
    let served = serve(settings()).await;
    let result = served.result("prompts/list", json!({})).await;
    let prompts = result["prompts"].as_array().unwrap();
    assert_eq!(prompts.len(), 7);
    for (prompt, book) in prompts.iter().zip(RUNBOOKS) {
        assert_eq!(prompt["name"], book.name);
        assert!(prompt["description"].as_str().unwrap().len() > 30);
        assert!(prompt["title"].is_string());
        for (argument, of_book) in
            prompt["arguments"].as_array().unwrap().iter().zip(book.arguments)
        {
            assert_eq!(argument["name"], of_book.name);
            assert_eq!(argument["required"], of_book.required);
            assert!(argument["description"].is_string());
        }
    }
}

#[tokio::test]
async fn a_runbook_is_one_message_of_the_user_with_what_was_given() {
    let served = serve(settings()).await;
    for book in RUNBOOKS {
        let value = |name: &str| match name {
            "email" | "emails" => format!("{name}@example.com"),
            "monthly_budget_usd" => "99.5".to_owned(),
            _ => format!("value-of-{name}"),
        };
        let given: Value = book.arguments.iter().map(|it| (it.name, value(it.name))).collect();
        let result =
            served.result("prompts/get", json!({ "name": book.name, "arguments": given })).await;
        let messages = result["messages"].as_array().unwrap();
        let [message] = &messages[..] else { panic!("{result}") };
        assert_eq!(message["role"], "user");
        let text = message["content"]["text"].as_str().unwrap();
        assert!(text.contains(&given.to_string()), "{text}");
        assert!(!text.contains("Not available here"), "{text}");
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_runbook_says_which_of_its_tools_are_not_there() {
    let served = serve(settings()).await.of_domains(&["analytics", "configs"]);
    let listed = names(&served, "prompts/list", "prompts", "name").await;
    assert_eq!(listed, ["investigate_cost_spike", "investigate_error_spike"]);
    let get = json!({ "name": "investigate_cost_spike" });
    let result = served.result("prompts/get", get).await;
    let text = result["messages"][0]["content"]["text"].as_str().unwrap();
    let (_, absent) = text.split_once("## Not available here").unwrap();
    assert!(absent.contains("`list_audit_logs`") && !absent.contains("`get_cost_analytics`"));
    let (status, error) = served.fails("prompts/get", json!({ "name": "offboard_user" })).await;
    assert_eq!((status, &error["code"]), (200, &json!(-32602)), "{error}");
}

#[tokio::test]
async fn a_read_only_server_offers_no_runbook_that_writes_at_once() {
    let mut read_only = settings();
    read_only.read_only = true;
    let served = serve(read_only).await;
    let listed = names(&served, "prompts/list", "prompts", "name").await;
    assert_eq!(listed, ["plan_change", "investigate_cost_spike", "investigate_error_spike"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_prompt_is_named() {
    let served = serve(settings()).await;
    for (params, want) in [
        (json!({ "name": "plan_chnage" }), "did you mean `plan_change`?"),
        (json!({ "name": "plan_change" }), "`goal` is required"),
        (json!({ "name": "plan_change", "arguments": { "goal": 5 } }), "has to be a text"),
        (
            json!({ "name": "plan_change", "arguments": { "goal": "x", "z": "y" } }),
            "no argument `z`",
        ),
        (json!({ "name": "plan_change", "arguments": [] }), "`arguments` has to be an object"),
    ] {
        let (_, error) = served.fails("prompts/get", params).await;
        assert_eq!(error["code"], -32602, "{error}");
        assert!(error["message"].as_str().unwrap().contains(want), "{error}");
    }
    let (status, error) = served.fails("prompts/list", json!({ "cursor": "x" })).await;
    assert_eq!((status, &error["code"]), (200, &json!(-32602)), "{error}");
    let (status, error) = served.fails("prompts/list", json!({ "cursor": 5 })).await;
    assert_eq!((status, &error["code"]), (400, &json!(-32602)), "{error}");
}
