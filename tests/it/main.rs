//! Every test that is not beside its code. One binary: it links once.
#[cfg(feature = "config")]
mod config;
mod json;
