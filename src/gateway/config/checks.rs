//! What a config says and what cannot be, or can have no effect: as far as it takes the whole config or the disk to see it.

#[cfg(feature = "postgres")]
use std::error::Error;
use std::fs;
use std::path::Path;

use crate::catalog::Catalog;
use crate::config::{GatewaySpec, Upstream};
use crate::diagnostic::{Diagnostic, Diagnostics};
#[cfg(feature = "postgres")]
use crate::usage::PostgresOptions;

/// Runs all checks.
pub(in crate::gateway) fn check(
    spec: &GatewaySpec,
    catalog: &Catalog,
    upstreams: &[Upstream],
    found: &mut Diagnostics,
) {
    check_state(spec, found);
    #[cfg(feature = "postgres")]
    check_ledger(spec, found);
    check_log(spec, found);
    check_timeouts(catalog, upstreams, found);
    check_rollouts(spec, upstreams, found);
}

/// A rollout has to outlive the process, and one gateway has to decide about it.
fn check_rollouts(spec: &GatewaySpec, upstreams: &[Upstream], found: &mut Diagnostics) {
    for upstream in upstreams.iter().filter(|upstream| upstream.has_canary()) {
        if spec.state.is_none() {
            let message = format!("the upstream `{}` has a canary group, and there is no `state`", upstream.name.value);
            let finding = Diagnostic::error("rollout-without-state", message, upstream.name.span);
            found
                .push(finding.help("add `state = \"…\"` to `[gateway]`: a restart must not bring back a failed build"));
        }
        #[cfg(feature = "postgres")]
        if let Some(url) = &spec.ledger.url {
            let message =
                format!("the upstream `{}` has a canary group, but replicas share no rollouts", upstream.name.value);
            let finding = Diagnostic::error("rollout-in-fleet", message, url.span);
            found.push(finding.help("roll out by one gateway whose ledger has no `url`"));
        }
    }
}

/// A folder that cannot be written keeps no request from being served, and may be another one by the time it is needed.
fn check_state(spec: &GatewaySpec, found: &mut Diagnostics) {
    if let Some(state) = &spec.state
        && let Some(problem) = folder(&state.value)
    {
        let message = format!("cannot use `{}` as `state`: {problem}", state.value.display());
        let warning = Diagnostic::warning("unwritable-state", message, state.span);
        found.push(warning.help("use a directory that the gateway can write to"));
    }
}

/// What the database's own client cannot read.
#[cfg(feature = "postgres")]
fn check_ledger(spec: &GatewaySpec, found: &mut Diagnostics) {
    for url in [&spec.ledger.url, &spec.ledger.migrate_url].into_iter().flatten() {
        if let Err(error) = PostgresOptions::new(url.value.expose()).check() {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            let finding =
                Diagnostic::error("bad-ledger-url", format!("this is no URL of PostgreSQL: {cause}"), url.span);
            found.push(finding.help("write it as `postgres://user@host:5432/database?sslmode=verify-full`"));
        }
    }
}

/// A start fails where the log cannot be opened.
fn check_log(spec: &GatewaySpec, found: &mut Diagnostics) {
    let Some(file) = spec.access_log.as_ref().and_then(|log| log.file.as_ref()) else { return };
    let problem = match fs::metadata(&file.value) {
        Ok(meta) if meta.is_dir() => Some("it is a directory".to_owned()),
        Ok(meta) if meta.permissions().readonly() => Some("it is read-only".to_owned()),
        Ok(_) => None,
        Err(_) => match file.value.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) if !parent.is_dir() => Some(format!("`{}` is not a directory", parent.display())),
            _ => None,
        },
    };
    if let Some(problem) = problem {
        let message = format!("cannot write the access log to `{}`: {problem}", file.value.display());
        let warning = Diagnostic::warning("unwritable-log", message, file.span);
        found.push(warning.help("use a file in an existing directory that the gateway can write to"));
    }
}

/// A timeout of a whole exchange leaves no time for a longer one of a part of it.
fn check_timeouts(catalog: &Catalog, upstreams: &[Upstream], found: &mut Diagnostics) {
    for api in catalog.apis() {
        for route in &api.routes {
            let name = route.upstream.as_deref().or(api.upstream.as_deref());
            let Some(upstream) = upstreams.iter().find(|upstream| Some(upstream.name.as_str()) == name) else {
                continue;
            };
            let Some((whole, part)) = route.timeout.zip(upstream.response_timeout) else { continue };
            if whole < part {
                let (whole, part) = (whole.as_secs_f64(), part.as_secs_f64());
                let message = format!(
                    "`{}` of `{}` is {whole}s, so the response timeout of {part}s of `{}` is never reached",
                    route.history.name, api.name, upstream.name.value
                );
                let warning = Diagnostic::warning("timeout-never-reached", message, upstream.name.span);
                found.push(warning.help("raise the route's `timeout`, or lower `response_timeout`"));
            }
        }
    }
}

/// What is wrong with a folder that has to be created or written to: its nearest existing ancestor decides.
fn folder(path: &Path) -> Option<String> {
    let there = path.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    for place in there {
        match fs::metadata(place) {
            Ok(meta) if !meta.is_dir() => return Some(format!("`{}` is not a directory", place.display())),
            Ok(meta) if meta.permissions().readonly() => return Some(format!("`{}` is read-only", place.display())),
            Ok(_) => return None,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {}
            Err(error) => return Some(format!("`{}`: {error}", place.display())),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_judged_by_what_is_there() {
        let root = std::env::temp_dir().join(format!("sunward-place-{}", std::process::id()));
        fs::create_dir_all(root.join("open")).expect("a folder");
        fs::create_dir_all(root.join("closed")).expect("a folder");
        fs::write(root.join("file"), "").expect("written");
        let mut mode = fs::metadata(root.join("closed")).expect("it is there").permissions();
        mode.set_readonly(true);
        fs::set_permissions(root.join("closed"), mode).expect("its mode");
        let rows = [
            ("open", ""),
            ("open/new/deep", ""),
            ("file", "file` is not a directory"),
            ("file/below", "file` is not a directory"),
            ("closed", "closed` is read-only"),
            ("closed/below", "closed` is read-only"),
        ];
        for (path, expected) in rows {
            let problem = folder(&root.join(path)).unwrap_or_default();
            assert!(problem.ends_with(expected) && problem.is_empty() == expected.is_empty(), "{path}: {problem}");
        }
        assert_eq!(folder(Path::new("relative-and-not-there")), None);
        fs::remove_dir_all(root).expect("removed");
    }
}
