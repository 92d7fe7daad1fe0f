//! What the example shows, and that it shows it as printed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::{Gateway, missing};

const JOHN: &str =
    r#"{"id":9007199254740993,"name":"John Doe","full_name":"John Doe","email":"john@example.com","plan":"free"}"#;

#[tokio::test]
async fn every_client_gets_its_version_from_every_service() {
    let gateway = Gateway::demo().await;
    let v2 = r#"{"id":9007199254740993,"name":"John Doe","email":"john@example.com"}"#;
    let up =
        r#"{"id":9007199254740993,"name":"John Doe","email":"john@example.com","full_name":"John Doe","plan":"free"}"#;
    let rows = [
        ("/api/v3/users/1", "", JOHN),
        ("/api/v2/users/1", "", v2),
        ("/api/users/1", "", v2),
        ("/api/users/1", "Api-Version: 3\r\n", JOHN),
        ("/api/users/1", "Accept: application/vnd.shop.v3+json\r\n", JOHN),
        ("/api/users/1", "Accept: application/json;version=3\r\n", JOHN),
        ("/api/v2/legacy-users/1", "", v2),
        ("/api/v3/legacy-users/1", "", up),
    ];
    for (path, field, body) in rows {
        let reply = gateway.send(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n{field}Connection: close\r\n\r\n")).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, body), "{path} {field}");
        assert_eq!(reply.field("content-length"), body.len().to_string(), "{path}");
    }
    let list = gateway.get("/api/v3/users").await;
    assert!(list.body.starts_with(r#"{"items":[{"id":9007199254740993,"#), "{}", list.body);
    assert!(list.body.ends_with(r#"],"total":3}"#), "{}", list.body);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn an_old_version_says_when_it_ends() {
    let gateway = Gateway::demo().await;
    let old = gateway.get("/api/v2/users/1?x=1").await;
    assert_eq!(old.fields("deprecation"), ["@1767225600"]);
    assert_eq!(old.fields("sunset"), ["Tue, 03 Dec 2030 00:00:00 GMT"]);
    assert!(old.field("link").contains("</api/v3/users/1?x=1>; rel=\"successor-version\""), "{}", old.head);
    let gone = gateway.get("/api/v1/users/1").await;
    assert_eq!((gone.status, gone.field("content-type")), (410, "application/problem+json"));
    assert_eq!((gone.field("cache-control"), gone.field("vary")), ("no-store", "accept, api-version"));
    let problem: serde_json::Value = serde_json::from_str(&gone.body).expect("JSON");
    assert_eq!(problem["status"], 410);
    assert_eq!(problem["supported_versions"], serde_json::json!(["2", "3"]));
    let head = gateway.send("HEAD /api/v1/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!((head.status, head.body.as_str()), (410, ""));
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn what_an_old_client_sends_arrives_new() {
    let gateway = Gateway::demo().await;
    let body = r#"{"name":"Ann Lee","email":"ann@example.com","big":1E400}"#;
    let reply = gateway
        .send(&format!(
            "POST /api/v2/users HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ))
        .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(reply.field("location"), "/api/v2/users/42");
    assert_eq!(reply.body, r#"{"id":42,"name":"Ann Lee","email":"ann@example.com","big":1E400}"#);
    assert!(gateway.stop().await);
}

/// An old client goes from the first page to the last by the links that it gets, in the body or in the field, and sees nothing
/// of the newer version.
#[tokio::test]
async fn an_old_client_pages_from_first_to_last() {
    let gateway = Gateway::demo().await;
    for by_body in [true, false] {
        let mut next = Some("/api/v2/purchases?per_page=2".to_owned());
        let (mut seen, mut pages) = (Vec::new(), Vec::new());
        while let Some(page) = next {
            let reply = gateway.get(&page).await;
            assert_eq!((reply.status, reply.field("api-version")), (200, "2"), "{page}");
            let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
            assert!(body.get("links").is_none() && !reply.body.contains("orders"), "{}", reply.body);
            let urls = body["items"].as_array().expect("items").iter().map(|item| item["url"].clone());
            seen.extend(urls.map(|url| url.as_str().expect("a URL").to_owned()));
            let links = reply.fields("link").into_iter().flat_map(|line| line.split(", "));
            let in_field = links.filter_map(|link| link.strip_prefix('<')?.strip_suffix(">; rel=\"next\""));
            let (in_field, in_body) = (in_field.last().map(str::to_owned), body["next"].as_str().map(str::to_owned));
            assert_eq!(in_field, in_body, "{page}");
            next = if by_body { in_body } else { in_field };
            pages.push(page);
        }
        let page = |after: &str| format!("/api/v2/purchases?per_page=2{after}");
        assert_eq!(pages, [page(""), page("&after=2"), page("&after=4")]);
        assert_eq!(seen, [1, 2, 3, 4, 5].map(|id| format!("/api/v2/purchases/{id}")));
    }
    let order = gateway.get("/api/v2/purchases/3").await;
    assert_eq!((order.status, order.body.as_str()), (200, r#"{"id":3,"url":"/api/v2/purchases/3"}"#));
    assert!(gateway.stop().await);
}

/// The example's binary is built beside the tests.
fn example() -> Option<Command> {
    let deps = std::env::current_exe().ok()?;
    let path = deps.parent()?.parent()?.join("examples/gateway");
    path.exists().then(|| Command::new(path))
}

/// Ends the example however the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(unix)]
fn the_lines_it_prints_work_as_printed() {
    let Some(mut command) = example() else {
        return missing("the example is not built: run `cargo build --example gateway` first");
    };
    command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut running = Running(command.spawn().expect("it starts"));
    let mut lines = BufReader::new(running.0.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.next().is_some_and(|line| line.starts_with("listening http://127.0.0.1:")));
    assert!(lines.next().is_some_and(|line| line.starts_with("admin http://127.0.0.1:")));
    let page = lines.by_ref().find_map(|line| Some(line.strip_prefix("Open ")?.split_once(' ')?.0.to_owned()));
    let curls: Vec<String> = lines.by_ref().filter(|line| line.starts_with("curl")).take(7).collect();
    let expected = [
        ("200", JOHN),
        ("200", "john@"),
        ("200", "john@"),
        ("410", "version-sunset"),
        ("200", "full_name"),
        ("201", "Ann Lee"),
        ("200", "\"next\":\"/api/v2/purchases?per_page=2&after=2\""),
    ];
    for (line, (status, part)) in curls.iter().zip(expected) {
        let output = match Command::new("sh").args(["-c", line]).output() {
            Ok(output) if output.status.code() != Some(127) => output,
            _ => return missing("curl is not installed"),
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")) && text.contains(part), "{line}\n{text}");
    }
    assert_eq!(curls.len(), 7);
    let page = page.expect("the address of the page");
    let page = Command::new("curl").args(["-s", "-H", "Accept: text/html", &page]).output().expect("curl").stdout;
    let page = String::from_utf8_lossy(&page).into_owned();
    assert!(page.contains("Share of requests by version") && page.contains("not ready"), "{page}");
}
