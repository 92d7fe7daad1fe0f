//! A load generator.
//!
//! - `load rate ADDRESS PATH RATE SECONDS CONNECTIONS`: a constant rate; prints one line of JSON.
//! - `load hold ADDRESS IDLE-PATH IDLE ACTIVE-PATH ACTIVE SECONDS`: opens idle connections and prints a line; after a
//!   line on standard input, keeps the active ones busy for so long, and prints another; ends after the next line.

use std::str::FromStr;
use std::time::Duration;

use proxy_lab::held::{Held, busy};
use proxy_lab::open_loop::{self, quantile};
use proxy_lab::target::{Error, Target};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin, stdin};

fn main() -> Result<(), Error> {
    let mut args = Args(std::env::args().skip(1));
    match args.text("a mode")?.as_str() {
        "rate" => rate(args),
        "hold" => hold_all(args),
        other => Err(format!("no mode is called {other}").into()),
    }
}

struct Args(std::iter::Skip<std::env::Args>);

impl Args {
    fn text(&mut self, name: &str) -> Result<String, Error> {
        self.0.next().ok_or_else(|| format!("{name} is needed").into())
    }

    fn number<T: FromStr>(&mut self, name: &str) -> Result<T, Error> {
        self.text(name)?.parse().map_err(|_| format!("{name} is no number").into())
    }

    fn seconds(&mut self) -> Result<Duration, Error> {
        Ok(Duration::try_from_secs_f64(self.number("SECONDS")?)?)
    }
}

fn rate(mut args: Args) -> Result<(), Error> {
    let target = Target::parse(&args.text("ADDRESS")?, &args.text("PATH")?)?;
    let (rate, length) = (args.number("RATE")?, args.seconds()?);
    let seen = open_loop::run(&target, rate, length, args.number("CONNECTIONS")?)?;
    println!(
        r#"{{"answered":{},"errors":{},"unanswered":{},"late":{:.1},"p50":{:.1},"p99":{:.1},"p999":{:.1}}}"#,
        seen.latencies.len(),
        seen.errors,
        seen.unanswered,
        quantile(&seen.late, 990),
        quantile(&seen.latencies, 500),
        quantile(&seen.latencies, 990),
        quantile(&seen.latencies, 999),
    );
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn hold_all(args: Args) -> Result<(), Error> {
    tokio::task::LocalSet::new().run_until(hold(args)).await
}

async fn hold(mut args: Args) -> Result<(), Error> {
    let address = args.text("ADDRESS")?;
    let idle = Target::parse(&address, &args.text("IDLE-PATH")?)?;
    let held = Held::open(&idle, args.number("IDLE")?).await?;
    let active = Target::parse(&address, &args.text("ACTIVE-PATH")?)?;
    let (connections, length) = (args.number("ACTIVE")?, args.seconds()?);
    let mut input = BufReader::new(stdin()).lines();
    said(&mut input, r#"{"idle":true}"#).await?;
    let (answers, errors) = busy(&active, length, connections).await;
    said(&mut input, &format!(r#"{{"answers":{answers},"errors":{errors}}}"#)).await?;
    drop(held);
    Ok(())
}

/// Prints a line, and waits for one.
async fn said(input: &mut Lines<BufReader<Stdin>>, line: &str) -> Result<(), Error> {
    println!("{line}");
    input.next_line().await?;
    Ok(())
}
