//! Change an HTTP API without breaking anyone, and really retire the old one.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod diagnostic;
pub mod json;
