//! Change an HTTP API without breaking anyone, and really retire the old one.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod catalog;
pub mod change;
pub mod clock;
pub mod coding;
#[cfg(feature = "config")]
pub mod config;
pub mod consumer;
pub mod decide;
pub mod diagnostic;
#[cfg(feature = "axum")]
pub mod extract;
#[cfg(feature = "gateway")]
pub mod gateway;
pub mod headers;
pub mod json;
#[cfg(feature = "layer")]
pub mod layer;
pub mod names;
pub mod path;
pub mod plan;
pub mod problem;
pub mod resolve;
pub mod testing;
pub mod version;

#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;

#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct EmbeddingDoctests;
