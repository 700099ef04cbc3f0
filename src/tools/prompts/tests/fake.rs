//! A Portkey that keeps prompts in memory and answers about them as facts.md says it does.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// Fields of a version, as PUT names them and as GET does.
const FIELDS: [(&str, &str); 10] = [
    ("string", "string"),
    ("parameters", "parameters"),
    ("model", "model"),
    ("virtual_key", "virtual_key"),
    ("version_description", "prompt_version_description"),
    ("functions", "functions"),
    ("tools", "tools"),
    ("tool_choice", "tool_choice"),
    ("is_raw_template", "is_raw_template"),
    ("prompt_metadata", "template_metadata"),
];

pub struct Fake {
    pub url: String,
    world: Arc<Mutex<World>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
pub struct World {
    prompts: Vec<Prompt>,
    /// What was written: method, path, body.
    pub writes: Vec<(Method, String, Value)>,
    /// Every path that was read.
    pub reads: Vec<String>,
    /// So many lists of versions still lack the newest.
    pub stale_versions: usize,
    /// As above, from the next write on.
    pub stale_after_write: usize,
    /// Prompts that the search does not show yet.
    pub hidden: Vec<String>,
    /// Creating answers 502, although it is done.
    pub breaks_after_creating: bool,
    /// Publishing is refused.
    pub no_publishing: bool,
}

struct Prompt {
    name: String,
    collection: String,
    versions: Vec<Map<String, Value>>,
    default: usize,
}

impl Fake {
    pub async fn start() -> Self {
        let world = Arc::new(Mutex::new(World::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&world));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, world, serving }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Adds a prompt with one version and returns its id.
    pub fn add(&self, collection: &str, name: &str, version: &Value) -> String {
        let mut world = self.world();
        world.create(collection.into(), name.into(), version);
        id(world.prompts.len() - 1)
    }

    /// The newest version of a prompt.
    pub fn latest(&self, prompt: usize) -> Value {
        self.world().prompts[prompt].versions.last().unwrap().clone().into()
    }

    /// How many versions a prompt has, and the number of the published one.
    pub fn versions(&self, prompt: usize) -> (usize, usize) {
        let world = self.world();
        let prompt = &world.prompts[prompt];
        (prompt.versions.len(), prompt.default + 1)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn id(prompt: usize) -> String {
    format!("00000000-0000-4000-8000-{prompt:012}")
}

fn version_id(prompt: usize, version: usize) -> String {
    format!("00000000-0000-4000-9{version:03}-{prompt:012}")
}

async fn answer(
    State(world): State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let path = uri.path().trim_start_matches("/v1").to_owned();
    let query = |name: &str| {
        let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        pairs.into_owned().find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let mut world = world.lock().unwrap();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if method == Method::GET {
        world.reads.push(path.clone());
    } else {
        world.writes.push((method.clone(), path.clone(), body.clone()));
    }
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let refused = |status: u16, code: &str| {
        let error = json!({ "success": false, "data": { "message": "no", "errorCode": code } });
        (StatusCode::from_u16(status).unwrap(), Json(error)).into_response()
    };
    let found = segments.get(1).and_then(|wanted| world.position(wanted));
    match (method.as_str(), &*segments, found) {
        ("GET", ["prompts"], _) => {
            let (page, size) = (query("current_page").unwrap(), query("page_size").unwrap());
            let (collection, search) = (query("collection_id").unwrap(), query("search").unwrap());
            Json(world.list(&collection, &search, page.parse().unwrap(), size.parse().unwrap()))
                .into_response()
        }
        ("POST", ["prompts"], _) => {
            let text = |name: &str| body[name].as_str().unwrap().to_owned();
            let mut version = body.clone();
            version["prompt_metadata"] = version["template_metadata"].take();
            let created = world.create(text("collection_id"), text("name"), &version);
            if world.breaks_after_creating {
                return StatusCode::BAD_GATEWAY.into_response();
            }
            Json(created).into_response()
        }
        ("GET", ["prompts", _], Some(prompt)) => {
            let version = query("version").map(|number| number.parse::<usize>().unwrap() - 1);
            Json(world.show(prompt, version)).into_response()
        }
        ("PUT", ["prompts", _], Some(prompt)) => Json(world.update(prompt, &body)).into_response(),
        ("GET", ["prompts", _, "versions"], Some(prompt)) => {
            Json(world.versions(prompt)).into_response()
        }
        ("GET", ["prompts", _, "versions", wanted], Some(prompt)) => {
            let all = world.prompts[prompt].versions.len();
            let version = (0..all).find(|version| version_id(prompt, *version) == *wanted);
            Json(world.show(prompt, Some(version.unwrap()))).into_response()
        }
        ("PUT", ["prompts", _, "makeDefault"], Some(_)) if world.no_publishing => {
            refused(403, "AB03")
        }
        ("PUT", ["prompts", _, "makeDefault"], Some(prompt)) => {
            let version = usize::try_from(body["version"].as_u64().unwrap()).unwrap();
            world.prompts[prompt].default = version - 1;
            // Portkey answers this with nothing at all.
            StatusCode::OK.into_response()
        }
        ("POST", ["prompts", _, "completions" | "render"], Some(_)) => Json(body).into_response(),
        _ => refused(404, "AB08"),
    }
}

impl World {
    fn position(&self, wanted: &str) -> Option<usize> {
        (0..self.prompts.len()).find(|prompt| id(*prompt) == wanted || slug(*prompt) == wanted)
    }

    fn create(&mut self, collection: String, name: String, version: &Value) -> Value {
        let mut prompt = Prompt { name, collection, versions: Vec::new(), default: 0 };
        prompt.add(version);
        self.prompts.push(prompt);
        let prompt = self.prompts.len() - 1;
        json!({ "id": id(prompt), "slug": slug(prompt), "version_id": version_id(prompt, 0), "object": "prompt" })
    }

    fn update(&mut self, index: usize, body: &Value) -> Value {
        assert_eq!(body["patch"], true);
        let prompt = &mut self.prompts[index];
        if let Some(name) = body["name"].as_str() {
            name.clone_into(&mut prompt.name);
        }
        if let Some(collection) = body["collection_id"].as_str() {
            collection.clone_into(&mut prompt.collection);
        }
        if FIELDS.iter().all(|(name, _)| body.get(name).is_none()) {
            return json!({});
        }
        prompt.add(body);
        let version = prompt.versions.len() - 1;
        self.stale_versions += std::mem::take(&mut self.stale_after_write);
        json!({ "id": id(index), "slug": slug(index), "prompt_version_id": version_id(index, version) })
    }

    fn show(&self, index: usize, version: Option<usize>) -> Value {
        let prompt = &self.prompts[index];
        let version = version.unwrap_or(prompt.default);
        let mut shown = json!({
            "id": id(index), "slug": slug(index), "name": prompt.name,
            "collection_id": prompt.collection, "prompt_version": version + 1,
            "prompt_version_id": version_id(index, version), "prompt_version_label_id": null,
            "prompt_version_status": if version == prompt.default { "active" } else { "archived" },
        });
        shown.as_object_mut().unwrap().extend(prompt.versions[version].clone());
        shown
    }

    fn versions(&mut self, index: usize) -> Value {
        let prompt = &self.prompts[index];
        let mut shown = prompt.versions.len();
        if self.stale_versions > 0 {
            self.stale_versions -= 1;
            shown -= 1;
        }
        let row = |version: usize| {
            let status = if version == prompt.default { "active" } else { "archived" };
            json!({ "id": version_id(index, version), "prompt_version": version + 1, "status": status,
                "prompt_template": { "string": prompt.versions[version]["string"] } })
        };
        let rows: Vec<Value> = (0..shown).rev().map(row).collect();
        json!({ "object": "list", "total": rows.len(), "data": rows })
    }

    fn list(&self, collection: &str, search: &str, page: usize, size: usize) -> Value {
        let search = search.to_lowercase();
        let fits = |prompt: &Prompt| {
            prompt.collection == collection
                && prompt.name.to_lowercase().contains(&search)
                && !self.hidden.contains(&prompt.name)
        };
        let all: Vec<Value> = (0..self.prompts.len())
            .filter(|prompt| fits(&self.prompts[*prompt]))
            .map(|prompt| json!({ "id": id(prompt), "slug": slug(prompt), "name": self.prompts[prompt].name }))
            .collect();
        let rows: Vec<&Value> = all.iter().skip(page * size).take(size).collect();
        json!({ "object": "list", "total": all.len(), "data": rows })
    }
}

impl Prompt {
    /// Adds a version; what is not given is as in the newest.
    fn add(&mut self, given: &Value) {
        let mut version = self.versions.last().cloned().unwrap_or_default();
        for (name, shown) in FIELDS {
            let value = given.get(name).cloned();
            let old = version.get(shown).cloned().unwrap_or_default();
            version.insert(shown.into(), value.unwrap_or(old));
        }
        // As Portkey does it.
        let model = version["model"].clone();
        if let Some(parameters) = version["parameters"].as_object_mut() {
            parameters.insert("model".into(), model);
        }
        self.versions.push(version);
    }
}

fn slug(prompt: usize) -> String {
    format!("pp-{prompt}")
}
