//! Groups of an identity provider in workspaces.

use serde_json::{Value, json};

use super::seeded;
use crate::support::{serve, serve_key, settings};

#[tokio::test]
async fn mappings_are_read_from_where_the_api_puts_them() {
    let served = serve(settings()).await;
    let target = "GET /v1/scim/workspaces?page=0&page_size=20";
    let list =
        served.sends_one("list_scim_workspace_mappings", json!({}), target, Value::Null).await;
    assert_eq!(list.data()["total"], 4);
    let first = list.data()["data"][0].clone();
    for field in ["id", "workspace_id", "scim_group", "scim_group_id", "role"] {
        assert!(first[field].is_string(), "no `{field}` in {first}");
    }
    let args = json!({
        "workspace_id": first["workspace_id"], "scim_group_id": first["scim_group_id"],
        "role": "admin", "page": 0, "page_size": 1,
    });
    let text = |name: &str| first[name].as_str().unwrap().to_owned();
    let target = format!(
        "GET /v1/scim/workspaces?workspace_id={}&scim_group_id={}&role=admin&page=0&page_size=1",
        text("workspace_id"),
        text("scim_group_id")
    );
    let list = served.sends_one("list_scim_workspace_mappings", args, &target, Value::Null).await;
    assert_eq!(list.data()["data"], json!([first]));
}

#[tokio::test]
async fn every_mapping_is_reached_page_by_page() {
    let served = serve(settings()).await;
    let (mut groups, mut page) = (Vec::new(), json!(0));
    while !page.is_null() {
        let args = json!({ "current_page": page, "page_size": 3 });
        let list = served.call("list_scim_workspace_mappings", args).await;
        let rows = list.data()["data"].as_array().unwrap().iter();
        groups.extend(rows.map(|row| row["scim_group"].as_str().unwrap().to_owned()));
        page = list.data()["next_page"].clone();
    }
    assert_eq!(groups, ["Platform Engineering", "Platform Engineering", "Data Science", "Support"]);
}

#[tokio::test]
async fn a_group_becomes_a_member_by_id_or_name_until_it_is_unmapped() {
    let served = serve(settings()).await;
    let workspace = seeded(&served, "Research").await["id"].clone();
    served.sent();
    let groups = served.call("list_scim_groups", json!({})).await;
    assert_eq!(
        served.sent_lines(),
        ["GET /v2/scim/groups", "GET /v2/scim/groups"],
        "the first asks where groups are served"
    );
    assert_eq!(groups.data()["total"], 3);
    let args = json!({ "search": "supp", "current_page": 0, "page_size": 5 });
    let target = "GET /v2/scim/groups?search=supp&page=0&page_size=5";
    let group = served.sends_one("list_scim_groups", args, target, Value::Null).await;
    let group = &group.data()["data"][0]["id"];

    let by_id = json!({ "workspace_id": workspace, "role": "member", "scim_group_id": group });
    let target = "POST /v1/scim/workspaces";
    let made = served
        .sends_one("create_scim_workspace_mapping", by_id.clone(), target, by_id.clone())
        .await;
    assert_eq!(made.data()["scim_group"], "Support");
    let error = served.call("create_scim_workspace_mapping", by_id).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(409), &json!("AB07")));
    let by_name =
        json!({ "workspace_id": workspace, "role": "admin", "scim_group_name": "New team" });
    served
        .sends_one("create_scim_workspace_mapping", by_name.clone(), target, by_name)
        .await
        .data();
    let groups = served.call("list_scim_groups", json!({ "search": "New team" })).await;
    assert_eq!(groups.data()["total"], 1, "the group was made");

    let id = made.data()["id"].as_str().unwrap();
    let args = json!({ "mapping_id": id });
    let target = format!("DELETE /v1/scim/workspaces/{id}");
    let done =
        served.sends_one("delete_scim_workspace_mapping", args.clone(), &target, Value::Null).await;
    assert_eq!(done.data()["success"], true);
    let list =
        served.call("list_scim_workspace_mappings", json!({ "workspace_id": workspace })).await;
    assert!(!list.data().to_string().contains(id), "{}", list.data());
    assert_eq!(served.call("delete_scim_workspace_mapping", args).await.error()["status"], 404);
    let groups = served.call("list_scim_groups", json!({ "search": "support" })).await;
    assert_eq!(groups.data()["total"], 1, "the group stays");
}

#[tokio::test]
async fn a_group_is_named_in_exactly_one_way() {
    let served = serve(settings()).await;
    for more in [json!({}), json!({ "scim_group_id": "g", "scim_group_name": "n" })] {
        let mut args = json!({ "workspace_id": "ws", "role": "member" });
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = served.call("create_scim_workspace_mapping", args).await.error();
        assert_eq!(error["kind"], "invalid_arguments");
        assert!(error["message"].as_str().unwrap().contains("`scim_group_name`"), "{error}");
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_workspace_key_has_no_part_in_it() {
    let served = serve_key(settings(), "workspace").await;
    for tool in ["list_scim_workspace_mappings", "list_scim_groups"] {
        let error = served.call(tool, json!({})).await.error();
        assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")), "{tool}");
        assert!(error["likely_cause"].as_str().unwrap().contains("Enterprise"), "{error}");
    }
    let other = serve_key(settings(), "other-admin").await;
    assert_eq!(other.call("list_scim_groups", json!({})).await.data()["total"], 1);
}
