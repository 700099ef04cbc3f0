//! Elements of lists that come back edited: whose secrets they are, and what must not get lost.

use proptest::prelude::*;
use serde_json::json;

use super::{document, shown};
use crate::mask::*;

/// What becomes of the list `new`, where `stored` is.
fn restored(new: &Value, stored: &Value) -> Result<Value, Vec<(String, String)>> {
    let mut list = new.clone();
    let done = restore(&mut list, stored, "targets");
    done.map(|()| list)
        .map_err(|problems| problems.into_iter().map(|it| (it.argument, it.why)).collect())
}

#[test]
fn an_edited_element_is_known_by_a_name_or_by_all_but_its_weight() {
    let secret = |name: &str, weight: u32, key: &str| json!({ "name": name, "provider": "p", "weight": weight, "api_key": key });
    let stored = json!([secret("a", 1, "k1"), secret("b", 2, "k2"), { "model": "m", "weight": 3, "api_key": "k3" }]);
    let new = json!([
        { "weight": 5, "model": "m", "api_key": SENTINEL },
        { "name": "b", "provider": "p", "weight": 9, "retry": { "attempts": 1 }, "api_key": SENTINEL },
        secret("a", 1, SENTINEL),
    ]);
    let want = json!([
        { "weight": 5, "model": "m", "api_key": "k3" },
        { "name": "b", "provider": "p", "weight": 9, "retry": { "attempts": 1 }, "api_key": "k2" },
        secret("a", 1, "k1"),
    ]);
    assert_eq!(restored(&new, &stored).unwrap(), want);
}

#[test]
fn an_edited_element_is_known_only_where_one_is_like_it() {
    let keyed =
        |weight: u32, key: &str| json!({ "provider": "p", "weight": weight, "api_key": key });
    let named = |model: &str, key: &str| json!({ "name": "a", "model": model, "api_key": key });
    let two = json!([keyed(1, "k1"), keyed(2, "k2")]);
    let namesakes = json!([named("m", "k1"), named("n", "k2")]);
    for (stored, new) in [
        // By elimination the second would be the other one.
        (&two, json!([keyed(2, SENTINEL), keyed(3, SENTINEL)])),
        (&two, json!([keyed(1, "given"), keyed(3, SENTINEL)])),
        (&json!([keyed(1, "k1")]), json!([keyed(2, SENTINEL), keyed(3, SENTINEL)])),
        (&namesakes, json!([named("m", SENTINEL), named("o", SENTINEL)])),
        (&json!([named("m", "k1")]), json!([named("o", SENTINEL), named("p", "new")])),
    ] {
        let problems = restored(&new, stored).unwrap_err();
        let (path, why) = problems.last().unwrap();
        assert!(path.starts_with("targets[") && why.starts_with("is masked, and"), "{problems:?}");
    }
}

#[test]
fn an_edited_element_that_moves_gets_no_secret() {
    let stored = json!([{ "name": "a", "provider": "p", "custom_host": "https://h", "deep": { "endpoint": "e", "token": "t" }, "open": { "url": "u" }, "api_key": "k" }]);
    for (field, value) in [
        ("provider", json!("q")),
        ("custom_host", json!("https://evil.example")),
        ("custom_host", json!(null)),
        ("azureResourceName", json!("evil")),
        ("deep", json!({ "endpoint": "evil", "token": SENTINEL })),
        ("open", json!({ "url": "evil" })),
    ] {
        let mut new = shown(&stored);
        new[0][field] = value;
        let problems = restored(&new, &stored).unwrap_err();
        let path = format!("targets[0].{field}");
        assert!(problems.iter().any(|(at, _)| at.starts_with(&path)), "{field}: {problems:?}");
    }
}

#[test]
fn a_secret_that_an_element_leaves_out_is_not_lost() {
    let stored = json!([
        { "name": "a", "provider": "p", "weight": 1, "api_key": "k", "override_params": { "headers": { "x": "h" }, "model": "m" } },
        { "provider": "q", "targets": [{ "name": "in", "token": "t" }], "custom_host": "https://u:p@h.example" },
    ]);
    for (i, patch, paths) in [
        (0, json!({ "api_key": null }), &["[0].api_key"][..]),
        (0, json!({ "api_key": null, "weight": 2 }), &["[0].api_key"]),
        (0, json!({ "override_params": null, "provider": null }), &["[0].override_params"]),
        (0, json!({ "override_params": { "headers": null } }), &["[0].override_params.headers"]),
        (
            0,
            json!({ "override_params": { "headers": { "x": null } } }),
            &["[0].override_params.headers.x"],
        ),
        (1, json!({ "custom_host": null, "weight": 1 }), &["[1].custom_host"]),
        (
            1,
            json!({ "weight": 1, "custom_host": null, "targets": [{ "name": "in", "weight": 1 }] }),
            &["[1].targets[0].token", "[1].custom_host"],
        ),
    ] {
        let mut new = shown(&stored);
        json_patch::merge(&mut new[i], &patch);
        let problems = restored(&new, &stored).unwrap_err();
        let told: Vec<_> = problems.iter().map(|(path, _)| &path["targets".len()..]).collect();
        for path in paths {
            assert!(told.contains(path), "{patch}: {problems:?}");
        }
        assert!(problems.iter().any(|(_, why)| why.contains("null to delete it")), "{problems:?}");
    }
    let twins = json!([{ "provider": "p", "api_key": "k1" }, { "provider": "p", "api_key": "k2" }]);
    let bare = json!([{ "provider": "p" }, { "provider": "p" }]);
    assert_eq!(restored(&bare, &twins).unwrap_err().len(), 2);
    assert!(
        restored(&json!([{ "provider": "p" }, { "provider": "p" }]), &json!([twins[0]])).is_err()
    );
    let more = json!([{ "provider": "p", "api_key": SENTINEL }, { "provider": "p" }]);
    assert!(restored(&more, &json!([twins[0]])).is_ok(), "the other one keeps it");
}

#[test]
fn null_in_an_element_deletes_a_secret_and_is_taken_out() {
    let stored = json!([{ "name": "a", "api_key": "k", "stop": null, "params": { "headers": { "x": "h", "y": "i" } } }]);
    let new = json!([{ "name": "a", "api_key": null, "stop": null, "params": { "headers": { "x": null, "y": SENTINEL } } }]);
    let want = json!([{ "name": "a", "stop": null, "params": { "headers": { "y": "i" } } }]);
    assert_eq!(restored(&new, &stored).unwrap(), want);
    let again = json!([{ "name": "a", "api_key": null, "stop": null, "params": { "headers": { "x": null, "y": SENTINEL } } }]);
    assert_eq!(restored(&again, &want).unwrap(), want, "as often as one likes");
    let whole = json!([{ "name": "a", "api_key": null, "params": null }]);
    assert_eq!(restored(&whole, &stored).unwrap(), json!([{ "name": "a" }]));
    // A stored null is no secret, and is kept while its element is as it was.
    let stored = json!([{ "api_key": null }, { "n": 1 }]);
    assert_eq!(
        restored(&json!([{ "api_key": null }]), &stored).unwrap(),
        json!([{ "api_key": null }])
    );
}

#[test]
fn an_element_that_goes_or_moves_takes_its_secret_with_it() {
    let stored =
        json!([{ "name": "a", "provider": "p", "api_key": "k" }, { "name": "b", "api_key": "l" }]);
    for new in [
        json!([]),
        json!([{ "name": "b", "api_key": SENTINEL }]),
        json!([{ "name": "a", "provider": "q" }, { "name": "b", "api_key": "" }]),
        json!([{ "name": "a", "provider": "p", "api_key": "new" }, { "name": "c" }]),
    ] {
        assert!(restored(&new, &stored).is_ok(), "{new}: {:?}", restored(&new, &stored));
    }
}

proptest! {
    /// Whatever a caller makes of a list: what is stored is what he wrote, but for masks that turned
    /// into what they stand for and nulls that deleted something.
    #[test]
    fn nothing_but_masks_is_changed_in_a_list(
        stored in prop::collection::vec(document(), 0..4),
        other in prop::collection::vec(document(), 0..3),
        edits in prop::collection::vec((any::<prop::sample::Index>(), document()), 0..4),
    ) {
        let stored = Value::from(stored);
        let Value::Array(mut items) = shown(&stored) else { unreachable!() };
        items.extend(other);
        for (at, edit) in &edits {
            if !items.is_empty() {
                json_patch::merge(at.get_mut(&mut items), edit);
            }
        }
        let new = Value::from(items);
        if let Ok(restored) = restored(&new, &stored) {
            prop_assert!(agree(&new, &restored), "{} became {}", new, restored);
        }
    }
}

fn agree(new: &Value, restored: &Value) -> bool {
    match (new, restored) {
        (Value::String(text), _) if text.contains(SENTINEL) => true,
        (Value::Array(new), Value::Array(restored)) => {
            new.len() == restored.len()
                && new.iter().zip(restored).all(|(new, restored)| agree(new, restored))
        }
        (Value::Object(new), Value::Object(restored)) => {
            restored.keys().all(|name| new.contains_key(name))
                && new.iter().all(|(name, new)| match restored.get(name) {
                    Some(restored) => agree(new, restored),
                    None => new.is_null(),
                })
        }
        _ => new == restored,
    }
}
