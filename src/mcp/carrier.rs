//! Carries a call's arguments and its finished answer past rmcp, which would copy each of them two
//! or three times.
//!
//! A modern call still goes through rmcp from its first check to its last; only the arguments are
//! read here, and the bytes of its result put in place, where that is one JSON body. What a client
//! gets is equal as JSON.

use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use axum::response::Response;
use bytes::Bytes;
use http::{StatusCode, header::CONTENT_TYPE};
use rmcp::{RoleServer, model::CallToolResult, service::RequestContext};
use serde_json::value::RawValue;

use super::{
    reply,
    server::{HIDDEN, server_info, withheld},
};
use crate::{answer::quote, tool::JsonObject};

/// Goes with a request to its handler, and with what it was loaded to its response.
#[derive(Clone)]
pub(super) struct Carrier(Arc<Load>);

struct Load {
    /// The request's id, as it came.
    id: Box<str>,
    arguments: Mutex<Option<JsonObject>>,
    message: OnceLock<Bytes>,
}

/// `_meta` of every result.
static META: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&server_info()).unwrap_or_default());

/// The same for a result that nothing may keep.
static WITHHELD: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&withheld(Some(server_info()))).unwrap_or_default());

impl Carrier {
    pub fn new(id: &RawValue) -> Self {
        let (arguments, message) = (Mutex::default(), OnceLock::new());
        Self(Arc::new(Load { id: id.get().into(), arguments, message }))
    }

    /// Loads the arguments, which are a part of `body`, and gives the body with `{}` in their place,
    /// so that it stays the message that it is; all of it where they are no object.
    pub fn strip(&self, body: &Bytes, arguments: Option<&RawValue>) -> Bytes {
        let Some(text) = arguments.map(RawValue::get) else { return body.clone() };
        let start = text.as_ptr().addr().wrapping_sub(body.as_ptr().addr());
        let (Some(before), Some(after)) = (body.get(..start), body.get(start + text.len()..))
        else {
            return body.clone();
        };
        let Ok(arguments) = serde_json::from_str(text) else { return body.clone() };
        *self.0.arguments.lock().unwrap_or_else(PoisonError::into_inner) = Some(arguments);
        [before, b"{}", after].concat().into()
    }

    /// Takes the arguments that were loaded.
    pub fn take_arguments(&self) -> Option<JsonObject> {
        self.0.arguments.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The carrier that came with a request.
    pub fn of(context: &RequestContext<RoleServer>) -> Option<Self> {
        context.extensions.get::<http::request::Parts>()?.extensions.get::<Self>().cloned()
    }

    /// Loads an answer, which is `secret` where nothing may keep it, and gives what rmcp is to send
    /// in its place.
    pub fn load(&self, answer: &str, secret: bool) -> CallToolResult {
        let mut message = String::with_capacity(answer.len() * 5 / 2 + 512);
        message.push_str("{\"jsonrpc\":\"2.0\",\"id\":");
        message.push_str(&self.0.id);
        message.push_str(r#","result":{"resultType":"complete","content":[{"type":"text","text":"#);
        if quote(answer, &mut message) {
            message.push_str(r#"},{"type":"text","text":"#);
            quote(HIDDEN, &mut message);
        }
        message.push_str(r#"}],"structuredContent":"#);
        message.push_str(answer);
        message.push_str(r#","isError":false,"_meta":"#);
        message.push_str(if secret { &WITHHELD } else { &META });
        message.push_str("}}");
        // A handler answers once.
        let _ = self.0.message.set(message.into());
        CallToolResult::success(Vec::new())
    }

    /// Puts what was loaded in the place of the response's result.
    pub fn unload(&self, response: Response) -> Response {
        let is_json = response.headers().get(CONTENT_TYPE) == Some(&reply::JSON);
        match self.0.message.get() {
            Some(message) if response.status() == StatusCode::OK && is_json => {
                response.map(|_| message.clone().into())
            }
            _ => response,
        }
    }
}
