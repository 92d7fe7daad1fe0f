//! `sunward rollback`.

use std::path::PathBuf;
use std::process::ExitCode;

use sunward::gateway::{Revision, Rollback, RollbackError, RollbackTo};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::ConfigArg,
    /// The number of the revision. Default: the one that was served before the one in the files.
    #[arg(long, value_name = "NUMBER")]
    to: Option<u64>,
    /// Lists the revisions and changes nothing: `*` marks the one in the files, and `>` marks the
    /// target of a rollback.
    #[arg(long, conflicts_with_all = ["to", "force", "by", "reason"])]
    list: bool,
    /// The name of the operator, for the audit log. Default: the environment variable USER; required if that is not set.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// The reason, for the audit log. Required, except with --list.
    #[arg(long, value_name = "TEXT", required_unless_present = "list")]
    reason: Option<String>,
    /// Allows dropping versions that are in use.
    #[arg(long)]
    force: bool,
    /// The folder with the revisions. Default: `state` in the config.
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let open = || Rollback::open(&args.file.path, args.state.clone());
    if args.list {
        return open().map_or_else(|error| fail(&error), |rollback| super::print(&list(&rollback)));
    }
    let (by, reason) = match (by(args), text(args.reason.as_deref())) {
        (Some(by), Some(reason)) => (by, reason),
        (None, Some(_)) => {
            return super::misused("error: `USER` is not set: pass `--by NAME`, for the audit log");
        }
        (Some(_), None) => return super::misused("error: the reason is empty: pass `--reason TEXT`"),
        (None, None) => {
            return super::misused("error: the audit log needs who and why: pass `--by NAME --reason TEXT`");
        }
    };
    let rollback = match open() {
        Ok(rollback) => rollback,
        Err(error) => return fail(&error),
    };
    let to = RollbackTo::new(by, reason).with_force(args.force);
    let to = args.to.map_or(to.clone(), |number| to.with_number(number));
    match rollback.run(&to) {
        Ok(done) => {
            let code = super::print(&format!("{}\n", done.join("\n")));
            super::tell(
                "a gateway that serves these files reloads them; while one runs, use `POST /rollback` of its admin \
                 listener instead\n",
            );
            if args.force {
                super::tell(
                    "a running gateway rejects these files because they drop versions in use: send it `POST \
                     /config/reload?force=true&by=NAME&reason=WHY`\n",
                );
            }
            code
        }
        Err(error) => fail(&error),
    }
}

/// Who is named, else the user of the shell.
fn by(args: &Args) -> Option<String> {
    let user = std::env::var("USER").ok();
    text(args.by.as_deref().or(user.as_deref()))
}

fn text(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A line for each, with what is in the files and what a rollback goes to marked.
fn list(rollback: &Rollback) -> String {
    let (current, before) = (rollback.current(), rollback.before());
    let line = |revision: &Revision| {
        let number = revision.number();
        let mark = match () {
            () if current == Some(number) => '*',
            () if before == Some(number) => '>',
            () => ' ',
        };
        let restores = revision.restores().map(|of| format!("restores {of}")).unwrap_or_default();
        let parts = [revision.time(), revision.tag(), &restores, revision.via(), revision.by(), revision.reason()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{mark} {number:>4}  {}\n", super::printable(&parts.join("  ")))
    };
    rollback.revisions().map(line).collect()
}

fn fail(error: &RollbackError) -> ExitCode {
    super::tell(&format!("error: {}\n", error.to_string().trim_end()));
    match error {
        RollbackError::Unreadable(_) | RollbackError::NoState | RollbackError::NotToml => {
            ExitCode::from(super::MISUSED)
        }
        _ => ExitCode::from(super::FAILED),
    }
}
