//! What clients and upstreams write, in what is logged: nowhere as a line or a colour of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::gateway::wire::{config, raw};

const REQUESTS: [&str; 9] = [
    "GET /api/v3/x\x1b[31m HTTP/1.1|Host: a||",
    "GET /api/v3/x HTTP/1.1|Host: \x1b[31mFORGED||",
    "GET /api/v3/x HTTP/1.1|Host: a|Connection: close|X: \u{9b}FORGED||",
    "GET /api/v3/x?%0a%1b[31mFORGED HTTP/1.1|Host: a|Connection: close||",
    "GET /api/v3/%0aFORGED HTTP/1.1|Host: a|Connection: close||",
    "\x1b[31mFORGED|Host: a||",
    "FORGED\n",
    "POST /api/v3/x HTTP/1.1|Host: a|Transfer-Encoding: chunked||\x1b[31mFORGED||",
    "GET /api/v3/x HTTP/1.1|Host: a|Connection: close|User-Agent: \tFORGED||",
];

/// Ends the command however the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Answers what it should not, once for each connection.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            // It may have had enough before all is written.
            let _ = stream.write_all(&raw("HTTP/1.1 200 \x1b[31m|Content-Length: \x1b[31mFORGED\nFORGED||"));
        }
    });
    address
}

#[test]
fn input_cannot_forge_a_log_line() {
    for log in ["text", "json"] {
        let file = std::env::temp_dir().join(format!("sunward-log-{log}-{}.toml", std::process::id()));
        let text = config("logged", upstream()).replacen("[gateway]", &format!("[gateway]\nlog = \"{log}\""), 1);
        std::fs::write(&file, text).expect("written");
        let child = Command::new(env!("CARGO_BIN_EXE_sunward"))
            .arg("serve")
            .arg(&file)
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut running = Running(child);
        let mut line = String::new();
        BufReader::new(running.0.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where");
        let address = line.trim().trim_start_matches("listening http://");
        for request in REQUESTS {
            let mut stream = TcpStream::connect(address).expect("it listens");
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time");
            // It may have had enough before all is written.
            let _ = stream.write_all(&raw(request));
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let mut logged = Vec::new();
        let mut stderr = running.0.stderr.take().expect("a pipe");
        drop(running);
        stderr.read_to_end(&mut logged).expect("it ends");
        std::fs::remove_file(&file).expect("removed");
        let logged = String::from_utf8_lossy(&logged);
        let is_ours = |line: &str| if log == "json" { line.starts_with('{') } else { line.starts_with("20") };
        let clean = |c: char| c == '\n' || !c.is_control();
        assert!(logged.lines().count() > REQUESTS.len() / 2, "{logged}");
        assert!(logged.lines().all(is_ours) && logged.chars().all(clean), "{logged}");
    }
}
