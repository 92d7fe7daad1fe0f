//! `sunward migrate`: try a change in the shell.

use std::io::Read;
use std::process::ExitCode;

use sunward::catalog::{Content, Migration};
use sunward::headers::media::MediaType;

use super::place::Place;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// How JSON stands in the body.
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    content_type: String,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let loaded = match super::open(&args.place.file.path, args.place.now) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let found = content(&args.content_type).and_then(|content| Ok((content, args.place.find(&loaded.catalog)?)));
    let (content, place) = match found {
        Ok(found) => found,
        Err(message) => return super::misused(&format!("error: {message}")),
    };
    let mut body = Vec::new();
    if let Err(e) = std::io::stdin().lock().read_to_end(&mut body) {
        super::tell(&format!("error: standard input: {e}\n"));
        return ExitCode::from(super::FAILED);
    }
    match Migration::new(place.chain, place.from, place.to).run(content, &body) {
        Ok(migrated) => {
            let printed = super::print_bytes(&migrated.body);
            report("a value that could not be migrated was left as it was", migrated.passed);
            report("a value stood where an op had to write", migrated.collisions);
            printed
        }
        Err(error) => {
            super::tell(&format!("error: {error}\n"));
            ExitCode::from(super::FAILED)
        }
    }
}

fn content(media: &str) -> Result<Content, String> {
    let content = MediaType::parse(media).and_then(|media| Content::of(&media));
    content.ok_or_else(|| format!("`{media}` is not migrated"))
}

fn report(what: &str, times: u64) {
    if times > 0 {
        super::tell(&format!("warning: {what} ({times}×)\n"));
    }
}
