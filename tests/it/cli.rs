//! The command, as it is run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn sunward(args: &[&str], stdin: &str) -> Output {
    sunward_bytes(args, stdin.as_bytes())
}

fn sunward_bytes(args: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sunward"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        // A command that does not read may be gone already; one that writes while it reads must be read.
        scope.spawn(move || pipe.write_all(stdin));
        child.wait_with_output().expect("it ends")
    })
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn demo() -> String {
    root().join("examples/gateway/gateway.toml").display().to_string()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of its own for a test.
fn scratch(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("sunward-cli-{}-{name}.toml", std::process::id()));
    std::fs::write(&path, text).expect("written");
    path
}

#[test]
fn migrate_goes_both_ways() {
    let v3 = r#"{"id":9007199254740993,"name":"J","full_name":"J","email":"e","plan":"free","n":1.10}"#;
    let base = ["migrate", &demo(), "--now", "2026-11-01", "--route"];
    let rows: [(&[&str], &str, &str); 4] = [
        (
            &["GET /users/{id}", "--from", "3", "--to", "1"],
            v3,
            r#"{"id":9007199254740993,"name":"J","mail":"e","n":1.10}"#,
        ),
        (
            &["POST /users", "--request", "--from", "1", "--to", "3"],
            r#"{"name":"J","mail":"e"}"#,
            r#"{"name":"J","email":"e","full_name":"J","plan":"free"}"#,
        ),
        (&["GET /users", "--from", "3", "--to", "2"], r#"{"items":[{"full_name":"J"}]}"#, r#"{"items":[{}]}"#),
        (&["GET /users/{id}", "--from", "3", "--to", "3"], "not json", "not json"),
    ];
    for (args, input, expected) in rows {
        let output = sunward(&[&base[..], args].concat(), input);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), expected), "{args:?} {}", err(&output));
    }
}

/// Nothing happens, and standard error has the reason.
#[test]
fn a_body_without_a_change_is_copied_with_a_note() {
    let rows = [
        (&["GET /users/{id}", "--from", "3", "--to", "3"][..], "both versions are the same"),
        (&["PUT /ping", "--request", "--from", "3", "--to", "1"], "no change of any version applies to `PUT /ping <-`"),
        (&["GET /users", "--from", "1", "--to", "2"], "no change between 1 and 2 alters the body of `GET /users`"),
    ];
    let config = "[[api]]\nname = \"a\"\nversion_from = { header = \"V\" }\nversion = [{ name = \"1\" }, { name = \"2\" }, \
         { name = \"3\" }]\n[[api.route]]\nroute = \"PUT /ping\"\n[[api.change]]\nversion = \"3\"\nsummary = \"s\"\n\
         at = [\"GET /users -> 200\", \"GET /users/{id} -> 200\"]\nbreaking = true\nops = [{ rename = \"/a\", to = \"/b\" }]\n";
    let path = scratch("nothing", config);
    for (args, why) in rows {
        let output = sunward(&[&["migrate", &path.display().to_string(), "--route"][..], args].concat(), r#"{"a":1}"#);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), r#"{"a":1}"#), "{args:?} {}", err(&output));
        assert!(
            err(&output).starts_with("note: the body is copied: ") && err(&output).contains(why),
            "{}",
            err(&output)
        );
    }
    std::fs::remove_file(path).expect("removed");
}

/// What a change does to a head is explained as what it does to a body.
#[test]
fn explain_shows_the_head() {
    let config = r#"
[[api]]
name = "a"
version_from = { header = "V" }
version = [{ name = "1" }, { name = "2" }]
[[api.change]]
version = "2"
summary = "People are users"
at = ["GET /users <-", "GET /users -> 200"]
breaking = true
ops = [
  { move_route = "GET /people", to = "GET /users" },
  { rename_query = "per_page", to = "limit" },
  { map_query = "sort", values = { name = "title" } },
  { rename_header = "X-Old", to = "X-New" },
  { map_status = 201, to = 200 },
  { rename = "/a", to = "/b" },
]
"#;
    let path = scratch("head", config);
    let file = path.display().to_string();
    let run = |args: &[&str]| {
        let output = sunward(&[&["explain", &file, "--route", "GET /users"], args].concat(), "");
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        out(&output)
    };
    let expected = "\
changes, in the order in which they run
  2: People are users
    the route `GET /people` becomes `GET /users`
    rename the query parameter per_page to limit
    map values of the query parameter sort: \"name\" to \"title\"
    rename the header x-old to x-new
    rename /a to b
program, in one pass
";
    assert!(run(&["--request", "--from", "1", "--to", "2"]).starts_with(expected));
    let expected = "\
changes, in the order in which they run
  2: People are users
    replace the status 200 by 201
    rename the header x-new to x-old
    rename /b to a
program, in one pass
";
    assert!(run(&["--from", "2", "--to", "1"]).starts_with(expected), "{}", run(&["--from", "2", "--to", "1"]));
    std::fs::remove_file(path).expect("removed");
}

#[test]
fn exit_codes_say_what_was_wrong() {
    let file = demo();
    let route = ["--route", "GET /users/{id}", "--from", "3", "--to", "1"];
    let lines = [&["migrate", &file, "--content-type", "application/x-ndjson"][..], &route].concat();
    let rows: [(Vec<&str>, &str, i32, &str); 11] = [
        ([&["migrate", &file][..], &route].concat(), "{\"a\":", 1, "error: "),
        (lines.clone(), "{}\n{}\n{]\n{}\n", 1, "expected a key or `}` at byte 7, in line 3"),
        (lines, "{}\n\n{]\n{}\n", 1, ", in line 3"),
        (
            [&["explain", &file, "--status", "404"][..], &route].concat(),
            "",
            2,
            "no resource is in a response of `GET /users/{id}` with status 404; declared: `200`; for the request",
        ),
        (vec!["rollback", &file, "--reason", "x", "--by", " "], "", 2, "`--by NAME`"),
        (vec!["rollback", &file, "--reason", " ", "--by", "ann"], "", 2, "the reason is empty"),
        ([&["migrate", &file, "--api", "none"][..], &route].concat(), "{}", 2, "unknown api `none`"),
        (
            vec!["migrate", &file, "--route", "GET /nope", "--from", "3", "--to", "1"],
            "{}",
            2,
            "unknown route `GET /nope` of `shop`",
        ),
        (
            vec!["migrate", &file, "--route", "GET /users/{id}", "--from", "9", "--to", "1"],
            "{}",
            2,
            "unknown version `9` of `shop`",
        ),
        (vec!["check", "/nowhere.toml"], "", 2, "cannot read"),
        (vec!["chekc"], "", 2, "unrecognized subcommand"),
    ];
    for (args, stdin, code, message) in rows {
        let output = sunward(&args, stdin);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(code), ""), "{args:?} {}", err(&output));
        assert!(err(&output).contains(message), "{args:?} {}", err(&output));
    }
}

#[test]
fn help_is_a_command() {
    let whole = out(&sunward(&["--help"], ""));
    assert!(whole.contains("  help      Prints this help"), "{whole}");
    assert_eq!(out(&sunward(&["help"], "")), whole);
    assert_eq!(out(&sunward(&["help", "check"], "")), out(&sunward(&["check", "--help"], "")));
    let own = sunward(&["help", "--help"], "");
    assert_eq!(own.status.code(), Some(0), "{}", err(&own));
    assert!(out(&own).contains("Usage: sunward help [COMMAND]"), "{}", out(&own));
    let unknown = sunward(&["help", "chekc"], "");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("unknown command `chekc`; did you mean `check`?"), "{}", err(&unknown));
}

#[test]
fn check_shows_everything_at_once() {
    let path = scratch("single", "[api]\nname = \"shop\"\n");
    let single = sunward(&["check", &path.display().to_string()], "");
    assert!(err(&single).contains("1 error, 0 warnings") && err(&single).contains("`[[api]]`"), "{}", err(&single));
    std::fs::remove_file(path).expect("removed");
    let good = sunward(&["check", "--strict", &demo(), "--now", "2026-11-01"], "");
    assert_eq!(good.status.code(), Some(0), "{}", err(&good));
    let text = std::fs::read_to_string(demo()).expect("the demo");
    let text = text.replace("base_path", "base_pat").replace("2026-01-01T00:00:00Z", "2031-01-01T00:00:00Z");
    let path = scratch("check", &text);
    let file = path.display().to_string();
    let bad = sunward(&["check", &file], "");
    assert_eq!(bad.status.code(), Some(1));
    for part in ["error[unknown-key]", "did you mean `base_path`?", "error[sunset-before-deprecation]", "RFC 9745 §4"]
    {
        assert!(err(&bad).contains(part), "{part}\n{}", err(&bad));
    }
    let json = sunward(&["check", "--json", &file], "");
    let found: serde_json::Value = serde_json::from_str(&out(&json)).expect("JSON");
    assert_eq!(
        (json.status.code(), found[0]["line"].as_u64(), found[0]["column"].as_u64()),
        (Some(1), Some(10), Some(1))
    );
    std::fs::remove_file(path).expect("removed");
}

#[test]
fn check_follows_includes_and_variables() {
    let folder = std::env::temp_dir().join(format!("sunward-cli-{}-include", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let main = folder.join("main.toml");
    std::fs::write(&main, "include = [\"a.toml\", \"b.toml\"]\n[gateway]\nlisten = \"${SUNWARD_NOT_SET}\"\n")
        .expect("written");
    std::fs::write(folder.join("a.toml"), "[[api]]\nname = \"a\"\nbase_pat = \"/a\"\n").expect("written");
    let json = sunward(&["check", "--json", &main.display().to_string()], "");
    let found: serde_json::Value = serde_json::from_str(&out(&json)).expect("JSON");
    let lines: Vec<String> = found
        .as_array()
        .expect("a list")
        .iter()
        .map(|found| {
            let name =
                Path::new(found["file"].as_str().expect("a file")).file_name().expect("a name").display().to_string();
            format!("{name} {}:{} {}", found["line"], found["column"], found["code"].as_str().expect("a code"))
        })
        .collect();
    let expected = [
        "main.toml 1:22 unreadable-include",
        "main.toml 3:11 unset-variable",
        "a.toml 2:8 no-upstream",
        "a.toml 2:8 no-version",
        "a.toml 3:1 unknown-key",
    ];
    assert_eq!((json.status.code(), lines), (Some(1), expected.map(str::to_owned).to_vec()));
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn diff_says_what_clients_get() {
    let old = std::fs::read_to_string(demo()).expect("the demo");
    let new = old.replace("deprecated = 2026-01-01T00:00:00Z", "deprecated = 2026-02-01");
    let worse = new.replace("unspecified = { version = \"2\" }", "");
    let control = new.replace("A user has a plan", "A \\u001b[31mplan");
    let [new, worse, control] =
        [("new", new), ("worse", worse), ("control", control)].map(|(name, text)| scratch(name, &text));
    let [new, worse, control] = [&new, &worse, &control].map(|path| path.display().to_string());
    let run = |args: &[&str]| sunward(&[&["diff", "--now", "2026-11-01"], args].concat(), "");

    let same = run(&[&demo(), &demo()]);
    assert_eq!((same.status.code(), out(&same), err(&same)), (Some(0), String::new(), "no differences\n".to_owned()));
    let safe = run(&[&demo(), &new]);
    let line = "notice    shop  version 2: the deprecation moves from 2026-01-01 to 2026-02-01, later\n";
    assert_eq!((safe.status.code(), out(&safe).as_str()), (Some(0), line));
    assert_eq!(err(&safe), "0 breaking, 1 notice, 0 safe\n");
    let broken = run(&[&demo(), &worse]);
    let first = "breaking  shop  a request that names no version is refused; it spoke 2\n";
    assert_eq!((broken.status.code(), out(&broken)), (Some(1), format!("{first}{line}")));
    let json = run(&["--json", &demo(), &worse]);
    let found: serde_json::Value = serde_json::from_str(&out(&json)).expect("JSON");
    assert_eq!((json.status.code(), err(&json).as_str()), (Some(1), ""));
    assert_eq!((found[0]["class"].as_str(), found[1]["code"].as_str()), (Some("breaking"), Some("deprecated-later")));
    assert!(!out(&run(&[&demo(), &control])).contains('\u{1b}'));
    for args in [[&demo(), "/nowhere.toml"], ["/nowhere.toml", &demo()]] {
        let output = run(&args);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""));
        assert!(err(&output).contains("cannot read /nowhere.toml"), "{}", err(&output));
    }
    for path in [new, worse, control] {
        std::fs::remove_file(path).expect("removed");
    }
}

#[test]
fn explain_shows_changes_and_program() {
    let args = ["explain", &demo(), "--now", "2026-11-01", "--route", "GET /users", "--from", "3", "--to", "1"];
    let text = out(&sunward(&args, ""));
    let expected = "\
changes, in the order in which they run
  3: A user has a plan
    in /items/*: remove /plan
  3: A user's name is also given as full_name
    in /items/*: remove /full_name
  2: A user's mail is called email
    in /items/*: rename /email to mail
program, in one pass
  the document, if an object
    \"items\": kept
      its value, if an object or an array
        each, if an object
          \"email\": becomes \"mail\"
          \"full_name\": removed
          \"mail\": kept, unless there is \"email\"; held, with what follows, until that is known
          \"plan\": removed
";
    assert_eq!(text, expected);
    let json: serde_json::Value =
        serde_json::from_str(&out(&sunward(&[&args[..], &["--json"]].concat(), ""))).expect("JSON");
    assert_eq!(json["changes"][2]["steps"][0], "in /items/*: rename /email to mail");
    let same = out(&sunward(&["explain", &demo(), "--route", "GET /users", "--from", "3", "--to", "3"], ""));
    assert_eq!(same, "changes, in the order in which they run\n  none\nprogram, in one pass\n  passes, unread\n");
}

#[test]
fn timeline_in_three_forms() {
    let file = demo();
    let args = ["timeline", &file, "--now", "2026-11-24"];
    let table = out(&sunward(&args, ""));
    let rows: Vec<&str> = table.lines().map(str::trim).collect();
    assert_eq!(rows[0], "shop /api");
    assert!(rows[2].starts_with("1        gone"), "{table}");
    assert!(rows[3].starts_with("2        deprecated  2023-12-01  2026-01-01  –"), "{table}");
    assert!(table.contains("\nAt 2026-11-24T00:00:00Z; all dates are UTC.\nannounced: "), "{table}");
    let json: serde_json::Value =
        serde_json::from_str(&out(&sunward(&[&args[..], &["--json"]].concat(), ""))).expect("JSON");
    assert_eq!(json["apis"][0]["versions"][1]["sunset"], "2030-12-03T00:00:00Z");
    let svg = out(&sunward(&[&args[..], &["--svg"]].concat(), ""));
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
}

/// Brownouts that run, that are to come and that only count, and an extension.
#[test]
fn timeline_says_what_happens_now() {
    let config = |more: &str, dry: &str| {
        format!(
            "[[api]]\nname = \"shop\"\nbase_path = \"/api\"\nversion_from = {{ header = \"V\" }}\nupstream = \"a\"\n\
             consumer = {{ header = \"X-Consumer\" }}\n{more}\
             [[api.version]]\nname = \"1\"\nreleased = 2024-01-01\ndeprecated = 2026-01-01\nsunset = 2027-01-01\n\
             brownouts = [{{ from = 2026-06-01, for = \"2h\"{dry} }}, {{ from = 2026-07-01, for = \"2h\" }}]\n\
             [[api.version]]\nname = \"2\"\n\
             [[api.extension]]\nconsumer = \"acme & \\u001b[31mco\"\nversion = \"1\"\nuntil = 2027-06-01\n\
             approved_by = \"kim\"\nreason = \"<a contract>\"\n\
             [[upstream]]\nname = \"a\"\ninstances = [{{ url = \"http://127.0.0.1:1\" }}]\n"
        )
    };
    let [plain, paused, dry] = [("plain", "", ""), ("paused", "pause = true\n", ""), ("dry", "", ", dry_run = true")]
        .map(|(name, more, dry)| scratch(&format!("timeline-{name}"), &config(more, dry)));
    let run = |path: &Path, now: &str, form: &[&str]| {
        let output = sunward(&[&["timeline", &path.display().to_string(), "--now", now], form].concat(), "");
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        out(&output)
    };
    let rows = [
        (&plain, "2026-06-01T01:00:00Z", "in brownout", "2, running until 2026-06-01T02:00:00Z"),
        (&plain, "2026-06-01T02:00:00Z", "deprecated", "2, next 2026-07-01T00:00:00Z"),
        (&plain, "2026-08-01", "deprecated", "2, all past"),
        (&plain, "2025-08-01", "announced", "2, next 2026-06-01T00:00:00Z"),
        (&plain, "2027-08-01", "gone", "2, all past"),
        (&paused, "2026-06-01T01:00:00Z", "deprecated", "2, paused, would run until 2026-06-01T02:00:00Z"),
        (&dry, "2026-06-01T01:00:00Z", "deprecated", "2, dry run, would run until 2026-06-01T02:00:00Z"),
    ];
    for (path, now, phase, brownouts) in rows {
        let table = run(path, now, &[]);
        let line = table.lines().find(|line| line.starts_with("  1 ")).expect("the version");
        assert!(line.contains(&format!("  {phase}  ")) && line.ends_with(brownouts), "{now}: {table}");
    }
    let table = run(&plain, "2026-06-01", &[]);
    assert!(
        table.contains("  extension: acme & \u{fffd}[31mco may use 1 until 2027-06-01 (kim: <a contract>)\n"),
        "{table}"
    );
    let json: serde_json::Value = serde_json::from_str(&run(&plain, "2026-06-01", &["--json"])).expect("JSON");
    let version = &json["apis"][0]["versions"][0];
    assert_eq!(
        (&version["brownouts"][0]["running"], &version["brownouts"][1]["running"]),
        (&true.into(), &false.into())
    );
    assert_eq!(version["extensions"][0]["until"], "2027-06-01T00:00:00Z");
    let svg = run(&plain, "2026-06-01", &["--svg"]);
    for part in [
        "1 · in brownout",
        "acme &amp; \u{fffd}[31mco keeps 1",
        "until 2027-06-01T00:00:00Z: &lt;a contract&gt; (kim)",
        ">2027-01-01<",
        ">2027-06-01<",
        "current brownout",
        "now, 2026-06-01",
    ] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    for path in [plain, paused, dry] {
        std::fs::remove_file(path).expect("removed");
    }
}

/// Every command that takes a file, as people mistype it: the exit code, and a word on standard error.
#[test]
fn commands_say_what_is_wrong_with_a_file() {
    let folder = std::env::temp_dir().display().to_string();
    let bad = scratch("mistakes", "[[api]]\nname = \"shop\"\n");
    let bad = bad.display().to_string();
    let route = ["--route", "GET /a", "--from", "1", "--to", "2"];
    let commands: [(&str, &[&str]); 6] = [
        ("check", &[]),
        ("timeline", &["--svg"]),
        ("explain", &route),
        ("migrate", &route),
        ("rollback", &["--by", "ann", "--reason", "r"]),
        ("serve", &["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]),
    ];
    for (command, more) in commands {
        let code = if command == "check" { 1 } else { 2 };
        let rows = [
            (vec![], 2, "required arguments were not provided"),
            (vec!["/nowhere.toml"], 2, "cannot read /nowhere.toml: No such file"),
            (vec![folder.as_str()], 2, "cannot read"),
            (vec!["-"], 2, "for standard input, pass `/dev/stdin`"),
            (vec![bad.as_str()], code, if command == "rollback" { "has no `state`" } else { "error[no-version]" }),
            (vec![bad.as_str(), "more"], 2, "unexpected argument 'more'"),
        ];
        for (file, code, part) in rows {
            let output = sunward(&[&[command], &file[..], more].concat(), "");
            assert_eq!(
                (output.status.code(), out(&output).as_str()),
                (Some(code), ""),
                "{command} {file:?} {}",
                err(&output)
            );
            assert!(err(&output).contains(part), "{command} {file:?} {}", err(&output));
        }
    }
    for (args, part) in [
        (&["diff", &bad][..], "required arguments were not provided"),
        (&["diff", &bad, "-"], "for standard input, pass `/dev/stdin`"),
        (&["diff", &bad, &folder], "Is a directory"),
        (&["rollback", &bad], "--reason"),
        (&["rollback", &bad, "--to", "first", "--reason", "r"], "invalid value 'first'"),
        (&["check", &bad, "--now", "soon"], "invalid value 'soon'"),
        (&[], "Usage: sunward"),
    ] {
        let output = sunward(args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(err(&output).contains(part), "{args:?} {}", err(&output));
    }
    std::fs::remove_file(bad).expect("removed");
}

/// `sunward check FILE 2>&1 | head -1`: the reader is gone, and nothing panics.
#[test]
fn a_closed_pipe_is_no_panic() {
    let bad = scratch("pipe", "[[api]]\nname = \"shop\"\n");
    let rows: [(&[&str], i32); 7] = [
        (&["check", &bad.display().to_string()], 1),
        (&["check", "--json", &bad.display().to_string()], 1),
        (&["timeline", &bad.display().to_string()], 2),
        (&["timeline", &demo()], 0),
        (&["diff", &demo(), &demo()], 0),
        (&["schema"], 0),
        (&["migrate", &demo(), "--route", "GET /nope", "--from", "1", "--to", "2"], 2),
    ];
    for (args, code) in rows {
        let ((one, out), (other, err)) = (std::io::pipe().expect("a pipe"), std::io::pipe().expect("a pipe"));
        drop((one, other));
        let mut command = Command::new(env!("CARGO_BIN_EXE_sunward"));
        let status = command.args(args).stdin(Stdio::null()).stdout(out).stderr(err).status().expect("it runs");
        assert_eq!(status.code(), Some(code), "{args:?}");
    }
    std::fs::remove_file(bad).expect("removed");
}

/// What was not written is not done.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_a_failure() {
    for args in [&["schema"][..], &["timeline", &demo()]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("it is there");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sunward"));
        let output = command.args(args).stdout(full).stderr(Stdio::piped()).output().expect("it runs");
        assert_eq!(
            (output.status.code(), err(&output).contains("error: standard output: ")),
            (Some(1), true),
            "{args:?}"
        );
    }
}

#[test]
fn flags_are_listed_and_explained() {
    let text = r#"{"flags": {
        "new_checkout": {"state": "ENABLED", "variants": {"off": false, "on": true}, "defaultVariant": "off", "targeting":
            {"if": [{"==": [{"var": "seats"}, 3]}, "on", {"fractional": [{"var": "targetingKey"}, ["off", 50], ["on", 50]]}]}},
        "theme": {"state": "DISABLED", "variants": {"dark": "d"}}
    }}"#;
    let path = scratch("flags", text).display().to_string();
    let rows: [(&[&str], i32, &str); 8] = [
        (
            &["list"],
            0,
            "FLAG          STATE     TYPE     DEFAULT  TARGETING  VARIANTS\nnew_checkout  ENABLED   boolean  off      rule       off, on\n\
             theme         DISABLED  string   -        -          dark\n",
        ),
        (&["list", "--json"], 0, "\"default_variant\": \"off\""),
        (
            &["explain", "new_checkout", "--consumer", "ceQdGm"],
            0,
            "new_checkout is true (variant on)\nreason: SPLIT\nshare: position 99 of 100\n",
        ),
        (&["explain", "new_checkout", "--attribute", "seats=3", "--json"], 0, "\"reason\": \"TARGETING_MATCH\""),
        (
            &["explain", "new_checkout"],
            0,
            "new_checkout is false (variant off)\nreason: DEFAULT\nno share: the context has no key for it\n",
        ),
        (&["explain", "theme"], 0, "theme has no value: the caller's own default applies\nreason: DISABLED\n"),
        (&["explain", "themes"], 2, "error: unknown flag `themes`; did you mean `theme`?"),
        (&["--bucketing", "v3", "list"], 2, "known: `v1`, `v2`"),
    ];
    for (args, code, expected) in rows {
        let output = sunward(&[&["flags", &path][..], args].concat(), "");
        let all = out(&output) + &err(&output);
        assert!(output.status.code() == Some(code) && all.contains(expected), "{args:?}: {all}");
    }
    let broken = scratch("flags-broken", "{\"flags\": {\n  \"a\": 1}}").display().to_string();
    let output = sunward(&["flags", &broken, "list"], "");
    let expected = format!("{broken}:2:8: error[flags-type]: /flags/a: a flag is an object\n");
    assert_eq!((output.status.code(), err(&output)), (Some(2), expected));
}

#[test]
fn the_schema_is_the_one_in_the_repository() {
    let printed = out(&sunward(&["schema"], ""));
    let path = root().join("docs/sunward.schema.json");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &printed).expect("it can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = printed.lines().zip(kept.lines()).position(|(printed, kept)| printed != kept);
    assert!(printed == kept, "docs/sunward.schema.json is not up to date (line {differs:?}): run with UPDATE_DOCS=1");
}

#[test]
fn serve_stops_on_a_signal() {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(env!("CARGO_BIN_EXE_sunward"))
        .args(["serve", &demo(), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.next().is_some_and(|line| line.starts_with("listening http://127.0.0.1:")));
    assert!(lines.next().is_some_and(|line| line.starts_with("admin http://127.0.0.1:")));
    let killed = Command::new("kill").arg(child.id().to_string()).status().expect("kill is there");
    assert!(killed.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_second_signal_does_not_wait() {
    use std::io::{BufRead, BufReader, Write as _};
    use std::net::{TcpListener, TcpStream};
    // It takes the request and never answers.
    let mute = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = mute.local_addr().expect("bound");
    let text = format!(
        "[[api]]\nname = \"twice\"\nversion_from = {{ header = \"V\" }}\nunspecified = {{ version = \"1\" }}\nupstream = \"a\"\n\
         [[api.version]]\nname = \"1\"\n[[upstream]]\nname = \"a\"\ninstances = [{{ url = \"http://{url}\" }}]\n"
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_sunward"))
        .args(["serve", &scratch("twice", &text).display().to_string()])
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .env("RUST_LOG", "info")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut log = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let listen = lines.next().expect("a line").trim_start_matches("listening http://").to_owned();
    let mut waiting = TcpStream::connect(listen).expect("it listens");
    write!(waiting, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it reads");
    let _taken = mute.accept().expect("the request comes");
    let signal = || Command::new("kill").arg(child.id().to_string()).status().expect("kill is there");
    assert!(signal().success());
    // Two signals that come before the process handles the first are one.
    assert!(log.any(|line| line.contains("draining")), "the first signal was heard");
    assert!(signal().success());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
fn a_file_without_upstreams_can_be_tried_out() {
    let text = std::fs::read_to_string(demo()).expect("the demo");
    let bare = text.split_once("[[upstream]]").map_or(&*text, |(before, _)| before);
    let bare: String =
        bare.lines().filter(|line| !line.starts_with("upstream")).map(|line| format!("{line}\n")).collect();
    let path = scratch("bare", &bare);
    let name = path.display().to_string();
    let check = sunward(&["check", &name], "");
    assert_eq!(check.status.code(), Some(0), "{}", err(&check));
    assert!(err(&check).contains("warning[no-upstream]"), "{}", err(&check));
    let list = sunward(&["timeline", &name], "");
    assert_eq!(list.status.code(), Some(0), "{}", err(&list));
    let serve = sunward(&["serve", &name], "");
    assert!(serve.status.code() == Some(2) && err(&serve).contains("error[no-upstream]"), "{}", err(&serve));
    std::fs::remove_file(path).expect("removed");
}

#[test]
fn serve_says_why_it_does_not_start() {
    let path = scratch("serve", "[[api]]\nname = \"shop\"\n");
    let output = sunward(&["serve", &path.display().to_string()], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("error[no-version]") && err(&output).contains("error[no-upstream]"),
        "{}",
        err(&output)
    );
    std::fs::remove_file(path).expect("removed");
}

/// A list of users of version 3, of at least so many bytes.
fn users(bytes: usize) -> String {
    let one = r#"{"id":9007199254740993,"full_name":"J","n":1.10}"#;
    format!("{{\"items\":[{}]}}", vec![one; bytes / one.len() + 1].join(","))
}

const LIST: [&str; 8] = ["--now", "2026-11-01", "--route", "GET /users", "--from", "3", "--to", "2"];

#[test]
fn migrate_passes_bodies_of_any_size() {
    let file = demo();
    let base = [&["migrate", &file][..], &LIST].concat();
    let large = users(20 << 20);
    let output = sunward(&base, &large);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output) == large.replace("\"full_name\":\"J\",", ""), "{} bytes", output.stdout.len());
    let lines = [&base[..], &["--content-type", "application/x-ndjson"]].concat();
    let several = format!("{}\n", users(100)).repeat(90_000);
    let output = sunward(&lines, &several);
    assert!(out(&output) == several.replace("\"full_name\":\"J\",", ""), "{} bytes", output.stdout.len());
    for (what, body) in [("cut off", large[..large.len() - 1].to_owned()), ("no JSON", format!("{large}}}"))] {
        let output = sunward(&base, &body);
        assert_eq!(output.status.code(), Some(1), "{what}");
        let message = err(&output);
        assert!(message.contains("at byte") && message.contains("incomplete"), "{what}: {message}");
    }
    // Up to 64 KiB nothing is written that is not migrated.
    let output = sunward(&base, "{\"items\":[{\"full_name\":\"J\"}]");
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(1), ""), "{}", err(&output));
}

#[test]
fn migrate_says_what_to_do_about_what_it_cannot_hold() {
    let file = std::env::temp_dir().join(format!("sunward-held-{}.toml", std::process::id()));
    let text = r#"
        [[api]]
        name = "held"
        version_from = { header = "v" }
        [[api.version]]
        name = "1"
        [[api.version]]
        name = "2"
        [[api.change]]
        version = "2"
        summary = "`blob` has another place"
        at = ["GET /x -> 200", "PATCH /x <-"]
        breaking = true
        ops = [{ move = "/a/blob", to = "/b/blob" }]
    "#;
    std::fs::write(&file, text).expect("written");
    let path = file.display().to_string();
    let body = format!("{{\"a\":{{\"blob\":\"{}\"}},\"b\":{{}}}}", "y".repeat(100_000));
    let base = ["migrate", &*path, "--route", "GET /x", "--from", "1", "--to", "2"];
    let patch = ["migrate", &*path, "--route", "PATCH /x", "--request", "--from", "1", "--to", "2"];
    let patch = [&patch[..], &["--content-type", "application/merge-patch+json"]].concat();
    for args in [&base[..], &patch] {
        let few = sunward(&[args, &["--held-bytes", "70000"]].concat(), &body);
        assert_eq!(few.status.code(), Some(1), "{}", err(&few));
        assert!(err(&few).contains("raise --held-bytes"), "{}", err(&few));
        let enough = sunward(&[args, &["--held-bytes", "200000"]].concat(), &body);
        assert_eq!(enough.status.code(), Some(0), "{}", err(&enough));
        assert!(out(&enough).contains("\"b\":{\"blob\":\"yyy"), "it moved");
    }
    let none = sunward(&[&base[..], &["--held-bytes", "0"]].concat(), "{}");
    assert_eq!(none.status.code(), Some(2), "{}", err(&none));
    std::fs::remove_file(file).expect("removed");
}

#[test]
fn migrate_reads_a_response_as_the_gateway_does() {
    let file = demo();
    let base = [&["migrate", &file][..], &LIST].concat();
    let output = sunward(&base, "{\"items\":[{\"full_name\":\"J\"}]}\n{\"items\":[{\"full_name\":\"K\"}]}\n");
    assert_eq!(out(&output), "{\"items\":[{}]}\n{\"items\":[{}]}\n", "{}", err(&output));
    let output = sunward(&[&base[..], &["--content-type", "text/csv"]].concat(), "");
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("application/x-ndjson"), "{}", err(&output));
}

#[test]
fn migrate_decompresses_if_it_is_asked_to() {
    use flate2::write::GzEncoder;
    let file = demo();
    let base = [&["migrate", &file][..], &LIST].concat();
    let asked = [&base[..], &["--decompress"]].concat();
    let large = users(1 << 20);
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(large.as_bytes()).expect("it is encoded");
    let gzip = encoder.finish().expect("it is encoded");
    let zstd = ruzstd::encoding::compress_to_vec(large.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    for body in [&gzip[..], &zstd, large.as_bytes()] {
        let output = sunward_bytes(&asked, body);
        assert!(out(&output) == large.replace("\"full_name\":\"J\",", ""), "{}", err(&output));
    }
    for (args, body, says) in [
        (&base, &gzip[..], "the input is gzip: pass --decompress"),
        (&base, &zstd, "the input is zstd: pass --decompress"),
        (&asked, &gzip[..gzip.len() - 9], "truncated; the output is incomplete"),
    ] {
        let output = sunward_bytes(args, body);
        assert_eq!(output.status.code(), Some(1), "{}", err(&output));
        assert!(err(&output).contains(says), "{}", err(&output));
    }
    let output = sunward(&asked, "");
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), ""), "{}", err(&output));
}

#[test]
fn migrate_writes_lines_where_the_input_pauses() {
    use std::io::{BufRead, BufReader};
    let file = demo();
    let args = [&["migrate", &file, "--content-type", "application/x-ndjson"][..], &LIST].concat();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sunward"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    for _ in 0..2 {
        stdin.write_all(b"{\"items\":[{\"full_name\":\"J\"}]}\n").expect("it reads");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it writes");
        assert_eq!(line, "{\"items\":[{}]}\n");
    }
    // The reader has closed its end of the pipe, which is not a failure.
    drop(stdout);
    let body = format!("{}\n", users(1000)).repeat(1000);
    let _ = stdin.write_all(body.as_bytes());
    drop(stdin);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

/// Keys are read from standard input, and what is printed is for the register.
#[test]
fn consumer_hash_prints_identities() {
    let secret = scratch("secret", "from a secret store, not from here\n");
    let file = scratch("hash", &format!("[gateway]\nconsumer_secret_file = \"{}\"\n", secret.display()));
    let hash = |stdin: &str| sunward(&["consumer", "hash", &file.display().to_string()], stdin);
    for stdin in ["sk_live_123", "sk_live_123\n", "sk_live_123\r\n", "\n sk_live_123 \n"] {
        let output = hash(stdin);
        assert_eq!(out(&output), "key-57d51e87c2b4bd55\n", "{}", err(&output));
    }
    assert_eq!(out(&hash("sk_live_123\nother\n")).lines().count(), 2);
    let rows = [(hash(""), "standard input has no key"), (hash("\n"), "standard input has no key")];
    let bare = scratch("bare", "[gateway]\n");
    let bare = sunward(&["consumer", "hash", &bare.display().to_string()], "k");
    let broken = scratch("broken", "[gateway\n");
    let broken = sunward(&["consumer", "hash", &broken.display().to_string()], "k");
    let rows = rows.into_iter().chain([(bare, "has no secret"), (broken, "syntax")]);
    let more = [
        (sunward(&["consumer", "hash"], "k"), "`SUNWARD_CONSUMER_SECRET` is not set"),
        (sunward(&["consumer", "hash", "/not/there"], "k"), "cannot read"),
    ];
    for (output, message) in rows.chain(more) {
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""), "{message}");
        assert!(err(&output).contains(message), "{message}: {}", err(&output));
    }
    let help = out(&sunward(&["consumer", "hash", "--help"], ""));
    assert!(help.contains("sunward consumer hash sunward.toml < key.txt"), "{help}");
}
