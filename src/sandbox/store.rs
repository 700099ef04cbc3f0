//! Rows of every table, bounded in number and bytes, with what a stale reader still sees.

use std::{
    cell::Cell,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answer::Refusal;

/// How long reads show the row as it was before an update.
#[derive(Clone, Copy, Debug)]
pub(super) enum Staleness {
    Reads(u32),
    For(Duration),
}

/// An old or present body of a row that is versioned.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub id: String,
    pub created_at: Timestamp,
    pub fields: Map<String, Value>,
}

/// One object of the organisation.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub id: String,
    pub slug: Option<String>,
    /// Index of the organisation.
    pub organisation: usize,
    /// UUID of the workspace; absent for rows of the whole organisation.
    pub workspace: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub fields: Map<String, Value>,
    /// Oldest first.
    pub versions: Vec<Version>,
    weight: usize,
    before: Option<Before>,
}

#[derive(Clone, Debug)]
struct Before {
    row: Box<Row>,
    reads: Cell<u32>,
    until: Option<Instant>,
}

impl Row {
    pub fn new(id: String, organisation: usize, at: Timestamp) -> Self {
        Self {
            id,
            slug: None,
            organisation,
            workspace: None,
            created_at: at,
            updated_at: at,
            fields: Map::new(),
            versions: Vec::new(),
            weight: 0,
            before: None,
        }
    }

    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    pub fn is(&self, key: &str) -> bool {
        self.id == key || self.slug.as_deref() == Some(key)
    }

    /// The row as a reader meets it: for a while after an update, as it was before.
    pub fn seen(&self) -> &Self {
        let Some(before) = &self.before else { return self };
        let stale = if let Some(until) = before.until {
            Instant::now() < until
        } else {
            let left = before.reads.get();
            before.reads.set(left.saturating_sub(1));
            left > 0
        };
        if stale { &before.row } else { self }
    }
}

/// What a row weighs on top of the bodies that made it.
const ROW_BYTES: usize = 512;

/// The tables by name, each in the order of creation.
#[derive(Debug)]
pub(super) struct Store {
    tables: BTreeMap<&'static str, Vec<Row>>,
    rows: usize,
    bytes: usize,
    max_rows: usize,
    max_bytes: usize,
}

impl Store {
    pub fn new(max_rows: usize, max_bytes: usize) -> Self {
        Self { tables: BTreeMap::new(), rows: 0, bytes: 0, max_rows, max_bytes }
    }

    pub fn rows(&self, table: &str) -> &[Row] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// Every row by table and id, times left out.
    pub fn whole(&self) -> Value {
        let version = |it: &Version| json!({ "id": it.id, "fields": it.fields });
        let row = |row: &Row| {
            let versions: Vec<Value> = row.versions.iter().map(version).collect();
            let whole = json!({
                "slug": row.slug, "organisation": row.organisation, "workspace": row.workspace,
                "fields": row.fields, "versions": versions,
            });
            (row.id.clone(), whole)
        };
        let table = |rows: &Vec<Row>| Value::Object(rows.iter().map(row).collect());
        let tables = self.tables.iter().map(|(name, rows)| ((*name).to_owned(), table(rows)));
        Value::Object(tables.collect())
    }

    pub fn rows_mut(&mut self, table: &str) -> impl Iterator<Item = &mut Row> {
        self.tables.get_mut(table).into_iter().flatten()
    }

    /// The row with this id or slug in an organisation.
    pub fn find(&self, table: &str, organisation: usize, key: &str) -> Option<&Row> {
        self.rows(table).iter().find(|row| row.organisation == organisation && row.is(key))
    }

    /// Adds a row made by a request of `bytes`.
    pub fn insert(
        &mut self,
        table: &'static str,
        mut row: Row,
        bytes: usize,
    ) -> Result<(), Refusal> {
        if self.rows >= self.max_rows {
            return Err(Refusal::too_large(format!(
                "the sandbox holds {} rows already",
                self.max_rows
            )));
        }
        self.weigh(bytes + ROW_BYTES)?;
        self.rows += 1;
        row.weight = bytes + ROW_BYTES;
        self.tables.entry(table).or_default().push(row);
        Ok(())
    }

    /// Puts `row` in the place of the row with its id.
    pub fn replace(
        &mut self,
        table: &str,
        mut row: Row,
        bytes: usize,
        staleness: Option<Staleness>,
    ) -> Result<(), Refusal> {
        self.weigh(bytes)?;
        row.weight += bytes;
        let place = self.tables.get_mut(table).into_iter().flatten().find(|old| old.id == row.id);
        if let Some(place) = place {
            row.before = staleness.map(|staleness| before(place, staleness));
            *place = row;
        }
        Ok(())
    }

    pub fn remove(&mut self, table: &str, id: &str) {
        self.remove_where(table, |row| row.id == id);
    }

    pub fn remove_workspace(&mut self, workspace: &str) {
        let tables: Vec<&'static str> = self.tables.keys().copied().collect();
        for table in tables {
            self.remove_where(table, |row| row.workspace.as_deref() == Some(workspace));
        }
    }

    fn remove_where(&mut self, table: &str, gone: impl Fn(&Row) -> bool) {
        let Some(rows) = self.tables.get_mut(table) else { return };
        let (before, mut freed) = (rows.len(), 0);
        rows.retain(|row| {
            let gone = gone(row);
            freed += if gone { row.weight } else { 0 };
            !gone
        });
        self.rows -= before - rows.len();
        self.bytes -= freed;
    }

    fn weigh(&mut self, bytes: usize) -> Result<(), Refusal> {
        if self.bytes + bytes > self.max_bytes {
            return Err(Refusal::too_large(format!(
                "the sandbox holds {} bytes already",
                self.max_bytes
            )));
        }
        self.bytes += bytes;
        Ok(())
    }
}

fn before(row: &Row, staleness: Staleness) -> Before {
    let mut old = row.seen().clone();
    old.before = None;
    let (reads, until) = match staleness {
        Staleness::Reads(reads) => (reads, None),
        Staleness::For(time) => (0, Some(Instant::now() + time)),
    };
    Before { row: Box::new(old), reads: Cell::new(reads), until }
}
