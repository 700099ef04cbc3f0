//! What `update_api_key` sends, and that nothing else is lost.

use serde_json::{Value, json};

use super::{key_called, seeded};
use crate::support::{Sends, joined};

#[tokio::test]
async fn an_update_keeps_what_it_does_not_name() {
    let (served, account, ..) = seeded().await;
    let id = key_called(&account, "helpdesk-bot").await;
    let path = format!("/api-keys/{id}");
    let before = account.get(&path).await;
    let put = |args: Value, body: Value| Sends {
        tool: "update_api_key",
        args: joined(json!({ "id": id }), &args),
        line: format!("PUT {path}"),
        query: "",
        body,
    };
    let told = served.sends(put(json!({ "name": "new" }), json!({ "name": "new" }))).await;
    assert_eq!(told.data(), &json!({ "success": true, "id": id }));
    let mut want = joined(before.clone(), &json!({ "name": "new" }));
    let mut after = account.get(&path).await;
    want["last_updated_at"] = after["last_updated_at"].take();
    after["last_updated_at"] = want["last_updated_at"].clone();
    assert_eq!(after, want);

    // Documents go whole: merged with what is stored.
    let mut defaults = before["defaults"].clone();
    defaults["metadata"]["team"] = "support".into();
    defaults["metadata"].as_object_mut().unwrap().shift_remove("env");
    let args = json!({ "defaults": { "metadata": { "team": "support", "env": null } } });
    served.sends(put(args, json!({ "defaults": defaults }))).await;
    let stored = account.get(&path).await;
    assert_eq!(stored["defaults"], defaults);
    assert_eq!(stored["usage_limits"]["credit_limit"], before["usage_limits"]["credit_limit"]);

    let everything = json!({
        "name": "n", "description": "d", "scopes": ["configs.read"], "alert_emails": ["a@example.com"],
        "expires_at": "2031-01-01T00:00:00Z", "reset_usage": true,
        "usage_limits": { "type": "cost", "credit_limit": 3, "alert_threshold": 2, "periodic_reset": "monthly" },
        "rate_limits": [{ "type": "requests", "unit": "rpd", "value": 7 }],
        "rotation_policy": { "rotation_period": "monthly", "key_transition_period_ms": 1_800_000 },
    });
    let mut body = everything.clone();
    body["usage_limits"]["periodic_reset_days"] = Value::Null;
    served.sends(put(everything.clone(), body)).await;
    let stored = account.get(&path).await;
    for field in ["name", "description", "scopes", "alert_emails", "expires_at", "rate_limits"] {
        assert_eq!(stored[field], everything[field], "{field}");
    }
}

#[tokio::test]
async fn a_rotation_policy_is_changed_in_part_and_from_one_form_to_the_other() {
    let (served, account, ..) = seeded().await;
    let id = key_called(&account, "nightly-batch").await;
    let path = format!("/api-keys/{id}");
    let put = |policy: Value, body: Value| Sends {
        tool: "update_api_key",
        args: json!({ "id": id, "rotation_policy": policy }),
        line: format!("PUT {path}"),
        query: "",
        body: json!({ "rotation_policy": body }),
    };
    let longer = json!({ "key_transition_period_ms": 7_200_000 });
    let whole = json!({ "rotation_period": "monthly", "key_transition_period_ms": 7_200_000 });
    served.sends(put(longer, whole)).await;
    let once = json!({ "next_rotation_at": "2031-01-01T00:00:00Z" });
    let whole = json!({
        "rotation_period": null, "key_transition_period_ms": 7_200_000,
        "next_rotation_at": "2031-01-01T00:00:00Z",
    });
    served.sends(put(once, whole)).await;
    served
        .sends(put(
            json!({ "rotation_period": "weekly" }),
            json!({
                "key_transition_period_ms": 7_200_000, "rotation_period": "weekly",
            }),
        ))
        .await;
    assert_eq!(account.get(&path).await["rotation_policy"]["rotation_period"], "weekly");
}

#[tokio::test]
async fn what_is_cleared_of_an_api_key_is_sent_as_null() {
    let (served, account, ..) = seeded().await;
    let id = key_called(&account, "helpdesk-bot").await;
    let path = format!("/api-keys/{id}");
    let before = account.get(&path).await;
    let mut defaults = before["defaults"].clone();
    defaults["config_id"] = Value::Null;
    let clear = json!([
        "alert_emails",
        "expires_at",
        "rate_limits",
        "rotation_policy",
        "usage_limits",
        "defaults.config_id",
    ]);
    served
        .sends(Sends {
            tool: "update_api_key",
            args: json!({ "id": id, "clear": clear }),
            line: format!("PUT {path}"),
            query: "",
            body: json!({
                "alert_emails": null, "expires_at": null, "rate_limits": null, "rotation_policy": null,
                "usage_limits": null, "defaults": defaults,
            }),
        })
        .await;
    let after = account.get(&path).await;
    for field in ["alert_emails", "expires_at", "rate_limits", "rotation_policy", "usage_limits"] {
        assert_eq!(after[field], Value::Null, "{field}");
    }
    assert_eq!(after["defaults"]["metadata"], before["defaults"]["metadata"]);
    let message = served.refuses("update_api_key", json!({ "id": id })).await;
    assert!(message.contains("nothing to change"), "{message}");
    let both =
        json!({ "id": id, "usage_limits": { "credit_limit": 5 }, "clear": ["usage_limits"] });
    assert!(served.refuses("update_api_key", both).await.contains("`usage_limits`"));
}
