//! `sunward serve`.

use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;

use sunward::config::LogFormat;
use sunward::gateway::{App, Metrics, Options};
use tracing_subscriber::EnvFilter;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    file: super::ConfigArg,
    /// Listens here for clients, instead of the address in the config. Port 0 selects a free port.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Listens here for the admin API, instead of the address in the config.
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let runtime = match runtime(args) {
        Ok(runtime) => runtime,
        Err(e) => return fail(&format!("error: cannot start the runtime: {e}\n")),
    };
    runtime.block_on(serve(args))
}

/// One thread needs no scheduler that hands work from one to another.
fn runtime(args: &Args) -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match sunward::gateway::workers(&args.file.path).unwrap_or(cores) {
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        workers => tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build(),
    }
}

async fn serve(args: &Args) -> ExitCode {
    // What is found while it is bound is logged as well.
    log(sunward::gateway::log_format(&args.file.path).unwrap_or(LogFormat::Text));
    let mut options = match Metrics::install() {
        Ok(metrics) => Options::new().with_metrics(metrics),
        Err(error) => return fail(&format!("error: {error}\n")),
    };
    options = args.listen.map_or(options.clone(), |address| options.with_listen(address));
    options = args.admin.map_or(options.clone(), |address| options.with_admin(address));
    let app = match App::bind(&args.file.path, options).await {
        Ok(app) => app,
        Err(error) => return fail(&format!("{}\n", error.to_string().trim_end())),
    };
    super::tell(&app.warnings(super::color(std::io::stderr())));
    let stop = match stop() {
        Ok(stop) => stop,
        Err(e) => return fail(&format!("error: {e}\n")),
    };
    super::print(&app.places());
    if app.run(stop).await { ExitCode::SUCCESS } else { ExitCode::from(super::FAILED) }
}

fn fail(text: &str) -> ExitCode {
    super::misused(text)
}

fn log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A line that cannot be written is lost: to say so would go to the same place, and panic.
    let builder = tracing_subscriber::fmt().log_internal_errors(false);
    let builder = builder.with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => builder.json().init(),
        _ => builder.with_ansi(super::color(std::io::stderr())).init(),
    }
}

/// SIGINT, or SIGTERM from service managers. The handlers are installed here and not at the first poll, because a signal
/// may come as soon as the addresses are printed.
#[cfg(unix)]
fn stop() -> std::io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut next = async move || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    Ok(async move {
        next().await;
        // A second signal means: do not wait for in-flight requests.
        tokio::spawn(async move {
            next().await;
            tracing::warn!("second signal: stopping at once");
            std::process::exit(i32::from(super::FAILED));
        });
    })
}

#[cfg(not(unix))]
fn stop() -> std::io::Result<impl Future<Output = ()> + Send> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
