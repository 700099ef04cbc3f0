//! The seeded prompts, in collections `dev`, `staging` and `prod` of the Production workspace, and labels.

use serde_json::{Map, Value, json};

use super::Seeder;
use crate::sandbox::{ids, prompts::add_version, store::Row};

struct Plan {
    name: &'static str,
    collection: &'static str,
    model: &'static str,
    provider: &'static str,
    app: &'static str,
    /// Templates of its versions, oldest first.
    templates: &'static [&'static str],
    /// Number of the published version.
    published: usize,
}

const GREETING: &str = r#"[{"role":"system","content":"You answer customers of a small shop, kindly and in two sentences."},{"role":"user","content":"{{question}}"}]"#;
const GREETING_2: &str = r#"[{"role":"system","content":"You answer customers of a small shop, kindly and in two sentences. The customer is {{customer_name}}."},{"role":"user","content":"{{question}}"}]"#;
const GREETING_3: &str = r#"[{"role":"system","content":[{"type":"text","text":"You answer customers of a small shop in {{language}}. The customer is {{customer_name}}."}]},{"role":"user","content":[{"type":"text","text":"{{question}}"}]}]"#;
const SUMMARY: &str = r#"[{"role":"system","content":"Summarise the ticket in three bullet points."},{"role":"user","content":"{{ticket}}"}]"#;
const SUMMARY_2: &str = r#"[{"role":"system","content":"Summarise the ticket in three bullet points; name the product."},{"role":"user","content":"{{ticket}}"}]"#;
const TAGS: &str =
    "List up to {{count}} tags for this product, separated by commas: {{description}}";
const REWRITE: &str = r#"[{"role":"user","content":"Rewrite this search as keywords: {{query}}"}]"#;
const TRIAGE: &str = r#"[{"role":"system","content":"Answer with one word: billing, delivery, product or other."},{"role":"user","content":"{{message}}"}]"#;

const PLANS: &[Plan] = &[
    Plan {
        name: "support-reply-dev",
        collection: "dev",
        model: "gpt-4o",
        provider: "openai",
        app: "helpdesk",
        templates: &[GREETING, GREETING_2, GREETING_3],
        published: 3,
    },
    Plan {
        name: "ticket-summary-dev",
        collection: "dev",
        model: "claude-haiku-4-5",
        provider: "anthropic",
        app: "helpdesk",
        templates: &[SUMMARY, SUMMARY_2],
        published: 1,
    },
    Plan {
        name: "product-tags-dev",
        collection: "dev",
        model: "gpt-4o-mini",
        provider: "openai",
        app: "catalogue",
        templates: &[TAGS],
        published: 1,
    },
    Plan {
        name: "triage-dev",
        collection: "dev",
        model: "claude-haiku-4-5",
        provider: "anthropic",
        app: "helpdesk",
        templates: &[TRIAGE],
        published: 1,
    },
    Plan {
        name: "support-reply-staging",
        collection: "staging",
        model: "gpt-4o",
        provider: "openai",
        app: "helpdesk",
        templates: &[GREETING, GREETING_2],
        published: 2,
    },
    Plan {
        name: "ticket-summary-staging",
        collection: "staging",
        model: "claude-haiku-4-5",
        provider: "anthropic",
        app: "helpdesk",
        templates: &[SUMMARY],
        published: 1,
    },
    Plan {
        name: "support-reply-prod",
        collection: "prod",
        model: "gpt-4o",
        provider: "openai",
        app: "helpdesk",
        templates: &[GREETING],
        published: 1,
    },
    Plan {
        name: "query-rewrite-prod",
        collection: "prod",
        model: "gpt-4o-mini",
        provider: "openai",
        app: "search",
        templates: &[REWRITE],
        published: 1,
    },
];

/// Collections, labels and prompts of a workspace; gives the slugs of the prompts.
pub(super) fn seed(
    seeder: &mut Seeder<'_>,
    organisation: usize,
    name: &str,
    workspace: &str,
    keys: &[(String, &'static str)],
) -> Vec<String> {
    let main = organisation == 0 && name == "Production";
    let wanted: &[&str] = if main { &["dev", "staging", "prod"] } else { &["default"] };
    let mut collections = Vec::new();
    for collection in wanted {
        let mut row = seeder.row(organisation, "collection", &format!("{name}/{collection}"), 160);
        row.workspace = Some(workspace.to_owned());
        row.slug = Some(ids::slug("pl-", collection, &row.id));
        for (field, value) in [
            ("name", Value::from(*collection)),
            ("parent_collection_id", Value::Null),
            ("is_default", (*collection == "default").into()),
            ("status", "active".into()),
        ] {
            row.fields.insert(field.to_owned(), value);
        }
        collections.push((*collection, row.id.clone()));
        seeder.insert("collections", row, 0);
    }
    if !main {
        return Vec::new();
    }
    let stable = label(seeder, organisation, "stable", None, "#2f9e44");
    label(seeder, organisation, "candidate", Some(workspace), "#f08c00");
    let mut slugs = Vec::new();
    for (number, plan) in PLANS.iter().enumerate() {
        let days = 90 - i64::try_from(number).unwrap_or_default() * 6;
        let mut row = prompt(seeder, organisation, plan, days, keys);
        row.workspace = Some(workspace.to_owned());
        let collection = collections.iter().find(|(name, _)| *name == plan.collection);
        let collection = collection.map(|(_, id)| id.as_str());
        row.fields.insert("collection_id".to_owned(), collection.into());
        if plan.collection == "prod"
            && let Some(version) = row.versions.first_mut()
        {
            version.fields.insert("label_id".to_owned(), stable.as_str().into());
        }
        slugs.extend(row.slug.clone());
        seeder.insert("prompts", row, 2_000);
    }
    slugs
}

fn label(
    seeder: &mut Seeder<'_>,
    organisation: usize,
    name: &str,
    workspace: Option<&str>,
    color: &str,
) -> String {
    let mut row = seeder.row(organisation, "label", name, 140);
    row.workspace = workspace.map(str::to_owned);
    for (field, value) in [
        ("name", name),
        ("description", "A seeded label"),
        ("color_code", color),
        ("status", "active"),
    ] {
        row.fields.insert(field.to_owned(), value.into());
    }
    let id = row.id.clone();
    seeder.insert("labels", row, 0);
    id
}

fn prompt(
    seeder: &Seeder<'_>,
    organisation: usize,
    plan: &Plan,
    days: i64,
    keys: &[(String, &'static str)],
) -> Row {
    let mut row = seeder.row(organisation, "prompt", plan.name, days);
    row.slug = Some(ids::slug("pp-", plan.name, &row.id));
    row.fields.insert("name".to_owned(), plan.name.into());
    row.fields.insert("status".to_owned(), "active".into());
    row.fields.insert("default_version".to_owned(), plan.published.into());
    let key =
        keys.iter().find(|(_, provider)| *provider == plan.provider).map(|(slug, _)| slug.as_str());
    for (number, template) in plan.templates.iter().enumerate() {
        let later = i64::try_from(number).unwrap_or_default() * 8;
        row.updated_at = seeder.at(days - later, plan.name);
        let content = json!({
            "string": template,
            "parameters": { "temperature": 0.3, "max_tokens": 400 },
            "model": plan.model,
            "virtual_key": key,
            "version_description": format!("Version {}", number + 1),
            "template_metadata": { "app": plan.app, "env": plan.collection },
        });
        let content: Map<String, Value> = content.as_object().cloned().unwrap_or_default();
        let id = seeder.id(&format!("{}/version/{number}", row.id));
        add_version(&mut row, id, content);
    }
    row
}
