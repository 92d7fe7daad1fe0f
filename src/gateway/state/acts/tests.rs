use super::*;
use crate::catalog::{ActOrigin, Api, Version};

const NOW: &str = "2026-06-01";
const GOOD: &str =
    r#"{ "what": "hold", "api": "a", "version": "1", "time": "2026-05-01", "by": "ann", "reason": "r" }"#;
const DRAINED: &str = r#"{ "what": "drain", "upstream": "u", "instance": "http://b:1", "time": "2026-05-01", "by": "ann", "reason": "r" }"#;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a date")
}

/// A folder with this file of acts, or none.
fn folder(name: &str, text: Option<&str>) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sunward-acts-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    if let Some(text) = text {
        fs::write(folder.join(FILE), text).expect("written");
    }
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().expect("a text")).collect();
    names.sort();
    names
}

fn actor() -> Actor {
    Actor { by: "ann".to_owned(), reason: "an incident".to_owned(), via: "127.0.0.1".to_owned() }
}

fn drain(acts: &Acts, drain: bool, instance: &str, now: Timestamp) {
    let (upstream, instance) = ("u".to_owned(), instance.to_owned());
    let change =
        if drain { ActChange::Drain { upstream, instance } } else { ActChange::Undrain { upstream, instance } };
    assert_eq!(acts.perform(&change, &actor(), now), Ok(true));
}

#[test]
fn what_is_written_is_read() {
    let folder = folder("again", None);
    let (now, control) = (at(NOW), Control::new());
    let acts = Acts::open(Some(&folder), &control, now);
    assert_eq!(
        (acts.write(now), names(&folder)),
        (Persisted::Yes, vec![]),
        "no act is in effect, and nothing is written"
    );
    control.pause_brownouts("a", ActOrigin::new("ann", "r", now));
    control.hold_sunset("a", "1", ActOrigin::new("ann", "r", now));
    control.hold_sunset("a", "2", ActOrigin::new("ann", "r", now));
    control.release_sunset("a", "2", ActOrigin::new("ann", "r", now));
    control.extend("a", "1", "acme", at("2026-06-02"), ActOrigin::new("ann", "r", now));
    control.extend("a", "1", "late", at("2026-06-03"), ActOrigin::new("ann", "r", now));
    drain(&acts, true, "http://b:1", now);
    drain(&acts, true, "http://b:2", now);
    drain(&acts, false, "http://b:2", now);
    assert_eq!((acts.write(now), names(&folder)), (Persisted::Yes, vec![FILE.to_owned()]));

    let again = Control::new();
    // By then one of the extensions is over.
    let read = Acts::open(Some(&folder), &again, at("2026-06-02"));
    let mut standing = control.standing();
    standing.retain(|act| act.consumer.as_deref() != Some("acme"));
    assert_eq!(again.standing(), standing);
    assert_eq!(*lock(&read.inner.drains), *lock(&acts.inner.drains));
    assert_eq!((again.extension("a", "1", "acme"), again.acts()), (None, vec![]));
    // What has ended leaves the file with the next act.
    again.resume_brownouts("a", ActOrigin::new("ann", "r", now));
    assert_eq!(read.write(at("2026-06-02")), Persisted::Yes);
    let text = fs::read_to_string(folder.join(FILE)).expect("a text");
    assert!(!text.contains("acme") && !text.contains("pause") && text.contains("late"), "{text}");
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn findings_of_a_broken_file_have_their_place() {
    // The content of the file, the findings, and the acts that are in effect nevertheless.
    let rows = [
        (String::new(), "EOF while parsing a value at line 1 column 0", 0),
        (format!("{{ \"acts\": [{GOOD}, {{ \"what\": \"pa"), "EOF while parsing a string at line 1", 0),
        ("\0\0\0\0".to_owned(), "expected value at line 1 column 1", 0),
        ("[]".to_owned(), "it has no array `acts`", 0),
        (r#"{ "acts": {} }"#.to_owned(), "it has no array `acts`", 0),
        (format!("{{ \"acts\": [{GOOD}, 7, {DRAINED}] }}"), "acts[1]: it is not an object", 2),
        (format!("{{ \"acts\": [{}, {DRAINED}] }}", GOOD.replace("hold", "stop")), "acts[0]: unknown act \"stop\"", 1),
        (format!("{{ \"acts\": [{}] }}", GOOD.replace("version", "of")), "acts[0]: `version` is not a string", 0),
        (format!("{{ \"acts\": [{}] }}", GOOD.replace("\"ann\"", "3")), "acts[0]: `by` is not a string", 0),
        (
            format!("{{ \"acts\": [{GOOD}, {}] }}", GOOD.replace("hold", "extend")),
            "acts[1]: `consumer` is not a string",
            1,
        ),
        (
            format!("{{ \"acts\": [{}] }}", DRAINED.replace("2026-05-01", "soon")),
            "acts[0]: `time` is not a date: not an HTTP-date",
            0,
        ),
        (
            format!("{{ \"acts\": [{}] }}", DRAINED.replace("\"http://b:1\"", "1")),
            "acts[0]: `instance` is not a string",
            0,
        ),
    ];
    for (text, expected, count) in rows {
        let found = format::read(text.as_bytes(), at(NOW));
        assert!(found.wrong[0].starts_with(expected), "{text}: {:?}", found.wrong);
        assert_eq!((found.wrong.len(), found.acts.len() + found.drains.len()), (1, count), "{text}");

        let folder = folder("broken", Some(&text));
        fs::write(folder.join("acts.json.broken-1"), "an older one").expect("written");
        let control = Control::new();
        let acts = Acts::open(Some(&folder), &control, at(NOW));
        let aside = fs::read_to_string(folder.join("acts.json.broken-2")).expect("it is not lost");
        assert_eq!((aside, control.standing()), (text, found.acts));
        // What could be read is in a file again at once.
        assert_eq!(names(&folder).contains(&FILE.to_owned()), count > 0);
        control.pause_brownouts("z", ActOrigin::new("ann", "r", at(NOW)));
        assert_eq!(acts.write(at(NOW)), Persisted::Yes);
        let again = Control::new();
        Acts::open(Some(&folder), &again, at(NOW));
        assert_eq!((again.standing(), names(&folder).len()), (control.standing(), 3));
        fs::remove_dir_all(folder).expect("removed");
    }
}

#[test]
fn nothing_is_kept_where_nothing_can_be() {
    let control = Control::new();
    control.hold_sunset("a", "1", ActOrigin::new("ann", "r", at(NOW)));
    assert_eq!(Acts::open(None, &control, at(NOW)).write(at(NOW)), Persisted::No);
    // The folder is gone.
    let folder = folder("gone", None);
    let acts = Acts::open(Some(&folder), &Control::new(), at(NOW));
    drain(&acts, true, "http://b:1", at(NOW));
    fs::remove_dir_all(&folder).expect("removed");
    assert_eq!(acts.write(at(NOW)), Persisted::Failed);
}

#[test]
fn an_act_without_its_like_is_a_stray() {
    let version = |name| Version::new(name).with_deprecated("2026-01-01").with_sunset("2027-01-01");
    let api = Api::new("a").with_version_header("V").with_version(version("1")).with_version(Version::new("2"));
    let catalog = Catalog::new([api]).expect("a catalog");
    let (now, control) = (at(NOW), Control::new());
    let acts = Acts::open(None, &control, now);
    control.pause_brownouts("a", ActOrigin::new("ann", "r", now));
    control.pause_brownouts("b", ActOrigin::new("ann", "r", now));
    control.hold_sunset("a", "1", ActOrigin::new("ann", "r", now));
    control.hold_sunset("a", "3", ActOrigin::new("ann", "r", now));
    control.extend("b", "1", "acme", at("2027-06-01"), ActOrigin::new("ann", "r", now));
    drain(&acts, true, "http://b:1", now);
    let expected = ["pause b", "hold a 3", "extend b 1 for acme until 2027-06-01T00:00:00Z", "drain u http://b:1"];
    assert_eq!(acts.strays(&catalog, &BTreeMap::new()), expected);
}
