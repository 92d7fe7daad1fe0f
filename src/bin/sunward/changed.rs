//! `sunward usage --by change`: which changes altered requests, and whose.

use sunward::report::ChangeLine;

use super::columns::columns;

/// The columns of a table.
pub(crate) const HEAD: [&str; 8] =
    ["environment", "api", "version", "change", "since version", "requests", "consumers", "evidence"];
/// So many consumers are named on a terminal.
const NAMED: usize = 4;

/// The cells of a line, with all its consumers.
pub(crate) fn cells(line: &ChangeLine) -> [String; HEAD.len()] {
    [
        line.environment.clone(),
        line.api.clone(),
        line.version.clone(),
        line.change.summary().to_owned(),
        line.change.version().to_owned(),
        line.requests.to_string(),
        line.consumers.join(", "),
        line.evidence().to_owned(),
    ]
}

/// A table for a terminal. The environment is left out if there is only one.
pub(crate) fn table(lines: &[ChangeLine]) -> Vec<String> {
    let one = lines.iter().all(|line| line.environment == lines[0].environment);
    let row = |line: &ChangeLine| {
        let mut row = cells(line);
        let named: Vec<&str> = line.consumers.iter().take(NAMED).map(String::as_str).collect();
        row[6] = match line.consumers.len().saturating_sub(NAMED) {
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        };
        row.map(|cell| super::printable(&cell))
    };
    let mut rows: Vec<[String; HEAD.len()]> = vec![HEAD.map(str::to_owned)];
    rows.extend(lines.iter().map(row));
    if one {
        rows.iter_mut().for_each(|row| row[0].clear());
    }
    columns(&rows, &[5])
}
