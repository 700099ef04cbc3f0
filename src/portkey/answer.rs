//! Portkey's answers, read within bounds: the JSON of a success, the three forms of an error.
//!
//! Forms of errors: the official description (`{success, data: {message, errorCode}}`), what the
//! Terraform provider meets (`{errorCode, message}`), the gateway (`{error: {message, type|code}}`).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use reqwest::Response;
use serde_json::Value;
use url::Url;

use super::{
    error::{Answer, Kind},
    retry::retry_after,
};
use crate::{
    json::{self, Fault, NotJson},
    mask,
};

/// What is read of an error's body, and for how long once its status is known.
const MAX_ERROR_BYTES: usize = 64 * 1024;
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(2);
/// How much of Portkey's words and of an unknown body an error quotes, in characters.
const MAX_MESSAGE_CHARS: usize = 1000;
const MAX_EXCERPT_CHARS: usize = 160;
const MAX_ID_CHARS: usize = 128;
/// What is looked through for the words to quote.
const MAX_LOOKED_AT_BYTES: usize = 8 * 1024;

/// Reads the JSON of a 2xx; refuses what is no JSON.
pub type ReadBody<'r> = &'r (dyn Fn(&Bytes) -> Result<(), NotJson> + Sync);

/// Has `read` read the JSON of a 2xx, which is `{}` when it is empty, or says what went wrong. `key`
/// is never quoted.
pub(super) async fn take(
    response: Response,
    limit: usize,
    key: &str,
    read: ReadBody<'_>,
) -> Result<(), Kind> {
    let status = response.status();
    if !status.is_success() {
        return Err(refusal(response, key).await);
    }
    let media = response.headers().get(header::CONTENT_TYPE).cloned();
    let body = match collect(response, limit).await {
        Ok(body) => body,
        Err(Stop::Full) => return Err(Kind::TooLarge { status: status.as_u16(), limit }),
        Err(Stop::Broken(reason)) => return Err(Kind::Broken(reason)),
    };
    let body = if body.trim_ascii().is_empty() { Bytes::from_static(b"{}") } else { body };
    read(&body).map_err(|NotJson| {
        let fault = json::fault(&body);
        if fault == Some(Fault::Cut) {
            return Kind::Broken(format!("its JSON ends early, after {} bytes", body.len()));
        }
        // None of a success is quoted: it may be all secret.
        let why = fault.map_or_else(|| "it cannot be read".to_owned(), |fault| fault.to_string());
        let problem = format!("{why}, of {} bytes", body.len());
        let content_type = content_type(media.as_ref(), key);
        Kind::Unreadable { status: status.as_u16(), content_type, problem }
    })
}

/// Portkey's id of an answer, if it is fit to be shown.
pub(super) fn request_id(headers: &HeaderMap, key: &str) -> Option<String> {
    let id = ["x-portkey-request-id", "x-portkey-trace-id", "x-request-id"]
        .iter()
        .find_map(|name| headers.get(*name))?
        .to_str()
        .ok()?
        .replace(key, "***");
    let id: String = id.chars().filter(char::is_ascii_graphic).take(MAX_ID_CHARS).collect();
    (!id.is_empty()).then(|| mask::scrub(&id).into_owned())
}

enum Stop {
    Full,
    Broken(String),
}

/// The whole body after decompression. One chunk is handed on as it is.
async fn collect(mut response: Response, limit: usize) -> Result<Bytes, Stop> {
    let announced = response.content_length().unwrap_or_default();
    if announced > limit as u64 {
        return Err(Stop::Full);
    }
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) if all.is_empty() => return Ok(first),
            Ok(None) => return Ok(all.freeze()),
            Err(error) => return Err(Stop::Broken(root_cause(&error))),
        };
        if first.len().max(all.len()) + chunk.len() > limit {
            return Err(Stop::Full);
        }
        if first.is_empty() {
            first = chunk;
            continue;
        }
        if all.is_empty() {
            all.reserve(usize::try_from(announced).unwrap_or_default().max(first.len() * 2));
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&chunk);
    }
}

/// What a status other than 2xx says.
async fn refusal(mut response: Response, key: &str) -> Kind {
    let status = response.status();
    if status.is_redirection() || status.is_informational() {
        let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| Url::parse(to).ok()).map(|to| to.origin().ascii_serialization());
        let to = to.map(|to| clean(&to, MAX_EXCERPT_CHARS, key));
        return Kind::Redirected { status: status.as_u16(), to };
    }
    let mut body = Vec::new();
    // Whatever has come by then will do: the status says enough.
    let _ = tokio::time::timeout(ERROR_BODY_TIMEOUT, async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = MAX_ERROR_BYTES - body.len();
            body.extend(chunk.iter().take(room));
            if body.len() == MAX_ERROR_BYTES {
                break;
            }
        }
    })
    .await;
    let answer = Box::new(Answer {
        status: status.as_u16(),
        retry_after: retry_after(response.headers()),
        ..describe(&body, key)
    });
    match status {
        StatusCode::TOO_MANY_REQUESTS => Kind::Busy(answer),
        _ if status.is_client_error() => Kind::Refused(answer),
        _ => Kind::Failed(answer),
    }
}

/// Reads an error's body in any of its forms.
fn describe(body: &[u8], key: &str) -> Answer {
    let json = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let (message, code) = match (json.get("data"), json.get("error")) {
        (Some(data @ Value::Object(_)), _) => (data.get("message"), data.get("errorCode")),
        (_, Some(error @ Value::Object(_))) => (
            error.get("message"),
            error.get("code").filter(|code| !code.is_null()).or_else(|| error.get("type")),
        ),
        (_, Some(error @ Value::String(_))) => (Some(error), json.get("errorCode")),
        _ => (json.get("message"), json.get("errorCode")),
    };
    let words = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(clean(text, MAX_MESSAGE_CHARS, key)),
        other => Some(clean(&other.to_string(), MAX_MESSAGE_CHARS, key)),
    };
    let code = code.and_then(words).filter(|code| !code.is_empty());
    let enveloped = code.is_some() || json.get("success") == Some(&Value::Bool(false));
    let whole = || match &json {
        Value::Null => String::from_utf8_lossy(body),
        json => json.to_string().into(),
    };
    let message = message
        .and_then(words)
        .or_else(|| Some(clean(&whole(), MAX_EXCERPT_CHARS, key)))
        .filter(|message| !message.is_empty());
    Answer { code, message, enveloped, ..Answer::default() }
}

fn content_type(value: Option<&HeaderValue>, key: &str) -> String {
    let value = value.and_then(|value| value.to_str().ok());
    let media = value.and_then(|value| value.split(';').next()).unwrap_or("no content type");
    clean(media, MAX_ID_CHARS, key)
}

/// `text` on one line, cut to `limit` characters, without what could steer a terminal or hide from
/// a reader, and without secrets: Portkey's words may quote the request or what is stored.
fn clean(text: &str, limit: usize, key: &str) -> String {
    let keyless = |text: &str| if key.is_empty() { text.into() } else { text.replace(key, "***") };
    let mut cleaned = String::new();
    for character in keyless(text).chars() {
        match character {
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}' => {}
            c if c.is_control() || c.is_whitespace() => {
                if !cleaned.ends_with(' ') {
                    cleaned.push(' ');
                }
            }
            c => cleaned.push(c),
        }
        if cleaned.len() >= MAX_LOOKED_AT_BYTES {
            break;
        }
    }
    let cleaned = keyless(cleaned.trim());
    let scrubbed = mask::scrub(&cleaned);
    match scrubbed.char_indices().nth(limit) {
        Some(_) => scrubbed.chars().take(limit).chain(['…']).collect(),
        None => scrubbed.into_owned(),
    }
}

/// The innermost reason of an error: "connection refused" rather than "error sending request".
pub(super) fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(body: &str) -> (Option<String>, Option<String>, bool) {
        let Answer { code, message, enveloped, .. } = describe(body.as_bytes(), "pk-secret");
        (code, message, enveloped)
    }

    #[test]
    fn errors_are_read_in_each_of_their_forms() {
        for body in [
            r#"{"success":false,"data":{"message":"No access","errorCode":"AB03"}}"#,
            r#"{"errorCode":"AB03","message":"No access"}"#,
            r#"{"error":{"message":"No access","type":"AB03"}}"#,
            r#"{"error":{"message":"No access","code":"AB03","type":"x"}}"#,
        ] {
            let expected = (Some("AB03".to_owned()), Some("No access".to_owned()), true);
            assert_eq!(described(body), expected, "{body}");
        }
    }

    #[test]
    fn a_body_of_another_form_is_quoted_and_no_envelope() {
        assert_eq!(described(""), (None, None, false));
        let (code, message, enveloped) = described("<html>\n<b>Not\0 found</b>\u{202e}</html>");
        assert_eq!((code, enveloped), (None, false));
        assert_eq!(message.unwrap(), "<html> <b>Not found</b></html>");
        let (_, message, enveloped) = described(r#"{"message":"Not Found"}"#);
        assert_eq!((message.unwrap().as_str(), enveloped), ("Not Found", false));
        assert_eq!(described(r#"{"error":"nope"}"#).1.unwrap(), "nope");
        assert_eq!(described(&"é".repeat(5000)).1.unwrap().chars().count(), MAX_EXCERPT_CHARS + 1);
    }

    #[test]
    fn the_key_is_never_quoted() {
        let (_, message, _) = described(r#"{"errorCode":"AB05","message":"bad key pk-secret"}"#);
        assert_eq!(message.unwrap(), "bad key ***");
        assert_eq!(described("your key: pk-secret!").1.unwrap(), "your key: ***!");
    }

    #[test]
    fn a_secret_that_portkey_quotes_is_masked() {
        let stored = r#"{"api_key":"sk-canary","custom_host":"https://u:canary@h/x?token=canary"}"#;
        let long = format!("{}{{\"headers\":{{\"x\":\"{}", "x ".repeat(490), "canary".repeat(4000));
        for body in [
            serde_json::json!({ "data": { "message": format!("no: {stored}"), "errorCode": "AB01" } }),
            serde_json::json!({ "message": [stored] }),
            serde_json::json!({ "errorCode": "AB01", "message": { "api\u{200b}_key": "canary" } }),
            serde_json::json!({ "error": { "message": "x", "code": "https://u:canary@h" } }),
            serde_json::json!({ "error": long }),
        ] {
            let told = format!("{:?}", described(&body.to_string()));
            assert!(!told.contains("canary") && told.contains("***"), "{told}");
        }
        for body in [stored, r#"{"api\u005fkey":"canary"}"#, r#"x {"api_key":"canary"#] {
            let told = format!("{:?}", described(body));
            assert!(!told.contains("canary") && told.contains(mask::SENTINEL), "{told}");
        }
    }

    #[test]
    fn request_ids_are_cut_to_what_can_be_shown() {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "last".parse().unwrap());
        headers.insert("x-portkey-trace-id", "id 1\t2".parse().unwrap());
        assert_eq!(request_id(&headers, "id").unwrap(), "***12");
    }
}
