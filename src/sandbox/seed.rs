//! The seeded organisations: names are the same for every seed; ids, slugs, times and the log are not.

mod audit;
mod configs;
mod gateways;
mod guardrails;
mod integrations;
mod invites;
mod keys;
mod mcp;
mod partials;
mod plan;
mod policies;
mod prompts;
mod scim;
mod secret_references;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub(super) use self::audit::audit;
use self::plan::{PEOPLE, PLANS, Plan};
use super::{
    access::{Caller, Scopes},
    configs as config_rows, ids,
    log_exports::DENIED,
    members,
    store::{Row, Store},
    virtual_keys, workspaces,
};

/// Who and what the log speaks of.
#[derive(Debug)]
pub(super) struct Cast {
    pub organisations: Vec<String>,
    pub workspaces: Vec<Workspace>,
}

/// A workspace as the log sees it.
#[derive(Debug)]
pub(super) struct Workspace {
    pub id: String,
    pub env: &'static str,
    /// Requests on a working day.
    pub per_day: u32,
    pub users: Vec<String>,
    pub api_keys: Vec<String>,
    /// Slug and provider.
    pub virtual_keys: Vec<(String, &'static str)>,
    pub configs: Vec<String>,
    pub prompts: Vec<String>,
}

/// The callers of the seeded keys.
pub(super) fn callers(seed: u64) -> Vec<Caller> {
    let caller = |name, organisation, workspace: Option<&str>, scopes| Caller {
        name,
        organisation,
        workspace: workspace.map(|name| workspace_id(seed, organisation, name)),
        key_id: ids::uuid(seed, &format!("key/{name}")),
        scopes,
    };
    vec![
        caller("admin", 0, None, Scopes::All),
        caller("workspace", 0, Some("Production"), Scopes::Workspace),
        caller("staging", 0, Some("Staging"), Scopes::Workspace),
        caller("read-only", 0, None, Scopes::Reading),
        caller("other-admin", 1, None, Scopes::All),
    ]
}

fn workspace_id(seed: u64, organisation: usize, name: &str) -> String {
    ids::uuid(seed, &format!("{organisation}/workspace/{name}"))
}

/// Fills the tables and says what the log may speak of.
pub(super) fn fill(seed: u64, end: Timestamp, store: &mut Store) -> Cast {
    let organisations =
        (0..PEOPLE.len()).map(|n| ids::uuid(seed, &format!("organisation/{n}"))).collect();
    let mut seeder = Seeder { seed, end, store };
    let emails = seeder.users();
    let workspaces = PLANS.iter().map(|plan| seeder.workspace(plan, &emails)).collect();
    for organisation in 0..PEOPLE.len() {
        keys::of_organisation(&mut seeder, organisation);
    }
    gateways::seed(&mut seeder);
    integrations::seed(&mut seeder);
    mcp::seed(&mut seeder);
    secret_references::seed(&mut seeder);
    invites::seed(&mut seeder);
    scim::seed(&mut seeder);
    Cast { organisations, workspaces }
}

/// Puts rows into the store, with ids and times of the seed.
pub(super) struct Seeder<'a> {
    seed: u64,
    end: Timestamp,
    store: &'a mut Store,
}

impl Seeder<'_> {
    /// A row of this name, made some days before the end.
    pub fn row(&self, organisation: usize, table: &str, name: &str, days: i64) -> Row {
        let id = ids::uuid(self.seed, &format!("{organisation}/{table}/{name}"));
        Row::new(id, organisation, self.at(days, name))
    }

    /// A time of the day that depends on the name, so that not all rows are of the same second.
    pub fn at(&self, days: i64, name: &str) -> Timestamp {
        let id = ids::uuid(self.seed, name);
        let second = id.bytes().fold(0_i64, |sum, byte| (sum * 31 + i64::from(byte)) % 36_000);
        let before = SignedDuration::from_secs(days * 86_400 + second);
        self.end.checked_sub(before).unwrap_or(self.end)
    }

    /// The id of the seeded workspace of this name.
    pub fn workspace_id(&self, organisation: usize, name: &str) -> String {
        workspace_id(self.seed, organisation, name)
    }

    pub fn id(&self, name: &str) -> String {
        ids::uuid(self.seed, name)
    }

    pub fn insert(&mut self, table: &'static str, row: Row, bytes: usize) {
        // A store that is smaller than the seed simply holds less.
        let _ = self.store.insert(table, row, bytes);
    }

    /// The e-mail addresses of each organisation's people.
    fn users(&mut self) -> Vec<Vec<String>> {
        let mut emails = Vec::new();
        for (organisation, people) in PEOPLE.iter().enumerate() {
            let mut own = Vec::new();
            for (first, last, role) in *people {
                let email = format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase());
                let mut row = self.row(organisation, "users", &email, 200);
                let values: [(&str, &str); 4] = [
                    ("first_name", *first),
                    ("last_name", *last),
                    ("role", *role),
                    ("email", email.as_str()),
                ];
                row.fields
                    .extend(values.map(|(name, value)| (name.to_owned(), Value::from(value))));
                self.insert("users", row, 0);
                own.push(email);
            }
            emails.push(own);
        }
        emails
    }

    fn workspace(&mut self, plan: &Plan, emails: &[Vec<String>]) -> Workspace {
        let first = matches!(plan.name, "Production" | "Main");
        let mut row = self.row(plan.organisation, "workspace", plan.name, 180);
        row.id = workspace_id(self.seed, plan.organisation, plan.name);
        row.workspace = Some(row.id.clone());
        row.slug = Some(ids::slug("ws-", plan.name, &row.id));
        row.fields.insert("name".to_owned(), plan.name.into());
        row.fields.insert("description".to_owned(), plan.description.into());
        row.fields.insert("defaults".to_owned(), json!({ "metadata": { "env": plan.env } }));
        if first {
            for (field, value) in plan::bounds() {
                row.fields.insert(field.to_owned(), value);
            }
        }
        workspaces::describe(&mut row, first);
        if plan.name == "Research" {
            row.fields.insert(DENIED.to_owned(), json!(["request", "response"]));
        }
        let id = row.id.clone();
        let users = self.members(plan, &id, emails);
        let virtual_keys = self.virtual_keys(plan, &id);
        let configs = self.configs(plan, &id, &virtual_keys);
        if first && let Some(config) = configs.first() {
            row.fields.insert(
                "defaults".to_owned(),
                json!({ "metadata": { "env": plan.env }, "user_api_key_config": config }),
            );
        }
        self.insert("workspaces", row, 0);
        let api_keys = keys::seed(self, plan, &id, &users, configs.first());
        policies::seed(self, plan.organisation, plan.name, &id);
        let prompts = prompts::seed(self, plan.organisation, plan.name, &id, &virtual_keys);
        partials::seed(self, plan.organisation, plan.name, &id);
        guardrails::seed(self, plan.organisation, plan.name, &id);
        let (env, per_day) = (plan.env, plan.per_day);
        Workspace { id, env, per_day, users, api_keys, virtual_keys, configs, prompts }
    }

    fn members(&mut self, plan: &Plan, workspace: &str, emails: &[Vec<String>]) -> Vec<String> {
        let people = emails.get(plan.organisation).map(Vec::as_slice).unwrap_or_default();
        let members: Vec<String> =
            plan.members.iter().filter_map(|&n| people.get(n)).cloned().collect();
        let rows = self.store.rows_mut("users").filter(|row| row.organisation == plan.organisation);
        for row in rows
            .filter(|row| row.text("email").is_some_and(|email| members.iter().any(|m| m == email)))
        {
            let role = if row.text("role") == Some("member") { "member" } else { "admin" };
            members::join(row, workspace, role);
        }
        members
    }

    fn virtual_keys(&mut self, plan: &Plan, workspace: &str) -> Vec<(String, &'static str)> {
        let mut slugs = Vec::new();
        for &(name, provider) in plan.virtual_keys {
            let mut row = self.row(plan.organisation, "virtual_key", name, 170);
            let mark: String = row.id.chars().take(6).collect();
            let slug = format!("{}-{mark}", ids::words(name));
            row.workspace = Some(workspace.to_owned());
            row.slug = Some(slug.clone());
            row.fields.insert("name".to_owned(), name.into());
            row.fields.insert("note".to_owned(), format!("Seeded key of {provider}").into());
            let integration = integrations::behind(plan, provider);
            let integration = integration.map(|name| self.id(&format!("0/integration/{name}")));
            row.fields.insert("integration_id".to_owned(), integration.into());
            if provider == "openai" {
                let limits = json!({
                    "type": "cost", "credit_limit": 500, "alert_threshold": 400, "periodic_reset": "monthly",
                    "next_usage_reset_at": null,
                });
                row.fields.insert("usage_limits".to_owned(), limits);
                let limits = json!([{ "type": "requests", "unit": "rpm", "value": 600 }]);
                row.fields.insert("rate_limits".to_owned(), limits);
            }
            let key = self.id(&format!("secret/{name}")).replace('-', "");
            virtual_keys::describe(&mut row, provider, &key);
            self.insert("virtual_keys", row, 0);
            slugs.push((slug, provider));
        }
        slugs
    }

    fn configs(
        &mut self,
        plan: &Plan,
        workspace: &str,
        keys: &[(String, &'static str)],
    ) -> Vec<String> {
        let by = ids::uuid(self.seed, "key/admin");
        let mut slugs = Vec::new();
        for (number, (name, documents)) in
            configs::of(plan.organisation, plan.name, keys).into_iter().enumerate()
        {
            let days = 120 - i64::try_from(number).unwrap_or_default() * 4;
            let mut row = self.row(plan.organisation, "config", name, days);
            let slug = ids::slug("pc-", name, &row.id);
            row.workspace = Some(workspace.to_owned());
            row.slug = Some(slug.clone());
            row.fields.insert("name".to_owned(), name.into());
            config_rows::describe(&mut row, &by, number == 0);
            let mut bytes = 0;
            for (version, document) in documents.iter().enumerate() {
                let later = i64::try_from(version).unwrap_or_default() * 9;
                row.updated_at = self.at(days - later, name);
                let id = self.id(&format!("{}/version/{version}", row.id));
                bytes += document.to_string().len();
                config_rows::add_version(&mut row, id, document);
            }
            self.insert("configs", row, bytes);
            slugs.push(slug);
        }
        slugs
    }
}
