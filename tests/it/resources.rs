//! Resources: the guide, the catalogue and what is read from the account.

use http::Method;
use serde_json::{Value, json};

use crate::{
    runbooks::names,
    support::{Served, principal, serve, serve_key, settings},
};

impl Served {
    /// Reads a resource: its media type and text, and the whole result.
    async fn read(&self, uri: &str) -> (String, String, Value) {
        let result = self.result("resources/read", json!({ "uri": uri })).await;
        let contents = result["contents"].as_array().unwrap();
        let [content] = &contents[..] else { panic!("{result}") };
        assert_eq!(content["uri"], uri);
        let field = |name: &str| content[name].as_str().unwrap().to_owned();
        (field("mimeType"), field("text"), result)
    }
}

#[tokio::test]
async fn the_guide_and_the_catalogue_are_listed_and_read() {
    let served = serve(settings()).await;
    let listed = names(&served, "resources/list", "resources", "uri").await;
    assert_eq!(listed, ["portkey://guide", "portkey://catalogue"]);
    let (media_type, text, result) = served.read("portkey://guide").await;
    assert_eq!(media_type, "text/markdown");
    assert!(text.starts_with("# Working with this server"));
    assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(300_000), &json!("public")));
    let (media_type, text, _) = served.read("portkey://catalogue").await;
    assert_eq!(media_type, "application/json");
    let catalogue: Value = serde_json::from_str(&text).unwrap();
    let domains = catalogue["domains"].as_array().unwrap();
    assert_eq!(domains.len(), 21);
    let tools: usize = domains.iter().map(|it| it["tools"].as_array().unwrap().len()).sum();
    assert_eq!(catalogue["tools"], tools);
    let first = &domains[0]["tools"][0];
    assert_eq!((&first["name"], &first["effect"]), (&json!("list_configs"), &json!("reads")));
    assert_eq!(first["scopes"], json!(["configs.list"]));
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn the_catalogue_is_of_the_tools_that_the_caller_has() {
    let served = serve(settings()).await.of_domains(&["labels", "configs"]);
    let (_, text, _) = served.read("portkey://catalogue").await;
    let catalogue: Value = serde_json::from_str(&text).unwrap();
    let domains: Vec<_> =
        catalogue["domains"].as_array().unwrap().iter().map(|it| it["domain"].clone()).collect();
    assert_eq!(domains, ["configs", "labels"]);
    let listed = names(&served, "resources/templates/list", "resourceTemplates", "name").await;
    assert_eq!(listed, ["config"]);
    let (_, error) = served.fails("resources/read", json!({ "uri": "portkey://prompts/x" })).await;
    assert_eq!(error["code"], -32602, "{error}");
    let mut read_only = settings();
    read_only.read_only = true;
    let served = served.with(read_only);
    let (_, text, _) = served.read("portkey://catalogue").await;
    assert!(!text.contains("\"destroys\"") && text.contains("\"reads\""));
}

#[tokio::test]
async fn a_template_reads_what_its_tool_shows() {
    let served = serve(settings()).await;
    let listed =
        names(&served, "resources/templates/list", "resourceTemplates", "uriTemplate").await;
    let wanted = [
        "portkey://configs/{slug}",
        "portkey://prompts/{id}",
        "portkey://workspaces/{id}",
        "portkey://guardrails/{id}",
    ];
    assert_eq!(listed, wanted);
    for (uri, tool, list, argument, field) in [
        ("portkey://configs/", "get_config", "/configs", "slug", "slug"),
        ("portkey://prompts/", "get_prompt", "/prompts", "prompt_id", "slug"),
        ("portkey://workspaces/", "get_workspace", "/admin/workspaces", "workspace_id", "id"),
        ("portkey://guardrails/", "get_guardrail", "/guardrails", "guardrail_id", "id"),
    ] {
        let rows = served.account("admin").get(list).await;
        let id = rows["data"][0][field].as_str().unwrap();
        let (media_type, text, result) = served.read(&format!("{uri}{id}")).await;
        assert_eq!(media_type, "application/json");
        assert_eq!((&result["ttlMs"], &result["cacheScope"]), (&json!(0), &json!("private")));
        let called = served.call(tool, json!({ argument: id })).await;
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), *called.data(), "{tool}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_with_its_uri() {
    let served = serve_key(settings(), "read-only").await;
    for uri in
        ["portkey://nothing", "portkey://configs/", "portkey://configs/a/b", "file:///etc/x", ""]
    {
        let (_, error) = served.fails("resources/read", json!({ "uri": uri })).await;
        assert_eq!(
            (&error["code"], &error["data"]["uri"]),
            (&json!(-32602), &json!(uri)),
            "{error}"
        );
    }
    assert_eq!(served.sent_lines(), [""; 0]);
    let (_, error) = served.fails("resources/read", json!({ "uri": 5 })).await;
    assert_eq!(error["code"], -32602, "{error}");

    let absent = "portkey://configs/pc-absent";
    let (_, error) = served.fails("resources/read", json!({ "uri": absent })).await;
    assert_eq!(
        (&error["code"], &error["data"]["uri"]),
        (&json!(-32602), &json!(absent)),
        "{error}"
    );
    assert!(error["data"]["remedy"].as_str().unwrap().contains("list_configs"), "{error}");

    // An argument that its tool refuses is no resource, and nothing is sent.
    served.sent();
    let (_, error) = served.fails("resources/read", json!({ "uri": "portkey://configs/.." })).await;
    assert_eq!(error["code"], -32602, "{error}");
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_legacy_session_is_told_by_the_code_of_its_revision() {
    let served = serve(settings()).await;
    let ann = principal("ann");
    let session = served.initialize(&ann, "2025-06-18").await;
    let headers = [("mcp-session-id", &*session), ("mcp-protocol-version", "2025-06-18")];
    for (uri, code) in [("portkey://guide", None), ("portkey://nothing", Some(-32002))] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/read",
            "params": { "uri": uri } });
        let answer = served.send(&ann, Method::POST, &headers, &body).await;
        assert_eq!(answer.code(), code, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_refusal_of_portkey_is_no_missing_resource() {
    let served = serve(settings()).await;
    served.sandbox.faults().plan("1 GET /configs 503".parse().unwrap());
    served.sandbox.faults().plan("9 GET /configs 403".parse().unwrap());
    let uri = "portkey://configs/pc-any";
    let (_, error) = served.fails("resources/read", json!({ "uri": uri })).await;
    assert_eq!(
        (&error["code"], &error["data"]["status"]),
        (&json!(-32603), &json!(403)),
        "{error}"
    );
    assert!(error["data"]["likely_cause"].as_str().unwrap().contains("configs.read"), "{error}");
}
