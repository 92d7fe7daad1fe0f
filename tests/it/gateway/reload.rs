//! A file that changes while it is served.

use std::path::PathBuf;
use std::time::Duration;

use sunward::gateway::Options;

use super::cert::Authority;
use super::{Gateway, origins, rig};

/// A file of its own for a test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sunward-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("gateway.toml")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn config(port: u16, sunset: &str) -> String {
    format!(
        r#"[[api]]
name = "shop"
base_path = "/api"
version_from = {{ path = "/v{{version}}" }}
upstream = "shop"

[[api.version]]
name = "2"
deprecated = 2020-01-01
sunset = {sunset}

[[api.version]]
name = "3"

[[api.route]]
route = "GET /users/{{id}}"

[[upstream]]
name = "shop"
instances = [{{ url = "http://127.0.0.1:{port}", speaks = "3" }}]
"#
    )
}

/// Asks until the answer is as expected; the file system says when it likes.
async fn eventually(gateway: &Gateway, path: &str, status: u16) -> bool {
    for _ in 0..200 {
        if gateway.get(path).await.status == status {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
async fn files_that_are_included_are_watched_too() {
    let port = origins::start(3).await.expect("a free port").port();
    let scratch = Scratch::new("included");
    std::fs::create_dir_all(scratch.0.join("apis")).expect("a folder");
    let [now, then] = ["2099-01-01", "2021-01-01"].map(|sunset| {
        let text = config(port, sunset).replace(&port.to_string(), "${PORT}");
        text.split_once("[[upstream]]").map(|(api, upstream)| (api.to_owned(), format!("[[upstream]]{upstream}")))
    });
    let ((now, upstream), (then, _)) = (now.expect("both parts"), then.expect("both parts"));
    std::fs::write(scratch.file(), format!("include = \"apis/*.toml\"\n{upstream}")).expect("written");
    std::fs::write(scratch.0.join("apis/shop.toml"), now).expect("written");
    let options = Options::new().with_variables(move |name| (name == "PORT").then(|| port.to_string()));
    let gateway = Gateway::start(&scratch.file(), options).await;
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 200);

    std::fs::write(scratch.0.join("apis/shop.toml"), then).expect("written");
    assert!(eventually(&gateway, "/api/v2/users/1", 410).await, "the new date holds");
    std::fs::write(
        scratch.0.join("apis/other.toml"),
        "[[api]]\nname = \"other\"\nbase_path = \"/other\"\n\
        upstream = \"shop\"\nversion_from = { header = \"V\" }\nunspecified = { version = \"3\" }\n\
        forward_as = \"/api\"\n[[api.version]]\nname = \"3\"\n",
    )
    .expect("written");
    assert!(eventually(&gateway, "/other/users/1", 200).await, "a new file is found");
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_good_file_is_swapped_in_and_a_bad_one_is_not() {
    let port = origins::start(3).await.expect("a free port").port();
    let scratch = Scratch::new("reload");
    std::fs::write(scratch.file(), config(port, "2099-01-01")).expect("written");
    let gateway = Gateway::start(&scratch.file(), Options::new()).await;
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 200);

    std::fs::write(scratch.file(), config(port, "2021-01-01")).expect("written");
    assert!(eventually(&gateway, "/api/v2/users/1", 410).await, "the new date holds");

    std::fs::write(scratch.file(), config(port, "\"yesterday\"")).expect("written");
    let mut rejected = false;
    for _ in 0..200 {
        rejected = gateway.admin("/metrics").await.body.contains(r#"sunward_config_reload_total{result="rejected"} "#);
        if rejected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(rejected, "the metric says so");
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 410, "the old file stays");
    assert_eq!(gateway.get("/api/v3/users/1").await.status, 200);
    assert!(gateway.stop().await);
}

/// Requests are served while a config is read, even by a single thread: here the reading does not end before a request has.
#[tokio::test]
async fn a_reload_takes_no_time_from_requests() {
    let port = origins::start(3).await.expect("a free port").port();
    let scratch = Scratch::new("apart");
    std::fs::write(scratch.file(), config(port, "2099-01-01")).expect("written");
    let (reads, reading) = std::sync::mpsc::channel();
    let (served, serving) = std::sync::mpsc::channel::<()>();
    let (serving, first) = (std::sync::Mutex::new(serving), std::sync::atomic::AtomicBool::new(true));
    let rewrite = move |text: String| {
        if !first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            reads.send(std::thread::current().id()).expect("the test waits");
            // Where this is the thread that serves, nothing comes.
            let _ = serving.lock().expect("whole").recv_timeout(Duration::from_secs(5));
        }
        text
    };
    let gateway = Gateway::start(&scratch.file(), Options::new().with_rewrite(rewrite)).await;
    let mut thread = None;
    for _ in 0..200 {
        // The folder may not have been watched before.
        std::fs::write(scratch.file(), config(port, "2021-01-01")).expect("written");
        thread = reading.try_recv().ok();
        if thread.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_ne!(thread.expect("it is read"), std::thread::current().id());
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 200, "the old one is served");
    drop(served);
    assert!(eventually(&gateway, "/api/v2/users/1", 410).await, "the new one holds");
    assert!(gateway.stop().await);
}

/// Kubernetes exchanges the files of a config map by renaming a link that they all lead through.
#[cfg(unix)]
#[tokio::test]
async fn a_config_map_is_exchanged() {
    use std::os::unix::fs::symlink;
    let port = origins::start(3).await.expect("a free port").port();
    let scratch = Scratch::new("config-map");
    let mount = scratch.0.join("mount");
    for (folder, sunset) in [("..1", "2099-01-01"), ("..2", "2021-01-01"), ("..3", "2099-01-01")] {
        std::fs::create_dir_all(mount.join(folder)).expect("a folder");
        std::fs::write(mount.join(folder).join("gateway.toml"), config(port, sunset)).expect("written");
    }
    symlink("..1", mount.join("..data")).expect("a link");
    symlink("..data/gateway.toml", mount.join("gateway.toml")).expect("a link");
    // The command line may name it through another link, in another folder.
    symlink(mount.join("gateway.toml"), scratch.file()).expect("a link");
    let gateway = Gateway::start(&scratch.file(), Options::new()).await;
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 200);
    for (folder, status) in [("..2", 410), ("..3", 200)] {
        symlink(folder, mount.join("..data_tmp")).expect("a link");
        std::fs::rename(mount.join("..data_tmp"), mount.join("..data")).expect("renamed");
        assert!(eventually(&gateway, "/api/v2/users/1", status).await, "{folder} is served");
    }
    assert!(gateway.stop().await);
}

/// What the command reports goes to a file in the config's own folder, and so it does for each request: neither is a change of
/// the config. What was refused is not reported again until it changes, or until a signal asks for it.
#[cfg(unix)]
#[tokio::test]
async fn a_config_is_refused_once() {
    type Way = fn(&std::path::Path, &Authority);
    let rows: [(&str, Way); 4] = [
        ("broken", |file, _| std::fs::write(file, "[[api]\n").expect("written")),
        ("gone", |file, _| std::fs::remove_file(file).expect("removed")),
        ("include", |file, _| {
            let text = std::fs::read_to_string(file).expect("a text");
            std::fs::write(file, format!("include = \"none/*.toml\"\n{text}")).expect("written");
        }),
        ("certificate", |_, authority| std::fs::write(authority.file("server.pem"), "none").expect("written")),
    ];
    let mut wrong = Vec::new();
    for (name, spoil) in rows {
        let (authority, service) = (Authority::new(&format!("refused-{name}")), rig::Service::saying(rig::OK).await);
        authority.sign("server", "localhost");
        let [file, log, access] = ["gateway.toml", "log", "access.log"].map(|name| PathBuf::from(authority.file(name)));
        let own = super::server::tls(&authority, "") + &format!("[gateway.access_log]\nto = {access:?}\n");
        std::fs::write(&file, rig::config(name, &[service.address], &own, "")).expect("written");
        let out = std::fs::File::create(&log).expect("a file");
        let child = std::process::Command::new(env!("CARGO_BIN_EXE_sunward"))
            .arg("serve")
            .arg(&file)
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .stdout(std::process::Stdio::null())
            .stderr(out)
            .spawn()
            .expect("it starts");
        let child = Ended(child);
        let times = |text: &str| std::fs::read_to_string(&log).expect("a text").matches(text).count();
        assert!(rig::becomes(async || times("listening") > 1).await, "{name}: it starts");
        spoil(&file, &authority);
        for count in 1..=4 {
            if !rig::becomes(async || times("config refused") >= count).await {
                wrong.push(format!("{name}: {count} refusals do not come"));
            }
            if count < 4 {
                let hup = std::process::Command::new("kill").args(["-HUP", &child.0.id().to_string()]).status();
                assert!(hup.is_ok_and(|status| status.success()));
            }
        }
        let (count, accepted) = (times("config refused"), times("config reloaded"));
        if (count, accepted) != (4, 0) {
            wrong.push(format!("{name}: refused {count} times, accepted {accepted} times"));
        }
        if times("reload-refused") != 4 {
            wrong.push(format!("{name}: the log has more than a line for each refusal"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Ends the command however the test ends.
#[cfg(unix)]
struct Ended(std::process::Child);

#[cfg(unix)]
impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
