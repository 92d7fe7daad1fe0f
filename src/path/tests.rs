use super::*;
use proptest::prelude::*;

#[test]
fn example_of_normalize() {
    use crate::path::{PathError, normalize};

    assert_eq!(normalize("/%76%32/a%c3%a9"), Ok("/v2/a%C3%A9".into()));
    assert_eq!(normalize("/v2/aé"), Ok("/v2/a%C3%A9".into()));
    assert_eq!(normalize("/v1/%2e%2e/v2"), Err(PathError::DotSegment));
}

#[test]
fn example_of_lenient() {
    use crate::path::lenient;

    assert_eq!(lenient("//health/%2e%2e%2Fv1\\orders/"), "/v1/orders");
}

#[test]
fn example_of_without_parameters() {
    use crate::path::without_parameters;

    assert_eq!(without_parameters("/users;x=y/7;a/"), Some("/users/7/".to_owned()));
    assert_eq!(without_parameters("/users/7"), None);
}

#[test]
fn example_of_rest_after() {
    use crate::path::rest_after;

    assert_eq!(rest_after("/%61pi/caf%c3%a9/a%2fb", "/api/caf%C3%A9"), Some("/a%2fb"));
    assert_eq!(rest_after("/apis", "/api"), None);
}

#[test]
fn one_path_has_one_spelling() {
    let rows = [
        ("/", Ok("/")),
        ("/v2/x", Ok("/v2/x")),
        ("/%76%32/x", Ok("/v2/x")),
        ("/%7Euser/a%20b/%c3%a9/", Ok("/~user/a%20b/%C3%A9/")),
        ("/a%252Fb", Ok("/a%252Fb")),
        ("/a.b/..c/...", Ok("/a.b/..c/...")),
        ("/é", Ok("/%C3%A9")),
        ("/éa%c3%A9é", Ok("/%C3%A9a%C3%A9%C3%A9")),
        ("/a|b[1]^`{}\"<> ", Ok("/a%7Cb%5B1%5D%5E%60%7B%7D%22%3C%3E%20")),
        ("/a:b@c!$&'()*+,;=-._~", Ok("/a:b@c!$&'()*+,;=-._~")),
        ("/a;v=1", Ok("/a;v=1")),
        ("", Err(PathError::NotAbsolute)),
        ("*", Err(PathError::NotAbsolute)),
        ("v2/x", Err(PathError::NotAbsolute)),
        ("//v2/x", Err(PathError::EmptySegment)),
        ("/v2//", Err(PathError::EmptySegment)),
        ("/./v2", Err(PathError::DotSegment)),
        ("/v2/..", Err(PathError::DotSegment)),
        ("/v1/%2e%2E/v2", Err(PathError::DotSegment)),
        ("/v1/.%2e", Err(PathError::DotSegment)),
        ("/v1/..;x/v2", Err(PathError::DotSegment)),
        ("/v2%2fx", Err(PathError::HiddenSeparator)),
        ("/v2%5Cx", Err(PathError::HiddenSeparator)),
        ("/v2\\x", Err(PathError::HiddenSeparator)),
        ("/v2%00", Err(PathError::Control)),
        ("/v2%0d%0a", Err(PathError::Control)),
        ("/v2\u{7f}", Err(PathError::Control)),
        ("/v2%7f", Err(PathError::Control)),
        ("/v2%", Err(PathError::BrokenEscape)),
        ("/v2%4", Err(PathError::BrokenEscape)),
        ("/v2%4g", Err(PathError::BrokenEscape)),
        ("/v2%é", Err(PathError::BrokenEscape)),
        ("/v2%+1", Err(PathError::BrokenEscape)),
    ];
    for (path, expected) in rows {
        assert_eq!(normalize(path).as_deref(), expected.as_ref().map(|path| *path), "{path}");
    }
    assert!(matches!(normalize("/v2/a%20b"), Ok(Cow::Borrowed(_))));
}

#[test]
fn a_prefix_is_found_in_every_spelling() {
    let rows = [
        ("/api/users", "/api", Some("/users")),
        ("/api", "/api", Some("")),
        ("/api/", "/api", Some("/")),
        ("/users", "", Some("/users")),
        ("", "", Some("")),
        ("/%61pi/%7euser", "/api", Some("/%7euser")),
        ("/käse/ü", "/k%C3%A4se", Some("/ü")),
        ("/k%c3%a4se/ü", "/k%C3%A4se", Some("/ü")),
        ("/apis", "/api", None),
        ("/Api/users", "/api", None),
        ("/api", "/api/v2", None),
        ("/api%2Fv2", "/api/v2", None),
        ("/%zz/users", "/api", None),
        ("users", "/api", None),
    ];
    for (path, prefix, expected) in rows {
        assert_eq!(rest_after(path, prefix), expected, "{prefix} of {path}");
    }
}

#[test]
fn a_careless_reading_resolves_everything() {
    let rows = [
        ("//v1//a", "/v1/a"),
        ("/x/%2e%2e/v1", "/v1"),
        ("/x%2f..%5cv1", "/v1"),
        ("/..;a=b/../v1/.", "/v1"),
        ("v1%00", "/v1\0"),
        ("/%ff%", "/\u{fffd}%"),
        ("", "/"),
    ];
    for (path, expected) in rows {
        assert_eq!(lenient(path), expected, "{path}");
    }
}

proptest! {
    #[test]
    fn normal_paths_stay(path in "\\PC*|/([a-z./;%0-9A-F\\\\]|%[0-9a-fA-F]{2}){0,20}") {
        let _ = lenient(&path);
        if let Ok(normal) = normalize(&path) {
            prop_assert_eq!(normalize(&normal), Ok(Cow::Borrowed(&*normal)));
        }
    }
}
