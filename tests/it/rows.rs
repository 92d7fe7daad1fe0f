//! Tables: a row that fails does not hide those behind it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Checks each row, and fails at the end with the messages of all rows that failed.
pub(crate) fn each_row<T>(rows: impl IntoIterator<Item = T>, mut check: impl FnMut(T)) {
    let failure = |row| catch_unwind(AssertUnwindSafe(|| check(row))).err().map(|panic| message(&*panic));
    let failures: Vec<String> = rows.into_iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "failed rows: {}\n\n{}", failures.len(), failures.join("\n\n"));
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

#[test]
fn all_rows_that_fail_are_reported() {
    let failed =
        catch_unwind(|| each_row([1, 2, 3], |row| assert_eq!(row, 2, "row {row}"))).expect_err("two rows fail");
    let message = message(&*failed);
    assert!(message.starts_with("failed rows: 2\n"), "{message}");
    assert!(message.contains("row 1") && message.contains("row 3"), "{message}");
}
