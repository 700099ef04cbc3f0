//! Lists: where the rows are, how they are paged, and how the answer says how to go on.

use serde_json::{Value, json};

use super::JsonObject;

/// How many rows a page has when the caller does not say.
pub const DEFAULT_PAGE_SIZE: u64 = 20;

/// Where an answer's rows are, and how the operation pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Field that holds the rows; an answer that is a bare array is its rows.
    pub rows: &'static str,
    /// Absent where the operation gives everything at once.
    pub pages: Option<Pages>,
}

/// How an operation wants its page, whatever the caller says in `current_page` and `page_size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// Query name of the page's number.
    pub number: &'static str,
    /// Query name of the page's size.
    pub size: &'static str,
    /// Number of the first page.
    pub first: u64,
    /// The operation gives everything unless a page is asked for.
    pub if_asked: bool,
}

/// Rows under `data`, all at once.
pub const LIST: Listing = Listing { rows: "data", pages: None };

/// Rows under `data`, paged from zero by `current_page` and `page_size`.
pub const PAGES: Listing = Listing { pages: Some(Pages::ZERO_BASED), ..LIST };

/// The same, where the operation gives everything unless a page is asked for.
pub const PAGES_IF_ASKED: Listing =
    Listing { pages: Some(Pages { if_asked: true, ..Pages::ZERO_BASED }), ..LIST };

impl Pages {
    const ZERO_BASED: Self =
        Self { number: "current_page", size: "page_size", first: 0, if_asked: false };
}

/// The page that a call asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    number: u64,
    size: u64,
}

impl Page {
    /// How many rows there are and the number of the next page, from the rows that came and from
    /// what the operation counted, if it does. Where it does not, a full page may be the last.
    fn rest(self, returned: u64, counted: Option<u64>) -> (Option<u64>, Option<u64>) {
        let next = self.number + 1;
        match counted {
            // More rows than asked for: the operation gives everything, whatever it is asked.
            _ if returned > self.size => (counted.or(Some(returned)), None),
            Some(total) => {
                let more = returned > 0 && next.saturating_mul(self.size) < total;
                (Some(total), more.then_some(next))
            }
            None if returned == self.size => (None, Some(next)),
            None if returned == 0 && self.number > 0 => (None, None),
            None => (Some(self.number.saturating_mul(self.size) + returned), None),
        }
    }
}

impl Listing {
    /// Reads the page from the arguments and writes it as the operation wants it.
    pub(crate) fn ask(&self, args: &mut JsonObject) -> Option<Page> {
        let pages = self.pages?;
        let mut take = |name| args.shift_remove(name).as_ref().and_then(Value::as_u64);
        let (number, size) = (take("current_page"), take("page_size"));
        if pages.if_asked && number.is_none() && size.is_none() {
            return None;
        }
        let page = Page { number: number.unwrap_or(0), size: size.unwrap_or(DEFAULT_PAGE_SIZE) };
        args.insert(pages.number.into(), json!(page.number + pages.first));
        args.insert(pages.size.into(), json!(page.size));
        Some(page)
    }

    /// `{total, next_page, …, data}`, from whatever form the operation answers in. `next_page` is
    /// there only where there is or may be one, `total` only where it is known.
    pub(crate) fn read(&self, answer: Value, page: Option<Page>) -> Value {
        let (rows, mut rest) = match answer {
            Value::Array(rows) => (rows, JsonObject::new()),
            Value::Object(mut fields) => match fields.shift_remove(self.rows) {
                Some(Value::Array(rows)) => (rows, fields),
                // Not a list after all: shown as it is, since nothing may be lost.
                Some(other) => {
                    fields.insert(self.rows.into(), other);
                    return Value::Object(fields);
                }
                None => (Vec::new(), fields),
            },
            other => return other,
        };
        for envelope in ["object", "success"] {
            rest.shift_remove(envelope);
        }
        let returned = rows.len() as u64;
        let counted = rest.shift_remove("total").as_ref().and_then(number);
        let (total, next_page) = match page {
            Some(page) => page.rest(returned, counted),
            None => (counted.or(Some(returned)), None),
        };
        let mut list = JsonObject::new();
        // Not asked for a page, and yet it is one: how to go on is for the caller to say.
        let part = (page.is_none() && total > Some(returned)).then_some(returned);
        for (name, value) in [("total", total), ("next_page", next_page), ("returned", part)] {
            list.extend(value.map(|value| (name.to_owned(), json!(value))));
        }
        list.extend(rest);
        list.insert("data".into(), Value::Array(rows));
        Value::Object(list)
    }
}

/// A count, which some operations give as a string.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Room for what says that rows are missing.
const HINT_BYTES: usize = 320;

/// Keeps as many whole rows as fit into `max_bytes`, but one at least, and says how to go on.
/// `length` is that of a value as it will be written. Returns false where `answer` is no list.
pub(crate) fn cut(answer: &mut Value, max_bytes: usize, length: impl Fn(&Value) -> usize) -> bool {
    let Some(Value::Array(rows)) =
        answer.get_mut("data").filter(|data| data.is_array()).map(Value::take)
    else {
        return false;
    };
    let mut left = max_bytes.saturating_sub(length(answer) + HINT_BYTES);
    let fitting = rows.iter().take_while(|row| {
        let size = length(row) + 1;
        let fits = size <= left;
        left = left.saturating_sub(size);
        fits
    });
    // Without a row the caller could never go on; a single object is never cut.
    let fitting = fitting.count().max(1).min(rows.len());
    let all = rows.len();
    let hint = format!(
        "The answer was larger than the server allows; {fitting} of {all} rows are here. Ask again \
         with a `page_size` of at most {fitting} where the tool has it, or with narrower filters."
    );
    let Value::Object(fields) = answer else { return false };
    fields.insert("data".into(), rows.into_iter().take(fitting).collect());
    if fitting < all {
        fields.insert("returned".into(), json!(fitting));
        fields.insert("truncated".into(), json!(true));
        fields.insert("hint".into(), json!(hint));
        fields.shift_remove("next_page");
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(returned: u64, total: Option<u64>, number: u64) -> Value {
        let rows: Vec<_> = (0..returned).collect();
        let answer = json!({ "object": "list", "total": total, "data": rows });
        let mut list = PAGES.read(answer, Some(Page { number, size: 3 }));
        list.as_object_mut().unwrap().remove("data");
        list
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
            assert_eq!(
                read(returned, total, number),
                want,
                "{returned} of {total:?}, page {number}"
            );
        }
        let part = PAGES_IF_ASKED.read(json!({ "total": 9, "data": [1, 2] }), None);
        assert_eq!(part, json!({ "total": 9, "returned": 2, "data": [1, 2] }));
        let all = LIST.read(json!([1, 2]), None);
        assert_eq!(all, json!({ "total": 2, "data": [1, 2] }));
    }

    #[test]
    fn what_is_no_list_is_left_alone() {
        for answer in [json!({ "data": { "a": 1 } }), json!({ "a": [1] }), json!([1])] {
            let mut left = answer.clone();
            assert!(!cut(&mut left, 1, |value| value.to_string().len()));
            assert_eq!(left, answer);
        }
    }
}
