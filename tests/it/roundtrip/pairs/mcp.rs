//! MCP integrations and servers, with their capabilities and who may use them.

use serde_json::{Value, json};

use super::{
    super::{
        pair::{Pair, field, merged, pick, place, plain},
        stored::Stored,
        values::{all, flag, headers, one_of, unlike},
    },
    description, name,
};

pub fn pairs(stored: &Stored) -> Vec<Pair> {
    let (server, _) = stored.find("mcp_servers", "Issue tracker (Production)");
    let row = || ("mcp_servers", server.to_owned());
    let named = || json!({ "id": server });
    vec![
        integration(stored),
        integration_capabilities(stored),
        integration_workspaces(stored),
        Pair::new("update_mcp_server", "get_mcp_server", named(), row())
            .echoes(&["name", "description"])
            .fields(vec![name(), description()]),
        Pair::new("update_mcp_server_capabilities", "list_mcp_server_capabilities", named(), row())
            .fields(vec![switches(|row, key, on| row["fields"]["capabilities"][key] = on)])
            .echo(|shown| capabilities(shown, true)),
        user_access(stored, server),
    ]
}

fn integration(stored: &Stored) -> Pair {
    let (id, _) = stored.find("mcp_integrations", "Docs search");
    let configurations = all(vec![("custom_headers", headers())]);
    let configurations = merged("configurations", "/fields/configurations", configurations);
    let urls = one_of(&["https://docs.example.com/mcp", "https://docs.example.com/other?x=1"]);
    Pair::new(
        "update_mcp_integration",
        "get_mcp_integration",
        json!({ "id": id }),
        ("mcp_integrations", id.into()),
    )
    .echoes(&["name", "description", "url", "auth_type", "transport", "configurations"])
    .fields(vec![
        name(),
        description(),
        plain("url", urls),
        plain("auth_type", one_of(&["headers", "none"])),
        plain("transport", one_of(&["http", "sse"])),
        configurations,
    ])
}

/// Capabilities as both tools take them.
fn switches(keep: fn(&mut Value, &str, Value)) -> super::super::pair::Field {
    let one = all(vec![
        ("name", one_of(&["search", "read", "comment"])),
        ("type", one_of(&["tool"])),
        ("enabled", flag()),
    ]);
    field("capabilities", "", unlike(one, "name")).hidden().keep(move |row, given| {
        for one in given["capabilities"].as_array().unwrap() {
            let key = format!("tool/{}", one["name"].as_str().unwrap());
            keep(row, &key, one["enabled"].clone());
        }
    })
}

/// What is shown, as it is given; templates of resources cannot be switched. Of a server only what
/// it switches off itself: what holds for its integration is no rule of its own.
fn capabilities(shown: &Value, of_server: bool) -> Value {
    let rows = shown["data"].as_array().unwrap().iter();
    let rows = rows.filter(|it| it["type"] != "resource_template");
    let own = |it: &&Value| it["integration_enabled"] == true && it["enabled"] == false;
    let rows = rows.filter(|it| !of_server || own(it));
    let rows: Vec<_> = rows.map(|it| pick(it, &["name", "type", "enabled"])).collect();
    if rows.is_empty() { Value::Null } else { json!({ "capabilities": rows }) }
}

fn integration_capabilities(stored: &Stored) -> Pair {
    let (id, _) = stored.find("mcp_integrations", "Docs search");
    let row = ("mcp_integrations", id.to_owned());
    let tool = "update_mcp_integration_capabilities";
    Pair::new(tool, "list_mcp_integration_capabilities", json!({ "id": id }), row)
        .echo(|shown| capabilities(shown, false))
        .fields(vec![switches(|row, key, on| {
            let stored = row["fields"]["capabilities"].as_array_mut().unwrap().iter_mut();
            let mut named = stored.filter(|it| {
                format!("{}/{}", it["type"].as_str().unwrap(), it["name"].as_str().unwrap()) == key
            });
            named.next().unwrap()["enabled"] = on;
        })])
}

fn integration_workspaces(stored: &Stored) -> Pair {
    let (id, _) = stored.find("mcp_integrations", "Docs search");
    let workspaces =
        ["Production", "Staging", "Research"].map(|name| stored.id("workspaces", name));
    let ids: Vec<&str> = workspaces.iter().map(String::as_str).collect();
    let one = all(vec![("id", one_of(&ids)), ("enabled", flag())]);
    let each = field("workspaces", "", unlike(one, "id")).hidden().keep(|row, given| {
        for one in given["workspaces"].as_array().unwrap() {
            let id = one["id"].as_str().unwrap();
            *place(row, &format!("/fields/access/{id}")) = one["enabled"].clone();
        }
    });
    let global =
        field("global_workspace_access_enabled", "/fields/global_workspace_access/enabled", flag());
    let row = ("mcp_integrations", id.to_owned());
    let tool = "update_mcp_integration_workspaces";
    Pair::new(tool, "list_mcp_integration_workspaces", json!({ "id": id }), row)
        .echo(|shown| {
            let rows = shown["data"].as_array().unwrap().iter();
            let rows: Vec<_> = rows.map(|row| pick(row, &["id", "enabled"])).collect();
            json!({ "workspaces": rows, "override_existing_workspace_access": true })
        })
        .fields(vec![each, global.shown("/global_workspace_access/enabled")])
}

fn user_access(stored: &Stored, server: &str) -> Pair {
    let users = ["mara.lindqvale@example.com", "tobin.ashgrove@example.com"]
        .map(|email| stored.id("users", email));
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let one = all(vec![("user_id", one_of(&users)), ("enabled", flag())]);
    let each = field("users", "", unlike(one, "user_id")).hidden().keep(|row, given| {
        for one in given["users"].as_array().unwrap() {
            let id = one["user_id"].as_str().unwrap();
            *place(row, &format!("/fields/user_access/{id}")) = one["enabled"].clone();
        }
    });
    let tool = "update_mcp_server_user_access";
    let row = ("mcp_servers", server.to_owned());
    Pair::new(tool, "list_mcp_server_user_access", json!({ "id": server }), row)
        .echo(|shown| {
            let rows = shown["data"].as_array().unwrap().iter();
            let own = rows.filter(|row| row["has_override"] == true);
            let own: Vec<_> = own.map(|row| pick(row, &["user_id", "enabled"])).collect();
            let mut args = pick(shown, &["default_user_access"]);
            if !own.is_empty() {
                args["users"] = own.into();
            }
            args
        })
        .fields(vec![each, plain("default_user_access", one_of(&["allow", "deny"]))])
}
