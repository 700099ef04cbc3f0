//! Lists: where the rows are, how they are paged, and how the answer says how to go on.
//!
//! The forms are those of facts.md, "Pagination" and "List keys differ".

use serde_json::{Value, json};

use super::JsonObject;
use crate::json::Json;

/// How many rows a page has when the caller does not say.
pub const DEFAULT_PAGE_SIZE: u64 = 20;

/// Where an answer's rows are, and how the operation pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Field that holds the rows; where it is missing, the answer's only list, or the answer itself.
    pub rows: &'static str,
    /// Field that holds the number of all rows.
    pub count: &'static str,
    /// That number may be of the rows that came: where it is, a full page may not be the last.
    pub counts_page: bool,
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
    /// The number is that of the page's first row.
    pub by_row: bool,
    /// The operation gives everything unless a page is asked for.
    pub if_asked: bool,
    /// The operation always gives everything, and the page is cut from it here.
    pub cut_here: bool,
}

/// Rows under `data`, all at once.
pub const LIST: Listing = Listing { rows: "data", count: "total", counts_page: false, pages: None };

/// Rows under `data`, paged from zero by `current_page` and `page_size`.
pub const PAGES: Listing = Listing { pages: Some(Pages::ZERO_BASED), ..LIST };

/// Rows under `data`, all at once; a page of them when one is asked for.
pub const WHOLE: Listing =
    Listing { pages: Some(Pages { if_asked: true, cut_here: true, ..Pages::ZERO_BASED }), ..LIST };

/// The same, where the operation gives everything unless a page is asked for.
pub const PAGES_IF_ASKED: Listing =
    Listing { pages: Some(Pages { if_asked: true, ..Pages::ZERO_BASED }), ..LIST };

/// Rows under `data`, paged from zero by `currentPage` and `pageSize`.
pub const CAMEL_CASE_PAGES: Listing = Listing {
    pages: Some(Pages { number: "currentPage", size: "pageSize", ..Pages::ZERO_BASED }),
    ..LIST
};

/// Rows under `data`, paged from one by `page` and `page_size`.
pub const PAGES_FROM_ONE: Listing =
    Listing { pages: Some(Pages { number: "page", first: 1, ..Pages::ZERO_BASED }), ..LIST };

/// Rows under `data`, of which `limit` come from the one at `offset` on.
pub const OFFSET: Listing = Listing {
    pages: Some(Pages { number: "offset", size: "limit", by_row: true, ..Pages::ZERO_BASED }),
    ..LIST
};

impl Pages {
    pub const ZERO_BASED: Self = Self {
        number: "current_page",
        size: "page_size",
        first: 0,
        by_row: false,
        if_asked: false,
        cut_here: false,
    };
}

/// The page that a call asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    number: u64,
    size: u64,
    cut_here: bool,
}

impl Page {
    /// The rows of this page, of all.
    fn of<T>(self, rows: Vec<T>) -> Vec<T> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let before = usize::try_from(self.number).unwrap_or(usize::MAX).saturating_mul(size);
        rows.into_iter().skip(before).take(size).collect()
    }

    /// How many rows there are and the number of the next page, from the rows that came and from
    /// what the operation counted, if it does, or says of it. Where it does neither, a full page may
    /// be the last.
    fn rest(
        self,
        returned: u64,
        counted: Option<u64>,
        more: Option<bool>,
    ) -> (Option<u64>, Option<u64>) {
        let next = self.number.saturating_add(1);
        match counted {
            // More rows than asked for: the operation gives everything, whatever it is asked.
            _ if returned > self.size => (counted.or(Some(returned)), None),
            _ if more == Some(true) && returned > 0 => (counted, Some(next)),
            None if more == Some(false) => {
                (Some(self.number.saturating_mul(self.size).saturating_add(returned)), None)
            }
            Some(total) => {
                let more = returned > 0 && next.saturating_mul(self.size) < total;
                (Some(total), more.then_some(next))
            }
            None if returned == self.size => (None, Some(next)),
            None if returned == 0 && self.number > 0 => (None, None),
            None => (Some(self.number.saturating_mul(self.size).saturating_add(returned)), None),
        }
    }
}

impl Listing {
    /// The same, with its rows under another name.
    pub const fn under(mut self, rows: &'static str) -> Self {
        self.rows = rows;
        self
    }

    /// Reads the page from the arguments and writes it as the operation wants it.
    pub(crate) fn ask(&self, args: &mut JsonObject) -> Option<Page> {
        let pages = self.pages?;
        let mut take = |name| args.shift_remove(name).as_ref().and_then(Value::as_u64);
        let (number, size) = (take("current_page"), take("page_size"));
        if pages.if_asked && number.is_none() && size.is_none() {
            return None;
        }
        let page = Page {
            number: number.unwrap_or(0),
            size: size.unwrap_or(DEFAULT_PAGE_SIZE),
            cut_here: pages.cut_here,
        };
        if page.cut_here {
            return Some(page);
        }
        let before = if pages.by_row { page.number.saturating_mul(page.size) } else { page.number };
        args.insert(pages.number.into(), json!(before.saturating_add(pages.first)));
        args.insert(pages.size.into(), json!(page.size));
        Some(page)
    }

    /// `{total, next_page, …, data}`, from whatever form the operation answers in. `next_page` is
    /// there only where there is or may be one, `total` only where it is known.
    pub(crate) fn read<'a>(&self, mut answer: Json<'a>, page: Option<Page>) -> Json<'a> {
        let rows = self.rows_of(&mut answer);
        let (mut rows, rest) = match rows {
            Some(Json::List(rows)) => (rows, answer),
            // Not a list after all: shown as it is, since nothing may be lost.
            Some(other) => {
                if let Json::Object(fields) = &mut answer {
                    fields.push((self.rows.into(), other));
                }
                return answer;
            }
            None => match answer {
                Json::List(rows) => (rows, Json::Object(Vec::new())),
                Json::Object(_) => (Vec::new(), answer),
                other => return other,
            },
        };
        let Json::Object(mut rest) = rest else { return Json::List(rows) };
        rest.retain(|(name, _)| name != "object" && name != "success");
        let mut rest = Json::Object(rest);
        let mut counted = rest.take(self.count).as_ref().and_then(number);
        let more = match rest.take("has_more") {
            Some(Json::Bool(more)) => Some(more),
            _ => None,
        };
        if let Some(page) = page.filter(|page| page.cut_here) {
            counted = Some(rows.len() as u64);
            rows = page.of(rows);
        }
        let returned = rows.len() as u64;
        if self.counts_page && counted.is_some_and(|counted| counted <= returned) {
            counted = None;
        }
        let (total, next_page) = match page {
            Some(page) => page.rest(returned, counted, more),
            None => (counted.or(Some(returned)), None),
        };
        // Not asked for a page, and yet it is one: how to go on is for the caller to say.
        let part = (page.is_none() && total > Some(returned)).then_some(returned);
        let mut list: Vec<_> = [("total", total), ("next_page", next_page), ("returned", part)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), Json::Number(value?.into()))))
            .collect();
        if let Json::Object(rest) = rest {
            list.extend(rest);
        }
        list.push(("data".into(), Json::List(rows)));
        Json::Object(list)
    }

    /// What stands where the rows should be; where nothing does, the answer's only list.
    fn rows_of<'a>(&self, answer: &mut Json<'a>) -> Option<Json<'a>> {
        if let Some(rows) = answer.take(self.rows) {
            return Some(rows);
        }
        let Json::Object(fields) = answer else { return None };
        let mut lists =
            fields.iter().enumerate().filter(|(_, (_, it))| matches!(it, Json::List(_)));
        let (only, _) = lists.next()?;
        lists.next().is_none().then(|| fields.remove(only).1)
    }
}

/// A count, which some operations give as a string.
fn number(json: &Json<'_>) -> Option<u64> {
    match json {
        Json::Number(number) => number.as_u64(),
        Json::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// Room for what says that rows are missing.
const HINT_BYTES: usize = 320;

/// Keeps as many whole rows as fit into `max_bytes`, but one at least, and says how to go on.
/// `length` is that of a value as it will be written. Returns false where `answer` is no list.
pub(crate) fn cut(
    answer: &mut Json<'_>,
    max_bytes: usize,
    length: impl Fn(&Json<'_>) -> usize,
) -> bool {
    let Some(all) = answer.rows_mut("data").map(std::mem::take) else { return false };
    let mut left = max_bytes.saturating_sub(length(answer) + HINT_BYTES);
    let fitting = all.iter().take_while(|row| {
        let size = length(row) + 1;
        let fits = size <= left;
        left = left.saturating_sub(size);
        fits
    });
    // Without a row the caller could never go on; a single object is never cut.
    let fitting = fitting.count().max(1).min(all.len());
    let hint = format!(
        "The answer was larger than the server allows; {fitting} of {} rows are here. Ask again \
         from `current_page` 0 with a `page_size` of at most {fitting} or with narrower filters.",
        all.len()
    );
    let is_cut = fitting < all.len();
    if let Some(rows) = answer.rows_mut("data") {
        rows.extend(all.into_iter().take(fitting));
    }
    if is_cut {
        answer.take("next_page");
        answer.take("returned");
        if let Json::Object(fields) = answer {
            fields.push(("returned".into(), Json::Number(fitting.into())));
            fields.push(("truncated".into(), Json::Bool(true)));
            fields.push(("hint".into(), Json::Text(hint.into())));
        }
    }
    true
}

#[cfg(test)]
mod tests;
