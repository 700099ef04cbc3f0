//! Configs, collections, prompts with their versions and labels, partials, feedback and exports.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    super::{
        pair::{Field, Pair, field, merged, pick, plain},
        stored::Stored,
        values::{
            Values, all, canary, document, flag, list, number, one_of, some_of, tags, value_line,
            value_text,
        },
    },
    description, name,
};
use crate::support::joined;

pub fn pairs(stored: &Stored) -> Vec<Pair> {
    let collection = stored.id("collections", "dev");
    let label = stored.id("labels", "candidate");
    vec![
        config(stored),
        Pair::new(
            "update_collection",
            "get_collection",
            json!({ "collection_id": collection }),
            ("collections", collection),
        )
        .echoes(&["name"])
        .fields(vec![name()]),
        Pair::new(
            "update_prompt_label",
            "get_prompt_label",
            json!({ "label_id": label }),
            ("labels", label),
        )
        .echoes(&["name", "description", "color_code"])
        .fields(vec![
            plain("name", "[a-z_-]{3,9}".prop_map(Value::from).boxed()),
            description(),
            plain("color_code", one_of(&["#000000", "#2f9E44"])),
        ]),
        prompt(stored),
        version(stored),
        partial(stored),
        feedback(stored),
        export(stored),
    ]
}

fn config(stored: &Stored) -> Pair {
    let (id, row) = stored.find("configs", "Round");
    let whole = field("config", "", whole())
        .hidden()
        .with(json!({ "replace": true }))
        .keep(|row, given| row["content"]["config"] = given["config"].to_string().into());
    let named = json!({ "slug": row["slug"] });
    Pair::new("update_config", "get_config", named, ("configs", id.to_owned()))
        .echo(|shown| {
            joined(pick(shown, &["name", "status", "config"]), &json!({ "replace": true }))
        })
        .fields(vec![name(), plain("status", one_of(&["active", "inactive"])), whole])
}

/// A field of the newest version, which is published, since that one is shown.
fn content(name: &'static str, at: &'static str, values: Values) -> Field {
    field(name, at, values).with(json!({ "publish": true }))
}

/// What replaces a stored document has to say what becomes of each of its secrets.
fn whole() -> Values {
    let secrets = (canary(), canary()).prop_map(
        |(key, header)| json!({ "api_key": key, "headers": { "authorization": header } }),
    );
    (document(), secrets).prop_map(|(open, secrets)| joined(open, &secrets)).boxed()
}

fn prompt(stored: &Stored) -> Pair {
    let id = stored.id("prompts", "support-reply-staging");
    let key = stored.slug("virtual_keys", "Anthropic production");
    let other = stored.slug("virtual_keys", "OpenAI production");
    let collections = ["dev", "prod"].map(|name| stored.id("collections", name));
    let collections: Vec<&str> = collections.iter().map(String::as_str).collect();
    let tool = json!({ "type": "function", "function": { "name": "f", "strict": null } });
    // None at all is equal to an empty list there, and makes no version.
    let tools = Just(json!([tool])).boxed();
    let metadata = merged("template_metadata", "/content/template_metadata", document());
    let named = json!({ "prompt_id": id });
    Pair::new("update_prompt", "get_prompt", named, ("prompts", id))
        .echoes(&[
            "name",
            "collection_id",
            "parameters",
            "virtual_key",
            "string",
            "model",
            "functions",
            "tools",
            "tool_choice",
            "template_metadata",
        ])
        .fields(vec![
            name(),
            plain("collection_id", one_of(&collections)),
            content("parameters", "/content/parameters", whole()).hidden(),
            content("virtual_key", "/content/virtual_key", one_of(&[&key, &other])),
            content("string", "/content/string", value_text()),
            content("model", "/content/model", value_line()),
            content("version_description", "/content/version_description", value_text()).hidden(),
            content("tools", "/content/tools", tools),
            content("is_raw_template", "/content/is_raw_template", flag()).hidden().keep(
                |row, given| {
                    let raw = u8::from(given["is_raw_template"] == true);
                    row["content"]["is_raw_template"] = raw.into();
                },
            ),
            metadata.with(json!({ "publish": true })),
        ])
}

fn version(stored: &Stored) -> Pair {
    let (id, row) = stored.find("prompts", "support-reply-prod");
    let version = row["labels"].as_object().unwrap().keys().next().unwrap().clone();
    let labels = ["stable", "candidate"].map(|name| stored.id("labels", name));
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let named = json!({ "prompt_id": id, "version_id": version });
    let label = field("label_id", "", one_of(&labels)).keep(move |row, given| {
        row["labels"] = json!({ &version: given["label_id"] });
    });
    Pair::new("update_prompt_version", "get_prompt_version", named, ("prompts", id.to_owned()))
        .echo(|shown| json!({ "label_id": shown["prompt_version_label_id"] }))
        .fields(vec![label.shown("/prompt_version_label_id")])
}

fn partial(stored: &Stored) -> Pair {
    let id = stored.id("partials", "refund-policy");
    let written = all(vec![("string", value_text()), ("version_description", value_text())]);
    let text = Field {
        values: written,
        keep: Box::new(|row, given| {
            row["content"]["string"] = given["string"].clone();
            row["content"]["description"] = given["version_description"].clone();
        }),
        shown: "/data/0/string".to_owned(),
    };
    let named = json!({ "prompt_partial_id": id });
    Pair::new("update_prompt_partial", "list_partial_versions", named, ("partials", id))
        .echo(|shown| {
            let newest = &shown["data"][0];
            json!({ "string": newest["string"], "version_description": newest["description"] })
        })
        .fields(vec![
            name().hidden(),
            plain("status", one_of(&["active", "archived"])).hidden(),
            text,
        ])
}

fn feedback(stored: &Stored) -> Pair {
    let (id, _) = stored.find("feedback", "t-rated");
    let hundredths = (0_u8..=100).prop_map(|it| json!(f64::from(it) / 100.0)).boxed();
    let rating = all(vec![("weight", hundredths)]);
    let weight = Field {
        values: rating,
        keep: Box::new(|row, given| {
            let weight = given["weight"].as_f64().unwrap();
            let hundredths = (0_u8..=100).find(|it| f64::from(*it) / 100.0 >= weight);
            row["fields"]["weight"] = json!(hundredths);
        }),
        shown: String::new(),
    };
    let metadata =
        plain("metadata", document()).hidden().with(json!({ "weight": 1 })).keep(|row, given| {
            row["fields"]["metadata"] = given["metadata"].clone();
            row["fields"]["weight"] = 100.into();
        });
    let pair =
        Pair::new("update_feedback", "", json!({ "id": id, "value": 3 }), ("feedback", id.into()))
            .fields(vec![weight, metadata]);
    // Nothing shows feedback.
    Pair { read: None, key: "workspace", ..pair }
}

fn export(stored: &Stored) -> Pair {
    let (id, _) = stored.find("log_exports", "Draft");
    let fields = ["id", "trace_id", "request", "cost", "metadata"].map(str::to_owned);
    let filters = prop_oneof![
        all(vec![("ai_model", list(one_of(&["a", "b"]), 1))]),
        all(vec![("total_units_min", number(0, 9)), ("metadata", tags())]),
    ];
    let filters = field("filters", "", filters.boxed()).hidden().keep(|row, given| {
        let mut given = given["filters"].clone();
        if let Some(models) = given["ai_model"].as_array() {
            let models: Vec<_> = models.iter().map(|it| it.as_str().unwrap()).collect();
            given["ai_model"] = models.join(",").into();
        } else {
            given.as_object_mut().unwrap().shift_remove("ai_model");
        }
        json_patch::merge(&mut row["fields"]["filters"], &given);
    });
    Pair::new(
        "update_log_export",
        "get_log_export",
        json!({ "export_id": id }),
        ("log_exports", id.into()),
    )
    .echoes(&["requested_data", "filters"])
    .fields(vec![plain("requested_data", some_of(&fields, 1)), filters])
}
