//! How the builder of an op is called, for findings about ops that were written in Rust.

use super::{HeadSpec, OpKind, ReplaceSpec, RouteSpec, ScaleSpec, StructureSpec};

// === impl OpKind ===

impl OpKind {
    /// `OpSpec::rename`.
    pub(in super::super) const fn constructor(&self) -> &'static str {
        match self {
            Self::Add { value: Some(_), .. } => "OpSpec::add",
            Self::Add { value: None, .. } => "OpSpec::add_optional",
            Self::Copy { .. } => "OpSpec::copy",
            Self::Compute { .. } => "OpSpec::compute",
            Self::Evaluate { .. } => "OpSpec::compute_cel",
            Self::Rename { .. } => "OpSpec::rename",
            Self::Move { .. } => "OpSpec::relocate",
            Self::Remove { .. } => "OpSpec::remove",
            Self::Wrap { .. } => "OpSpec::wrap",
            Self::Unwrap { .. } => "OpSpec::unwrap",
            Self::Split { .. } => "OpSpec::split",
            Self::Join { .. } => "OpSpec::join",
            Self::Map { .. } => "OpSpec::map",
            Self::Convert { .. } => "OpSpec::convert",
            Self::Scale { by: ScaleSpec { divides: false, .. }, .. } => "OpSpec::scale",
            Self::Scale { .. } => "OpSpec::divide",
            Self::Replace { by: ReplaceSpec::Prefix { .. }, .. } => "OpSpec::replace_prefix",
            Self::Replace { by: ReplaceSpec::Suffix { .. }, .. } => "OpSpec::replace_suffix",
            Self::Replace { by: ReplaceSpec::Match { .. }, .. } => "OpSpec::replace",
            Self::Require { .. } => "OpSpec::require",
            Self::Structure(op) => op.constructor(),
            Self::Patch { .. } => "OpSpec::patch",
            Self::Custom { .. } => "OpSpec::custom",
            Self::Head(op) => op.constructor(),
            Self::Route(op) => op.constructor(),
        }
    }
}

// === impl StructureSpec ===

impl StructureSpec {
    const fn constructor(&self) -> &'static str {
        match self {
            Self::SplitList { .. } => "OpSpec::split_list",
            Self::JoinList { .. } => "OpSpec::join_list",
            Self::Entries(_) => "OpSpec::entries",
            Self::Keyed(_) => "OpSpec::keyed",
            Self::Count { .. } => "OpSpec::count",
            Self::MoveMany { .. } => "OpSpec::move_many",
            Self::Pick { .. } => "OpSpec::pick",
            Self::Put { .. } => "OpSpec::put",
            Self::Partition { .. } => "OpSpec::partition",
            Self::Nest { .. } => "OpSpec::nest",
            Self::Flatten { .. } => "OpSpec::flatten",
            Self::Only { .. } => "OpSpec::unwrap_only",
            Self::Named { .. } => "OpSpec::wrap_named",
            Self::RenameAll { .. } => "OpSpec::rename_all",
        }
    }
}

// === impl HeadSpec ===

impl HeadSpec {
    const fn constructor(&self) -> &'static str {
        match self {
            Self::AddHeader { .. } => "OpSpec::add_header",
            Self::RenameHeader { .. } => "OpSpec::rename_header",
            Self::RenameCookie { .. } => "OpSpec::rename_cookie",
            Self::RemoveHeader { .. } => "OpSpec::remove_header",
            Self::AddQuery { .. } => "OpSpec::add_query",
            Self::RenameQuery { .. } => "OpSpec::rename_query",
            Self::RemoveQuery { .. } => "OpSpec::remove_query",
            Self::QueryNames { .. } => "OpSpec::rename_query_values",
            Self::MapQuery { .. } => "OpSpec::map_query",
            Self::MapStatus { .. } => "OpSpec::map_status",
            Self::MapContentType { .. } => "OpSpec::map_content_type",
            Self::RenamePrefix { .. } => "OpSpec::rename_prefix",
        }
    }
}

// === impl RouteSpec ===

impl RouteSpec {
    const fn constructor(&self) -> &'static str {
        match self {
            Self::Add(_) => "OpSpec::add_route",
            Self::Remove(_) => "OpSpec::remove_route",
            Self::Move { .. } => "OpSpec::move_route",
        }
    }
}
