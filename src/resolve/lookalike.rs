//! Paths that a service may take for those of a rule, and the rule does not: they are refused, since the service would be
//! asked for what was neither decided nor migrated.
//!
//! Two kinds: paths that differ from a rule's in letter case only (Express, Rails and ASP.NET ignore it), and paths with
//! parameters in their segments (`/users;a=b/7`, RFC 3986 §3.3), which Tomcat, Spring and JAX-RS cut off before they
//! route.

use super::Resolver;
use super::place::place_by;
use crate::catalog::{ApiEntry, Catalog, Match};
use crate::path::{PathCase, without_parameters};
use crate::problem::{Problem, ProblemType};
use crate::version::VersionId;

/// The api that a path is of by its other reading, and what to answer; `None` if both readings agree.
pub(super) fn place(
    catalog: &Catalog,
    host: Option<&str>,
    path: &str,
    found: Option<usize>,
) -> Option<(usize, Problem)> {
    if let Some(index) = deeper(catalog, host, path, found) {
        return Some((index, other_case()));
    }
    let bare = without_parameters(path)?;
    let other = super::place(catalog, host, &bare);
    let excluded = |index: Option<usize>, path: &str| {
        index.is_some_and(|index| {
            let api = &catalog.apis()[index];
            api.excludes(path, api.path_case)
        })
    };
    let agree = other == found && excluded(other, &bare) == excluded(found, path);
    if agree { None } else { other.or(found).map(|index| (index, two_readings())) }
}

/// The api that `path` is of in another letter case, if its base path is longer than that of the api `found`, which does
/// not know the path.
fn deeper(catalog: &Catalog, host: Option<&str>, path: &str, found: Option<usize>) -> Option<usize> {
    let apis = catalog.apis();
    let found = found.map(|index| &apis[index]);
    let is_longer = |base: &str| found.is_none_or(|found| base.len() > found.base_path.len());
    if !apis.iter().any(|api| is_longer(&api.base_path)) {
        return None;
    }
    let other = place_by(catalog, host, path, |_| PathCase::Insensitive)?;
    let is_known = |api: &ApiEntry| {
        let (_, below) = super::read::split(api, &path[api.base_path.len()..]);
        api.excludes(path, api.path_case) || api.known_paths.has(below)
    };
    (is_longer(&apis[other].base_path) && !found.is_some_and(is_known)).then_some(other)
}

/// What to answer to a path whose parameters lead to another version or route when they are cut off.
pub(super) fn parameters(reader: &Resolver<'_>, version: VersionId, found: &Match) -> Option<Problem> {
    let api = reader.api;
    let bare = without_parameters(reader.whole)?;
    let (named, below) = super::read::split(api, bare.get(api.base_path.len()..)?);
    let knows = |path: &str| api.known_paths.has(path);
    let same = named == reader.named
        && api.find(version, reader.head.method, below) == *found
        && (matches!(found, Match::Route(_)) || knows(below) == knows(reader.path));
    (!same).then(two_readings)
}

/// What to answer to a path that no rule knows, if one would in another letter case.
pub(super) fn letter_case(reader: &Resolver<'_>) -> Option<Problem> {
    let api = reader.api;
    if api.path_case == PathCase::Insensitive {
        return None;
    }
    let version = || {
        let below = &reader.whole[api.base_path.len()..];
        reader.named.is_none() && api.split_version(below, PathCase::Insensitive).is_some()
    };
    let excluded = || api.excludes(reader.whole, PathCase::Insensitive);
    (api.known_paths.has(reader.path) || version() || excluded()).then(other_case)
}

fn other_case() -> Problem {
    let detail = "the path differs only in letter case from a known path: use the exact case";
    Problem::new(ProblemType::RouteAbsent).with_detail(detail)
}

fn two_readings() -> Problem {
    let detail = "path parameters (`;…`) are not accepted here: remove them";
    Problem::new(ProblemType::PathInvalid).with_detail(detail)
}
