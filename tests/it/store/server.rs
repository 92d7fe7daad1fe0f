//! A server of PostgreSQL, for as long as the tests run.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// A server with a folder and a port of its own. It is stopped when this is dropped, and also when the process of the tests ends.
pub(crate) struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    /// It waits for the end of its input.
    keeper: Child,
}

/// A pooler in front of a server, in which each transaction may have another connection.
pub(crate) struct Pooler {
    port: u16,
    keeper: Child,
}

/// Servers have to be told apart in one process, and so have databases.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Starts the server, and stops it at the end of the input. Writes are not forced to the disk: it is thrown away.
const KEEP: &str = r#"
    "$1/initdb" -D "$2/data" -U postgres --auth=trust --no-sync -E UTF8 --locale=C >/dev/null
    "$1/pg_ctl" -D "$2/data" -l "$2/log" -w -o "-c fsync=off -c listen_addresses=127.0.0.1 -p $3 -k $2" start >/dev/null </dev/null
    echo started
    read -r _ || true
    "$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null
"#;

const POOL: &str = r#"
    printf '[databases]\n* = host=127.0.0.1 port=%s user=postgres\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=%s\n' "$2" "$3" >"$1/pool.ini"
    printf 'auth_type=any\npool_mode=transaction\ndefault_pool_size=2\nunix_socket_dir=\n' >>"$1/pool.ini"
    pgbouncer -q "$1/pool.ini" </dev/null >/dev/null 2>&1 &
    until (exec 3<>"/dev/tcp/127.0.0.1/$3") 2>/dev/null; do kill -0 $! || exit 1; sleep 0.05; done
    echo started
    read -r _ || true
    kill $!
"#;

// === impl Server ===

impl Server {
    /// A server that is up; `None` if PostgreSQL is not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("CI").is_none(), "PostgreSQL is missing");
            eprintln!("left out: PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("sunward-postgres-").tempdir().expect("a folder");
        give_away(folder.path());
        let port = free_port();
        let keeper = keep(KEEP, &[text(&programs), text(folder.path()), &port.to_string()]);
        Some(Self { programs, folder, port, keeper })
    }

    /// The URL of a new database.
    pub(crate) fn database(&self) -> String {
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs a statement in a database, and returns what it printed.
    pub(crate) fn sql(&self, database: &str, statement: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args([
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-U",
            "postgres",
            "-d",
            database,
            "-qAtc",
            statement,
        ]);
        let output = psql.output().expect("psql");
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("a text").trim().to_owned()
    }

    /// Stops it as a crash would.
    pub(crate) fn stop(&self) {
        self.control(&["-m", "immediate", "stop"]);
    }

    /// Starts it again.
    pub(crate) fn start_again(&self) {
        let options =
            format!("-c fsync=off -c listen_addresses=127.0.0.1 -p {} -k {}", self.port, text(self.folder.path()));
        self.control(&["-w", "-l", text(&self.folder.path().join("log")), "-o", &options, "start"]);
    }

    /// A pooler in front of it; `None` if PgBouncer is not installed.
    pub(crate) fn pooler(&self) -> Option<Pooler> {
        if !Path::new("/usr/sbin/pgbouncer").exists() {
            assert!(std::env::var_os("CI").is_none(), "PgBouncer is missing");
            eprintln!("left out: PgBouncer is not installed");
            return None;
        }
        let port = free_port();
        let keeper = keep(POOL, &[text(self.folder.path()), &self.port.to_string(), &port.to_string()]);
        Some(Pooler { port, keeper })
    }

    fn control(&self, arguments: &[&str]) {
        let mut command = as_user(text(&self.programs.join("pg_ctl")));
        command.args(["-D", text(&self.folder.path().join("data"))]).args(arguments);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().expect("pg_ctl");
        assert!(status.success(), "{arguments:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.keeper);
    }
}

// === impl Pooler ===

impl Pooler {
    /// The same database through the pooler.
    pub(crate) fn url(&self, url: &str) -> String {
        let (_, name) = url.rsplit_once('/').expect("a database");
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        end(&mut self.keeper);
    }
}

fn keep(script: &str, arguments: &[&str]) -> Child {
    let mut command = as_user("bash");
    command.args(["-euc", script, "bash"]).args(arguments);
    let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("bash");
    let mut line = String::new();
    let output = keeper.stdout.take().expect("a pipe");
    BufReader::new(output).read_line(&mut line).expect("a line");
    assert_eq!(line, "started\n", "it does not start");
    keeper
}

fn end(keeper: &mut Child) {
    drop(keeper.stdin.take());
    let _ = keeper.wait();
}

/// PostgreSQL does not run as root.
fn as_user(program: &str) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", program]).current_dir("/");
    command
}

fn give_away(folder: &Path) {
    if is_root() {
        let status = Command::new("chown").args(["postgres", text(folder)]).status().expect("chown");
        assert!(status.success());
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// The newest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    folders.filter(|folder| folder.join("initdb").exists()).max()
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
