use std::borrow::Cow;

use super::super::evaluation::{EvaluationPlace, EvaluationResult, EvaluationStop, budget};
use super::super::tree::Tree;
use super::CompiledExpression;

const DOCUMENT: &str = r#"{"s":"Ada \u004b","n":7,"p":19.990,"t":true,"z":null,"e":"","l":[1,2.0,3],"o":{"a":1,"b-c":{"d":[]},"a":2},
    "big":123456789012345678901234567890123456789012,"items":[{"k":"x","n":1},{"k":"y","n":2},{"n":3}],"lone":"\ud800"}"#;

fn run(source: &str, document: &str) -> Result<String, EvaluationStop> {
    let expression = CompiledExpression::parse(source).unwrap_or_else(|e| panic!("{source}: {e}"));
    let mut tree = Tree::of(Cow::Borrowed(document.as_bytes()));
    let place = EvaluationPlace { own: tree.root(), resource: tree.root() };
    let json = match expression.evaluate(&mut tree, place, &mut budget(document.len()))? {
        EvaluationResult::Node(id) => tree.text(id).into_owned(),
        EvaluationResult::Made(json) => json,
    };
    Ok(String::from_utf8_lossy(&json).into_owned())
}

#[test]
fn values() {
    for (source, expected) in [
        // As it is spelled.
        ("self.s", r#""Ada \u004b""#),
        ("self.p", "19.990"),
        ("self.big", "123456789012345678901234567890123456789012"),
        ("self.o['b-c']", r#"{"d":[]}"#),
        ("self.t ? self.p : 1", "19.990"),
        ("[self.p, self.s]", r#"[19.990,"Ada \u004b"]"#),
        ("{'a': self.p, \"b\": null}", r#"{"a":19.990,"b":null}"#),
        ("self.items.map(i, i.n)", "[1,2,3]"),
        ("self.items.filter(i, i.n > 1)", r#"[{"k":"y","n":2},{"n":3}]"#),
        ("self.items[1]", r#"{"k":"y","n":2}"#),
        // Of duplicates the last.
        ("self.o.a", "2"),
        // Numbers.
        ("self.p * 100", "1999"),
        ("0.1 + 0.2", "0.3"),
        ("7 / 2", "3.5"),
        ("7 % 2", "1"),
        ("-self.n", "-7"),
        ("int(7 / 2)", "3"),
        ("int('12') + 1", "13"),
        ("double('1.50')", "1.5"),
        ("1e3", "1000"),
        ("2 - 3", "-1"),
        ("self.l[1] == 2", "true"),
        ("self.big == self.big", "true"),
        ("self.n == '7'", "false"),
        ("string(self.p)", r#""19.990""#),
        // Texts.
        ("self.s + '!'", r#""Ada K!""#),
        ("self.s.size()", "5"),
        ("size('ä€')", "2"),
        ("self.s.startsWith('Ada') && self.s.endsWith('K') && self.s.contains(' ')", "true"),
        ("self.s.upperAscii() + self.s.lowerAscii()", r#""ADA Kada k""#),
        ("'a-b-c'.split('-')", r#"["a","b","c"]"#),
        ("'äb'.split('')", r#"["ä","b"]"#),
        ("['a', 'b'].join('+')", r#""a+b""#),
        ("'hello'.substring(1, 3)", r#""el""#),
        ("'hello'.substring(3)", r#""lo""#),
        ("'häl'.indexOf('l')", "2"),
        ("'hal'.indexOf('x')", "-1"),
        ("'aaa'.replace('a', 'bc')", r#""bcbcbc""#),
        ("' x '.trim()", r#""x""#),
        (r#""\u00e4\n\x41\101" + r'\n' + '''a'b'''"#, r#""ä\nAA\\na'b""#),
        ("'a' < 'b' && 'a' <= 'a'", "true"),
        // Logic.
        ("true || self.none.x", "true"),
        ("self.none == 1 || true", "true"),
        ("false && self.z > 1", "false"),
        ("!has(self.none) && has(self.z) && !has(self.s.x)", "true"),
        ("self.z == null", "true"),
        ("2 in self.l && !(4 in self.l) && 'a' in self.o && !('x' in self.o)", "true"),
        ("self.items.exists(i, i.k == 'y')", "true"),
        ("self.items.all(i, i.n > 0)", "true"),
        ("self.items.exists_one(i, i.n == 2)", "true"),
        ("self.items.filter(i, has(i.k)).map(i, i.k)", r#"["x","y"]"#),
        ("self.items.map(i, has(i.k), i.k)", r#"["x","y"]"#),
        ("self.o.map(k, k)", r#"["a","b-c"]"#),
        ("self.l.map(a, self.l.map(b, a * b))", "[[1,2,3],[2,4,6],[3,6,9]]"),
        ("[1] + [2, 3]", "[1,2,3]"),
        ("{'a': [1]} == {'a': [1.0]}", "true"),
        ("1 + 2 * 3 - 4 == 3 && !false", "true"),
        ("true ? 1 : false ? 2 : 3", "1"),
        ("// of two\n1 + // lines\n1", "2"),
        ("resource.n", "7"),
        ("self.lone", r#""\ud800""#),
        ("self.lone == self.lone", "true"),
    ] {
        assert_eq!(run(source, DOCUMENT).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn what_has_no_value() {
    for source in [
        "self.none",
        "self.none.x",
        "self.s.x",
        "self.z.x",
        "self.l[9]",
        "self.o[self.s]",
        "self.none || false",
        "self.items.all(i, i.k != '')",
    ] {
        assert_eq!(run(source, DOCUMENT), Err(EvaluationStop::Absent), "{source}");
    }
    for source in [
        "self.s + 1",
        "self.n + self.s",
        "1 / 3",
        "1 / size(self.e)",
        "self.p % 2",
        "self.big + 1",
        "self.s && true",
        "!self.n",
        "self.s < 1",
        "self.z < 1",
        "self.l[0.5]",
        "self.l[-1]",
        "int('1.5')",
        "int('x')",
        "'abc'.substring(2, 1)",
        "'abc'.substring(4)",
        "self.n.size()",
        "self.n in self.s",
        "self.s.map(x, x)",
        "{self.s: 1, self.s: 2}",
        "self.lone + 'x'",
        "1e40 * 1e40",
    ] {
        assert!(matches!(run(source, DOCUMENT), Err(EvaluationStop::Wrong(_))), "{source}");
    }
}

#[test]
fn work_is_bounded() {
    let list = format!("{{\"l\":[{}0]}}", "0,".repeat(3000));
    for source in ["self.l.map(a, self.l.map(b, a))", "self.l.all(a, self.l.exists(b, b == 1) || true)"] {
        assert!(matches!(run(source, &list), Err(EvaluationStop::Limit(_))), "{source}");
    }
    let text = format!("{{\"t\":\"{}\"}}", "a".repeat(2000));
    assert!(matches!(run("self.t.replace('a', self.t)", &text), Err(EvaluationStop::Limit(_))));
    assert!(run("self.l.map(a, a)", &list).is_ok());
}

/// What is made is bounded too: many times a long string, or an array of itself.
#[test]
fn memory_is_bounded() {
    let text = "x".repeat(30_000);
    let document = format!("{{\"a\":[{}1],\"s\":\"{text}\"}}", "1,".repeat(20_000));
    let limit = |why| Err(EvaluationStop::Limit(why));
    for (source, expected) in [
        ("self.a.map(x, self.s)", limit("it makes a value of more than 1 MiB")),
        ("self.a.map(x, self.a)", limit("it makes a value of more than 1 MiB")),
        ("self.a.map(x, self.s + 'y')", limit("it takes too many steps")),
        ("self.a.map(x, self.a.map(y, y))", limit("it makes values of more than 16 MiB")),
        ("size(self.a.map(x, self.s))", Ok("20001".to_owned())),
    ] {
        assert_eq!(run(source, &document), expected, "{source}");
    }
}

#[test]
fn what_is_no_expression() {
    for (source, expected) in [
        ("", "expected a value, found the end (at character 1)"),
        ("self.", "expected the name of a member or function, found the end (at character 6)"),
        ("private", "unknown variable `private`; write `self.private` for a member (at character 1)"),
        ("self.a +", "expected a value, found the end (at character 9)"),
        ("self.a self.b", "expected an operator or the end, found `self` (at character 8)"),
        ("'a", "the string is not closed (at character 1)"),
        ("'a' + 1", "`+` does not take a string and a number (at character 5)"),
        ("self.a && 'x'", "`&&` needs a boolean, and this is a string (at character 8)"),
        ("self.a.map(x, self.b.map(y, self.c.map(z, 1)))", "macros are nested more than 2 deep (at character 35)"),
        ("self.a.map(self, 1)", "`self` is taken; give the variable another name (at character 7)"),
        ("self.a.all(x, 1)", "the condition of `all` needs a boolean, and this is a number (at character 15)"),
        ("size()", "`size` takes 1 arguments with the value before the dot, not 0 (at character 1)"),
        ("size(1)", "`size` needs a string or an array or an object, and this is a number (at character 1)"),
        ("has(self)", "`has` takes one member, such as `has(self.name)` (at character 1)"),
        ("1u", "`1u` is not a JSON number; expressions have no other kind of number (at character 1)"),
        ("0x1F", "`0x1F` is not a JSON number; expressions have no other kind of number (at character 1)"),
        (
            "1234567890123456789012345678901234567",
            "the number `1234567890123456789012345678901234567` is too long to compute with (at character 1)",
        ),
        ("self.a # 1", "`#` is not part of an expression (at character 8)"),
        ("return", "`return` is a reserved word (at character 1)"),
        ("'\\q'", "unknown escape in a string (at character 2)"),
        ("[1, 2", "expected `,` or `]`, found the end (at character 6)"),
        ("{1: 2}", "the key of an object needs a string, and this is a number (at character 2)"),
        ("1 ? 2 : 3", "`?` needs a boolean, and this is a number (at character 1)"),
        ("{'a': 1}[0].b.c(", "unknown function"),
    ] {
        let error = CompiledExpression::parse(source).expect_err(source).to_string();
        assert!(error.starts_with(expected) || source.ends_with('('), "{source}\n{error}");
    }
    for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("-", ""), ("true ? 1 : ", "")] {
        let source = format!("{}true{}", open.repeat(300), close.repeat(300));
        let error = CompiledExpression::parse(&source).expect_err(&source).to_string();
        assert!(error.contains("levels deep") || error.contains("needs"), "{open}: {error}");
    }
    assert!(CompiledExpression::parse(&" ".repeat(5000)).is_err());
    assert!(CompiledExpression::parse(&format!("1{}", " + 1".repeat(40))).is_ok());
    assert!(CompiledExpression::parse(&format!("1{}", " + 1".repeat(400))).is_err());
}

#[test]
fn what_is_read_is_known() {
    let reads = |source: &str| {
        let expression = CompiledExpression::parse(source).expect(source);
        let own = expression.reads(false).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let resource = expression.reads(true).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        (own, resource)
    };
    for (source, own, resource) in [
        ("self.a.b + self['c-d'].e + resource.f", "/a/b /c-d/e", "/f"),
        ("has(self.a.b) ? self.a.c : 1", "/a/b /a/c", ""),
        ("self.items.exists(i, i.x == self.y)", "/items /y", ""),
        ("size(self)", "", ""),
        ("self.l[0].x", "/l", ""),
        ("1 + 1", "", ""),
    ] {
        assert_eq!(reads(source), (own.to_owned(), resource.to_owned()), "{source}");
    }
}
