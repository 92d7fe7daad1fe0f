//! The rows of the gateway: the binary itself with one worker, between a client and a service of this process. The client
//! sends one request after the other on one connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::orders;

/// What is sent, and what comes back.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    version: u8,
    bytes: usize,
}

pub(crate) const ROWS: [Row; 4] = [
    Row { name: "gateway: 1 KiB, passed through", version: 2, bytes: 1 << 10 },
    Row { name: "gateway: 1 KiB, migrated", version: 1, bytes: 1 << 10 },
    Row { name: "gateway: 64 KiB, passed through", version: 2, bytes: 64 << 10 },
    Row { name: "gateway: 64 KiB, migrated", version: 1, bytes: 64 << 10 },
];

/// Under the counter the gateway starts slowly.
const START: Duration = Duration::from_secs(60);

/// The instructions of a gateway that served so many requests.
pub(crate) fn run(row: &Row, rounds: u64) -> u64 {
    let folder = std::env::temp_dir().join(format!("sunward-instructions-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let service = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = service.local_addr().expect("an address").port();
    let response = response(row.bytes);
    std::thread::spawn(move || serve(&service, &response));

    let config = folder.join("sunward.toml");
    std::fs::write(&config, file(&folder, port)).expect("a file");
    let gateway = super::counted(Path::new(env!("CARGO_BIN_EXE_sunward")))
        .arg("serve")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("valgrind");
    let mut client = connect(&folder.join("clients.sock"));
    (0..rounds).for_each(|_| exchange(&mut client, row.version));
    drop(client);
    let count = super::instructions(&stop(gateway));
    std::fs::remove_dir_all(&folder).expect("the folder is there");
    count
}

fn file(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        r#"
[gateway]
listen  = "unix:{folder}/clients.sock"
admin   = "unix:{folder}/admin.sock"
workers = 1

[[api]]
name         = "shop"
version_from = {{ header = "Api-Version" }}
strict       = true
upstream     = "shop"
version      = [{{ name = "1" }}, {{ name = "2" }}]

[[api.change]]
version  = "2"
summary  = "orders"
at       = "GET /orders -> 200 /data/*"
breaking = true
ops      = [
  {{ rename = "/customer", to = "/customer_id" }},
  {{ remove = "/legacy_flag", restore = false }},
  {{ add = "/currency_code", value = "EUR" }},
]

[[upstream]]
name      = "shop"
instances = [{{ url = "http://127.0.0.1:{port}" }}]
"#
    )
}

fn response(bytes: usize) -> Vec<u8> {
    let body = orders::list(bytes);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), &body].concat()
}

/// Answers every request of every connection, until the process ends.
fn serve(listener: &TcpListener, response: &[u8]) {
    std::thread::scope(|scope| {
        for stream in listener.incoming().map_while(Result::ok) {
            scope.spawn(move || answer(stream, response));
        }
    });
}

fn answer(mut stream: TcpStream, response: &[u8]) {
    stream.set_nodelay(true).expect("an option");
    let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
    while head(&mut reader).is_some() {
        if stream.write_all(response).is_err() {
            break;
        }
    }
}

/// Reads a head and gives the length of the body that follows, `None` within for a chunked one; `None` at the end of the
/// connection.
fn head(reader: &mut impl BufRead) -> Option<Option<usize>> {
    let mut length = Some(0);
    for line in reader.lines() {
        let line = line.ok()?.to_ascii_lowercase();
        if line.is_empty() {
            return Some(length);
        }
        match line.split_once(": ") {
            Some(("content-length", value)) => length = Some(value.parse().ok()?),
            Some(("transfer-encoding", _)) => length = None,
            _ => {}
        }
    }
    None
}

/// Reads a body and gives its length.
fn body(reader: &mut impl BufRead, length: Option<usize>) -> usize {
    let mut buffer = Vec::new();
    let mut read = |reader: &mut dyn Read, length: usize| {
        buffer.resize(length, 0);
        reader.read_exact(&mut buffer).expect("a body");
        length
    };
    if let Some(length) = length {
        return read(reader, length);
    }
    let mut total = 0;
    loop {
        let mut size = String::new();
        reader.read_line(&mut size).expect("a chunk");
        let size = usize::from_str_radix(size.trim(), 16).expect("the size of a chunk");
        read(reader, size + "\r\n".len());
        total += size;
        if size == 0 {
            return total;
        }
    }
}

fn connect(socket: &Path) -> BufReader<UnixStream> {
    let start = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return BufReader::new(stream),
            Err(error) => assert!(start.elapsed() < START, "the gateway does not listen: {error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn exchange(client: &mut BufReader<UnixStream>, version: u8) {
    let request = format!("GET /orders HTTP/1.1\r\nhost: shop.example\r\napi-version: {version}\r\n\r\n");
    client.get_mut().write_all(request.as_bytes()).expect("the gateway reads");
    let length = head(client).expect("a response");
    let length = body(client, length);
    assert!(length > 900, "an error of {length} bytes");
}

fn stop(gateway: Child) -> Vec<u8> {
    let killed = Command::new("kill").arg(gateway.id().to_string()).status().expect("a process");
    assert!(killed.success(), "the gateway ended by itself");
    gateway.wait_with_output().expect("an output").stderr
}
