//! What a request becomes on the wire, and what may not stand in a path.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn prepare(method: Method, path: &str, args: Value) -> Result<Prepared<'_>, String> {
    let (reads, replayable, read_back, base) = (false, false, None, Base::Given);
    Prepared::new(Request { method, path, args, reads, replayable, read_back, base })
        .map_err(|kind| kind.to_string())
}

fn url(method: Method, path: &str, args: Value) -> Result<Url, String> {
    let request = prepare(method, path, args)?.request("https://h.example/v1");
    Ok(request.map_err(|kind| kind.to_string())?.url().clone())
}

#[test]
fn arguments_travel_by_template_and_method() {
    let args = json!({
        "name": "n", "slug": "a/b c", "workspace_id": "w", "config": { "a": null }, "ttl": null
    });
    let put = prepare(Method::Put, "/configs/{slug}/x{?workspace_id,page}", args).unwrap();
    assert_eq!(put.target, "/configs/a%2Fb%20c/x?workspace_id=w");
    let body = put.body.unwrap();
    assert_eq!(body, r#"{"name":"n","config":{"a":null},"ttl":null}"#);
}

#[test]
fn a_list_is_the_body_as_it_is() {
    let post = prepare(Method::Post, "/feedback", json!([{ "a": null }, 2])).unwrap();
    assert_eq!((&*post.target, &*post.body.unwrap()), ("/feedback", &br#"[{"a":null},2]"#[..]));
    assert!(prepare(Method::Get, "/feedback", json!([])).is_err());
    assert!(prepare(Method::Put, "/feedback/{id}", json!([])).unwrap_err().contains("`id`"));
}

#[test]
fn a_deletion_has_a_body_where_the_template_says_so() {
    let path = "/x/{id}{!name,force}";
    let args = json!({ "id": "a", "name": "n", "page": 1 });
    let delete = prepare(Method::Delete, path, args).unwrap();
    assert_eq!(delete.target, "/x/a?page=1");
    assert_eq!(delete.body.unwrap(), r#"{"name":"n"}"#);
    let delete = prepare(Method::Delete, path, json!({ "id": "a" })).unwrap();
    assert!(delete.body.is_none());
}

#[test]
fn query_values_are_bare_joined_or_json() {
    let args = json!({
        "text": "a&b=c d#é", "list": ["x", 1, true], "map": { "k": ["v"] }, "yes": true,
        "no": false, "number": 1.5, "none": null, "empty": []
    });
    let get = prepare(Method::Get, "/logs", args).unwrap();
    assert_eq!(
        get.target,
        "/logs?text=a%26b%3Dc%20d%23%C3%A9&list=x%2C1%2Ctrue&map=%7B%22k%22%3A%5B%22v%22%5D%7D\
         &yes=true&no=false&number=1.5"
    );
    assert!(get.body.is_none());
}

#[test]
fn a_path_argument_that_cannot_stay_in_its_segment_is_refused() {
    for slug in [
        json!(""),
        json!("."),
        json!(".."),
        json!("a\nb"),
        json!("a\u{85}"),
        json!("\t"),
        json!(null),
        json!(["a"]),
        json!({}),
    ] {
        let error = url(Method::Delete, "/configs/{slug}", json!({ "slug": slug }));
        assert!(error.as_ref().is_err_and(|e| e.contains("`slug`")), "{slug}: {error:?}");
    }
    assert!(url(Method::Get, "/configs/{slug}", json!({})).unwrap_err().contains("missing"));
}

#[test]
fn hostile_path_arguments_are_data() {
    for (slug, sent) in [
        ("%2e%2e", "%252e%252e"),
        ("%2E.", "%252E."),
        ("../x", "..%2Fx"),
        ("a/b", "a%2Fb"),
        ("a?b", "a%3Fb"),
        ("a#b", "a%23b"),
        ("a\\b", "a%5Cb"),
        ("...", "..."),
        (" ", "%20"),
        ("@x:y;z", "%40x%3Ay%3Bz"),
    ] {
        let url = url(Method::Get, "/configs/{slug}/versions", json!({ "slug": slug }));
        let sent = format!("https://h.example/v1/configs/{sent}/versions");
        assert_eq!(url.unwrap().as_str(), sent, "{slug}");
    }
}

#[test]
fn numbers_fill_paths_too() {
    let url = url(Method::Get, "/x/{id}/y/{version}", json!({ "id": "i", "version": 3 }));
    assert_eq!(url.unwrap().path(), "/v1/x/i/y/3");
}

#[test]
fn a_url_that_no_server_takes_is_refused() {
    let args = json!({ "search": "x".repeat(MAX_URL_BYTES) });
    assert!(url(Method::Get, "/logs", args).unwrap_err().contains("fewer or shorter"));
}

proptest! {
    #[test]
    fn no_path_argument_leaves_its_segment(slug in ".*") {
        if let Ok(url) = url(Method::Get, "/c/{slug}/v", json!({ "slug": slug })) {
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 4, "{}", url);
            let back = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
            prop_assert_eq!(back, slug);
            prop_assert!(url.query().is_none() && url.fragment().is_none());
        }
    }
}
