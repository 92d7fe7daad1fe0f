//! Feature flags: rows of rules, findings of definitions, shares, and the handle.

mod definitions;
mod handle;
mod random;
mod rules;
mod shares;
