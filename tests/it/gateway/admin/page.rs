//! The page: over plain HTTP, and in a real browser.

use std::time::Duration;

use serde_json::Value;
use sunward::clock::{Clock, SystemClock, Timestamp};
use sunward::usage::{Caller, Ledger, SqlLedger, UsedChange, UsedRoute};

use super::super::webdriver::WebDriver;
use super::super::{Gateway, exchange, missing};
use super::{Desk, Reply};

const BROWSER: &str = "Accept: text/html\r\n";

/// Asks as a browser does, with more fields.
async fn visit(gateway: &Gateway, method: &str, path: &str, fields: &str, form: &str) -> Reply {
    let kind = if form.is_empty() { "" } else { "Content-Type: application/x-www-form-urlencoded\r\n" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{BROWSER}{fields}{kind}Content-Length: {}\r\n",
        form.len()
    );
    exchange(gateway.admin, &format!("{head}Connection: close\r\n\r\n{form}")).await
}

fn field<'r>(reply: &'r Reply, name: &str) -> &'r str {
    let line = reply.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")));
    line.and_then(|line| line.split_once(": ")).map_or("", |(_, value)| value)
}

/// The sign of the form of a page.
fn csrf(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no form: {page}"));
    rest.split('"').next().expect("a value").to_owned()
}

/// Fills the ledger of a gateway that is to be started.
async fn fill(desk: &Desk, consumers: usize) {
    let state = desk.folder.join("state");
    std::fs::create_dir_all(&state).expect("a folder");
    let store = SqlLedger::open(&state.join("ledger.sqlite"), "default").await.expect("a ledger");
    let ledger = Ledger::new().with_consumers(consumers + 10);
    let (now, change) = (SystemClock.now(), UsedChange::new("3", "A user's mail is called email"));
    let ago = |days: u64| now.saturating_sub(Duration::from_secs(days * 86_400));
    let count = |at: Timestamp, version: &str, consumer: &str, times: usize| {
        let route = UsedRoute::new("page", version, "GET", "/users/{id}");
        for _ in 0..times {
            let tally = ledger.tally(at, &Caller::new(&route).with_consumer(consumer).with_request_id("request-1"));
            if version == "2" {
                tally.add_change(&change);
            }
            tally.add(200, None, 10);
        }
    };
    for day in [20, 6, 1, 0] {
        count(ago(day), "2", "acme", 3);
        count(ago(day), "3", "umbrella", 5);
    }
    count(ago(2), "2", "<img src=x onerror=alert(1)>", 1);
    for consumer in 0..consumers {
        count(ago(consumer as u64 % 10), "2", &format!("consumer {consumer:05}"), 1);
    }
    ledger.flush(&store, now).await.expect("written");
    store.close().await;
}

const PAGES: [&str; 9] = [
    "/",
    "/ui/apis/page/versions/1",
    "/ui/apis/page/versions/2?days=90&sort=consumer&q=a",
    "/ui/apis/page/consumers/acme",
    "/ui/upstreams",
    "/ui/notices",
    "/ui/config",
    "/ui/audit?q=hold",
    "/ui/acts/extend?api=page&version=1",
];

#[tokio::test]
async fn pages_are_whole_and_load_nothing_from_elsewhere() {
    let bare = Desk::new("page", "").await;
    let kept = Desk::new("page", "STATE").await;
    fill(&kept, 3).await;
    for (gateway, has_usage) in [(bare.start().await, false), (kept.start().await, true)] {
        for path in PAGES {
            let reply = visit(&gateway, "GET", path, "", "").await;
            assert_eq!((reply.status, field(&reply, "content-type")), (200, "text/html; charset=utf-8"), "{path}");
            assert!(
                field(&reply, "content-security-policy").starts_with("default-src 'none'; style-src 'self'"),
                "{path}"
            );
            assert_eq!(field(&reply, "cache-control"), "no-store", "{path}");
            assert!(reply.body.trim_end().ends_with("</html>") && reply.body.contains("<h1>"), "{path} {}", reply.body);
            assert!(!reply.body.contains("style=") && !reply.body.contains("onclick"), "{path}");
        }
        let version = visit(&gateway, "GET", "/ui/apis/page/versions/2", "", "").await.body;
        assert_eq!(version.contains("Usage is not counted"), !has_usage, "{version}");
        if has_usage {
            assert!(version.contains("Not ready") && version.contains(">acme</a>"), "{version}");
            assert!(
                version.contains("&lt;img src=x onerror=alert(1)&gt;") && !version.contains("<img src=x"),
                "{version}"
            );
            assert!(version.contains("mail is called email"), "{version}");
        }
        let unknown = [
            ("/ui/apis/nothing/versions/1", 404),
            ("/ui/apis/page/versions/9", 404),
            ("/ui/config/revisions/99", 404),
            ("/ui/config/revisions/x", 404),
            ("/ui/acts/nothing", 404),
            ("/ui/acts/hold?api=page", 400),
            ("/ui/acts/hold?api=page&version=9", 404),
            ("/ui/nowhere", 404),
        ];
        for (path, status) in unknown {
            let reply = visit(&gateway, "GET", path, "", "").await;
            assert_eq!((reply.status, field(&reply, "content-type")), (status, "text/html; charset=utf-8"), "{path}");
        }
        let overview = visit(&gateway, "GET", "/", "", "").await.body;
        let css = overview.split("href=\"").find(|part| part.starts_with("/ui/assets/page.")).expect("a style");
        let css = visit(&gateway, "GET", css.split('"').next().expect("a path"), "", "").await;
        assert_eq!(field(&css, "cache-control"), "public, max-age=31536000, immutable");
        assert!(gateway.stop().await);
    }
}

#[tokio::test]
async fn who_signs_in_may_act_and_forms_of_others_are_refused() {
    let desk = Desk::new("page", "admin_token = \"secret\"\nSTATE").await;
    let gateway = desk.start().await;
    let reply = visit(&gateway, "GET", "/ui/audit?q=a", "", "").await;
    assert_eq!((reply.status, field(&reply, "location")), (303, "/ui/login?next=%2Fui%2Faudit%3Fq%3Da"));
    assert_eq!(visit(&gateway, "GET", "/ui/login", "", "").await.status, 200);
    assert_eq!(visit(&gateway, "POST", "/ui/login", "", "token=wrong").await.status, 401);
    let foreign = visit(&gateway, "POST", "/ui/login", "Origin: http://evil.test\r\n", "token=secret").await;
    assert_eq!((foreign.status, field(&foreign, "set-cookie")), (403, ""));

    let origin = "Origin: http://localhost\r\n";
    let reply = visit(&gateway, "POST", "/ui/login", origin, "token=secret&next=%2Fui%2Faudit").await;
    assert_eq!((reply.status, field(&reply, "location")), (303, "/ui/audit"));
    let cookie = field(&reply, "set-cookie").split(';').next().expect("a pair").to_owned();
    let signed_in = format!("Cookie: {cookie}\r\n");
    assert_eq!(visit(&gateway, "GET", "/versions", &signed_in, "").await.status, 200);

    // A browser sends a cookie for the pages of others, too.
    let by_cookie = visit(&gateway, "POST", "/apis/page/versions/1/hold?by=a&reason=b", &signed_in, "").await;
    assert_eq!(by_cookie.status, 401);
    let act = "/ui/acts/hold?api=page&version=1";
    let page = visit(&gateway, "GET", act, &signed_in, "").await.body;
    assert!(page.contains("It is served again until the hold is released."), "{page}");
    let form = |csrf: &str| format!("csrf={csrf}&by=ann&reason=they+need+a+week");
    let own = format!("{signed_in}{origin}");
    let rows = [
        (own.clone(), form("wrong"), 403),
        (own.clone(), "by=ann&reason=b".to_owned(), 403),
        (format!("{signed_in}Origin: http://evil.test\r\n"), form(&csrf(&page)), 401),
        (format!("{signed_in}Origin: null\r\n"), form(&csrf(&page)), 401),
        (own.clone(), format!("csrf={}&by=&reason=b", csrf(&page)), 400),
        (own.clone(), form(&csrf(&page)), 200),
    ];
    for (fields, form, status) in rows {
        let reply = visit(&gateway, "POST", act, &fields, &form).await;
        // Who is not signed in is sent to where one signs in.
        let expected = if status == 401 { 303 } else { status };
        assert_eq!(reply.status, expected, "{fields}{form} {}", reply.body);
    }
    let audit = gateway.ask("GET /audit\nAuthorization: Bearer secret", "").await.json();
    let acts: Vec<&Value> =
        audit["acts"].as_array().expect("acts").iter().filter(|act| act["what"] == "hold").collect();
    assert_eq!(acts.len(), 1, "{audit}");
    assert_eq!((&acts[0]["by"], &acts[0]["reason"]), (&"ann".into(), &"they need a week".into()));
    assert_eq!(gateway.send("GET /api/v1/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.status, 200);

    let page = visit(&gateway, "GET", "/ui/audit", &signed_in, "").await.body;
    let left = visit(&gateway, "POST", "/ui/logout", &own, &format!("csrf={}", csrf(&page))).await;
    assert!(field(&left, "set-cookie").starts_with("sunward_session=; Path=/; Max-Age=0"), "{}", left.head);
    assert!(gateway.stop().await);
}

/// What is wrong with a page that a browser shows.
const INSPECT: &str = r#"
const faults = [...window.faults];
const own = (url) => url.startsWith(location.origin) || url.startsWith("data:");
for (const entry of performance.getEntriesByType("resource")) if (!own(entry.name)) faults.push("elsewhere: " + entry.name);
const wide = document.documentElement.scrollWidth - innerWidth;
if (wide > 0) faults.push("too wide by " + wide);
if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
if (!document.documentElement.lang || !document.title) faults.push("no language or no title");
for (const input of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
  if (!input.labels.length) faults.push("no label: " + input.outerHTML);
const named = (element) => (element.textContent + (element.getAttribute("aria-label") || "")).trim();
for (const element of document.querySelectorAll("a, button, th, [role=region], [role=img]"))
  if (!named(element) && !element.querySelector("[alt]")) faults.push("no name: " + element.outerHTML);
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push("twice: " + id);
for (const element of document.querySelectorAll("[aria-labelledby]"))
  if (!document.getElementById(element.getAttribute("aria-labelledby"))) faults.push("labelled by nothing: " + element.outerHTML.slice(0, 80));
const parse = (color) => { const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number); return [r, g, b, a]; };
const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
const ground = (element) => { for (let at = element; at; at = at.parentElement) { const color = parse(getComputedStyle(at).backgroundColor); if (color[3] > 0.99) return color; } return [255, 255, 255, 1]; };
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.textContent.trim() || !element.checkVisibility() || element.closest("script, .hidden, .skip")) continue;
  const style = getComputedStyle(element);
  const of = element.closest("svg") && style.fill !== "none" ? style.fill : style.color;
  const [a, b] = [light(parse(of)), light(ground(element))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < 4.5) faults.push("contrast " + contrast.toFixed(2) + ": " + texts.currentNode.textContent.trim().slice(0, 40));
}
return faults;
"#;

async fn inspect(browser: &WebDriver, what: &str) {
    let faults = browser.run(INSPECT).await;
    assert_eq!(faults, Value::Array(Vec::new()), "{what}");
    assert_eq!(browser.console().await, Vec::<String>::new(), "{what}");
}

#[tokio::test]
async fn a_browser_shows_every_page() {
    let Some(browser) = WebDriver::start().await else {
        return missing("chromedriver is not installed: the pages were not seen in a browser");
    };
    let bare = Desk::new("page", "").await;
    let kept = Desk::new("page", "STATE").await;
    fill(&kept, 3).await;
    for gateway in [bare.start().await, kept.start().await] {
        let at = |path: &str| format!("http://{}{path}", gateway.admin);
        for (width, scheme) in [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")] {
            browser.look(width, scheme).await;
            for path in PAGES.iter().chain(&["/ui/login", "/ui/config/revisions/1", "/ui/nowhere"]) {
                browser.open(&at(path)).await;
                inspect_unless_missing(&browser, &format!("{path} at {width} {scheme}")).await;
            }
        }
        assert!(gateway.stop().await);
    }
}

/// A page that is not there is an error on the console, and nothing else.
async fn inspect_unless_missing(browser: &WebDriver, what: &str) {
    let faults = browser.run(INSPECT).await;
    assert_eq!(faults, Value::Array(Vec::new()), "{what}");
    let lines = browser.console().await;
    let lines: Vec<_> = lines.iter().filter(|line| !line.contains("404 (Not Found)")).collect();
    assert_eq!(lines, Vec::<&String>::new(), "{what}");
}

#[tokio::test]
async fn an_operator_acts_in_a_browser() {
    let Some(browser) = WebDriver::start().await else {
        return missing("chromedriver is not installed: no act was done in a browser");
    };
    let desk = Desk::new("page", "admin_token = \"secret\"\nSTATE").await;
    fill(&desk, 0).await;
    let gateway = desk.start().await;
    browser.open(&format!("http://{}/ui/apis/page/versions/1", gateway.admin)).await;
    browser.write("input[name=token]", "secret").await;
    browser.click("button.primary").await;
    browser.see("h1", "page 1").await;

    // Each act, what its page is reached by, what else it asks for, and what the audit log says.
    let rows = [
        ("/ui/apis/page/versions/1", "hold", None, "page 1"),
        ("/ui/apis/page/versions/1", "release", None, "page 1"),
        (
            "/ui/apis/page/versions/1",
            "extend",
            Some(("consumer", "acme")),
            "page 1 for acme until 2030-01-02T00:00:00Z",
        ),
        ("/ui/apis/page/versions/1", "withdraw", None, "page 1 from acme"),
        ("/ui/acts/pause?api=page", "", None, "page"),
        ("/", "resume", None, "page"),
        ("/ui/upstreams", "drain", None, "shop http"),
        ("/ui/upstreams", "undrain", None, "shop http"),
    ];
    for (page, act, more, target) in rows {
        browser.open(&format!("http://{}{page}", gateway.admin)).await;
        if !act.is_empty() {
            browser.click(&format!("a[href^=\"/ui/acts/{act}?\"]")).await;
        }
        inspect(&browser, act).await;
        if let Some((name, value)) = more {
            browser.write(&format!("input[name={name}]"), value).await;
            browser.run("document.querySelector('input[type=date]').value = '2030-01-02'").await;
        }
        browser.write("input[name=by]", "ann").await;
        browser.write("input[name=reason]", "a test").await;
        browser.click("form.act button").await;
        browser.see("h1", "Done").await;
        inspect(&browser, act).await;
        browser.open(&format!("http://{}/ui/audit", gateway.admin)).await;
        let row = browser.text("tbody tr:first-child").await;
        assert!(row.contains("ann") && row.contains(target) && row.contains("a test"), "{act}: {row}");
    }

    // The config before is brought back.
    let text = desk.text();
    std::fs::write(desk.file(), format!("{text}\n# A line more.\n")).expect("written");
    let reload = "POST /config/reload?by=ops&reason=test\nAuthorization: Bearer secret";
    assert_eq!(gateway.ask(reload, "").await.status, 200);
    browser.open(&format!("http://{}/ui/config/revisions/1", gateway.admin)).await;
    assert!(browser.text(".diff").await.contains("- # A line more."));
    browser.click("a[href^=\"/ui/acts/rollback?\"]").await;
    browser.write("input[name=by]", "ann").await;
    browser.write("input[name=reason]", "a test").await;
    browser.click("form.act button").await;
    browser.see("h1", "Done").await;
    assert_eq!(desk.text(), text);
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn pages_work_without_a_script_and_with_many_consumers() {
    let Some(browser) = WebDriver::start().await else {
        return missing("chromedriver is not installed: no long table was seen in a browser");
    };
    let desk = Desk::new("page", "STATE").await;
    fill(&desk, 10_000).await;
    let gateway = desk.start().await;
    browser.devtools("Emulation.setScriptExecutionDisabled", serde_json::json!({ "value": true })).await;
    browser.open(&format!("http://{}/ui/apis/page/versions/2", gateway.admin)).await;
    assert_eq!(browser.text("#consumers + form .count").await, "10\u{202f}002");
    assert_eq!(browser.text(".pages span:nth-of-type(2)").await, "Page 1 of 201");
    browser.write("input[name=q]", "consumer 00077").await;
    browser.click(".filter button").await;
    browser.see("#consumers + form .count", "1 of 10\u{202f}002").await;
    assert!(browser.text("[data-live=consumers] tbody tr").await.contains("consumer 00077"));
    browser.open(&format!("http://{}/ui/apis/page/versions/2?sort=-consumer", gateway.admin)).await;
    assert!(browser.text("[data-live=consumers] tbody tr").await.contains("consumer 09999"));
    browser.click("a[rel=next]").await;
    browser.see(".pages span:nth-of-type(1)", "Page 2 of 201").await;
    assert!(browser.text("[data-live=consumers] tbody tr").await.contains("consumer 09949"));
    assert!(gateway.stop().await);
}
