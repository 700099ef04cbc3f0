use serde_json::json;

use super::*;
use crate::schema;

#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Example {
    #[schemars(range(min = 1, max = 100))]
    page: Option<u32>,
    #[schemars(extend("x-aliases" = ["status_codes"]))]
    codes: Option<Vec<u16>>,
    name: String,
    mode: Option<Mode>,
    #[schemars(extend("format" = "date-time"))]
    since: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    old: Option<String>,
    #[schemars(extend("properties" = { "n": { "type": "integer", "maximum": 5 } }))]
    config: Option<serde_json::Map<String, Value>>,
    clear: Option<Vec<Clear>>,
    flag: Option<bool>,
    big: Option<u32>,
    #[schemars(extend("properties" = { "n": { "type": "integer", "maximum": 5 } }))]
    open: Option<serde_json::Map<String, Value>>,
    #[schemars(extend("x-text" = "mode"))]
    choice: Option<serde_json::Map<String, Value>>,
}

#[derive(schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum Mode {
    Fast,
    Slow,
}

#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum Clear {
    Page,
}

fn fitted(args: Value) -> Result<Value, String> {
    let Value::Object(mut args) = args else { unreachable!() };
    fit(&mut args, &schema::input::<Example>(), Some("config"), true)
        .map(|()| args.into())
        .map_err(|error| error.to_string())
}

#[test]
fn slips_are_forgiven() {
    let args = json!({ "page": "5", "codes": "429, 500", "name": 5, "flag": "true", "config": "{\"a\":null}" });
    let want = json!({ "page": 5, "codes": [429, 500], "name": "5", "flag": true, "config": { "a": null } });
    assert_eq!(fitted(args).unwrap(), want);
    assert_eq!(fitted(json!({ "name": "n", "codes": 429 })).unwrap()["codes"], json!([429]));
    assert_eq!(fitted(json!({ "name": "n", "page": 5.0 })).unwrap()["page"], json!(5));
    assert_eq!(fitted(json!({ "name": "n", "flag": 0 })).unwrap()["flag"], json!(false));
    assert!(fitted(json!({ "name": "n", "flag": 2 })).is_err());
    let choice = fitted(json!({ "name": "n", "choice": "auto" })).unwrap()["choice"].take();
    assert_eq!(choice, json!({ "mode": "auto" }));
}

#[test]
fn a_document_is_carried_as_it_came() {
    for document in [json!({ "n": "5", "list": [null] }), json!({ "n": null }), json!({ "n": 9 })] {
        let args = json!({ "name": "n", "config": document });
        assert_eq!(fitted(args.clone()).unwrap(), args);
    }
    let open = json!({ "name": "n", "open": { "n": null, "other": "5" } });
    assert_eq!(fitted(open.clone()).unwrap(), open, "a null in an open object means something");
    let open = fitted(json!({ "name": "n", "open": { "n": "5" } })).unwrap();
    assert_eq!(open["open"]["n"], 5);
    let why = fitted(json!({ "name": "n", "open": { "n": 9 }, "codes": [null] })).unwrap_err();
    assert!(why.contains("`open.n` has to be 5 or less") && why.contains("`codes[0]`"), "{why}");
}

#[test]
fn a_number_that_does_not_fit_is_named() {
    for (args, path) in [
        (json!({ "name": "n", "page": 1e30 }), "`page`"),
        (json!({ "name": "n", "codes": [70_000] }), "`codes[0]`"),
        (json!({ "name": "n", "big": 4_294_967_296_u64 }), "`big`"),
    ] {
        let why = fitted(args).unwrap_err();
        assert!(why.contains(path), "{why}");
    }
}

#[test]
fn an_unknown_field_is_named_with_the_known_ones() {
    let why = fitted(json!({ "name": "n", "pages": 5 })).unwrap_err();
    let want = "invalid arguments: `pages` is no field here (did you mean `page`?); there are: \
                page, codes, name, mode, since, config, clear, flag, big, open, choice";
    assert_eq!(why, want);
}

#[test]
fn of_very_many_problems_the_first_are_told() {
    let fields = (0..50_000).map(|i| (format!("unknown_{i}_{}", "x".repeat(100)), json!(1)));
    let why = fitted(Value::Object(fields.collect())).unwrap_err();
    assert_eq!(why.matches("is no field here").count(), 20, "{why}");
}

#[test]
fn all_problems_are_told_at_once_and_no_value() {
    let why =
        fitted(json!({ "page": 0, "mode": "canary", "since": "yesterday", "x": 1 })).unwrap_err();
    for part in [
        "`page` has to be 1 or more",
        "`mode` has to be one of \"fast\", \"slow\"",
        "`since` has to be a time in ISO 8601 with offset",
        "`x` is no field",
        "`name` is required",
    ] {
        assert!(why.contains(part), "{part} in {why}");
    }
    assert!(!why.contains("canary") && !why.contains("yesterday"), "{why}");
}

#[test]
fn another_accepted_name_is_put_right_and_both_are_refused() {
    assert_eq!(fitted(json!({ "name": "n", "status_codes": [1] })).unwrap()["codes"], json!([1]));
    let why = fitted(json!({ "name": "n", "status_codes": [1], "codes": [2] })).unwrap_err();
    assert_eq!(why, "invalid arguments: `status_codes` is another name of `codes`: give one");
    assert!(fitted(json!({ "name": "n", "old": "accepted" })).is_ok());
}

#[test]
fn null_is_absent_and_refused_where_it_could_be_meant() {
    assert_eq!(fitted(json!({ "name": "n", "mode": null })).unwrap(), json!({ "name": "n" }));
    let why = fitted(json!({ "name": "n", "page": null })).unwrap_err();
    assert!(
        why.contains("`page` is null: leave it out to keep it, or put `page` in `clear`"),
        "{why}"
    );
}

#[test]
fn a_mask_is_refused_but_in_the_document_that_it_stands_in() {
    for (given, stored, advice) in [
        (json!({ "name": "n", "old": mask::SENTINEL }), true, "leave `old` out to keep"),
        (
            json!({ "name": "n", "open": { "api_key": mask::SENTINEL } }),
            true,
            "leave `open` out to keep",
        ),
        (json!({ "name": "n", "old": mask::SENTINEL }), false, "give the value itself"),
        // It cannot be left out.
        (json!({ "name": mask::SENTINEL }), true, "give the value itself"),
    ] {
        let Value::Object(mut args) = given.clone() else { unreachable!() };
        let fit = fit(&mut args, &schema::input::<Example>(), None, stored);
        let why = fit.unwrap_err().to_string();
        assert!(why.contains(&format!("holds a masked value: {advice}")), "{given}: {why}");
    }
    assert!(fitted(json!({ "name": "n", "config": { "api_key": mask::SENTINEL } })).is_ok());
}

#[test]
fn the_published_schema_holds_nothing_of_ours() {
    let published = serde_json::to_string(&schema::input::<Example>().published).unwrap();
    assert!(
        !published.contains("x-") && !published.contains("old") && !published.contains("null"),
        "{published}"
    );
}

/// An object whose names the caller chooses.
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Named {
    each: std::collections::BTreeMap<String, Closed>,
    texts: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Closed {
    count: Option<u32>,
}

#[test]
fn the_values_of_a_map_are_fitted_like_any_other() {
    let fit_map = |args: Value| {
        let mut args: JsonObject = serde_json::from_value(args).unwrap();
        fit(&mut args, &schema::input::<Named>(), None, true).map(|()| Value::from(args))
    };
    let given =
        json!({ "each": { "a": { "count": "5" }, "b": "{\"count\":null}" }, "texts": { "n": 1 } });
    let fitted = json!({ "each": { "a": { "count": 5 }, "b": {} }, "texts": { "n": "1" } });
    assert_eq!(fit_map(given).unwrap(), fitted);
    let why = fit_map(json!({ "each": { "a": { "cuont": 5 } } })).unwrap_err().to_string();
    assert!(why.contains("`each.a.cuont` is no field here (did you mean `count`?)"), "{why}");
}

#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Spans {
    cost_min: Option<f64>,
    cost_max: Option<f64>,
    time_min: Option<String>,
    time_max: Option<String>,
    inner: Option<Inner>,
}

#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Inner {
    units_min: Option<u64>,
    units_max: Option<u64>,
}

#[test]
fn a_span_that_ends_before_it_begins_is_refused() {
    let told = |args: Value| {
        let mut args: JsonObject = serde_json::from_value(args).unwrap();
        let done = fit(&mut args, &schema::input::<Spans>(), None, true);
        done.err().map(|error| error.to_string()).unwrap_or_default()
    };
    for (args, want) in [
        (json!({ "cost_min": 2, "cost_max": "1.5" }), "`cost_max` is below `cost_min`"),
        (
            json!({ "inner": { "units_min": 2, "units_max": 1 } }),
            "`inner.units_max` is below `inner.units_min`",
        ),
        (
            json!({ "time_min": "2026-01-02T00:00:00+02:00", "time_max": "2026-01-01T21:59:59Z" }),
            "`time_max` is below `time_min`",
        ),
        (
            json!({ "time_min": "2026-01-02T00:00:00+02:00", "time_max": "2026-01-01T22:00:00Z" }),
            "",
        ),
        (
            json!({ "cost_min": 1, "cost_max": 1, "time_min": "soon", "time_max": "2026-01-01T00:00:00Z" }),
            "",
        ),
    ] {
        let error = told(args);
        assert!(if want.is_empty() { error.is_empty() } else { error.contains(want) }, "{error}");
    }
}
