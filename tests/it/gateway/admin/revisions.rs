//! The way back.

use std::process::Command;

use super::*;

const BACK: &str = r#"{"by":"ann","reason":"it was better","to":1}"#;

/// The config with its api in a file of its own, and one more api in another.
async fn included(name: &str, gateway: &str) -> Desk {
    let desk = Desk::new(name, &format!("revisions = 3\nSTATE{gateway}")).await;
    let text = desk.text();
    let (head, rest) = text.split_once("[[api]]").expect("an api");
    let (api, upstream) = rest.split_once("[[upstream]]").expect("an upstream");
    std::fs::create_dir_all(desk.folder.join("apis")).expect("a folder");
    std::fs::write(desk.folder.join("apis/shop.toml"), format!("[[api]]{api}")).expect("written");
    let main = format!("include = \"apis/*.toml\"\n{head}[[upstream]]{upstream}");
    std::fs::write(desk.file(), main).expect("written");
    desk
}

fn other_api() -> &'static str {
    "[[api]]\nname = \"other\"\nbase_path = \"/other\"\nupstream = \"shop\"\nversion_from = { header = \"V\" }\n\
     unspecified = { version = \"3\" }\nforward_as = \"/api\"\n[[api.version]]\nname = \"3\"\n"
}

#[tokio::test]
async fn all_texts_go_back() {
    let desk = included("back", "").await;
    let gateway = desk.start().await;
    let main = desk.text();
    let shop = std::fs::read_to_string(desk.folder.join("apis/shop.toml")).expect("a text");
    std::fs::write(desk.folder.join("apis/other.toml"), other_api()).expect("written");
    std::fs::write(desk.folder.join("apis/shop.toml"), format!("# edited\n{shop}")).expect("written");
    assert_eq!(gateway.ask(&format!("POST /config/reload?{WHO}"), "").await.status, 200);
    assert_eq!(gateway.get("/other/users/1").await.status, 200);
    let list = gateway.ask("GET /revisions", "").await.json();
    let numbers = |list: &Value| {
        let list = list["revisions"].as_array().expect("a list").clone();
        list.iter().map(|revision| revision["number"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    // The file system may have told of one file before the other was written.
    let last = numbers(&list).len() - 1;
    assert_eq!((numbers(&list)[0], &list["revisions"][last]["etag"]), (1, &list["served"]));
    // Whichever was first, the watcher or the request, the revision has an actor.
    assert_ne!(list["revisions"][last]["by"], "", "{list}");
    let again = gateway.ask(&format!("POST /config/reload?{WHO}"), "").await.json();
    assert_eq!((&again["already_served"], &again["changes"]), (&true.into(), &serde_json::json!([])), "{again}");
    let audit = gateway.ask("GET /audit", "").await.json();
    assert!(audit.to_string().contains(", already served"), "{audit}");

    let rows = [
        ("", 400),
        ("{}", 400),
        (r#"{"by":"a","reason":"r","to":70}"#, 404),
        (r#"{"by":"a","reason":"r","to":"x"}"#, 400),
        (BACK, 409),
    ];
    for (body, status) in rows {
        let reply = gateway.ask("POST /rollback", body).await;
        assert_eq!(reply.status, status, "{body} {}", reply.body);
    }
    let reply = gateway.ask("POST /rollback?force=true", BACK).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(gateway.get("/other/users/1").await.status, 404);
    assert_eq!(desk.text(), main);
    assert_eq!(std::fs::read_to_string(desk.folder.join("apis/shop.toml")).expect("a text"), shop);
    let aside = std::fs::read_to_string(desk.folder.join("apis/.other.toml.rolled-back"));
    assert_eq!(aside.expect("it is not lost"), other_api());
    let served = gateway.ask("GET /config", "").await.field("etag").to_owned();
    assert_eq!(served, format!("\"{}\"", list["revisions"][0]["etag"].as_str().expect("a tag")));

    for n in 0..3 {
        let reply = gateway.ask(&format!("PUT /config?{WHO}\nIf-Match: *"), &format!("# {n}\n{main}")).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    let kept = numbers(&gateway.ask("GET /revisions", "").await.json());
    assert!(kept.len() == 3 && kept[0] > 1 && kept[2] == kept[0] + 2, "{kept:?}");
    let reply = gateway.ask("POST /rollback", r#"{"by":"ann","reason":"it was better"}"#).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(desk.text(), format!("# 1\n{main}"), "the one before, by default");
    assert!(gateway.stop().await);
}

/// The code, the output and the errors of the command.
fn sunward(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sunward")).args(args).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn the_command_drops_nothing_in_use_unawares() {
    let desk = Desk::new("command-in-use", "STATE").await;
    let (both, one) = (desk.text(), desk.without_2());
    std::fs::write(desk.file(), &one).expect("written");
    let gateway = desk.start().await;
    assert_eq!(gateway.ask(&format!("PUT /config?{WHO}\nIf-Match: *"), &both).await.status, 200);
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 200);
    assert!(gateway.stop().await);
    let file = desk.file().display().to_string();
    let (code, done, error) = sunward(&["rollback", &file, "--by", "ann", "--reason", "r"]);
    assert_eq!((code, done.as_str()), (Some(1), ""));
    assert!(error.contains("version 2 of command-in-use, last requested at 20"), "{error}");
    assert_eq!(desk.text(), both);
    let (code, _, error) = sunward(&["rollback", &file, "--by", "ann", "--reason", "r", "--force"]);
    assert!(code == Some(0) && error.contains("POST /config/reload?force=true"), "{error}");
    assert!(error.contains("a gateway that serves these files reloads them"), "{error}");
    assert_eq!(desk.text(), one);
}

#[tokio::test]
async fn the_command_goes_back_without_a_gateway() {
    let desk = included("command", "").await;
    let first = desk.text();
    let gateway = desk.start().await;
    let reply = gateway.ask(&format!("PUT /config?{WHO}\nIf-Match: *"), &format!("# 2\n{first}")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(gateway.stop().await);
    let file = desk.file().display().to_string();
    let (code, list, error) = sunward(&["rollback", &file, "--list"]);
    assert_eq!((code, list.lines().count()), (Some(0), 2), "{list}{error}");
    assert!(
        list.lines().next().is_some_and(|line| line.starts_with(">    1  20") && line.ends_with("  start")),
        "{list}"
    );
    assert!(list.lines().nth(1).is_some_and(|line| line.starts_with("*    2  20")), "{list}");
    let (code, _, error) = sunward(&["rollback", &file, "--by", "ann", "--reason", "r", "--to", "9"]);
    assert_eq!((code, error.as_str()), (Some(1), "error: unknown revision 9; known: [1, 2]\n"));
    let (code, done, error) = sunward(&["rollback", &file, "--by", "ann", "--reason", "r"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(done.starts_with("rolled back to revision 1, of 20") && done.contains("gateway.toml written"), "{done}");
    assert_eq!(desk.text(), first);
    assert!(desk.kept("audit.jsonl").lines().last().is_some_and(|line| line.contains("\"via\":\"command\"")));
    let plain = desk.folder.join("plain.toml");
    std::fs::write(&plain, other_api()).expect("written");
    let (code, _, error) = sunward(&["rollback", &plain.display().to_string(), "--reason", "r"]);
    assert_eq!(code, Some(2), "{error}");
}

#[tokio::test]
async fn a_second_rollback_goes_further_back() {
    let desk = Desk::new("walk", "STATE").await;
    let gateway = desk.start().await;
    let first = desk.text();
    let back = async |gateway: &Gateway| gateway.ask(&format!("POST /rollback?{WHO}"), "").await;
    let none = back(&gateway).await;
    assert_eq!((none.status, none.json()["known"].clone()), (409, serde_json::json!([1])), "{}", none.body);
    for n in ["2", "3 is bad"] {
        let reply = gateway.ask(&format!("PUT /config?{WHO}\nIf-Match: *"), &format!("# {n}\n{first}")).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    for (restores, text) in [(2, format!("# 2\n{first}")), (1, first.clone())] {
        let reply = back(&gateway).await;
        assert_eq!((reply.status, &reply.json()["restores"]), (200, &restores.into()), "{}", reply.body);
        assert_eq!(desk.text(), text);
    }
    assert_eq!(back(&gateway).await.status, 409, "nothing is older");
    let list = gateway.ask("GET /revisions", "").await.json();
    let restores: Vec<Value> =
        list["revisions"].as_array().expect("a list").iter().map(|revision| revision["restores"].clone()).collect();
    assert_eq!(Value::from(restores), serde_json::json!([null, null, null, 2, 1]));
    let reply = gateway.ask(&format!("PUT /config?{WHO}\nIf-Match: *"), &format!("# 6\n{first}")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(gateway.stop().await);

    // The command walks the same way, over a start of the gateway in between.
    let file = desk.file().display().to_string();
    let back = || sunward(&["rollback", &file, "--by", "ann", "--reason", "r"]);
    assert_eq!((back().0, desk.text()), (Some(0), first.clone()));
    assert!(desk.start().await.stop().await);
    let (code, _, error) = back();
    assert!(code == Some(1) && error.contains("choose one with `--to`"), "{error}");
    let (_, list, _) = sunward(&["rollback", &file, "--list"]);
    assert!(
        list.lines().last().is_some_and(|line| line.starts_with("*    7  20") && line.contains("  restores 1  ")),
        "{list}"
    );
}

/// An edit that was refused is kept only in the file.
#[tokio::test]
async fn what_was_refused_is_not_lost() {
    let desk = Desk::new("refused", "STATE").await;
    let gateway = desk.start().await;
    let (first, bad) = (desk.text(), "an edit that is no TOML");
    let aside = |number: u32| std::fs::read_to_string(desk.folder.join(format!(".gateway.toml.refused-{number}")));
    for (number, way) in [(1, "PUT /config"), (2, "POST /rollback")] {
        std::fs::write(desk.file(), format!("{bad} {number}")).expect("written");
        let refused = gateway.ask(&format!("POST /config/reload?{WHO}"), "").await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        let body = if number == 1 { format!("# 2\n{first}") } else { String::new() };
        let reply = gateway.ask(&format!("{way}?{WHO}\nIf-Match: *"), &body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(aside(number).expect("it is kept"), format!("{bad} {number}"));
    }
    assert!(aside(3).is_err() && gateway.stop().await);
    std::fs::write(desk.file(), bad).expect("written");
    let file = desk.file().display().to_string();
    let args = ["rollback", &file, "--by", "ann", "--reason", "r"];
    let (code, _, error) = sunward(&args);
    assert!(code == Some(2) && error.contains("not valid TOML") && error.contains("`--state`"), "{error}");
    let state = desk.folder.join("state").display().to_string();
    let (code, done, error) = sunward(&[&args[..], &["--state", &state]].concat());
    assert_eq!((code, desk.text()), (Some(0), first), "{done}{error}");
    assert_eq!(aside(3).expect("it is kept"), bad);
}

/// What the files say may never have been served: in use is what the last revision has.
#[tokio::test]
async fn the_command_protects_what_was_served() {
    let desk = Desk::new("edited", "STATE").await;
    let (both, one) = (desk.text(), desk.without_2());
    std::fs::write(desk.file(), &one).expect("written");
    let gateway = desk.start().await;
    assert_eq!(gateway.ask(&format!("PUT /config?{WHO}\nIf-Match: *"), &both).await.status, 200);
    assert_eq!(gateway.get("/api/v2/users/1").await.status, 200);
    assert!(gateway.stop().await);
    std::fs::write(desk.file(), format!("# edited, and never served\n{one}")).expect("written");
    let file = desk.file().display().to_string();
    let (code, _, error) = sunward(&["rollback", &file, "--by", "ann", "--reason", "r", "--to", "1"]);
    assert!(code == Some(1) && error.contains("version 2 of edited, last requested at 20"), "{error}");
}
