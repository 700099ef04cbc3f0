//! Random rules, identities and scopes, and what the endpoint makes of every tool under them: the
//! words of the documentation, as [`model`] has them, are held against each way to learn of a tool or
//! to use it.

#[path = "../../src/auth/tests/model.rs"]
mod model;

use std::{fmt::Debug, sync::Arc};

use http::Method as Verb;
use portkey_admin_mcp::{
    auth::{Access, Decision, Identity, Method, Principal, READ, Rule, WRITE, When},
    mcp::{self, Endpoint},
    portkey::Accounts,
    resources::TEMPLATES,
    runbooks::RUNBOOKS,
    tool::{Effect, Tool},
    tools::{Catalogue, DOMAINS},
};
use proptest::{
    prelude::{Strategy as _, prop},
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use rmcp::model::CacheScope;
use serde_json::{Value, json};

use self::model::{NAMES, expected, identity, names_of, rule};
use crate::support::{Answer, Served, portkey_at, serve, settings};

/// Principals that are looked at on each kind of server; each makes about 230 requests.
const PRINCIPALS: usize = 20;

/// A server with an account for every credential that a rule may name.
async fn serving(read_only: bool) -> Served {
    let served = serve(settings()).await;
    let account = |name| portkey_at(served.sandbox.base_url(), &served.sandbox, "admin", name);
    let accounts: Accounts = NAMES.into_iter().chain(["default"]).map(account).collect();
    let settings = mcp::Settings { read_only, cache_scope: CacheScope::Private, ..settings() };
    let endpoint = Endpoint::new(settings, Arc::new(Catalogue::new(&[]).unwrap()), accounts);
    Served { endpoint, ..served }
}

/// One principal, what is expected of each tool for it, and where the server differed.
struct Look<'l> {
    served: &'l Served,
    who: Arc<Principal>,
    wanted: Vec<(&'static Tool, Decision)>,
    breaches: Vec<String>,
}

impl Look<'_> {
    fn same<T: PartialEq + Debug>(&mut self, what: &str, found: T, wanted: T) {
        if found != wanted {
            self.breaches.push(format!("{what}: {found:?} instead of {wanted:?}"));
        }
    }

    fn wants(&self, tool: &str) -> Decision {
        self.wanted.iter().find(|(it, _)| it.name == tool).unwrap().1
    }

    async fn ask(&self, method: &str, params: Value) -> Answer {
        self.served.modern(&self.who, method, params).await
    }

    /// An answer is there, is unknown, or is 403, as was expected of its tool.
    fn answered(&mut self, what: &str, answer: &Answer, wanted: Decision) {
        let challenge = answer.headers.get("www-authenticate").map(|it| it.to_str().unwrap());
        let fits = match wanted {
            Decision::Visible => answer.status == 200 && answer.code().is_none(),
            Decision::Hidden => answer.status == 200 && answer.code() == Some(-32602),
            Decision::NeedsScope(scope) => {
                let message = answer.body["error"]["message"].as_str().unwrap_or_default();
                answer.status == 403
                    && challenge.is_some_and(|it| it.contains("error=\"insufficient_scope\""))
                    && message.ends_with(scope)
            }
        };
        if !fits {
            let found = format!("{} {}", answer.status, answer.body);
            self.breaches.push(format!("{what}: {found} instead of {wanted:?}"));
        }
    }

    async fn tools(&mut self) {
        let visible = self.wanted.iter().filter(|(_, it)| *it == Decision::Visible);
        let visible: Vec<&str> = visible.map(|(tool, _)| tool.name).collect();
        let named = |list: &Value| -> Vec<String> {
            let list = list.as_array().unwrap().iter();
            list.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
        };
        let list = self.ask("tools/list", json!({})).await.body;
        self.same("listed", named(&list["result"]["tools"]), owned(&visible));

        let version = "2025-11-25";
        let session = self.served.initialize(&self.who, version).await;
        let headers = [("mcp-session-id", &*session), ("mcp-protocol-version", version)];
        let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
        let list = self.served.send(&self.who, Verb::POST, &headers, &list).await.body;
        self.same("listed in a session", named(&list["result"]["tools"]), owned(&visible));
        let ended = self.served.send(&self.who, Verb::DELETE, &headers, &Value::Null).await;
        assert!(ended.status.is_success(), "{}", ended.body);

        let read = self.ask("resources/read", json!({ "uri": "portkey://catalogue" })).await.body;
        let text = read["result"]["contents"][0]["text"].as_str().unwrap();
        for (tool, wanted) in self.wanted.clone() {
            let described = text.contains(&format!("\"name\":\"{}\"", tool.name));
            self.same(tool.name, described, wanted == Decision::Visible);
            for name in names_of(tool) {
                // Arguments that no tool takes: nothing is sent.
                let call = json!({ "name": name, "arguments": { "no_such": 1 } });
                let answer = self.ask("tools/call", call).await;
                self.answered(name, &answer, wanted);
            }
        }
        assert_eq!(self.served.sent_lines(), [""; 0]);
    }

    async fn prompts(&mut self) {
        let list = self.ask("prompts/list", json!({})).await.body;
        for book in RUNBOOKS {
            let wanted = self.wants(book.needs);
            let prompts = list["result"]["prompts"].as_array().unwrap();
            let listed = prompts.iter().any(|it| it["name"] == book.name);
            self.same(book.name, listed, wanted == Decision::Visible);
            let required = book.arguments.iter().filter(|it| it.required);
            let arguments: serde_json::Map<String, Value> =
                required.map(|it| (it.name.to_owned(), sample(it.name).into())).collect();
            let get = json!({ "name": book.name, "arguments": arguments });
            let answer = self.ask("prompts/get", get).await;
            self.answered(book.name, &answer, wanted);
        }
    }

    async fn resources(&mut self) {
        let list = self.ask("resources/templates/list", json!({})).await.body;
        for template in TEMPLATES {
            let (uri, wanted) = (template.uri(), self.wants(template.tool));
            let is_visible = wanted == Decision::Visible;
            let templates = list["result"]["resourceTemplates"].as_array().unwrap();
            let listed = templates.iter().any(|it| it["uriTemplate"] == *uri);
            self.same(&uri, listed, is_visible);
            // There is none of that name: only who may look is told so by the account.
            let (before, _) = uri.split_once('{').unwrap();
            let read = json!({ "uri": format!("{before}none") });
            let answer = self.ask("resources/read", read).await;
            match wanted {
                Decision::NeedsScope(_) => self.answered(&uri, &answer, wanted),
                Decision::Visible | Decision::Hidden => {
                    let message = answer.body["error"]["message"].as_str().unwrap_or_default();
                    let unknown = message.starts_with("there is no such resource");
                    self.same(&format!("{uri}: {message}"), unknown, !is_visible);
                }
            }
            let complete = json!({ "ref": { "type": "ref/resource", "uri": uri },
                "argument": { "name": template.variable, "value": "" } });
            let answer = self.ask("completion/complete", complete).await;
            self.same(&format!("completion of {uri}"), answer.code().is_none(), is_visible);
            let values = answer.body["result"]["completion"]["values"].as_array();
            let told = values.is_some_and(|it| !it.is_empty());
            if told && self.wants(template.choices.tool) != Decision::Visible {
                self.breaches.push(format!("completion of {uri}: {}", answer.body));
            }
        }
        let sent = self.served.sent_lines();
        assert!(sent.iter().all(|line| line.starts_with("GET /")), "{sent:?}");
    }
}

/// A value that an argument of a prompt takes.
fn sample(argument: &str) -> &'static str {
    if argument.contains("email") { "ann@example.com" } else { "x" }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|it| (*it).to_owned()).collect()
}

#[tokio::test]
async fn found_is_described_is_callable_is_visible() {
    let strategy = (prop::collection::vec(rule(), 1..4), identity());
    let mut runner = TestRunner::default();
    let mut seen = [0; 3];
    for read_only in [false, true] {
        let served = serving(read_only).await;
        let mut principals = 0;
        // A few more, should chance have left one kind out.
        while principals < PRINCIPALS || seen.contains(&0) && principals < 10 * PRINCIPALS {
            let (rules, who): (Vec<Rule>, Identity) =
                strategy.new_tree(&mut runner).unwrap().current();
            let Ok(principal) = Access::rules(rules.clone()).admit(who.clone()) else { continue };
            principals += 1;
            let all =
                DOMAINS.iter().flat_map(|(domain, tools)| tools.iter().map(move |it| (domain, it)));
            let wanted: Vec<_> = all
                .map(|(domain, tool)| {
                    (tool, expected(&rules, &who, read_only, domain, tool).unwrap())
                })
                .collect();
            for (_, it) in &wanted {
                let at = match it {
                    Decision::Visible => 0,
                    Decision::Hidden => 1,
                    Decision::NeedsScope(_) => 2,
                };
                seen[at] += 1;
            }
            let mut look =
                Look { served: &served, who: Arc::new(principal), wanted, breaches: vec![] };
            look.tools().await;
            look.prompts().await;
            look.resources().await;
            let breaches = look.breaches.join("\n");
            assert!(breaches.is_empty(), "{breaches}\n{who:#?}\n{rules:#?}");
        }
    }
    // For who asks with --nocapture.
    println!("visible, hidden, lacking a scope: {seen:?}");
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}
