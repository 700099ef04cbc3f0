//! How large a request may be and how long its body may take.

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{StatusCode, header::CONTENT_LENGTH},
};
use http_body::Body as _;
use http_body_util::BodyExt;

use super::{Limits, error, error::Error};

/// Refuses a request line and headers that are too long together.
pub fn head(limits: &Limits, request: &Request) -> Result<(), Error> {
    let uri = request.uri();
    let target = uri.path().len() + uri.query().map_or(0, str::len);
    let size = request.headers().iter().fold(target, |size, (name, value)| {
        // `: ` and the end of the line
        size + name.as_str().len() + value.len() + 4
    });
    if size <= limits.header_bytes {
        return Ok(());
    }
    Err(Error::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "headers_too_large",
        format!("the headers are longer than {} bytes (MCP_MAX_HEADER_SIZE)", limits.header_bytes),
    ))
}

/// The same request with its body there as a whole.
///
/// Stops reading where the body is too long; what its sender goes on sending is dropped.
pub async fn whole_body(limits: &Limits, request: Request) -> Result<Request, Error> {
    let (parts, mut body) = request.into_parts();
    if body.is_end_stream() {
        return Ok(Request::from_parts(parts, Body::empty()));
    }
    let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced: usize = announced.and_then(|value| value.parse().ok()).unwrap_or(0);
    if announced > limits.request_bytes {
        error::abandon(&parts.headers, body);
        return Err(too_large(limits));
    }
    match tokio::time::timeout(limits.body_timeout, read(limits, &mut body, announced)).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(error)) => {
            error::abandon(&parts.headers, body);
            Err(error)
        }
        Err(_) => Err(Error::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            format!("the body did not arrive within {} ms", limits.body_timeout.as_millis()),
        )),
    }
}

async fn read(limits: &Limits, body: &mut Body, announced: usize) -> Result<Bytes, Error> {
    let mut first = Bytes::new();
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Error::new(StatusCode::BAD_REQUEST, "body_unreadable", "the body broke off")
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len().max(all.len()) + data.len() > limits.request_bytes {
            return Err(too_large(limits));
        }
        // Most bodies are one frame and are passed on as they came. Frames are never kept one by
        // one: a frame of one byte holds on to the whole buffer that it was read into.
        if all.is_empty() && first.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.reserve(announced.max(first.len() + data.len()));
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

fn too_large(limits: &Limits) -> Error {
    Error::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("the body is longer than {} bytes (MCP_MAX_REQUEST_SIZE)", limits.request_bytes),
    )
}
