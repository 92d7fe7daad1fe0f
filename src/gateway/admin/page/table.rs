//! Long tables: filtered, sorted and paged on the server.

use std::cmp::Ordering;

use serde::Serialize;

use super::query::PageQuery;

/// The part of a table that is shown.
#[derive(Debug, Serialize)]
pub(super) struct TablePage<T> {
    pub(super) rows: Vec<T>,
    columns: Vec<TableColumn>,
    filter: String,
    /// The other parameters of the page, for the form of the filter.
    others: Vec<(String, String)>,
    /// All rows, and those that the filter leaves.
    all: usize,
    found: usize,
    /// From 1.
    page: usize,
    pages: usize,
    previous: Option<String>,
    next: Option<String>,
}

/// A column by which the table can be sorted.
#[derive(Debug, Serialize)]
struct TableColumn {
    name: &'static str,
    href: String,
    /// `ascending`, `descending`, or nothing.
    sorted: &'static str,
}

/// How a column is sorted.
pub(super) struct SortBy<T> {
    pub(super) name: &'static str,
    /// The parameter's value.
    pub(super) key: &'static str,
    /// The largest first, unless it is turned round.
    pub(super) largest_first: bool,
    pub(super) compare: fn(&T, &T) -> Ordering,
}

const ROWS: usize = 50;

// === impl TablePage ===

impl<T> TablePage<T> {
    /// The part of `rows` that `query` asks for; without a word on it, sorted by the first of `columns` that has the largest first. `text`
    /// is what the filter looks into.
    pub(super) fn new(mut rows: Vec<T>, columns: &[SortBy<T>], query: &PageQuery, text: fn(&T) -> String) -> Self {
        let all = rows.len();
        let filter = query.get("q").unwrap_or_default().to_lowercase();
        if !filter.is_empty() {
            rows.retain(|row| text(row).to_lowercase().contains(&filter));
        }
        let asked = query.get("sort").unwrap_or_default();
        let (turned, key) = asked.strip_prefix('-').map_or((false, asked), |key| (true, key));
        let by = columns.iter().find(|column| column.key == key);
        let turned = turned && by.is_some();
        let by = by.or(columns.iter().find(|column| column.largest_first));
        if let Some(by) = by {
            let descends = by.largest_first != turned;
            rows.sort_by(|a, b| if descends { (by.compare)(b, a) } else { (by.compare)(a, b) });
        }
        let current = by.map_or("", |column| column.key);
        let columns = columns.iter().map(|column| column.head(query, current, turned)).collect();
        let (found, pages) = (rows.len(), rows.len().div_ceil(ROWS).max(1));
        let page = query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, pages);
        let rows = rows.into_iter().skip((page - 1) * ROWS).take(ROWS).collect();
        let to = |page: usize| query.with(&[("page", &page.to_string())]);
        Self {
            rows,
            columns,
            filter: query.get("q").unwrap_or_default().to_owned(),
            others: query.others(&["q", "page"]),
            all,
            found,
            page,
            pages,
            previous: (page > 1).then(|| to(page - 1)),
            next: (page < pages).then(|| to(page + 1)),
        }
    }
}

// === impl SortBy ===

impl<T> SortBy<T> {
    fn head(&self, query: &PageQuery, current: &str, turned: bool) -> TableColumn {
        let is_it = self.key == current;
        let turn = if is_it && !turned { "-" } else { "" };
        let sorted = match (is_it, self.largest_first != turned) {
            (false, _) => "",
            (true, true) => "descending",
            (true, false) => "ascending",
        };
        let href = query.with(&[("sort", &format!("{turn}{}", self.key)), ("page", "")]);
        TableColumn { name: self.name, href, sorted }
    }
}
