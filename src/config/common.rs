//! Keys that several tables have.

use super::tree::TableReader;
use crate::catalog::OnUntyped;
use crate::diagnostic::Spanned;
use crate::json::{FieldNames, OnError};

pub(super) fn on_error(reader: &mut TableReader<'_, '_>) -> Option<OnError> {
    reader.word("on_error").map(|word| if word == "pass" { OnError::Pass } else { OnError::Fail })
}

pub(super) fn on_untyped(reader: &mut TableReader<'_, '_>) -> Option<OnUntyped> {
    reader.word("on_untyped").map(|word| if word == "fail" { OnUntyped::Fail } else { OnUntyped::Pass })
}

pub(super) fn forms(reader: &mut TableReader<'_, '_>) -> Option<FieldNames> {
    reader.word("forms").map(|word| if word == "brackets" { FieldNames::Brackets } else { FieldNames::Plain })
}

/// An HTTP status; the key's kind keeps it in range.
pub(super) fn status(reader: &mut TableReader<'_, '_>, name: &'static str) -> Option<Spanned<u16>> {
    let number = reader.integer(name)?;
    Some(Spanned::new(u16::try_from(number.value).ok()?, number.span))
}
