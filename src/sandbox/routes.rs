//! The whole surface of the sandbox, and how a request finds its route.

mod gateways;
mod keys;
mod people;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use self::{
    Plane::{Control, Data},
    Run::{Create, Delete, List, Own, Read, Update},
};
use super::{
    analytics,
    answer::Outcome,
    audit,
    call::Call,
    collections::COLLECTIONS,
    configs::{self, CONFIGS},
    crud, enforcement, feedback,
    guardrails::{self, GUARDRAILS},
    labels::LABELS,
    log_exports::{self, LOG_EXPORTS},
    logs,
    partials::{self, PARTIALS},
    prompt_run, prompt_versions,
    prompts::PROMPTS,
    resource::Resource,
    secret_references::SECRET_REFERENCES,
};

/// Who may call a route at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plane {
    Control,
    /// The gateway: workspace keys only.
    Data,
}

pub(super) struct Route {
    pub method: &'static str,
    version: Version,
    /// Without its version; `{}` stands for one segment.
    path: &'static str,
    /// One of several is enough: `organisation_x.read | workspace_x.read`.
    pub scope: &'static str,
    pub plane: Plane,
    run: Run,
}

/// Where a route is served.
#[derive(Clone, Copy)]
enum Version {
    V1,
    V2,
}

impl Version {
    fn prefix(self) -> &'static str {
        match self {
            Self::V1 => "/v1/",
            Self::V2 => "/v2/",
        }
    }
}

enum Run {
    List(&'static Resource),
    Create(&'static Resource),
    Read(&'static Resource),
    Update(&'static Resource),
    Delete(&'static Resource),
    Own(fn(&mut Call<'_>) -> Outcome),
}

const fn route(
    method: &'static str,
    path: &'static str,
    scope: &'static str,
    plane: Plane,
    run: Run,
) -> Route {
    Route { method, version: Version::V1, path, scope, plane, run }
}

/// The first that fits is taken, so fixed segments come before variable ones.
const ROUTES: &[Route] = &[
    route("GET", "/configs", "configs.list", Control, List(&CONFIGS)),
    route("POST", "/configs", "configs.create", Control, Create(&CONFIGS)),
    route("GET", "/configs/{}", "configs.read", Control, Read(&CONFIGS)),
    route("PUT", "/configs/{}", "configs.update", Control, Update(&CONFIGS)),
    route("DELETE", "/configs/{}", "configs.delete", Control, Delete(&CONFIGS)),
    route("GET", "/configs/{}/versions", "configs.read", Control, Own(configs::versions)),
    route("GET", "/prompts", "prompts.list", Control, List(&PROMPTS)),
    route("POST", "/prompts", "prompts.create", Control, Create(&PROMPTS)),
    route("GET", "/prompts/partials", "prompts.list", Control, List(&PARTIALS)),
    route("POST", "/prompts/partials", "prompts.create", Control, Create(&PARTIALS)),
    route("GET", "/prompts/partials/{}", "prompts.read", Control, Own(partials::read)),
    route("PUT", "/prompts/partials/{}", "prompts.update", Control, Update(&PARTIALS)),
    route("DELETE", "/prompts/partials/{}", "prompts.delete", Control, Delete(&PARTIALS)),
    route("GET", "/prompts/partials/{}/versions", "prompts.read", Control, Own(partials::versions)),
    route(
        "PUT",
        "/prompts/partials/{}/makeDefault",
        "prompts.publish",
        Control,
        Own(partials::make_default),
    ),
    route("GET", "/prompts/{}", "prompts.read", Control, Own(prompt_versions::read)),
    route("PUT", "/prompts/{}", "prompts.update", Control, Update(&PROMPTS)),
    route("DELETE", "/prompts/{}", "prompts.delete", Control, Delete(&PROMPTS)),
    route("GET", "/prompts/{}/versions", "prompts.read", Control, Own(prompt_versions::versions)),
    route(
        "GET",
        "/prompts/{}/versions/{}",
        "prompts.read",
        Control,
        Own(prompt_versions::read_version),
    ),
    route(
        "PUT",
        "/prompts/{}/versions/{}",
        "prompts.update",
        Control,
        Own(prompt_versions::label_version),
    ),
    route(
        "PUT",
        "/prompts/{}/makeDefault",
        "prompts.publish",
        Control,
        Own(prompt_versions::make_default),
    ),
    route("POST", "/prompts/{}/render", "prompts.render", Data, Own(prompt_run::render)),
    route("POST", "/prompts/{}/completions", "completions.write", Data, Own(prompt_run::complete)),
    route("GET", "/collections", "prompts.list", Control, List(&COLLECTIONS)),
    route("POST", "/collections", "prompts.create", Control, Create(&COLLECTIONS)),
    route("GET", "/collections/{}", "prompts.read", Control, Read(&COLLECTIONS)),
    route("PUT", "/collections/{}", "prompts.update", Control, Update(&COLLECTIONS)),
    route("DELETE", "/collections/{}", "prompts.delete", Control, Delete(&COLLECTIONS)),
    route(
        "GET",
        "/guardrails",
        "guardrails.list | organisation_guardrails.list",
        Control,
        List(&GUARDRAILS),
    ),
    route(
        "POST",
        "/guardrails",
        "guardrails.create | organisation_guardrails.create",
        Control,
        Create(&GUARDRAILS),
    ),
    route(
        "GET",
        "/guardrails/{}",
        "guardrails.read | organisation_guardrails.read",
        Control,
        Read(&GUARDRAILS),
    ),
    route(
        "PUT",
        "/guardrails/{}",
        "guardrails.update | organisation_guardrails.update",
        Control,
        Update(&GUARDRAILS),
    ),
    route(
        "DELETE",
        "/guardrails/{}",
        "guardrails.delete | organisation_guardrails.delete",
        Control,
        Delete(&GUARDRAILS),
    ),
    route(
        "GET",
        "/guardrails/{}/mcp-servers",
        "guardrails.read | organisation_guardrails.read",
        Control,
        Own(guardrails::servers),
    ),
    route(
        "PUT",
        "/guardrails/{}/mcp-servers",
        "guardrails.update | organisation_guardrails.update",
        Control,
        Own(guardrails::replace_servers),
    ),
    route(
        "PUT",
        "/guardrails/{}/mcp-servers/{}",
        "guardrails.update | organisation_guardrails.update",
        Control,
        Own(guardrails::upsert_server),
    ),
    route(
        "GET",
        "/admin/organisation/defaults",
        "organisation_settings.read",
        Control,
        Own(enforcement::defaults),
    )
    .v2(),
    route(
        "PUT",
        "/admin/organisation/defaults",
        "organisation_settings.update",
        Control,
        Own(enforcement::set_defaults),
    )
    .v2(),
    route(
        "GET",
        "/workspace-exclusions/{}",
        "organisation_exclusions.list",
        Control,
        Own(enforcement::excluded),
    ),
    route(
        "PUT",
        "/workspace-exclusions/{}",
        "organisation_exclusions.update",
        Control,
        Own(enforcement::exclude),
    ),
    route("GET", "/labels", "prompts.list", Control, List(&LABELS)),
    route("POST", "/labels", "prompts.create", Control, Create(&LABELS)),
    route("GET", "/labels/{}", "prompts.read", Control, Read(&LABELS)),
    route("PUT", "/labels/{}", "prompts.update", Control, Update(&LABELS)),
    route("DELETE", "/labels/{}", "prompts.delete", Control, Delete(&LABELS)),
    route("POST", "/feedback", "logs.write", Data, Own(feedback::create)),
    route("PUT", "/feedback/{}", "logs.write", Data, Own(feedback::update)),
    route("POST", "/logs", "logs.write", Data, Own(logs::insert)),
    route("GET", "/logs/exports", "logs.list", Control, List(&LOG_EXPORTS)),
    route("POST", "/logs/exports", "logs.export", Control, Create(&LOG_EXPORTS)),
    route(
        "GET",
        "/logs/exports/field-restrictions",
        "logs.export",
        Control,
        Own(log_exports::restrictions),
    ),
    route("GET", "/logs/exports/{}", "logs.list", Control, Own(log_exports::read)),
    route("PUT", "/logs/exports/{}", "logs.export", Control, Update(&LOG_EXPORTS)),
    route("POST", "/logs/exports/{}/start", "logs.export", Control, Own(log_exports::start)),
    route("POST", "/logs/exports/{}/cancel", "logs.export", Control, Own(log_exports::cancel)),
    route("GET", "/logs/exports/{}/download", "logs.export", Control, Own(log_exports::download)),
    route("GET", "/logs/{}", "logs.read", Control, Own(logs::read)),
    route("GET", "/audit-logs", "audit_logs.list", Control, Own(audit::list)),
    route("GET", "/secret-references", "secret_references.list", Control, List(&SECRET_REFERENCES)),
    route(
        "POST",
        "/secret-references",
        "secret_references.create",
        Control,
        Create(&SECRET_REFERENCES),
    ),
    route(
        "GET",
        "/secret-references/{}",
        "secret_references.read",
        Control,
        Read(&SECRET_REFERENCES),
    ),
    route(
        "PUT",
        "/secret-references/{}",
        "secret_references.update",
        Control,
        Update(&SECRET_REFERENCES),
    ),
    route(
        "DELETE",
        "/secret-references/{}",
        "secret_references.delete",
        Control,
        Delete(&SECRET_REFERENCES),
    ),
    route("GET", "/analytics/graphs/{}", "analytics.view", Control, Own(analytics::graph)),
    route("GET", "/analytics/graphs/{}/{}", "analytics.view", Control, Own(analytics::graph)),
    route(
        "GET",
        "/analytics/summary/cache",
        "analytics.view",
        Control,
        Own(analytics::cache_summary),
    ),
    route(
        "GET",
        "/analytics/groups/metadata/{}",
        "analytics.view",
        Control,
        Own(analytics::metadata_group),
    ),
    route("GET", "/analytics/groups/{}", "analytics.view", Control, Own(analytics::group)),
];

impl Route {
    /// The same route, served in `/v2`.
    const fn v2(self) -> Self {
        Self { version: Version::V2, ..self }
    }

    /// The route of a request with the variable segments of its path, decoded.
    pub fn find(method: &str, path: &str) -> Option<(&'static Self, Vec<String>)> {
        let routes =
            ROUTES.iter().chain(people::ROUTES).chain(keys::ROUTES).chain(gateways::ROUTES);
        routes.filter(|route| route.method == method).find_map(|route| {
            let params = route.params(path.strip_prefix(route.version.prefix())?)?;
            Some((route, params))
        })
    }

    fn params(&self, path: &str) -> Option<Vec<String>> {
        let mut sent = path.split('/');
        let mut params = Vec::new();
        for wanted in self.path.split('/').skip(1) {
            let sent = sent.next()?;
            match wanted {
                "{}" if !sent.is_empty() => {
                    let decoded: Cow<'_, str> = percent_decode_str(sent).decode_utf8().ok()?;
                    params.push(decoded.into_owned());
                }
                fixed if fixed == sent => {}
                _ => return None,
            }
        }
        sent.next().is_none().then_some(params)
    }

    pub fn run(&self, call: &mut Call<'_>) -> Outcome {
        match self.run {
            List(resource) => crud::list(call, resource),
            Create(resource) => crud::create(call, resource),
            Read(resource) => crud::read(call, resource),
            Update(resource) => crud::update(call, resource),
            Delete(resource) => crud::delete(call, resource),
            Own(run) => run(call),
        }
    }

    /// Whether it changes something, and so is audited.
    pub fn writes(&self) -> bool {
        self.method != "GET" && self.plane == Control
    }
}
