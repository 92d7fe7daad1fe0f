//! A file that changes while it is served.

use std::path::PathBuf;
use std::time::Duration;

use sunward::gateway::Options;

use super::{Gateway, origins};

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
