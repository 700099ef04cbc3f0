//! What a page asks for, and what its answer says of the rest.

use super::*;

fn read(returned: u64, total: Option<u64>, number: u64) -> Value {
    let rows: Vec<_> = (0..returned).collect();
    let answer = json!({ "object": "list", "total": total, "data": rows });
    let mut list = PAGES.read(answer.into(), Some(Page { number, size: 3, cut_here: false }));
    list.take("data");
    list.into()
}

#[test]
fn a_page_says_what_is_known_of_the_rest() {
    let table = [
        ((3, Some(7), 0), json!({ "total": 7, "next_page": 1 })),
        ((1, Some(7), 2), json!({ "total": 7 })),
        ((0, Some(7), 9), json!({ "total": 7 })),
        ((7, Some(7), 0), json!({ "total": 7 })),
        ((3, None, 0), json!({ "next_page": 1 })),
        ((2, None, 1), json!({ "total": 5 })),
        ((0, None, 0), json!({ "total": 0 })),
        ((0, None, 2), json!({})),
        ((7, None, 0), json!({ "total": 7 })),
    ];
    for ((returned, total, number), want) in table {
        assert_eq!(read(returned, total, number), want, "{returned} of {total:?}, page {number}");
    }
    let part = PAGES_IF_ASKED.read(json!({ "total": 9, "data": [1, 2] }).into(), None);
    assert_eq!(Value::from(part), json!({ "total": 9, "returned": 2, "data": [1, 2] }));
    let page = Page { number: 1, size: 2, cut_here: true };
    let second = WHOLE.read(json!({ "data": [1, 2, 3, 4, 5] }).into(), Some(page));
    assert_eq!(Value::from(second), json!({ "total": 5, "next_page": 2, "data": [3, 4] }));
    let all = LIST.read(json!([1, 2]).into(), None);
    assert_eq!(Value::from(all), json!({ "total": 2, "data": [1, 2] }));
}

#[test]
fn a_page_is_asked_for_as_the_operation_wants_it() {
    let table = [
        (PAGES, json!({ "current_page": 3, "page_size": 20 })),
        (CAMEL_CASE_PAGES, json!({ "currentPage": 3, "pageSize": 20 })),
        (PAGES_FROM_ONE, json!({ "page": 4, "page_size": 20 })),
        (OFFSET, json!({ "offset": 60, "limit": 20 })),
    ];
    for (listing, want) in table {
        let Value::Object(mut args) = json!({ "current_page": 3 }) else { unreachable!() };
        listing.ask(&mut args);
        assert_eq!(Value::Object(args), want);
    }
}

#[test]
fn rows_and_their_number_are_found_under_other_names() {
    let page = |number| Some(Page { number, size: 2, cut_here: false });
    let scim = Listing { count: "total_count", counts_page: true, ..PAGES.under("mappings") };
    let table = [
        (
            PAGES.under("records"),
            json!({ "records": [1, 2], "total": 3, "object": "analytics-graph" }),
            0,
            json!({ "total": 3, "next_page": 1, "data": [1, 2] }),
        ),
        (
            PAGES.under("groups"),
            json!({ "items": [1], "total": 1 }),
            0,
            json!({ "total": 1, "data": [1] }),
        ),
        (
            scim,
            json!({ "mappings": [1, 2], "total_count": 5 }),
            0,
            json!({ "total": 5, "next_page": 1, "data": [1, 2] }),
        ),
        (
            scim,
            json!({ "mappings": [1, 2], "total_count": 2 }),
            0,
            json!({ "next_page": 1, "data": [1, 2] }),
        ),
        (scim, json!({ "mappings": [1], "total_count": 1 }), 1, json!({ "total": 3, "data": [1] })),
        (
            PAGES_FROM_ONE,
            json!({ "data": [1, 2], "has_more": true }),
            0,
            json!({ "next_page": 1, "data": [1, 2] }),
        ),
        (
            PAGES_FROM_ONE,
            json!({ "data": [1, 2], "has_more": false }),
            1,
            json!({ "total": 4, "data": [1, 2] }),
        ),
        (
            PAGES_FROM_ONE,
            json!({ "data": [1, 2], "total": 4, "has_more": false }),
            1,
            json!({ "total": 4, "data": [1, 2] }),
        ),
    ];
    for (listing, answer, number, want) in table {
        let read = listing.read(answer.clone().into(), page(number));
        assert_eq!(Value::from(read), want, "{answer}");
    }
}

#[test]
fn what_is_no_list_is_left_alone() {
    for answer in [json!({ "data": { "a": 1 } }), json!({ "a": [1] }), json!([1])] {
        let mut left = Json::from(answer.clone());
        assert!(!cut(&mut left, 1, |json| json.write(0).len()));
        assert_eq!(Value::from(left), answer);
    }
}
