//! Gateways that the first organisation hosts itself.

use serde_json::{Value, json};

use super::Seeder;
use crate::sandbox::{deployments, ids};

/// Name, type, age in days, and where it is.
const GATEWAYS: [(&str, &str, i64, &str); 2] = [
    ("EU gateway", "production", 90, "https://gateway.eu.example.com"),
    ("Test gateway", "non_production", 30, "https://gateway.test.example.com"),
];

pub(super) fn seed(seeder: &mut Seeder<'_>) {
    for (number, (name, kind, days, url)) in GATEWAYS.into_iter().enumerate() {
        let mut row = seeder.row(0, "deployment", name, days);
        row.slug = Some(ids::slug("dp-", name, &row.id));
        row.fields.insert("name".to_owned(), name.into());
        row.fields.insert("type".to_owned(), kind.into());
        row.fields.insert("is_default".to_owned(), u8::from(number == 0).into());
        row.fields.insert("connection_status".to_owned(), "healthy".into());
        row.fields.insert("tags".to_owned(), json!({ "region": "eu-central-1" }));
        let config =
            json!({ "log_store": "s3", "cache": { "kind": "redis", "ttl_seconds": 3600 } });
        row.fields.insert("deployment_config".to_owned(), config);
        deployments::describe(&mut row, &seeder.id("key/admin"));
        if let Some(settings) = row.fields.get_mut("auth_settings").and_then(Value::as_object_mut) {
            settings.insert("gateway_base_url".to_owned(), url.into());
        }
        let mark = seeder.id(&format!("secret/deployment/{name}"));
        deployments::sign(&mut row, &mark);
        seeder.insert("deployments", row, 0);
    }
}
