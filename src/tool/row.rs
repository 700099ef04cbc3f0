//! The row itself: constructors and facts, all usable in constants.

use std::{future::Future, pin::Pin};

use rmcp::model::ToolAnnotations;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Call, JsonObject,
    error::Result,
    list::Listing,
    prepare::{parse, prepare, to_value},
};
use crate::{
    json::Json,
    portkey::{Base, Method},
    schema,
};

type Text = &'static str;
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a tool takes: read from the model's arguments, written to Portkey's query or body.
pub trait Args: DeserializeOwned + Serialize + JsonSchema + 'static {}
impl<T: DeserializeOwned + Serialize + JsonSchema + 'static> Args for T {}

/// A tool that takes more than one request, or none.
pub trait Workflow: DeserializeOwned + JsonSchema + Send + 'static {
    type Output: Serialize + 'static;

    fn run(self, call: &Call) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// What a call may do to the account; becomes the MCP annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Changes nothing.
    Reads,
    /// Makes something new; what is there stays.
    Adds,
    /// Overwrites what is there.
    Replaces,
    /// Deletes, archives, rotates, disconnects or resets.
    Destroys,
}

/// One tool, as plain data.
#[derive(Clone, Copy)]
pub struct Tool {
    pub name: Text,
    /// What the model reads: what the tool does, what comes back, which tool to use instead. Line
    /// breaks and indentation are folded into single spaces.
    about: Text,
    pub effect: Effect,
    /// Permission scopes of the Portkey key that the tool needs, such as `configs.read`.
    pub scopes: &'static [Text],
    /// One of the scopes is enough; which one depends on what is asked for.
    pub any_scope: bool,
    /// One of these is needed as well, for the read that the tool begins with.
    pub read_scopes: &'static [Text],
    /// Portkey answers 403 outside Enterprise plans.
    pub enterprise: bool,
    /// It is served by the gateway, which takes keys of a workspace alone.
    pub workspace_key: bool,
    /// Answer fields that hold secrets here, beside those that are secret everywhere.
    pub secrets: &'static [Text],
    /// Answer fields that are no secrets here although their names say so.
    pub shown: &'static [Text],
    /// Answer fields with a secret that Portkey shows this one time.
    pub one_time: &'static [Text],
    /// Phrases that administrators say when they need this tool; for search, not shown.
    pub intents: &'static [Text],
    /// Other names that are accepted and not listed.
    pub aliases: &'static [Text],
    /// The answer carries text that people outside the organisation may have written.
    pub open_world: bool,
    /// A write that may be sent again after an unclear outcome.
    pub replayable: bool,
    /// The tool that shows whether a write arrived.
    pub read_back: Option<Text>,
    /// The argument that is a whole document: a mask in it stands for the stored value.
    pub document: Option<Text>,
    /// How the answer's rows are found and paged, where it is a list.
    pub listing: Option<Listing>,
    /// Which version of the API serves the tool's requests.
    pub base: Base,
    pub(super) input: fn() -> schema::Input,
    pub(super) output: Option<fn() -> JsonObject>,
    pub(super) run: Run,
}

/// How a tool runs. Only the functions are generic, and they are one line each, so that a tool
/// adds little to the build.
#[derive(Clone, Copy)]
pub enum Run {
    /// One request: `write` checks the arguments and writes them as Portkey names them.
    Request { method: Method, path: Text, write: fn(JsonObject) -> Result<Value>, read: Read },
    /// Code that sends several, or none.
    Workflow(for<'a> fn(&'a Call, JsonObject) -> BoxFuture<'a, Result<Value>>),
}

/// Turns Portkey's answer into the tool's.
pub(super) type Read = fn(&mut Json<'_>);

/// A row that sends GET: its arguments fill the path, then the query.
pub const fn get<A: Args>(name: Text, path: Text, about: Text) -> Tool {
    Tool::request::<A>(name, Method::Get, path, about, Effect::Reads)
}

/// A row that sends POST: its arguments fill the path, then the JSON body.
pub const fn post<A: Args>(name: Text, path: Text, about: Text) -> Tool {
    Tool::request::<A>(name, Method::Post, path, about, Effect::Adds)
}

/// A row that sends PUT: its arguments fill the path, then the JSON body.
pub const fn put<A: Args>(name: Text, path: Text, about: Text) -> Tool {
    Tool::request::<A>(name, Method::Put, path, about, Effect::Replaces)
}

/// A row that sends DELETE: its arguments fill the path, then the query.
pub const fn delete<A: Args>(name: Text, path: Text, about: Text) -> Tool {
    Tool::request::<A>(name, Method::Delete, path, about, Effect::Destroys)
}

/// A row that runs code: see [`Workflow`].
pub const fn run<W: Workflow>(name: Text, effect: Effect, about: Text) -> Tool {
    let run = Run::Workflow(|call, args| {
        Box::pin(async move { to_value(parse::<W>(args)?.run(call).await?) })
    });
    Tool::new(name, about, schema::input::<W>, effect, run)
}

/// A row that runs code whose answer has a published schema.
pub const fn run_typed<W: Workflow>(name: Text, effect: Effect, about: Text) -> Tool
where
    W::Output: JsonSchema,
{
    let mut tool = run::<W>(name, effect, about);
    tool.output = Some(schema::output::<W::Output>);
    tool
}

impl Tool {
    const fn request<A: Args>(
        name: Text,
        method: Method,
        path: Text,
        about: Text,
        effect: Effect,
    ) -> Self {
        assert!(matches!(path.as_bytes().first(), Some(b'/')), "a path starts with a slash");
        let run = Run::Request { method, path, write: prepare::<A>, read: |_| {} };
        Self::new(name, about, schema::input::<A>, effect, run)
    }

    const fn new(
        name: Text,
        about: Text,
        input: fn() -> schema::Input,
        effect: Effect,
        run: Run,
    ) -> Self {
        assert!(is_snake_case(name), "a tool name is snake_case, 64 characters at most");
        Self {
            name,
            about,
            effect,
            scopes: &[],
            any_scope: false,
            read_scopes: &[],
            enterprise: false,
            workspace_key: false,
            secrets: &[],
            shown: &[],
            one_time: &[],
            intents: &[],
            aliases: &[],
            open_world: true,
            replayable: false,
            read_back: None,
            document: None,
            listing: None,
            base: Base::Given,
            input,
            output: None,
            run,
        }
    }

    /// Names the permission scopes that the Portkey key needs.
    pub const fn scopes(mut self, scopes: &'static [Text]) -> Self {
        self.scopes = scopes;
        self
    }

    /// Names permission scopes of which the Portkey key needs one, depending on what is asked for.
    pub const fn any_scope(mut self, scopes: &'static [Text]) -> Self {
        self.any_scope = true;
        self.scopes(scopes)
    }

    /// Names permission scopes of which the Portkey key needs one as well, for the read that the
    /// tool begins with.
    pub const fn reads_first(mut self, scopes: &'static [Text]) -> Self {
        self.read_scopes = scopes;
        self
    }

    /// Names other names that are accepted and not listed.
    pub const fn aliases(mut self, aliases: &'static [Text]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Names phrases that lead to this tool.
    pub const fn intents(mut self, intents: &'static [Text]) -> Self {
        self.intents = intents;
        self
    }

    /// Says where the answer's rows are, and how they are paged.
    pub const fn lists(mut self, listing: Listing) -> Self {
        self.listing = Some(listing);
        self
    }

    /// Says which version of the API serves the tool's requests.
    pub const fn base(mut self, base: Base) -> Self {
        self.base = base;
        self
    }

    /// Turns Portkey's answer into the tool's.
    pub const fn reads(mut self, change: Read) -> Self {
        if let Run::Request { read, .. } = &mut self.run {
            *read = change;
        }
        self
    }

    /// Overrides the effect that the method implies, such as for a search that is a POST.
    pub const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Marks a write that may be sent again after an unclear outcome: a second one changes nothing.
    pub const fn replayable(mut self) -> Self {
        self.replayable = true;
        self
    }

    /// Names the tool that shows whether a write arrived.
    pub const fn read_back(mut self, tool: Text) -> Self {
        self.read_back = Some(tool);
        self
    }

    /// Names answer fields that are secrets here although their names do not say so.
    pub const fn secrets(mut self, names: &'static [Text]) -> Self {
        self.secrets = names;
        self
    }

    /// Names answer fields with a secret that Portkey shows this one time: they are shown, with a
    /// note, and nothing keeps them.
    pub const fn one_time(mut self, names: &'static [Text]) -> Self {
        self.one_time = names;
        self
    }

    /// Names answer fields that are no secrets here although their names say so.
    pub const fn shows(mut self, names: &'static [Text]) -> Self {
        self.shown = names;
        self
    }

    /// Names the argument that is a whole document.
    pub const fn document(mut self, argument: Text) -> Self {
        self.document = Some(argument);
        self
    }

    /// Marks a tool that Portkey answers with 403 outside Enterprise plans.
    pub const fn enterprise(mut self) -> Self {
        self.enterprise = true;
        self
    }

    /// Marks a tool that takes the key of a workspace alone, not one of the organisation.
    pub const fn workspace_key(mut self) -> Self {
        self.workspace_key = true;
        self
    }

    /// Marks a tool that talks to nothing outside this process.
    pub const fn closed_world(mut self) -> Self {
        self.open_world = false;
        self
    }

    pub fn input(&self) -> schema::Input {
        let input = (self.input)();
        if self.effect == Effect::Reads { input.of_filters() } else { input }
    }

    /// The method and path of a tool that sends one request.
    pub const fn route(&self) -> Option<(Method, Text)> {
        match self.run {
            Run::Request { method, path, .. } => Some((method, path)),
            Run::Workflow(_) => None,
        }
    }

    /// The name for people: `List config versions`.
    pub fn title(&self) -> String {
        let words = self.name.replace('_', " ").replace("mcp", "MCP").replace("api key", "API key");
        let mut letters = words.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect())
            .unwrap_or_default()
    }

    /// What the model reads.
    pub fn description(&self) -> String {
        let mut about = self.about.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.enterprise {
            about.push_str(" Enterprise only.");
        }
        about
    }

    /// The first sentence of what the model reads.
    pub fn summary(&self) -> String {
        let about = self.about.split_whitespace().collect::<Vec<_>>().join(" ");
        match about.split_once(". ") {
            Some((first, _)) => format!("{first}."),
            None => about,
        }
    }

    /// Whether a second call with the same arguments changes nothing more.
    fn is_idempotent(&self) -> bool {
        let deletes = matches!(self.route(), Some((Method::Delete, _)));
        self.effect == Effect::Reads || self.replayable || deletes
    }

    /// The schema of the answer, where it is typed.
    pub fn output_schema(&self) -> Option<JsonObject> {
        self.output.map(|output| output())
    }

    /// The entry in `tools/list`; `input` is the tool's published input schema.
    pub fn definition(&self, input: JsonObject) -> rmcp::model::Tool {
        let annotations = ToolAnnotations::with_title(self.title())
            .read_only(self.effect == Effect::Reads)
            .destructive(matches!(self.effect, Effect::Replaces | Effect::Destroys))
            .idempotent(self.is_idempotent())
            .open_world(self.open_world);
        let tool =
            rmcp::model::Tool::new(self.name, self.description(), std::sync::Arc::new(input))
                .annotate(annotations);
        match self.output_schema() {
            Some(output) => tool.with_raw_output_schema(std::sync::Arc::new(output)),
            None => tool,
        }
    }
}

const fn is_snake_case(name: &str) -> bool {
    let mut rest = name.as_bytes();
    while let [first, others @ ..] = rest {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'_') {
            return false;
        }
        rest = others;
    }
    !name.is_empty() && name.len() <= 64
}
