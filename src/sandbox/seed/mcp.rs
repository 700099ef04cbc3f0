//! MCP integrations of the first organisation, and the servers that its workspaces make of them.

use serde_json::{Value, json};

use super::{Seeder, workspace_id};
use crate::sandbox::{dates::Dates, ids, mcp_integrations, mcp_servers};

struct Integration {
    name: &'static str,
    workspace: Option<&'static str>,
    url: &'static str,
    auth: &'static str,
    transport: &'static str,
    /// For every workspace, or for those that are named.
    global: bool,
    named: &'static [&'static str],
    servers: &'static [&'static str],
}

const INTEGRATIONS: [Integration; 3] = [
    Integration {
        name: "Issue tracker",
        workspace: None,
        url: "https://issues.example.com/mcp",
        auth: "oauth_auto",
        transport: "http",
        global: true,
        named: &[],
        servers: &["Production", "Staging"],
    },
    Integration {
        name: "Docs search",
        workspace: None,
        url: "https://docs.example.com/mcp",
        auth: "headers",
        transport: "http",
        global: false,
        named: &["Production"],
        servers: &["Production"],
    },
    Integration {
        name: "Lab notebook",
        workspace: Some("Research"),
        url: "https://down.example.com/sse",
        auth: "none",
        transport: "sse",
        global: false,
        named: &[],
        servers: &["Research"],
    },
];

pub(super) fn seed(seeder: &mut Seeder<'_>) {
    let by = seeder.id("key/admin");
    for plan in &INTEGRATIONS {
        let mut row = seeder.row(0, "mcp_integration", plan.name, 75);
        row.slug = Some(ids::slug("mcp-", plan.name, &row.id));
        row.workspace = plan.workspace.map(|name| workspace_id(seeder.seed, 0, name));
        for (field, text) in [
            ("name", plan.name),
            ("url", plan.url),
            ("auth_type", plan.auth),
            ("transport", plan.transport),
        ] {
            row.fields.insert(field.to_owned(), text.into());
        }
        let mut configurations = json!({});
        if plan.auth == "headers" {
            let token = seeder.id("secret/mcp").replace('-', "");
            configurations = json!({
                "custom_headers": { "Authorization": format!("Bearer {token}"), "x-team": "docs" },
                "passthrough_header": { "x-user-id": { "type": "string" } },
            });
        }
        row.fields.insert("configurations".to_owned(), configurations);
        if plan.global {
            row.fields.insert("global_workspace_access".to_owned(), json!({ "enabled": true }));
        }
        let access =
            plan.named.iter().map(|name| (workspace_id(seeder.seed, 0, name), true.into()));
        row.fields.insert("access".to_owned(), Value::Object(access.collect()));
        row.fields.insert("capabilities".to_owned(), capabilities());
        if plan.workspace.is_none() {
            let synced = Dates::Iso.write(seeder.at(2, plan.name));
            row.fields.insert("synced_at".to_owned(), synced.into());
        }
        mcp_integrations::describe(&mut row, &by);
        let id = row.id.clone();
        seeder.insert("mcp_integrations", row, 0);
        for workspace in plan.servers {
            server(seeder, plan, &id, workspace, &by);
        }
    }
}

fn server(seeder: &mut Seeder<'_>, plan: &Integration, id: &str, workspace: &str, by: &str) {
    let name = format!("{} ({workspace})", plan.name);
    let mut row = seeder.row(0, "mcp_server", &name, 60);
    row.workspace = Some(workspace_id(seeder.seed, 0, workspace));
    row.slug = Some(ids::slug("", &name, &row.id));
    row.fields.insert("name".to_owned(), name.clone().into());
    if plan.auth == "oauth_auto" {
        let users = seeder.store.rows("users").iter().filter(|user| user.organisation == 0);
        let at = Dates::Iso.write(seeder.at(20, &name));
        let connections = users.take(3).map(|user| (user.id.clone(), at.clone().into()));
        let connections = Value::Object(connections.collect());
        row.fields.insert("connections".to_owned(), connections);
    }
    mcp_servers::describe(&mut row, id, by);
    seeder.insert("mcp_servers", row, 0);
}

/// What each of the upstream servers offers.
fn capabilities() -> Value {
    let tool = |name: &str, title: &str, enabled: bool| {
        json!({
            "name": name, "type": "tool", "title": title, "description": format!("{title}."),
            "enabled": enabled, "annotations": { "readOnlyHint": !name.starts_with("delete") },
            "input_schema": { "type": "object", "properties": { "query": { "type": "string" } } },
        })
    };
    json!([
        tool("search", "Search", true),
        tool("read", "Read one", true),
        tool("create", "Create one", true),
        tool("comment", "Comment on one", true),
        tool("delete", "Delete one", false),
        { "name": "summarise", "type": "prompt", "title": "Summarise", "enabled": true,
          "arguments": [{ "name": "topic", "required": true }] },
        { "name": "handbook", "type": "resource", "title": "Handbook", "enabled": true,
          "uri": "doc://handbook", "mime_type": "text/markdown", "size": 18_432 },
        { "name": "page", "type": "resource_template", "title": "Page", "enabled": true,
          "uri_template": "doc://{page}" },
    ])
}
