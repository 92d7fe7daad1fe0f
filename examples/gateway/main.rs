//! A gateway over the library, with three small services behind it, so that it needs nothing else:
//!
//! ```sh
//! cargo run --example gateway
//! ```

mod clients;
mod history;
mod origins;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use sunward::gateway::{App, Metrics, Options};

#[derive(Parser)]
struct Args {
    /// Listens here instead of on 127.0.0.1:8080; port 0 takes a free one.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Has the admin listener here instead of on 127.0.0.1:9090.
    #[arg(long)]
    admin: Option<SocketAddr>,
    /// Starts no clients, and without a month of past use.
    #[arg(long)]
    quiet: bool,
    /// Runs another file.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/gateway/gateway.toml"))]
    config: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let (a, b, legacy) = (origins::start(3).await?, origins::start(3).await?, origins::start(2).await?);
    // The file names fixed ports; the services took free ones.
    let addresses = [("127.0.0.1:3001", a), ("127.0.0.1:3002", b), ("127.0.0.1:3003", legacy)];
    // What is counted is kept for as long as the demo runs.
    let state = tempfile::tempdir()?;
    let folder =
        format!("[gateway]\nstate = {:?}\nledger = {{ flush = \"1s\" }}\n", state.path().display().to_string());
    let rewrite = move |text: String| {
        let text = addresses.iter().fold(text, |text, (written, bound)| text.replace(written, &bound.to_string()));
        if text.contains("\nstate =") { text } else { text.replacen("[gateway]\n", &folder, 1) }
    };
    if !args.quiet {
        history::write(state.path()).await?;
    }
    let mut options = Options::new().with_rewrite(rewrite).with_metrics(Metrics::install()?);
    options = args.listen.map_or(options.clone(), |address| options.with_listen(address));
    options = args.admin.map_or(options.clone(), |address| options.with_admin(address));
    let app = match App::bind(&args.config, options).await {
        Ok(app) => app,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(2);
        }
    };
    let listen = format!("http://{}", app.listen_addr()?);
    println!("listening {listen}\nadmin http://{}\n", app.admin_addr()?);
    println!(
        "Open http://{}/ in a browser: who uses which version, and whether it is ready to retire.\n",
        app.admin_addr()?
    );
    println!("curl -i {listen}/api/v3/users/1                                        # what the services speak");
    println!("curl -i {listen}/api/v2/users/1                                        # deprecated: see the headers");
    println!("curl -i -A acme-app/2.1 {listen}/api/v2/users/1                        # from acme, by the register");
    println!("curl -i {listen}/api/v1/users/1                                        # gone: 410");
    println!(
        "curl -i -H 'Accept: application/vnd.shop.v3+json' {listen}/api/legacy-users/1   # from a service that speaks 2"
    );
    println!(
        "curl -i -d '{{\"name\":\"Ann Lee\",\"email\":\"ann@example.com\"}}' -H 'Content-Type: application/json' {listen}/api/v2/users"
    );
    println!("curl -i '{listen}/api/v2/purchases?per_page=2'   # its links lead to pages of version 2");
    if !args.quiet {
        tokio::spawn(clients::call(app.listen_addr()?));
    }
    app.run(async { drop(tokio::signal::ctrl_c().await) }).await;
    Ok(())
}
