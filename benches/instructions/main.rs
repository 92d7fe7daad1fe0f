//! How many instructions a request, or a body, costs: a figure that does not depend on how busy the machine is.
//!
//! ```sh
//! cargo bench --bench instructions                 # a table: counted, recorded, and by how much they differ
//! cargo bench --bench instructions -- --check      # fails if a call or a body costs over 3 % more than its record
//! cargo bench --bench instructions -- --update     # writes the record
//! ```
//!
//! Valgrind counts the instructions of the program in user space. Each row runs twice, with a small and with a large
//! number of rounds, so that start and end cancel out. What the kernel does is not counted. Calls and bodies come out the
//! same each time; a request through the gateway depends on how its bytes arrive, so those rows are shown and not judged.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "it serves several benches")]
mod common;
mod gateway;
mod layers;
#[path = "../common/orders.rs"]
mod orders;

/// More than this above the record fails, and as much below it says that the record is out of date.
const TOLERANCE: f64 = 0.03;

/// Rounds of the two runs.
const ROUNDS: [u64; 2] = [200, 1200];

/// Instructions for each round, by the name of the row.
type Counts = BTreeMap<String, u64>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--rounds", rounds, row] => {
            layers::run(row, rounds.parse().expect("a number"));
            ExitCode::SUCCESS
        }
        // A test run of all benches counts nothing.
        ["--test"] => ExitCode::SUCCESS,
        ["--check"] => judge(true),
        ["--update"] => {
            std::fs::write(record(), text(&count())).expect("the record can be written");
            ExitCode::SUCCESS
        }
        _ => judge(false),
    }
}

/// Counts every row.
fn count() -> Counts {
    let own = std::env::current_exe().expect("a path");
    let layers = layers::rows().into_iter().map(|row| {
        let per_round = difference(|rounds| {
            let output = counted(&own).args(["--rounds", &rounds.to_string(), &row]).output().expect("valgrind");
            instructions(&output.stderr)
        });
        (row, per_round)
    });
    let gateway = gateway::ROWS.iter().map(|row| {
        let per_round = difference(|rounds| gateway::run(row, rounds));
        (row.name.to_owned(), per_round)
    });
    layers.chain(gateway).collect()
}

/// What one round costs, by a short and a long run.
fn difference(run: impl Fn(u64) -> u64) -> u64 {
    let [few, many] = ROUNDS.map(run);
    many.saturating_sub(few) / (ROUNDS[1] - ROUNDS[0])
}

/// A program under the counter.
fn counted(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]).arg(program);
    command
}

/// What the counter reports at the end.
fn instructions(stderr: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().rev().find(|line| line.contains("I refs:") || line.contains("I   refs:"));
    let number = line.and_then(|line| line.rsplit(' ').find(|word| !word.is_empty()));
    let number = number.and_then(|word| word.replace(',', "").parse().ok());
    number.unwrap_or_else(|| panic!("no count in the output of valgrind (is it installed?):\n{text}"))
}

fn judge(check: bool) -> ExitCode {
    let recorded = read(&std::fs::read_to_string(record()).unwrap_or_default());
    let counts = count();
    let mut failed = false;
    for (row, count) in &counts {
        let Some(known) = recorded.get(row) else {
            println!("{count:>10}  {:>10}         {row}", "-");
            failed = true;
            continue;
        };
        #[allow(clippy::cast_precision_loss, reason = "a ratio of small numbers")]
        let change = *count as f64 / *known as f64 - 1.0;
        let remark = match change {
            more if more > TOLERANCE => "  costs more than its record",
            less if less < -TOLERANCE => "  costs less than its record: run with `--update`",
            _ => "",
        };
        failed |= change > TOLERANCE && gateway::ROWS.iter().all(|known| known.name != row);
        println!("{count:>10}  {known:>10}  {:>+5.1} %  {row}{remark}", change * 100.0);
    }
    for row in recorded.keys().filter(|row| !counts.contains_key(*row)) {
        println!("the record has a row that is not counted: {row}");
        failed = true;
    }
    if check && failed {
        eprintln!("error: the instructions differ from {}; if that is meant, run with `--update`", record().display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn record() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/record/instructions.txt")
}

fn text(counts: &Counts) -> String {
    let mut text = String::from(
        "# Instructions in user space for each round, counted by `cargo bench --bench instructions -- --update`.\n",
    );
    for (row, count) in counts {
        let _ = writeln!(text, "{count:>10}  {row}");
    }
    text
}

fn read(text: &str) -> Counts {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.filter_map(|line| line.trim_start().split_once("  "));
    rows.filter_map(|(count, row)| Some((row.to_owned(), count.parse().ok()?))).collect()
}
