//! The endpoint: one handler that parses a request once, decides its era, answers what rmcp would
//! answer wrongly or slowly, and hands the rest to rmcp.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use rmcp::{
    model::{ClientJsonRpcMessage, ErrorCode},
    transport::streamable_http_server::{
        SessionManager as _, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde_json::{json, value::RawValue};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Brake, Handler, MODERN, SUPPORTED, Server, SessionMode, Settings,
    caller::Caller,
    carrier::Carrier,
    early::response_or_stream,
    envelope::Envelope,
    era::{self, Era},
    headers::{accept_any, accepts_both, follow_body, is_json, repeated, session},
    lists::Lists,
    reply, scopes,
    services::{Legacy, Services, config},
    streams::Streams,
    unserved::no_method,
};
use crate::{auth::Principal, portkey::Accounts, surface::Surface, tools::Catalogue};

/// Methods of earlier revisions that the modern era has not, whatever rmcp still asks of them.
const REMOVED: [&str; 7] = [
    "initialize",
    "logging/setLevel",
    "ping",
    "resources/subscribe",
    "resources/unsubscribe",
    "tasks/list",
    "tasks/result",
];

/// How long calls have to say that the server stopped, once it does.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Answers every request to the MCP endpoint. Clones share everything.
#[derive(Clone)]
pub struct Endpoint<H = Server> {
    shared: Arc<Shared<H>>,
}

struct Shared<H> {
    settings: Settings,
    brake: Option<Brake>,
    server: H,
    lists: Lists,
    modern: StreamableHttpService<H, NeverSessionManager>,
    legacy: Services<H>,
    streams: Streams,
    /// Counts the messages that are being answered.
    answering: TaskTracker,
    shutdown: CancellationToken,
}

/// What is held at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub sessions: usize,
    /// Principals with a legacy service.
    pub services: usize,
    pub calls: usize,
    /// Streams that stay open by themselves.
    pub streams: usize,
}

impl Endpoint {
    pub fn new(
        settings: Settings,
        catalogue: Arc<Catalogue>,
        accounts: impl Into<Accounts>,
    ) -> Self {
        let server = Server::new(&settings, catalogue, accounts.into());
        Self::before(server, settings, None)
    }
}

impl<H: Handler> Endpoint<H> {
    /// An endpoint before this server, with a limit for calls of tools that destroy.
    pub fn before(server: H, settings: Settings, brake: Option<Brake>) -> Self {
        let shutdown = CancellationToken::new();
        let factory = server.clone();
        let modern = StreamableHttpService::new(
            move || Ok(factory.clone()),
            Arc::new(NeverSessionManager::default()),
            config(&shutdown).with_legacy_session_mode(false),
        );
        let legacy = Services::new(settings.clone(), server.clone(), shutdown.clone());
        let lists = Lists::new(settings.cache_scope);
        let answering = TaskTracker::new();
        let streams = Streams::default();
        let shared =
            Shared { settings, brake, server, lists, modern, legacy, streams, answering, shutdown };
        Self { shared: Arc::new(shared) }
    }

    /// Answers one request. The layers before have put the [`Principal`] into its extensions and
    /// bounded its body.
    pub async fn handle(&self, mut request: Request) -> Response {
        let shared = &*self.shared;
        let Some(surface) = Surface::from_path(request.uri().path(), shared.settings.read_only)
        else {
            return reply::error(
                StatusCode::NOT_FOUND,
                None,
                ErrorCode::INVALID_REQUEST,
                "no such endpoint",
                None,
            );
        };
        let Some(principal) = request.extensions().get::<Arc<Principal>>().cloned() else {
            let message = "the request has no principal";
            return reply::error(
                StatusCode::INTERNAL_SERVER_ERROR,
                None,
                ErrorCode::INTERNAL_ERROR,
                message,
                None,
            );
        };
        if let Some(name) = repeated(request.headers()) {
            let message = format!("the header `{name}` is there more than once");
            return reply::error(
                StatusCode::BAD_REQUEST,
                None,
                ErrorCode::HEADER_MISMATCH,
                &message,
                None,
            );
        }
        request.extensions_mut().insert(surface);
        let caller = Caller { principal, surface };
        match *request.method() {
            Method::POST => {
                let counted = self.shared.answering.token();
                reply::holding(self.post(request, caller).await, counted)
            }
            Method::GET | Method::DELETE => self.stream_or_end(request, caller).await,
            _ => reply::not_allowed("GET, POST, DELETE"),
        }
    }

    async fn post(&self, mut request: Request, caller: Caller) -> Response {
        let shared = &*self.shared;
        let Ok(body) = to_bytes(std::mem::take(request.body_mut()), usize::MAX).await else {
            let message = "the body could not be read";
            return reply::error(
                StatusCode::BAD_REQUEST,
                None,
                ErrorCode::PARSE_ERROR,
                message,
                None,
            );
        };
        let envelope = match Envelope::parse(&body, shared.settings.max_json_depth) {
            Ok(envelope) => envelope,
            Err(malformed) => return reply::malformed(&malformed),
        };
        if !is_json(request.headers()) {
            let refused = StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
            return reply::in_json(refused, envelope.id, false);
        }
        if envelope.is_list() && envelope.params.cursor.is_some_and(|it| !it.get().starts_with('"'))
        {
            // rmcp would take it for no parameters at all.
            let (code, message) = (ErrorCode::INVALID_PARAMS, "`cursor` has to be a string");
            return reply::error(StatusCode::BAD_REQUEST, envelope.id, code, message, None);
        }
        let Shared { server, settings, brake, .. } = shared;
        if let Some(catalogue) = server.catalogue()
            && let Some(refused) =
                scopes::refused(catalogue, &settings.challenge, brake.as_ref(), &caller, &envelope)
                    .await
        {
            return refused;
        }
        accept_any(request.headers_mut());
        match era::era(&Method::POST, request.headers(), Some(&envelope)) {
            Era::Modern => self.modern(request, &body, &envelope, &caller).await,
            Era::LegacyInMeta(version) => {
                let message =
                    format!("`_meta` cannot name revision {version}: it begins with `initialize`");
                reply::unsupported(envelope.id, &message, &[MODERN], &version)
            }
            Era::Unknown(version) => reply::unsupported(
                envelope.id,
                "this protocol version is not served",
                &SUPPORTED,
                &version,
            ),
            Era::Legacy | Era::NotThere => self.legacy(request, &body, &envelope, &caller).await,
        }
    }

    async fn modern(
        &self,
        mut request: Request,
        body: &Bytes,
        envelope: &Envelope<'_>,
        caller: &Caller,
    ) -> Response {
        let shared = &*self.shared;
        let headers = request.headers();
        let method = envelope.method.as_deref().unwrap_or_default();
        if REMOVED.contains(&method) && era::is_complete(headers, envelope) && envelope.id.is_some()
        {
            let message = format!("{} in this revision", no_method(method));
            let code = ErrorCode::METHOD_NOT_FOUND;
            return reply::error(StatusCode::NOT_FOUND, envelope.id, code, &message, None);
        }
        let catalogue = shared.server.catalogue();
        if envelope.is_first_page()
            && era::is_complete(headers, envelope)
            && accepts_both(headers)
            && let (Some(catalogue), Some(id)) = (catalogue, envelope.id)
        {
            return self.list(catalogue, caller, true, id, headers);
        }
        let place = if method == "subscriptions/listen" {
            let id = caller.principal.id();
            let Some(place) = shared.streams.place(id, shared.settings.max_streams) else {
                let message = "all streams are taken (MCP_MAX_STREAMS): end one first";
                return reply::busy(envelope.id, message);
            };
            Some(place)
        } else {
            None
        };
        let is_call = catalogue.is_some() && method == "tools/call";
        let carrier = envelope.id.filter(|_| is_call).map(Carrier::new);
        let stripped = match &carrier {
            Some(carrier) => {
                request.extensions_mut().insert(carrier.clone());
                &carrier.strip(body, envelope.params.arguments)
            }
            None => body,
        };
        let streams = accepts_both(request.headers()).then_some(shared.settings.silence);
        let request = with_body(request, stripped);
        let (endpoint, body) = (self.clone(), body.clone());
        let id = envelope.id.map(ToOwned::to_owned);
        // rmcp's futures are large: inside every future around them they would be moved each time.
        let work = Box::pin(async move {
            let response = endpoint.shared.modern.handle(request).await.map(Body::new);
            let response = match carrier {
                Some(carrier) => carrier.unload(response),
                None => response,
            };
            endpoint.finish(response, id.as_deref(), &body)
        });
        let response = match streams.filter(|_| envelope.id.is_some()) {
            Some(silence) => response_or_stream(work, silence).await,
            None => work.await,
        };
        match place {
            Some(place) => reply::holding(response, place),
            None => response,
        }
    }

    async fn legacy(
        &self,
        mut request: Request,
        body: &Bytes,
        envelope: &Envelope<'_>,
        caller: &Caller,
    ) -> Response {
        let shared = &*self.shared;
        let stateful = shared.settings.session_mode == SessionMode::Stateful;
        let Some(legacy) = shared.legacy.of(caller.principal.id()).await else {
            return reply::busy(envelope.id, "all places for callers are taken: try again later");
        };
        // Held until the session counts by itself.
        let place;
        if envelope.method.as_deref() == Some("initialize") {
            place = shared.legacy.place().await;
            if stateful && place.is_none() {
                let message = "all sessions are taken (MCP_MAX_SESSIONS): try again later";
                return reply::busy(envelope.id, message);
            }
            follow_body(request.headers_mut(), envelope);
        } else if envelope.is_first_page()
            && accepts_both(request.headers())
            && let (Some(catalogue), Some(id)) = (shared.server.catalogue(), envelope.id)
            && (!stateful || touched(&legacy, request.headers()).await)
        {
            return self.list(catalogue, caller, false, id, request.headers());
        }
        let response = Box::pin(legacy.service.handle(with_body(request, body))).await;
        self.finish(response.map(Body::new), envelope.id, body)
    }

    /// GET opens a session's stream, DELETE ends the session.
    async fn stream_or_end(&self, mut request: Request, caller: Caller) -> Response {
        let shared = &*self.shared;
        accept_any(request.headers_mut());
        if era::era(request.method(), request.headers(), None) == Era::NotThere
            || shared.settings.session_mode == SessionMode::Stateless
        {
            return reply::not_allowed("POST");
        }
        let Some(legacy) = shared.legacy.of(caller.principal.id()).await else {
            return reply::busy(None, "all places for callers are taken: try again later");
        };
        if *request.method() == Method::DELETE
            && let Some(session) = session(request.headers())
            && !legacy.has(&session).await
        {
            let gone = StatusCode::NOT_FOUND.into_response();
            return reply::in_json(gone, None, false);
        }
        let ends = *request.method() == Method::DELETE;
        let mut response = Box::pin(legacy.service.handle(request)).await.map(Body::new);
        if ends && response.status() == StatusCode::ACCEPTED {
            // The session has ended: some clients take 202 for a failure.
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
        reply::in_json(response, None, shared.shutdown.is_cancelled())
    }

    fn list(
        &self,
        catalogue: &Catalogue,
        caller: &Caller,
        modern: bool,
        id: &RawValue,
        headers: &HeaderMap,
    ) -> Response {
        let listed = |entry: &crate::tools::Entry| caller.sees(entry);
        self.shared.lists.answer(catalogue, listed, modern, id, headers)
    }

    fn finish(&self, response: Response, id: Option<&RawValue>, body: &[u8]) -> Response {
        // Its media type was right: rmcp says the same of a body that it cannot read.
        if response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            let (code, message) = reply::unread(body);
            return reply::error(StatusCode::BAD_REQUEST, id, code, &message, None);
        }
        reply::in_json(response, id, self.shared.shutdown.is_cancelled())
    }

    pub async fn counts(&self) -> Counts {
        let (sessions, services) = self.shared.legacy.counts().await;
        let Shared { server, streams, .. } = &*self.shared;
        let calls = server.calls().in_flight();
        Counts { sessions, services, calls, streams: streams.count() }
    }

    /// Waits until no call is in flight.
    pub async fn idle(&self) {
        self.shared.server.calls().idle().await;
    }

    /// Ends what is still running: calls answer that the server stopped, then every session and
    /// stream is closed.
    pub async fn stop(&self) {
        let Shared { server, answering, shutdown, .. } = &*self.shared;
        server.calls().stop();
        answering.close();
        // Calls end at once and their answers leave; what does not is cut.
        let _ = tokio::time::timeout(LAST_WORDS, answering.wait()).await;
        shutdown.cancel();
    }
}

/// Whether the session is there; if so, it counts as used.
async fn touched<H>(legacy: &Legacy<H>, headers: &HeaderMap) -> bool {
    let Some(session) = session(headers) else { return false };
    // A notification that no server acts on resets the session's idle timer.
    let unused = json!({ "jsonrpc": "2.0", "method": "notifications/touched" });
    let Ok(unused) = serde_json::from_value::<ClientJsonRpcMessage>(unused) else { return false };
    Box::pin(legacy.sessions.accept_message(&session, unused)).await.is_ok()
}

fn with_body(request: Request, body: &Bytes) -> http::Request<http_body_util::Full<Bytes>> {
    request.map(|_| http_body_util::Full::new(body.clone()))
}
