//! Every test that is not beside its code. One binary: it links once.
#[cfg(feature = "config")]
mod changes;
mod circles;
#[cfg(all(feature = "cli", unix))]
mod cli;
#[cfg(feature = "config")]
mod config;
#[cfg(feature = "gateway")]
mod corpus;
#[cfg(feature = "gateway")]
mod diff;
#[cfg(feature = "config")]
mod docs;
#[cfg(feature = "layer")]
mod examples;
#[cfg(feature = "flags")]
mod flags;
#[cfg(feature = "gateway")]
mod gateway;
#[cfg(feature = "layer")]
mod http;
mod json;
mod layering;
mod public;
#[cfg(feature = "config")]
mod readme;
mod rows;
#[cfg(feature = "postgres")]
mod store;
#[cfg(feature = "gateway")]
mod testing;
mod type_names;
mod words;
