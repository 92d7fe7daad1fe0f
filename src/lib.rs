//! Change an HTTP API without breaking anyone, and really retire the old one.
//!
//! | module | for |
//! |---|---|
//! | [`catalog`] | declaring an API: versions, routes, dates, who keeps a version for longer |
//! | [`change`] | declaring what one version altered |
//! | [`layer`] | the Tower layers around a service (feature `layer`) |
//! | `usage` | who used which version, by hour (feature `usage`) |
//! | `flags` | feature flags in the format of flagd (feature `flags`) |
//! | [`extract`] | extractors for axum handlers (feature `axum`) |
//! | [`testing`] | testing the changes (feature `layer` for the ones of whole messages) |
//! | [`config`] | reading the TOML file (feature `config`) |
//! | [`gateway`] | running the gateway inside of another program (feature `gateway`) |
//! | [`json`] | migrating JSON without HTTP |
//! | [`clock`], [`consumer`], [`diagnostic`], [`version`] | the values that these share |
//!
//! Everything else is private. Metric names are listed in the README; the modules behind these are described in
//! `LIFECYCLE.md` and may change in any release.
#![cfg_attr(docsrs, feature(doc_cfg))]
// The layers, the file and the gateway use what lies below; with fewer features some of it has no user.
#![cfg_attr(not(feature = "gateway"), allow(dead_code, unused_imports))]

pub mod catalog;
pub mod change;
pub mod clock;
mod coding;
#[cfg(feature = "config")]
pub mod config;
pub mod consumer;
mod decide;
pub mod diagnostic;
#[cfg(feature = "axum")]
pub mod extract;
#[cfg(feature = "flags")]
pub mod flags;
#[cfg(feature = "gateway")]
pub mod gateway;
mod headers;
#[cfg(feature = "cli")]
mod import;
#[doc(hidden)]
pub mod internals;
pub mod json;
#[cfg(feature = "layer")]
pub mod layer;
mod names;
#[cfg(feature = "notices")]
pub mod notice;
mod path;
mod plan;
mod problem;
#[cfg(feature = "ledger")]
pub mod report;
mod resolve;
#[cfg(feature = "config")]
mod rollout;
pub mod testing;
#[cfg(feature = "usage")]
pub mod usage;
pub mod version;

#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;

#[cfg(all(doctest, feature = "consumers"))]
#[doc = include_str!("../docs/consumers.md")]
struct ConsumersDoctests;

#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct EmbeddingDoctests;

#[cfg(all(doctest, feature = "flags"))]
#[doc = include_str!("../docs/flags.md")]
struct FlagsDoctests;
