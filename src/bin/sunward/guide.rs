//! `sunward guide`: what a consumer has to change.

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::config::SourceMap;
use sunward::diagnostic::Span;
use sunward::gateway::{self, Loaded};
use sunward::report::{Guide, GuideQuestion};
use sunward::usage::UsageFilter;

use super::{bodies, ledger, names};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::ConfigArg,
    /// The consumer.
    #[arg(long, value_name = "NAME")]
    consumer: String,
    /// The version that it uses.
    #[arg(long, value_name = "VERSION")]
    from: String,
    /// The version that it is to use. Default: the newest.
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    /// The api; not needed if there is only one.
    #[arg(long, value_name = "NAME")]
    api: Option<String>,
    /// Looks at requests since this time, or of this long before now.
    #[arg(long, value_name = "TIME|DURATION", default_value = "90d")]
    since: String,
    /// The environment. Default: that of the config.
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// The format of the guide.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: GuideFormat,
    /// Prints JSON.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Uses this time. Default: now.
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    now: Option<Timestamp>,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum GuideFormat {
    /// Markdown.
    #[default]
    Markdown,
    /// A page of HTML.
    Html,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let (sources, loaded) = match super::open_sources(&args.file.path, Some(now)) {
        Ok(opened) => opened,
        Err(code) => return code,
    };
    answer(args, &sources, &loaded, now).map_or_else(|code| code, |guide| show(args, &guide))
}

fn answer(args: &Args, sources: &SourceMap, loaded: &Loaded, now: Timestamp) -> Result<Guide, ExitCode> {
    let misused = |message: String| super::misused(&format!("error: {message}"));
    let api = names::api(&loaded.catalog, args.api.as_deref()).map_err(misused)?;
    let from = names::version(api, &args.from).map_err(misused)?;
    let newest = api.versions().last().map(|version| version.name()).unwrap_or_default();
    let to = names::version(api, args.to.as_deref().unwrap_or(newest)).map_err(misused)?;
    let since = ledger::before(&args.since, now).map_err(misused)?;
    let environment = args.environment.as_deref().unwrap_or(&loaded.gateway.ledger.environment);
    let everybody = UsageFilter::new(since, now.saturating_add(Duration::from_secs(1)));
    let filter = everybody.clone().with_environment(environment).with_api(api.name()).with_version(from.name());
    let (sums, changes, past, environments, control) = ledger::ask(loaded, async |ledger| {
        let (sums, changes) = (ledger.sums(&filter).await?, ledger.change_sums(&filter).await?);
        let control = gateway::open_control(&loaded.gateway, ledger, now).await;
        Ok((sums, changes, ledger.past(&everybody).await?, ledger.environments().await?, control))
    })?;
    ledger::environment(&environments, args.environment.as_deref()).map_err(misused)?;
    ledger::consumer(loaded, &past, &args.consumer).map_err(misused)?;
    let control = control.map_err(misused)?;
    let read = |span: Span, path: &str| fs::read(bodies::beside(sources, span, path)).ok();
    let question = GuideQuestion::new(api, &args.consumer, now).with_use(&sums, &changes);
    let guide = question.with_control(&control).with_case_bodies(&read).between(from.name(), to.name());
    guide.ok_or_else(|| misused(format!("`{}` is not newer than `{}`; choose another `--to`", to.name(), from.name())))
}

fn show(args: &Args, guide: &Guide) -> ExitCode {
    let text = match args.format {
        _ if args.json => Ok(format!("{:#}\n", guide.to_json())),
        GuideFormat::Markdown => guide.to_markdown(),
        GuideFormat::Html => guide.to_html(),
    };
    match text {
        Ok(text) => super::print(&text),
        Err(error) => super::misused(&format!("error: {error}")),
    }
}
