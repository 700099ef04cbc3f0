//! `tools/list` from prepared bytes: a list is the concatenation of the listed tools' JSON in the
//! catalogue's order. Finished lists are kept by era and set of tools, never by caller or URL.

use std::{io::Write as _, sync::Arc};

use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY},
};
use moka::sync::Cache;
use rmcp::model::CacheScope;
use serde_json::{json, value::RawValue};

use super::{LIST_TTL_MS, reply, server::implementation};
use crate::tools::{Catalogue, Entry};

/// So many different lists are kept.
const KEPT: u64 = 64;

pub(super) struct Lists {
    made: Cache<Key, Arc<List>>,
    cache_scope: CacheScope,
}

/// Era, and one bit a listed tool.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    modern: bool,
    tools: Box<[u64]>,
}

/// An answer from its result on; what is before holds the request's id.
struct List {
    plain: Bytes,
    /// `plain` as deflate blocks, the last of them too.
    deflated: Bytes,
    crc: crc32fast::Hasher,
}

impl Lists {
    pub fn new(cache_scope: CacheScope) -> Self {
        Self { made: Cache::new(KEPT), cache_scope }
    }

    /// The answer to a `tools/list` that may show the tools for which `listed` holds.
    pub fn answer(
        &self,
        catalogue: &Catalogue,
        listed: impl Fn(&Entry) -> bool,
        modern: bool,
        id: &RawValue,
        headers: &HeaderMap,
    ) -> Response {
        let entries = catalogue.entries();
        let mut tools = vec![0_u64; entries.len().div_ceil(64)];
        for (i, _) in entries.iter().enumerate().filter(|(_, entry)| listed(entry)) {
            if let Some(bits) = tools.get_mut(i / 64) {
                *bits |= 1 << (i % 64);
            }
        }
        let key = Key { modern, tools: tools.into() };
        let list = self.made.get_with_by_ref(&key, || {
            let chosen =
                entries.iter().enumerate().filter(|(i, _)| key.has(*i)).map(|(_, entry)| entry);
            Arc::new(List::new(chosen, modern.then_some(self.cache_scope)))
        });
        let begin = format!("{{\"jsonrpc\":\"2.0\",\"id\":{},", id.get());
        let mut response = if takes_gzip(headers) {
            let mut response = reply::json(StatusCode::OK, list.gzipped(&begin));
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        } else {
            reply::json(StatusCode::OK, reply::two_parts(begin.into(), list.plain.clone()))
        };
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        response
    }
}

impl Key {
    fn has(&self, i: usize) -> bool {
        self.tools.get(i / 64).is_some_and(|bits| bits & (1 << (i % 64)) != 0)
    }
}

impl List {
    fn new<'a>(entries: impl Iterator<Item = &'a Entry>, modern: Option<CacheScope>) -> Self {
        let mut plain = String::from(r#""result":{"#);
        if let Some(scope) = modern {
            let scope = json!(scope);
            let meta = json!({ "io.modelcontextprotocol/serverInfo": implementation() });
            let about = format!(
                r#""resultType":"complete","_meta":{meta},"ttlMs":{LIST_TTL_MS},"cacheScope":{scope},"#
            );
            plain.push_str(&about);
        }
        plain.push_str(r#""tools":["#);
        for (i, entry) in entries.enumerate() {
            if i > 0 {
                plain.push(',');
            }
            plain.push_str(&entry.json);
        }
        plain.push_str("]}}");
        let mut crc = crc32fast::Hasher::new();
        crc.update(plain.as_bytes());
        let deflated = deflated(plain.as_bytes()).into();
        Self { plain: plain.into(), deflated, crc }
    }

    /// One gzip member (RFC 1952): the beginning as a stored block (RFC 1951 §3.2.4), then what was
    /// compressed once, then the trailer. It is copied: a part more would be a system call more.
    fn gzipped(&self, begin: &str) -> axum::body::Body {
        let Ok(length) = u16::try_from(begin.len()) else {
            // An id of 64 KiB: not worth a second way of compressing.
            let mut whole = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
            // Writing to a vector cannot fail.
            let _ = whole.write_all(begin.as_bytes()).and_then(|()| whole.write_all(&self.plain));
            return whole.finish().unwrap_or_default().into();
        };
        let mut crc = crc32fast::Hasher::new();
        crc.update(begin.as_bytes());
        crc.combine(&self.crc);
        let mut member = Vec::with_capacity(begin.len() + self.deflated.len() + 23);
        member.extend([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
        // A stored block that is not the last.
        member.push(0b000);
        member.extend(length.to_le_bytes());
        member.extend((!length).to_le_bytes());
        member.extend(begin.as_bytes());
        member.extend(&*self.deflated);
        member.extend(crc.finalize().to_le_bytes());
        // RFC 1952: the size modulo 2^32.
        let size = (begin.len() + self.plain.len()) as u64 & u64::from(u32::MAX);
        member.extend(u32::try_from(size).unwrap_or_default().to_le_bytes());
        member.into()
    }
}

/// `bytes` as raw deflate.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
    // Writing to a vector cannot fail.
    let _ = deflate.write_all(bytes);
    deflate.finish().unwrap_or_default()
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|coding| {
            let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
            name.trim().eq_ignore_ascii_case("gzip") && !is_zero(parameters)
        })
    })
}

fn is_zero(parameters: &str) -> bool {
    let weight =
        parameters.trim().strip_prefix("q=").map(str::trim).and_then(|q| q.parse::<f32>().ok());
    weight.is_some_and(|weight| weight <= 0.0)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use serde_json::Value;

    use super::*;

    #[tokio::test]
    async fn the_list_is_the_same_plain_and_compressed_and_one_gzip_member() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let lists = Lists::new(CacheScope::Public);
        for modern in [false, true] {
            let mut read = Vec::new();
            for coding in ["identity", "br, gzip;q=0.5"] {
                let mut headers = HeaderMap::new();
                headers.insert(ACCEPT_ENCODING, coding.parse().unwrap());
                let id: Box<RawValue> = serde_json::from_str("\"a-1\"").unwrap();
                let response = lists.answer(&catalogue, |_| true, modern, &id, &headers);
                let packed = response.headers().contains_key(CONTENT_ENCODING);
                assert_eq!(packed, coding.contains("gzip"));
                let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
                let mut bytes = Vec::new();
                if packed {
                    // Reads one member; what follows it would be left over.
                    let mut member = flate2::bufread::GzDecoder::new(&*body);
                    member.read_to_end(&mut bytes).unwrap();
                    assert!(member.into_inner().is_empty());
                } else {
                    bytes = body.to_vec();
                }
                let answer: Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(answer["id"], "a-1");
                assert_eq!(
                    answer["result"]["tools"].as_array().unwrap().len(),
                    catalogue.entries().len()
                );
                assert_eq!(answer["result"]["ttlMs"].is_number(), modern);
                read.push(answer);
            }
            assert_eq!(read[0], read[1]);
        }
    }

    #[test]
    fn a_coding_with_weight_zero_is_refused() {
        let takes = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
            takes_gzip(&headers)
        };
        assert!(takes("gzip") && takes("deflate, GZIP ;q=1") && !takes("gzip;q=0") && !takes("br"));
    }
}
