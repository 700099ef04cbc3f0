//! Asking for the trail: what the API demands filled in, and the search that it does not offer.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{ListAuditLogs, record};
use crate::tool::{Call, Error, JsonObject, LIST, Listing, PAGES, Result, Workflow, fields};

const AUDIT: Listing = Listing { counts_page: true, ..PAGES.under("records") };

const DEFAULT_PERIOD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A search for a resource looks through so many pages of so many entries.
const SEARCH_PAGES: u32 = 10;
const SEARCH_PAGE_SIZE: u32 = 100;

/// Lists whose rows say which organisation they are of.
const TELL_ORGANISATION: [&str; 4] = ["/configs", "/api-keys", "/integrations", "/labels"];

impl Workflow for ListAuditLogs {
    type Output = Value;

    async fn run(mut self, call: &Call) -> Result<Value> {
        self.fill_in_times()?;
        if self.organisation_id.is_none() {
            self.organisation_id = Some(organisation(call).await?);
        }
        let mut answer = JsonObject::new();
        for (name, value) in [
            ("organisation_id", &self.organisation_id),
            ("start_time", &self.start_time),
            ("end_time", &self.end_time),
        ] {
            answer.insert(name.into(), json!(value));
        }
        let list = match self.resource_id.take() {
            Some(resource) => self.search(call, &resource).await?,
            None => self.page(call).await?,
        };
        answer.extend(list);
        if let Some(Value::Array(records)) = answer.get_mut("data") {
            records.iter_mut().for_each(record::read);
        }
        Ok(answer.into())
    }
}

impl ListAuditLogs {
    fn fill_in_times(&mut self) -> Result<()> {
        let time = |name: &str, given: &Option<String>| {
            let parsed = given.as_deref().map(str::parse::<Timestamp>).transpose();
            parsed.map_err(|_| Error::argument(name, "is no time in ISO 8601 with offset"))
        };
        let end = time("end_time", &self.end_time)?.unwrap_or_else(Timestamp::now);
        let start = match time("start_time", &self.start_time)? {
            Some(start) => start,
            None => end.checked_sub(DEFAULT_PERIOD).unwrap_or(Timestamp::MIN),
        };
        if start >= end {
            return Err(Error::argument("start_time", "has to be before `end_time`"));
        }
        self.end_time.get_or_insert_with(|| end.to_string());
        self.start_time.get_or_insert_with(|| start.to_string());
        Ok(())
    }

    /// One page as the API gives it.
    async fn page(&self, call: &Call) -> Result<JsonObject> {
        let mut args = fields(self)?;
        let page = AUDIT.ask(&mut args);
        let answer = call.get("/audit-logs", args.into()).await?;
        match Value::from(AUDIT.read(answer.into(), page)) {
            Value::Object(list) if list.get("data").is_some_and(Value::is_array) => Ok(list),
            _ => Err(Error::Answer("the audit trail has no records".into())),
        }
    }

    /// Looks for what names a resource, which the API has no filter for. Pages are of
    /// [`SEARCH_PAGE_SIZE`] entries then, and each that is looked through is shown whole.
    async fn search(&mut self, call: &Call, resource: &str) -> Result<JsonObject> {
        let first = self.paging.current_page.unwrap_or(0);
        let wanted = self.paging.page_size.unwrap_or(20) as usize;
        self.paging.page_size = Some(SEARCH_PAGE_SIZE);
        let (mut found, mut searched, mut next) = (Vec::new(), 0, None);
        for number in 0..SEARCH_PAGES {
            self.paging.current_page = Some(first.saturating_add(number));
            let mut list = self.page(call).await?;
            if let Some(Value::Array(records)) = list.remove("data") {
                searched += records.len();
                found.extend(records.into_iter().filter(|it| record::names(it, resource)));
            }
            next = list.remove("next_page");
            if next.is_none() || found.len() >= wanted {
                break;
            }
            call.progress(number + 1, SEARCH_PAGES, format!("{searched} entries searched"));
        }
        let mut list = JsonObject::new();
        list.extend(next.map(|next| ("next_page".to_owned(), next)));
        list.insert("searched".into(), searched.into());
        list.insert("data".into(), found.into());
        Ok(list)
    }
}

/// The organisation of the key, which no operation tells by itself.
async fn organisation(call: &Call) -> Result<String> {
    for path in TELL_ORGANISATION {
        let answer = match call.get(path, json!({ "page_size": 1 })).await {
            Ok(answer) => answer,
            // Not a list for this key: another may tell.
            Err(Error::Portkey(error)) if matches!(error.status(), Some(400 | 403 | 404)) => {
                continue;
            }
            Err(error) => return Err(error),
        };
        let list: Value = LIST.read(answer.into(), None).into();
        let rows = list.get("data").and_then(Value::as_array);
        let id = rows.into_iter().flatten().find_map(|row| row.get("organisation_id")?.as_str());
        if let Some(id) = id {
            return Ok(id.to_owned());
        }
    }
    Err(Error::precondition(
        "the audit trail needs `organisation_id`, and no config, key, integration or label that this \
         key sees tells it",
        "give `organisation_id`: the dashboard's organisation settings show it",
    ))
}
