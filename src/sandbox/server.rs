//! The HTTP side: connections, the order of checks, and what a fault does to a request.

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, header, request::Parts};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};
use url::Url;

use super::{
    Settings,
    access::{Caller, Keys},
    answer::{Answer, Outcome, Refusal},
    audit::Write,
    call::{Call, ITEMS, Query},
    dates::Dates,
    faults::{Fault, Faults},
    log_exports,
    prices::Prices,
    received::{self, Answered, Received},
    reply::Reply,
    routes::{Plane, Route},
    seed,
    state::State,
    store::Store,
};

const CONNECTIONS: usize = 512;
const BODY_BYTES: usize = 1 << 20;
/// Longer than clients keep an idle connection, so that they and not the sandbox close it.
const HEADER_TIMEOUT: Duration = Duration::from_secs(300);
const REQUEST_ID: &str = "x-request-id";

/// What all connections share.
pub(super) struct Shared {
    pub keys: Keys,
    pub faults: Faults,
    pub received: received::Log,
    pub state: Mutex<State>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Shared {
    pub fn new(settings: Settings, base_url: &Url) -> Self {
        let end = settings.end.unwrap_or_else(Timestamp::now);
        let store = Store::new(settings.max_rows, settings.max_bytes);
        Self {
            keys: Keys::new(seed::callers(settings.seed)),
            faults: Faults::new(settings.faults),
            received: received::Log::default(),
            state: Mutex::new(State::new(settings.seed, end, store, base_url.to_string())),
        }
    }
}

/// Serves until its task is aborted, and every connection with it.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Without it every small answer waits for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| answer(&shared, request));
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            // An error here is a client that left or a fault that was asked for.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
            drop(slot);
        });
    }
}

/// Answers one request; an error closes the connection without an answer.
async fn answer(shared: &Shared, request: Request<Incoming>) -> io::Result<Response<Reply>> {
    let (mut parts, body) = request.into_parts();
    let caller = shared.keys.caller(&parts.headers);
    let body = Limited::new(body, BODY_BYTES).collect().await.map(Collected::to_bytes);
    let number = shared.received.note(Received {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: std::mem::take(&mut parts.headers),
        body: body.as_ref().map(Bytes::clone).unwrap_or_default(),
        key: caller.map(|caller| caller.name),
        answer: None,
    });
    let done = carry_out(shared, &parts, caller, body.as_deref().ok()).await?;
    let answer = Answered { status: done.status().as_u16(), body: done.body().bytes() };
    shared.received.note_answer(number, answer);
    Ok(done)
}

/// What becomes of a request, by the fault that strikes it if any; no body is one that is too large.
async fn carry_out(
    shared: &Shared,
    parts: &Parts,
    caller: Option<&Caller>,
    body: Option<&[u8]>,
) -> io::Result<Response<Reply>> {
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let asked = match (Prices::find(parts.method.as_str(), path), caller) {
        (Some(prices), _) => Asked::Public(prices),
        (None, Some(caller)) => Asked::Api(caller),
        (None, None) => return Ok(shared.without_key(path, query)),
    };
    let own = path.strip_prefix("/v1").or_else(|| path.strip_prefix("/v2")).unwrap_or(path);
    let fault = shared.faults.take(&parts.method, own);
    match fault {
        None | Some(Fault::Truncated | Fault::Lost | Fault::Empty) => {}
        Some(Fault::Slow(time)) => tokio::time::sleep(time).await,
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Reset) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::RateLimited { retry_after }) => return Ok(rate_limited(retry_after)),
        Some(Fault::Status(status)) => return Ok(broken(status)),
        Some(Fault::Html) => {
            let page = "<!doctype html><title>Sign in</title><p>Please sign in to this network.";
            return Ok(respond(200, "text/html; charset=utf-8", page.into()));
        }
    }
    let done = match (asked, body) {
        (Asked::Public(prices), _) => reply(prices.answer()),
        (Asked::Api(caller), Some(body)) => {
            let request = Sent { method: parts.method.as_str(), path, query, body };
            shared.run(caller, &request)
        }
        (Asked::Api(_), None) => {
            reply(Err(Refusal::too_large(format!("a body may have {BODY_BYTES} bytes"))))
        }
    };
    match fault {
        Some(Fault::Lost) => Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::Truncated) => Ok(done.map(Reply::cut)),
        Some(Fault::Empty) if done.status().is_success() => {
            Ok(respond(200, "application/json", Bytes::new()))
        }
        _ => Ok(done),
    }
}

/// What a request is for.
enum Asked<'a> {
    Api(&'a Caller),
    Public(Prices<'a>),
}

struct Sent<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    body: &'a [u8],
}

impl Shared {
    /// What a link gives that carries its own permission.
    fn without_key(&self, path: &str, query: &str) -> Response<Reply> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match log_exports::file(&mut state, path, query) {
            Some(lines) => respond(200, "application/jsonl", lines.into()),
            None => reply(Err(Refusal::unauthorised())),
        }
    }

    fn run(&self, caller: &Caller, sent: &Sent<'_>) -> Response<Reply> {
        let Some((route, params)) = Route::find(sent.method, sent.path) else {
            return reply(Err(Refusal::no_route(sent.method, sent.path)));
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = state.now();
        let mut body = Value::Null;
        let outcome = permit(caller, route).and_then(|()| {
            let fields = parse(sent.body)?;
            let mut call = Call {
                state: &mut state,
                caller,
                params,
                query: Query::new(sent.query),
                body: fields,
                bytes: sent.body.len(),
                staleness: self.faults.staleness(),
                now,
            };
            let outcome = route.run(&mut call);
            body = Value::Object(std::mem::take(&mut call.body));
            outcome
        });
        let request_id = state.request_id();
        if route.writes() {
            let organisation_id =
                state.organisations.get(caller.organisation).cloned().unwrap_or_default();
            state.audit.note(&Write {
                timestamp: Dates::Iso.write(now),
                method: sent.method,
                uri: sent.path,
                query: sent.query,
                request_id: &request_id,
                body: &body,
                user_id: &caller.key_id,
                user_type: "api_key",
                organisation_id: &organisation_id,
                workspace_id: caller.workspace.as_deref(),
                status: outcome.as_ref().map_or_else(|refusal| refusal.status, |_| 200),
                scope: route.scope,
            });
        }
        drop(state);
        let mut response = reply(outcome);
        if let Ok(id) = request_id.parse() {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
}

fn permit(caller: &Caller, route: &Route) -> Result<(), Refusal> {
    if route.plane == Plane::Data && caller.workspace.is_none() {
        return Err(Refusal::forbidden("this route of the gateway needs a workspace API key"));
    }
    if !route.scope.split(" | ").any(|scope| caller.may(scope)) {
        return Err(Refusal::forbidden(format!("You do not have the permission {}", route.scope)));
    }
    Ok(())
}

fn parse(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(items @ Value::Array(_)) => Ok(Map::from_iter([(ITEMS.to_owned(), items)])),
        Ok(_) => Err(Refusal::bad_request("the body must be a JSON object or array")),
        Err(error) => Err(Refusal::bad_request(format!("the body is not JSON: {error}"))),
    }
}

fn reply(outcome: Outcome) -> Response<Reply> {
    match outcome {
        Ok(Answer::Json(value)) => respond(200, "application/json", value.to_string().into()),
        Ok(Answer::Empty) => respond(200, "application/json", Bytes::new()),
        Err(refusal) => {
            let (content_type, body) = refusal.body();
            respond(refusal.status, content_type, body.into())
        }
    }
}

fn rate_limited(retry_after: Option<u64>) -> Response<Reply> {
    let refusal =
        Refusal { status: 429, code: Some("AB06"), message: "Rate limit exceeded".to_owned() };
    let mut response = reply(Err(refusal));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// A status that Portkey itself (500) or something before it (the others) answers.
fn broken(status: u16) -> Response<Reply> {
    let code = (status == 500).then_some("AB04");
    reply(Err(Refusal { status, code, message: format!("sandbox fault {status}") }))
}

fn respond(status: u16, content_type: &'static str, body: Bytes) -> Response<Reply> {
    let mut response = Response::new(Reply::whole(body));
    *response.status_mut() = status.try_into().unwrap_or_default();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}
