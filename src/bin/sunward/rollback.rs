//! `sunward rollback`.

use std::path::PathBuf;
use std::process::ExitCode;

use sunward::gateway::{Rollback, RollbackError};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::File,
    /// The number of the revision; the latest that is not what stands in the files, unless said.
    #[arg(long, value_name = "NUMBER")]
    to: Option<u64>,
    /// Lists the revisions, and changes nothing.
    #[arg(long, conflicts_with_all = ["to", "force"])]
    list: bool,
    /// Versions that are in use may be dropped.
    #[arg(long)]
    force: bool,
    /// The folder of what is kept; the one that the file names, unless said.
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let rollback = match Rollback::open(&args.file.path, args.state.clone()) {
        Ok(rollback) => rollback,
        Err(error) => return fail(&error),
    };
    if args.list {
        return super::print(&list(&rollback));
    }
    let by = std::env::var("USER").unwrap_or_default();
    match rollback.run(args.to, args.force, &by) {
        Ok(done) => {
            super::print(&format!("{}\n", done.join("\n")));
            if args.force {
                eprintln!("a gateway that runs takes it after `POST /config/reload?force=true` if versions are in use");
            }
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

/// A line for each; a star marks what stands in the files.
fn list(rollback: &Rollback) -> String {
    let line = |(revision, is_now): (&sunward::gateway::Revision, bool)| {
        let mark = if is_now { '*' } else { ' ' };
        let parts = [revision.time(), revision.tag(), revision.via(), revision.by(), revision.reason()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{mark} {:>4}  {}\n", revision.number(), parts.join("  "))
    };
    rollback.revisions().map(line).collect()
}

fn fail(error: &RollbackError) -> ExitCode {
    eprintln!("error: {}", error.to_string().trim_end());
    match error {
        RollbackError::Unreadable(_) | RollbackError::NoState => ExitCode::from(super::MISUSED),
        _ => ExitCode::from(super::FAILED),
    }
}
