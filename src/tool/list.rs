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
}

/// Rows under `data`, all at once.
pub const LIST: Listing = Listing { rows: "data", pages: None };

/// Rows under `data`, paged from zero by `current_page` and `page_size`.
pub const PAGES: Listing =
    Listing { pages: Some(Pages { number: "current_page", size: "page_size", first: 0 }), ..LIST };

/// The page that a call asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    number: u64,
    size: u64,
}

impl Listing {
    /// Reads the page from the arguments and writes it as the operation wants it.
    pub(crate) fn ask(&self, args: &mut JsonObject) -> Option<Page> {
        let pages = self.pages?;
        let mut take = |name| args.shift_remove(name).as_ref().and_then(Value::as_u64);
        let page = Page {
            number: take("current_page").unwrap_or(0),
            size: take("page_size").unwrap_or(DEFAULT_PAGE_SIZE),
        };
        args.insert(pages.number.into(), json!(page.number + pages.first));
        args.insert(pages.size.into(), json!(page.size));
        Some(page)
    }

    /// `{total, next_page, …, data}`, from whatever form the operation answers in. `next_page` is
    /// there only where there is one.
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
        let total = rest.shift_remove("total").as_ref().and_then(number);
        let mut list = JsonObject::new();
        list.insert("total".into(), json!(total.unwrap_or(returned)));
        if let (Some(page), Some(total)) = (page, total) {
            // More rows than asked for: the operation gives everything, whatever it is asked.
            let whole = returned > page.size;
            if !whole && returned > 0 && (page.number + 1).saturating_mul(page.size) < total {
                list.insert("next_page".into(), json!(page.number + 1));
            }
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

/// Keeps as many whole rows as fit into `max_bytes` of compact JSON and says how to go on.
/// Returns false where `answer` is no list.
pub(crate) fn cut(answer: &mut Value, max_bytes: usize) -> bool {
    let Some(fields) = answer.as_object_mut() else { return false };
    let Some(Value::Array(rows)) = fields.get_mut("data") else { return false };
    let all = rows.len();
    // Room for the fields around the rows.
    let mut left = max_bytes.saturating_sub(512);
    let fitting = rows
        .iter()
        .take_while(|row| {
            let size = serde_json::to_vec(row).map_or(usize::MAX, |bytes| bytes.len() + 1);
            let fits = size <= left;
            left = left.saturating_sub(size);
            fits
        })
        .count();
    rows.truncate(fitting);
    let hint = format!(
        "The answer was larger than the server allows; {fitting} of {all} rows are here. Ask again \
         with a `page_size` of at most {} where the tool has it, or with narrower filters.",
        fitting.max(1)
    );
    fields.insert("returned".into(), json!(fitting));
    fields.insert("truncated".into(), json!(true));
    fields.insert("hint".into(), json!(hint));
    fields.shift_remove("next_page");
    true
}
