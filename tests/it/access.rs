//! Access rules, named tokens and credentials, through the real binary and the endpoint.

use std::{path::PathBuf, sync::Arc};

use http::Method;
use portkey_admin_mcp::{
    auth::{self, Access, Identity, Principal, READ, Rule, WRITE},
    mcp::Endpoint,
    portkey::Accounts,
    tool::Effect,
    tools::{Catalogue, DOMAINS},
};
use rmcp::model::CacheScope;
use serde_json::{Value, json};

use crate::{
    process::{Ask, Server, run, scratch},
    support::{MODERN, Served, initialize, meta, portkey_at, serve, settings},
};

/// SHA-256 of `token-of-finops`, `token-of-robots` and `token-of-nobody`, as an operator writes them.
fn file() -> PathBuf {
    let hash = |token: &str| {
        use sha2::{Digest, Sha256};
        Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let [finops, robots, nobody] =
        ["token-of-finops", "token-of-robots", "token-of-nobody"].map(hash);
    let text = format!(
        r#"
[auth]
mode = "bearer"

[credentials.finance]
key_env = "PORTKEY_FINANCE_KEY"
sandbox_key = "read-only"

[credentials.tenant]
key_env = "PORTKEY_TENANT_KEY"
sandbox_key = "other-admin"

[tokens.finops]
sha256 = "{finops}"

[tokens.robots]
sha256 = "{robots}"

[tokens.nobody]
sha256 = "{nobody}"

[[rules]]
name = "finops"
credential = "finance"
domains = ["analytics", "limits"]
effects = ["reads"]
allow = ["list_workspaces", "list_configs"]
deny = ["list_usage_limits"]
[rules.when]
tokens = ["finops"]

[[rules]]
credential = "tenant"
[rules.when]
tokens = ["robots"]
"#
    );
    scratch("rules.toml", &text)
}

fn names(list: &Value) -> Vec<&str> {
    list["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect()
}

async fn ask(server: &Server, token: &str, method: &str, params: Value) -> Value {
    let bearer = format!("Bearer {token}");
    let reply = server.ask(&Ask::modern(1, method, params).with("authorization", &bearer)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

#[tokio::test]
async fn each_token_has_the_tools_and_the_account_of_its_rule() {
    let file = file();
    let server = Server::start(&["--sandbox", "--config", file.to_str().unwrap()], &[]).await;
    let list = ask(&server, "token-of-finops", "tools/list", json!({})).await;
    assert_eq!(list["result"]["cacheScope"], "private");
    let seen = names(&list);
    assert!(seen.contains(&"get_cost_analytics") && seen.contains(&"list_configs"), "{seen:?}");
    assert!(!seen.contains(&"list_usage_limits") && !seen.contains(&"get_config"), "{seen:?}");
    let all = ask(&server, "token-of-robots", "tools/list", json!({})).await;
    assert_eq!(names(&all).len(), DOMAINS.iter().map(|(_, tools)| tools.len()).sum::<usize>());

    // Two organisations: nobody sees the other's.
    let call = json!({ "name": "list_workspaces", "arguments": {} });
    let [one, other] = ["token-of-finops", "token-of-robots"].map(|token| {
        let (server, call) = (&server, call.clone());
        async move {
            ask(server, token, "tools/call", call).await["result"]["structuredContent"].clone()
        }
    });
    let (one, other) = (one.await, other.await);
    assert_ne!(one["data"][0]["id"], other["data"][0]["id"], "{one} {other}");

    // What a rule hides is not there, under every name that it has.
    for name in ["get_config", "delete_config", "get_trace", "get_log"] {
        let call = json!({ "name": name, "arguments": {} });
        let answer = ask(&server, "token-of-finops", "tools/call", call).await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("no tool"), "{answer}");
    }
    let prompts = ask(&server, "token-of-finops", "prompts/list", json!({})).await;
    let prompts = prompts["result"]["prompts"].as_array().unwrap().clone();
    assert!(prompts.iter().all(|it| it["name"] != "offboard_user") && !prompts.is_empty());
    let read =
        ask(&server, "token-of-finops", "resources/read", json!({ "uri": "portkey://configs/a" }));
    assert_eq!(read.await["error"]["code"], -32602);

    let bearer =
        Ask::modern(1, "tools/list", json!({})).with("authorization", "Bearer token-of-nobody");
    let reply = server.ask(&bearer).await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (403, None), "{}", reply.text());
    assert!(reply.text().contains("no access rule"), "{}", reply.text());
    let reply = server.ask(&Ask::modern(1, "tools/list", json!({}))).await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")));
}

#[tokio::test]
async fn a_session_is_of_one_principal_alone() {
    let file = file();
    let server = Server::start(&["--sandbox", "--config", file.to_str().unwrap()], &[]).await;
    let [one, other] = ["Bearer token-of-finops", "Bearer token-of-robots"];
    let first = Ask::post(initialize("2025-11-25")).with("authorization", one);
    let session = server.ask(&first).await.header("mcp-session-id").unwrap().to_owned();
    let list = Ask::legacy(&session, 1, "tools/list", json!({}));
    let own = server.ask(&list.clone().with("authorization", one)).await;
    assert_eq!(own.status, 200);
    let foreign = server.ask(&list.with("authorization", other)).await;
    assert_eq!(foreign.status, 404, "{}", foreign.text());
}

#[tokio::test]
async fn what_is_wrong_with_rules_is_told_before_the_start() {
    for (text, want) in [
        ("[[rules]]\n[rules.when]\n", "`rules[0]`: `when` is empty"),
        ("[[rules]]\nfoo = 1\n[rules.when]\ntokens = [\"default\"]", "unknown field `foo`"),
        ("[rules]\na = 1", "has to be written as `[[rules]]`"),
        ("[tokens.a]\nsha256 = \"abc\"", "64 hexadecimal digits"),
        (
            "[tokens.default]\nsha256 = \"1111111111111111111111111111111111111111111111111111111111111111\"",
            "is the name of MCP_AUTH_TOKEN",
        ),
        ("[credentials.default]\nkey_env = \"A\"", "is the name of PORTKEY_API_KEY"),
        ("[credentials.a]\nkey_env = \"A\"", "no `[[rules]]` that say who uses them"),
        (
            "[[rules]]\ncredential = \"b\"\n[rules.when]\ntokens = [\"default\"]",
            "no credential `b`",
        ),
        ("[[rules]]\n[rules.when]\ntokens = [\"x\"]", "no token `x`"),
    ] {
        let file = scratch("wrong.toml", text);
        let env = [("MCP_AUTH_MODE", "bearer"), ("MCP_AUTH_TOKEN", "0123456789abcdef")];
        let done = run(&["serve", "--sandbox", "--config", file.to_str().unwrap()], &env, "").await;
        assert_eq!(done.code, Some(2), "{text}: {}", done.stderr);
        assert!(done.stderr.contains(want), "{text}: {}", done.stderr);
    }
    let nobody = scratch("nobody.toml", "[[rules]]\n[rules.when]\nroles = [\"a\"]");
    let done = run(&["serve", "--sandbox", "--config", nobody.to_str().unwrap()], &[], "").await;
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("nobody shows who they are"), "{}", done.stderr);
    // A key in the place of a variable's name is not repeated.
    let file = scratch(
        "key.toml",
        "[credentials.a]\nkey_env = \"sk-canary-1\"\n[[rules]]\ncredential = \"a\"\n[rules.when]\ntokens = [\"default\"]",
    );
    let env = [("MCP_AUTH_MODE", "bearer"), ("MCP_AUTH_TOKEN", "0123456789abcdef")];
    let done = run(&["serve", "--config", file.to_str().unwrap()], &env, "").await;
    assert!(done.stderr.contains("`key_env` has to be the name of a variable"), "{}", done.stderr);
    assert!(!done.stderr.contains("canary"), "{}", done.stderr);
}

#[tokio::test]
async fn the_configuration_is_shown_without_what_is_secret_in_it() {
    let file = file();
    let args = ["config", "--sandbox", "--config", file.to_str().unwrap()];
    let done = run(&args, &[], "").await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    for name in ["credentials.finance", "tokens.robots", "rules[1]"] {
        let line = done.stdout.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(line.contains("= ***  [file:"), "{line}");
    }
}

#[tokio::test]
async fn check_access_explains_rule_by_rule() {
    let file = file();
    let file = file.to_str().unwrap();
    let ask = |more: &[&str]| {
        let args = [&["config", "check-access", "--config", file], more].concat();
        let args: Vec<String> = args.into_iter().map(str::to_owned).collect();
        async move { run(&args.iter().map(String::as_str).collect::<Vec<_>>(), &[], "").await }
    };
    let done = ask(&["--token", "finops", "list_configs", "get_cost_analytics"]).await;
    assert_eq!(
        (done.code, &*done.stdout),
        (
            Some(0),
            "rules[0] (finops): decides\ncredential: finance\nlist_configs: visible\nget_cost_analytics: visible\n"
        ),
        "{}",
        done.stderr
    );
    let done = ask(&["--token", "finops", "get_config"]).await;
    assert_eq!(done.code, Some(1));
    assert!(
        done.stdout.contains("get_config: hidden: the rule does not allow it"),
        "{}",
        done.stdout
    );
    let done = ask(&["--token", "robots"]).await;
    assert!(
        done.stdout
            .contains("rules[0] (finops): not met: tokens is none of finops\nrules[1]: decides"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("tools: 189 of 189"), "{}", done.stdout);
    let done = ask(&["--token", "nobody"]).await;
    assert_eq!(done.code, Some(1));
    assert!(done.stdout.contains("refused with 403"), "{}", done.stdout);
    // What the gate would never see is no answer.
    for (args, told) in [
        (&["--token", "robots", "--scope", "a"][..], "cannot be used with"),
        (&["--subject", "user_1", "--role", "admin"], "--subject is never shown: `auth.mode` is"),
        (&["--token", "robots", "--certificate", "CN=a"], "set MCP_TLS_CLIENT_CA_PATH"),
        (&[], "say whose token it is with --token"),
    ] {
        let done = ask(args).await;
        assert_eq!(done.code, Some(2), "{args:?}: {}", done.stderr);
        assert!(done.stderr.contains(told), "{args:?}: {}", done.stderr);
    }
}

/// Constraints are asked before the rules, and a certificate alone is a whole identity.
#[tokio::test]
async fn check_access_answers_as_the_gate_does() {
    let ask = async |file: &PathBuf, more: &[&str], variables: &[(&str, &str)]| {
        let args = ["config", "check-access", "--config", file.to_str().unwrap()];
        run(&[&args, more].concat(), variables, "").await
    };
    let file = scratch(
        "clerk.toml",
        "[auth]\nmode = \"clerk\"\n[clerk]\nallowed_organization_ids = [\"org_1\"]\n\
         [[rules]]\neffects = [\"reads\"]\n[rules.when]\nroles = [\"finops\"]",
    );
    for (more, code, told) in [
        (&["--organisation", "org_1", "--role", "org:finops"][..], 0, "rules[0]: decides"),
        (&["--organisation", "org_2", "--role", "finops"], 1, "(CLERK_ALLOWED_ORGANIZATION_IDS)"),
        (&["--role", "finops"], 1, "refused with 403: the token is good, but its organisation"),
        (&["--organisation", "org_1", "--role", "member"], 1, "not met: roles"),
        (
            &["--organisation", "org_1", "--role", "finops", "--scope", "", "list_configs"],
            1,
            "list_configs: refused with 403: the token needs portkey:read",
        ),
    ] {
        let done = ask(&file, more, &[]).await;
        assert_eq!(done.code, Some(code), "{more:?}: {}{}", done.stdout, done.stderr);
        assert!(done.stdout.contains(told), "{more:?}: {}", done.stdout);
    }
    // What a variable adds holds here as well.
    let member = ["--organisation", "org_1", "--role", "finops", "--subject", "user_1"];
    let done = ask(&file, &member, &[("CLERK_ALLOWED_SUBJECTS", "user_2")]).await;
    assert!(done.stdout.contains("(CLERK_ALLOWED_SUBJECTS)"), "{}", done.stdout);

    let file = scratch(
        "machines.toml",
        "[tls]\ncert_path = \"/a\"\nkey_path = \"/b\"\nclient_ca_path = \"/c\"\n\
         [[rules]]\n[rules.when]\ncertificates = [\"CN=deploy\"]",
    );
    let done = ask(&file, &["--certificate", "CN=deploy"], &[]).await;
    assert_eq!((done.code, done.stdout.contains("rules[0]: decides")), (Some(0), true));
    let done = ask(&file, &["--subject", "CN=deploy"], &[]).await;
    assert!(done.stderr.contains("callers are known by `certificates`"), "{}", done.stderr);
    // A rule on whoever shows nothing is told as `serve` tells it.
    let file = scratch("nobody.toml", "[[rules]]\n[rules.when]\nsubjects = [\"user_1\"]");
    let done = ask(&file, &["--subject", "user_1"], &[]).await;
    assert!(done.stderr.contains("nobody shows who they are"), "{}", done.stderr);
}

/// An endpoint with these credentials, and a principal of each rule's making.
async fn tenants(rules: &str) -> (Served, Access) {
    tenants_where(rules, false).await
}

async fn tenants_where(rules: &str, read_only: bool) -> (Served, Access) {
    #[derive(serde::Deserialize)]
    struct File {
        rules: Vec<Rule>,
    }
    let rules = toml::from_str::<File>(rules).unwrap().rules;
    let served = serve(settings()).await;
    let accounts: Accounts = ["admin", "other-admin"]
        .map(|key| portkey_at(served.sandbox.base_url(), &served.sandbox, key, key))
        .into_iter()
        .collect();
    let mut settings = settings();
    settings.cache_scope = CacheScope::Private;
    settings.read_only = read_only;
    let catalogue = Arc::new(Catalogue::new(&[]).unwrap());
    let endpoint = Endpoint::new(settings, catalogue, accounts);
    (Served { endpoint, ..served }, Access::rules(rules))
}

const TENANTS: &str = "
[[rules]]
credential = \"admin\"
when = { organisations = [\"one\"] }
[[rules]]
credential = \"other-admin\"
when = { organisations = [\"two\"] }
";

fn member(access: &Access, organisation: &str, scopes: Option<&[&str]>) -> Arc<Principal> {
    let identity = Identity {
        subject: Some("ann".into()),
        organisation: Some(organisation.into()),
        scopes: scopes.map(|it| it.iter().map(|it| (*it).to_owned()).collect()),
        ..Identity::new(auth::Method::Clerk)
    };
    Arc::new(access.admit(identity).unwrap())
}

#[tokio::test]
async fn scopes_that_a_token_lacks_are_named_all_at_once() {
    let (served, access) = tenants(TENANTS).await;
    let reads = json!({ "name": "list_configs", "arguments": {} });
    let writes = json!({ "name": "delete_config", "arguments": { "slug": "pc-none" } });
    let prompt = json!({ "name": "onboard_team", "arguments": { "team": "x" } });
    let resource = json!({ "uri": "portkey://configs/pc-none" });
    for (scopes, method, params, needed) in [
        (&[][..], "tools/call", &reads, Some("portkey:read")),
        (&[][..], "tools/call", &writes, Some("portkey:read portkey:write")),
        (&[READ], "tools/call", &reads, None),
        (&[READ], "tools/call", &writes, Some("portkey:read portkey:write")),
        (&[READ], "prompts/get", &prompt, Some("portkey:read portkey:write")),
        (&["openid"], "resources/read", &resource, Some("portkey:read")),
        (&[WRITE], "tools/call", &reads, None),
        (&[WRITE], "tools/call", &writes, None),
    ] {
        let ann = member(&access, "one", Some(scopes));
        let answer = served.modern(&ann, method, params.clone()).await;
        let challenge = answer.headers.get("www-authenticate").map(|it| it.to_str().unwrap());
        let Some(needed) = needed else {
            assert_eq!((answer.status.as_u16(), challenge), (200, None), "{}", answer.body);
            continue;
        };
        assert_eq!(answer.status.as_u16(), 403, "{scopes:?} {params}: {}", answer.body);
        let challenge = challenge.unwrap();
        assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.ends_with(needed), "{message}");
    }
    let list = served.modern(&member(&access, "one", Some(&[READ])), "tools/list", json!({})).await;
    let list = list.body;
    assert!(names(&list).contains(&"list_configs") && !names(&list).contains(&"delete_config"));
    // What the rules hide is unknown, whatever the scopes.
    let hidden = "[[rules]]\nallow = [\"list_configs\"]\nwhen = { organisations = [\"one\"] }";
    let (served, access) = tenants(hidden).await;
    let answer = served.modern(&member(&access, "one", Some(&[])), "tools/call", writes).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (200, Some(-32602)), "{}", answer.body);
}

/// How many calls the soak makes: `tests/run` asks for 100,000.
fn calls() -> usize {
    let asked = std::env::var("MCP_TEST_SOAK_CALLS").ok();
    asked.map_or(8_000, |text| text.parse().expect("MCP_TEST_SOAK_CALLS is a number"))
}

/// A canary of each organisation is looked for in the answers of the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tenants_never_see_each_other() {
    let (served, access) = tenants(TENANTS).await;
    let served = Arc::new(served);
    for (key, canary) in [("admin", "canary-of-one"), ("other-admin", "canary-of-two")] {
        let account = served.account(key);
        let workspaces = account.get("/admin/workspaces").await;
        let workspace = &workspaces["data"][0]["id"];
        let body = json!({ "name": canary, "config": { "retry": { "attempts": 1 } }, "workspace_id": workspace });
        account.post("/configs", &body).await;
        account.post("/labels", &json!({ "name": canary, "workspace_id": workspace })).await;
    }
    let calls = calls() / 16 * 16;
    let mut workers = Vec::new();
    for worker in 0..8_usize {
        let (served, access) = (Arc::clone(&served), access.clone());
        workers.push(tokio::spawn(async move {
            let people = ["one", "two"].map(|name| member(&access, name, None));
            let mut seen = [0_usize; 2];
            for i in 0..calls / 8 {
                let who = (i + worker) % 2;
                let tool = ["list_configs", "list_prompt_labels"][i / 2 % 2];
                let id = i.to_string();
                let body = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call",
                    "params": { "name": tool, "arguments": {}, "_meta": meta(MODERN) } });
                let headers = [
                    ("mcp-protocol-version", MODERN),
                    ("mcp-method", "tools/call"),
                    ("mcp-name", tool),
                ];
                let answer = served.send(&people[who], Method::POST, &headers, &body).await;
                assert_eq!(answer.body["id"], id);
                let text = answer.body.to_string();
                let [own, foreign] = if who == 0 { ["one", "two"] } else { ["two", "one"] };
                assert!(!text.contains(&format!("canary-of-{foreign}")), "{own} saw {foreign}");
                seen[who] += usize::from(text.contains(&format!("canary-of-{own}")));
            }
            seen
        }));
    }
    let mut seen = [0, 0];
    for worker in workers {
        let one = worker.await.unwrap();
        seen = [seen[0] + one[0], seen[1] + one[1]];
    }
    assert_eq!(seen, [calls / 2, calls / 2]);
}

#[tokio::test]
async fn what_destroys_has_a_limit_of_its_own() {
    let plenty = [("RATE_LIMIT_MAX", "100000"), ("RATE_LIMIT_PRINCIPAL_MAX", "100000")];
    let server =
        Server::sandbox(&[&plenty[..], &[("RATE_LIMIT_DESTRUCTIVE_MAX", "2")]].concat()).await;
    let delete = || Ask::call("delete_config", json!({ "slug": "pc-none" }));
    for _ in 0..2 {
        assert_eq!(server.ask(&delete()).await.status, 200);
    }
    let reply = server.ask(&delete()).await;
    assert_eq!((reply.status, reply.code()), (429, -32603), "{}", reply.text());
    assert_eq!(reply.json()["error"]["data"]["limit"], "destructive");
    assert!(reply.header("retry-after").is_some_and(|it| it.parse::<u32>().is_ok()), "{reply:?}");
    // One bucket for all of them, under whatever name; what only reads or changes goes on.
    let mut breaches = Vec::new();
    for tool in DOMAINS.iter().flat_map(|(_, tools)| *tools) {
        let wanted = if tool.effect == Effect::Destroys { 429 } else { 200 };
        for name in std::iter::once(tool.name).chain(tool.aliases.iter().copied()) {
            let reply = server.ask(&Ask::call(name, json!({ "no_such": 1 }))).await;
            if reply.status != wanted {
                breaches.push(format!("{name}: {} instead of {wanted}", reply.status));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[tokio::test]
async fn a_rule_may_give_somebody_a_rate_of_its_own() {
    let text = "[[rules]]\nrate_per_minute = 2\n[rules.when]\ntokens = [\"default\"]";
    let file = scratch("rate.toml", text);
    let variables = [("MCP_AUTH_MODE", "bearer"), ("MCP_AUTH_TOKEN", "0123456789abcdef")];
    let server =
        Server::start(&["--sandbox", "--config", file.to_str().unwrap()], &variables).await;
    let ask =
        || Ask::modern(1, "tools/list", json!({})).with("authorization", "Bearer 0123456789abcdef");
    for _ in 0..2 {
        let reply = server.ask(&ask()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let reply = server.ask(&ask()).await;
    assert_eq!(reply.status, 429, "{}", reply.text());
    assert_eq!(reply.json()["error"]["data"]["limit"], "principal");
}
