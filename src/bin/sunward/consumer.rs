//! `sunward consumer`.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use sunward::consumer::ConsumerSecret;
use sunward::gateway::{self, consumer_secret, environment};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Reads API keys from standard input, one a line, and prints the identity of each, for `matches` of `[[consumer]]`.
    #[command(after_help = HELP)]
    Hash {
        /// The config file, for its secret. Default: the secret is in the environment variable SUNWARD_CONSUMER_SECRET.
        #[arg(value_name = "FILE", value_parser = super::file)]
        path: Option<PathBuf>,
    },
}

const HELP: &str = "Example: sunward consumer hash sunward.toml < key.txt. A key is never an argument, because arguments \
     are visible to other processes and kept in the history of the shell. For Basic authentication, the key is the user.";

const VARIABLE: &str = "SUNWARD_CONSUMER_SECRET";
/// More than all keys of a large api.
const MAX_INPUT: u64 = 16 * 1024 * 1024;

pub(crate) fn run(args: &Args) -> ExitCode {
    let Command::Hash { path } = &args.command;
    match secret(path.as_ref()).and_then(|secret| identities(&secret)) {
        Ok(lines) => super::print(&lines),
        Err(message) => super::misused(&message),
    }
}

fn secret(path: Option<&PathBuf>) -> Result<ConsumerSecret, String> {
    let Some(path) = path else {
        let secret = std::env::var(VARIABLE).ok().filter(|secret| !secret.is_empty());
        let secret = secret.ok_or(format!("error: `{VARIABLE}` is not set: set it, or pass the config file"))?;
        return ConsumerSecret::new(secret).map_err(|error| format!("error: `{VARIABLE}`: {error}"));
    };
    let sources = gateway::open(path, &|text| text);
    let secret = sources.and_then(|sources| consumer_secret(&sources, &environment));
    secret.map_err(|error| error.render(super::color(std::io::stderr())))
}

fn identities(secret: &ConsumerSecret) -> Result<String, String> {
    let mut input = Vec::new();
    let read = std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut input);
    read.map_err(|error| format!("error: standard input: {error}"))?;
    if input.len() as u64 > MAX_INPUT {
        return Err(format!("error: standard input has more than {MAX_INPUT} bytes: pass fewer keys at once"));
    }
    let mut lines = String::new();
    for key in input.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|key| !key.is_empty()) {
        writeln!(lines, "{}", secret.consumer(key)).map_err(|error| error.to_string())?;
    }
    if lines.is_empty() {
        return Err("error: standard input has no key: write it there, one a line".to_owned());
    }
    Ok(lines)
}
