//! A request: what a tool asks for, and the same made ready to leave.

use std::{borrow::Cow, fmt::Write as _};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::Url;

use super::error::Kind;

/// The verbs that the Admin API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Adds or acts, or reads where the request says so.
    Post,
    /// Replaces.
    Put,
    /// Deletes or archives.
    Delete,
}

impl Method {
    /// As it stands in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Delete => Self::DELETE,
        }
    }
}

/// Which version of the API serves a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// The one that the base URL names.
    #[default]
    Given,
    /// `/v2` by the official description, `/v1` by others. Portkey itself settles it: `family` is
    /// the path of a plain GET of the same family (`/deployments`).
    Disputed {
        /// Path of the GET that settles it for the whole family.
        family: &'static str,
    },
    /// None: the root of the base URL, which serves what is public and gets no key.
    Root,
    /// None: the public price sheets, on a host of their own, which gets no key.
    Prices,
}

/// One request to the Admin API.
#[derive(Debug)]
pub struct Request<'a> {
    /// The verb.
    pub method: Method,
    /// Template: `/configs/{slug}`, `/x/{id}{?workspace_id}`; `{?a,b}` forces these into the query,
    /// `{!a,b}` into the body.
    pub path: &'a str,
    /// An object. Fields named in `path` fill it; the rest is the query (GET, DELETE) or the JSON
    /// body (POST, PUT). Nulls and empty lists are skipped in the query, and sent as given in the
    /// body. A list is the body as it is: some routes take several of what they take one of.
    pub args: Value,
    /// A POST that only reads: allowed when read-only, retried like a GET.
    pub reads: bool,
    /// A write that may be sent again after an unclear outcome.
    pub replayable: bool,
    /// The tool that shows whether a write arrived.
    pub read_back: Option<&'a str>,
    /// Which version of the API serves the path.
    pub base: Base,
}

/// A URL longer than this is refused: Node's servers take 16 KiB of headers, URL included.
const MAX_URL_BYTES: usize = 15 * 1024;

/// What RFC 3986 §2.3 calls unreserved stays; everything else is percent-encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request made ready: it can be sent any number of times.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    pub method: Method,
    /// Path and query, encoded; follows a base URL without trailing slash.
    target: String,
    body: Option<Bytes>,
    /// It changes nothing.
    pub reads: bool,
    /// It may be sent again when it is unclear what became of it.
    pub repeatable: bool,
    pub read_back: Option<&'a str>,
}

impl<'a> Prepared<'a> {
    /// Fills the path template and sorts the other arguments into query and body.
    pub(super) fn new(request: Request<'a>) -> Result<Self, Kind> {
        let Request { method, path, args, reads, replayable, read_back, base: _ } = request;
        let (mut args, whole) = match args {
            Value::Object(args) => (args, None),
            Value::Array(_) if matches!(method, Method::Post | Method::Put) => {
                (Map::new(), Some(args))
            }
            _ => return Err(Kind::arguments("the arguments must be an object")),
        };
        let (path, in_body) = path.split_once("{!").unwrap_or((path, ""));
        let (path, in_query) = path.split_once("{?").unwrap_or((path, ""));
        let mut target = String::with_capacity(path.len() + 64);
        fill(&mut target, path, &mut args)?;

        let mut query = Query { target: &mut target, started: false };
        let body = if matches!(method, Method::Get | Method::Delete) {
            let body = taken(&mut args, in_body);
            for (name, value) in &args {
                query.push(name, value);
            }
            if body.is_empty() { None } else { Some(json(&body)?) }
        } else {
            for (name, value) in taken(&mut args, in_query) {
                query.push(&name, &value);
            }
            Some(match whole {
                Some(list) => json(&list)?,
                None => json(&args)?,
            })
        };
        let reads = reads || method == Method::Get;
        Ok(Self { method, target, body, reads, repeatable: reads || replayable, read_back })
    }

    /// A plain GET without arguments.
    pub(super) fn get(path: &str) -> Self {
        Self {
            method: Method::Get,
            target: path.to_owned(),
            body: None,
            reads: true,
            repeatable: true,
            read_back: None,
        }
    }

    /// Whether this is the plain GET of `family`, whatever its query.
    pub(super) fn is_get_of(&self, family: &str) -> bool {
        let path = self.target.split('?').next();
        self.method == Method::Get && path == Some(family)
    }

    /// What `kind` means after a try that Portkey may have carried out.
    pub(super) fn unknown(&self, kind: Kind) -> Kind {
        let read_back = self.read_back.map(str::to_owned);
        Kind::OutcomeUnknown { cause: Box::new(kind), read_back }
    }

    /// The request as it leaves for `base`, a base URL without trailing slash.
    pub(super) fn request(&self, base: &str) -> Result<reqwest::Request, Kind> {
        let mut text = String::with_capacity(base.len() + self.target.len());
        text.push_str(base);
        text.push_str(&self.target);
        if text.len() > MAX_URL_BYTES {
            return Err(Kind::arguments(format!(
                "the arguments make a URL of {} bytes, more than the {MAX_URL_BYTES} that servers \
                 take: give fewer or shorter ones",
                text.len()
            )));
        }
        // What a URL parser would rewrite (`..` for one) would reach another endpoint.
        let url = match Url::parse(&text) {
            Ok(url) if url.as_str() == text => url,
            _ => return Err(Kind::arguments("the arguments make no valid URL")),
        };
        let mut request = reqwest::Request::new(self.method.into(), url);
        if let Some(body) = &self.body {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
            *request.body_mut() = Some(body.clone().into());
        }
        Ok(request)
    }
}

/// Where a request would go from `base`; nothing is sent.
///
/// # Errors
/// If the arguments fit no request.
#[doc(hidden)]
pub fn url(request: Request<'_>, base: &str) -> Result<Url, Kind> {
    Ok(Prepared::new(request)?.request(base)?.url().clone())
}

/// Takes the arguments that `names` lists: `a,b}`.
fn taken(args: &mut Map<String, Value>, names: &str) -> Map<String, Value> {
    let names = names.trim_end_matches('}').split(',').filter(|name| !name.is_empty());
    names.filter_map(|name| Some((name.to_owned(), args.shift_remove(name)?))).collect()
}

fn json(body: &impl serde::Serialize) -> Result<Bytes, Kind> {
    serde_json::to_vec(body).map(Bytes::from).map_err(|e| Kind::arguments(e.to_string()))
}

/// Words that stand where a field may: as an id they would lead to another route of the API. With
/// what comes before, and the tool of that route.
const TAKEN: &[(&str, &str, &str)] = &[
    ("/admin/users/", "invites", "list_user_invites"),
    ("/logs/", "exports", "list_log_exports"),
    ("/logs/exports/", "field-restrictions", "get_log_export_field_restrictions"),
    ("/prompts/", "partials", "list_prompt_partials"),
];

/// Writes `template` with each `{name}` replaced by that argument, which is taken out of `args`.
fn fill(target: &mut String, template: &str, args: &mut Map<String, Value>) -> Result<(), Kind> {
    let mut rest = template;
    while let Some((literal, tail)) = rest.split_once('{') {
        let Some((name, tail)) = tail.split_once('}') else { break };
        target.push_str(literal);
        let value = args.shift_remove(name).unwrap_or_default();
        let segment = segment(name, &value)?;
        let taken = TAKEN.iter().find(|(before, word, _)| target == before && segment == *word);
        if let Some((_, word, tool)) = taken {
            let why = format!("cannot be `{word}`, which is something else there: see {tool}");
            return Err(Kind::Argument { argument: name.to_owned(), why });
        }
        target.extend(utf8_percent_encode(&segment, ENCODED));
        rest = tail;
    }
    target.push_str(rest);
    Ok(())
}

/// The text of a path argument, if it can stay in its segment: URL parsers take `.` and `..` for
/// steps even when they are percent-encoded.
fn segment<'v>(name: &str, value: &'v Value) -> Result<Cow<'v, str>, Kind> {
    let problem = match value {
        Value::Null => "is missing",
        Value::Array(_) | Value::Object(_) => "must be a string or a number",
        Value::String(text) if text.is_empty() => "is empty",
        Value::String(text) if text == "." || text == ".." => "cannot be `.` or `..`",
        Value::String(text) if text.contains(char::is_control) => "cannot hold control characters",
        _ => return Ok(text(value)),
    };
    let why = format!("{problem}: give the value that the list tool shows");
    Err(Kind::Argument { argument: name.to_owned(), why })
}

/// Writes `?name=value&name=value` behind a path.
struct Query<'t> {
    target: &'t mut String,
    started: bool,
}

impl Query<'_> {
    fn push(&mut self, name: &str, value: &Value) {
        if value.is_null() || value.as_array().is_some_and(Vec::is_empty) {
            return;
        }
        self.target.push(if self.started { '&' } else { '?' });
        self.started = true;
        self.target.extend(utf8_percent_encode(name, ENCODED));
        self.target.push('=');
        self.target.extend(utf8_percent_encode(&text(value), ENCODED));
    }
}

/// A value as it stands in a URL before encoding: strings bare, lists comma-joined, objects as
/// JSON.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(items) => {
            let mut joined = String::new();
            for (index, item) in items.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                // Writing to a string cannot fail.
                let _ = write!(joined, "{comma}{}", text(item));
            }
            Cow::Owned(joined)
        }
        other => Cow::Owned(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
