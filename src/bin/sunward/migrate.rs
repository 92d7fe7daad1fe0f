//! `sunward migrate`: try a change in the shell.

use std::io::{Read, Write};
use std::process::ExitCode;

use sunward::catalog::{ApiEntry, Catalog, Content, Migration, RouteEntry};
use sunward::change::RouteName;
use sunward::clock::Timestamp;
use sunward::headers::media::MediaType;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::File,
    /// The api; not needed if there is only one.
    #[arg(long, value_name = "NAME")]
    api: Option<String>,
    /// The route, as the newest version has it: "GET /users/{id}".
    #[arg(long, value_name = "ROUTE")]
    route: String,
    /// The version that the body speaks.
    #[arg(long, value_name = "VERSION")]
    from: String,
    /// The version that it shall speak.
    #[arg(long, value_name = "VERSION")]
    to: String,
    /// Migrates the request's body, not the response's.
    #[arg(long, conflicts_with = "status")]
    request: bool,
    /// The response's status; the route's only or first 2xx, unless said.
    #[arg(long, value_name = "STATUS")]
    status: Option<u16>,
    /// How JSON stands in the body.
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    content_type: String,
    /// Migrates as things stand at this time; now, unless said.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let loaded = match super::open(&args.file.path, args.now) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let (migration, content) = match migration(args, &loaded.catalog) {
        Ok(found) => found,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(super::MISUSED);
        }
    };
    let mut body = Vec::new();
    if let Err(e) = std::io::stdin().lock().read_to_end(&mut body) {
        eprintln!("error: standard input: {e}");
        return ExitCode::from(super::FAILED);
    }
    match migration.run(content, &body) {
        Ok(migrated) => {
            let _ = std::io::stdout().lock().write_all(&migrated.body);
            report("a value that could not be migrated was left as it was", migrated.passed);
            report("a value stood where an op had to write", migrated.collisions);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(super::FAILED)
        }
    }
}

fn report(what: &str, times: u64) {
    if times > 0 {
        eprintln!("warning: {what} ({times}×)");
    }
}

fn migration<'c>(args: &Args, catalog: &'c Catalog) -> Result<(Migration<'c>, Content), String> {
    let media = MediaType::parse(&args.content_type).and_then(|media| Content::of(&media));
    let content = media.ok_or_else(|| format!("`{}` is not migrated", args.content_type))?;
    let api = api(args, catalog)?;
    let name: RouteName = args.route.parse().map_err(|e: sunward::change::PlaceError| format!("{e}; {}", e.help()))?;
    let route = api.routes.iter().find(|route| route.history.name == name);
    let known = || api.routes.iter().map(|route| route.history.name.to_string()).collect::<Vec<_>>().join(", ");
    let route = route.ok_or_else(|| format!("{} has no route `{name}`; it has {}", api.name, known()))?;
    let version = |text: &str| {
        let known = || api.versions.iter().map(|version| &*version.text).collect::<Vec<_>>().join(", ");
        api.lookup(text).ok_or_else(|| format!("{} has no version `{text}`; it has {}", api.name, known()))
    };
    let chain = if args.request { &route.history.request } else { response(args, route)? };
    Ok((Migration::new(chain, version(&args.from)?, version(&args.to)?), content))
}

fn api<'c>(args: &Args, catalog: &'c Catalog) -> Result<&'c ApiEntry, String> {
    let known = || catalog.apis().iter().map(|api| &*api.name).collect::<Vec<_>>().join(", ");
    match (&args.api, catalog.apis()) {
        (Some(name), _) => catalog.api(name).ok_or_else(|| format!("there is no api `{name}`; there are {}", known())),
        (None, [only]) => Ok(only),
        (None, _) => Err(format!("say `--api`; there are {}", known())),
    }
}

fn response<'c>(args: &Args, route: &'c RouteEntry) -> Result<&'c sunward::change::BodyChain, String> {
    let responses = &route.history.responses;
    let found = match args.status {
        Some(status) => route.history.response(status),
        None => responses.iter().find(|(of, _)| (200..300).any(|status| of.contains(status))).map(|(_, chain)| chain),
    };
    found.ok_or_else(|| {
        format!("no resource is in a response of `{}`; `--request` migrates the request", route.history.name)
    })
}
