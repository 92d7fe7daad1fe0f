//! The `sunward` command.

mod bodies;
mod changed;
mod check;
mod columns;
mod consumer;
mod day;
mod diff;
mod explain;
mod flags;
mod guide;
mod input;
mod ledger;
mod migrate;
mod names;
mod notices;
mod place;
mod progress;
mod ready;
mod rollback;
mod serve;
mod svg;
mod test;
mod timeline;
mod usage;
mod usage_forget;
mod usage_import;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::config::SourceMap;
use sunward::gateway::{self, Loaded, environment, load_at};
use sunward::internals::{SUGGESTED, suggestion};

/// Change an HTTP API without breaking anyone, and really retire the old one.
#[derive(Parser)]
#[command(name = "sunward", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the gateway.
    Serve(serve::Args),
    /// Reports all errors and warnings of a config file.
    Check(check::Args),
    /// Shows what a change of the config file means for clients.
    Diff(diff::Args),
    /// Restores the config that was served before.
    Rollback(rollback::Args),
    /// Migrates a body from standard input to standard output.
    Migrate(migrate::Args),
    /// Runs the test cases of the changes.
    Test(test::Args),
    /// Shows what a migration does: the changes, and the program that they are compiled to.
    Explain(explain::Args),
    /// Shows the versions and the dates of their lifecycles.
    Timeline(timeline::Args),
    /// Shows who used what, from the ledger.
    Usage(usage::Command),
    /// Says whether a version may be retired, and if not, who uses it.
    Ready(ready::Args),
    /// Shows what a consumer has to change to use a newer version: only the changes that altered its requests.
    Guide(guide::Args),
    /// Checks the definitions of feature flags, and shows what they evaluate to.
    Flags(flags::Args),
    /// Shows which notices were sent to whom, or would be.
    Notices(notices::Args),
    /// Prints the identities of consumers, for the register.
    Consumer(consumer::Args),
    /// Prints the JSON Schema of the config file, for editors.
    Schema,
    /// Prints this help, or that of a command.
    Help {
        /// The command.
        command: Option<String>,
    },
}

const EXIT_CODES: &str = "Exit codes: 0, success; 1, the command ran with a negative result: errors found, a failed \
     case, a breaking difference, a version in use, a body that cannot be migrated, a refused rollback, or requests cut off at \
     shutdown; 2, invalid config or arguments.";

/// What was asked for could not be done, or not without harm: the body, the findings, the differences.
const FAILED: u8 = 1;
/// The config or the arguments are wrong.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Rollback(args) => rollback::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Timeline(args) => timeline::run(&args),
        Command::Usage(command) => usage::run(&command),
        Command::Ready(args) => ready::run(&args),
        Command::Guide(args) => guide::run(&args),
        Command::Flags(args) => flags::run(&args),
        Command::Notices(args) => notices::run(&args),
        Command::Consumer(args) => consumer::run(&args),
        Command::Help { command } => help(command.as_deref()),
        Command::Schema => print(&format!("{:#}\n", sunward::config::schema())),
    }
}

/// A command of our own: that of clap takes `help --help` for the name of a command.
fn help(name: Option<&str>) -> ExitCode {
    let mut own = Cli::command();
    own.build();
    let Some(name) = name else { return print(&own.render_help().to_string()) };
    match own.find_subcommand_mut(name) {
        Some(command) => print(&command.render_help().to_string()),
        None => {
            let known: Vec<&str> = own.get_subcommands().map(clap::Command::get_name).collect();
            let help = suggestion(name, &known, SUGGESTED);
            misused(&format!("error: unknown command `{}`; {help}", printable(name)))
        }
    }
}

/// Reads and checks a file for a command that needs it whole; what is wrong goes to standard error.
fn open(path: &Path, now: Option<Timestamp>) -> Result<Loaded, ExitCode> {
    open_sources(path, now).map(|(_, loaded)| loaded)
}

/// The same, with its texts.
fn open_sources(path: &Path, now: Option<Timestamp>) -> Result<(SourceMap, Loaded), ExitCode> {
    let now = now.unwrap_or_else(|| SystemClock.now());
    let loaded = gateway::open(path, &|text| text)
        .and_then(|sources| load_at(&sources, &environment, now).map(|loaded| (sources, loaded)));
    loaded.map_err(|error| misused(&error.render(color(std::io::stderr()))))
}

/// Prints to standard output; a reader that went away (`| head`) is no failure, a full disk is one.
fn print(text: &str) -> ExitCode {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            tell(&format!("error: standard output: {error}\n"));
            ExitCode::from(FAILED)
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Writes to standard error. Where it is closed, `eprint!` would panic, and there is nowhere left to report it.
fn tell(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Says why the config or the arguments are wrong.
fn misused(text: &str) -> ExitCode {
    tell(&format!("{}\n", text.trim_end()));
    ExitCode::from(MISUSED)
}

/// Texts from files may hold control characters, which a terminal obeys.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Colour is for terminals, unless `NO_COLOR` says otherwise.
fn color(stream: impl std::io::IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse::<Timestamp>().map_err(|e| e.to_string())
}

/// A file, and not the sign that stands for standard input elsewhere.
fn file(text: &str) -> Result<PathBuf, &'static str> {
    match text {
        "-" => Err("for standard input, pass `/dev/stdin`"),
        _ => Ok(text.into()),
    }
}

/// A config file as an argument.
#[derive(clap::Args)]
struct ConfigArg {
    /// The config file.
    #[arg(value_name = "FILE", value_parser = file)]
    path: PathBuf,
}
