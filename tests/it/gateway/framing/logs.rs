//! What clients and upstreams write, in what is logged: nowhere as a line or a colour of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};

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

/// Answers what it should not, once for each connection.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&raw("HTTP/1.1 200 \x1b[31m|Content-Length: \x1b[31mFORGED\nFORGED||"));
        }
    });
    address
}

#[test]
fn nobody_writes_the_log_but_the_gateway() {
    for log in ["text", "json"] {
        let file = std::env::temp_dir().join(format!("sunward-log-{log}-{}.toml", std::process::id()));
        let text = config("logged", upstream()).replacen("[gateway]", &format!("[gateway]\nlog = \"{log}\""), 1);
        std::fs::write(&file, text).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_sunward"))
            .arg("serve")
            .arg(&file)
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where");
        let address = line.trim().trim_start_matches("listening http://");
        for request in REQUESTS {
            let mut stream = TcpStream::connect(address).expect("it listens");
            stream.write_all(&raw(request)).expect("it reads");
            stream.shutdown(std::net::Shutdown::Write).expect("it is there");
            let _ = stream.read_to_end(&mut Vec::new());
        }
        child.kill().expect("it runs");
        let output = child.wait_with_output().expect("it ends");
        std::fs::remove_file(&file).expect("removed");
        let logged = String::from_utf8_lossy(&output.stderr);
        let is_ours = |line: &str| if log == "json" { line.starts_with('{') } else { line.starts_with("20") };
        let clean = |c: char| c == '\n' || !c.is_control();
        assert!(logged.lines().count() > REQUESTS.len() / 2, "{logged}");
        assert!(logged.lines().all(is_ours) && logged.chars().all(clean), "{logged}");
    }
}
