//! Days, as tables and pictures have them.

use sunward::clock::Timestamp;

pub(crate) fn day(date: Option<Timestamp>) -> String {
    let Some(date) = date else { return "–".to_owned() };
    let text = date.to_string();
    text.strip_suffix("T00:00:00Z").unwrap_or(&text).to_owned()
}
