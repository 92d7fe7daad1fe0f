//! `docs/admin.openapi.json` describes what is answered: every reply of every test here is held to it.

use serde_json::Value;
use sunward::clock::Timestamp;

use super::super::Reply;

/// The document of the repository.
pub(super) fn document() -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/admin.openapi.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("a text")).expect("JSON")
}

/// Fails unless the document has the answer: its status, its media type, its fields and all that is in its body.
pub(super) fn hold(method: &str, target: &str, reply: &Reply) {
    let problem = judge(&document(), method, target, reply).err();
    assert_eq!(problem, None, "{method} {target}\n{}\n\n{}", reply.head, reply.body);
}

fn judge(document: &Value, method: &str, target: &str, reply: &Reply) -> Result<(), String> {
    let path = target.split('?').next().unwrap_or_default();
    let path = path.strip_prefix("http://").and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or(path);
    let paths = document["paths"].as_object().expect("paths");
    let item = paths.iter().find(|(template, _)| is_of(template, path)).map(|(_, item)| item);
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    let operation = item.and_then(|item| item.get(&method));
    let status = reply.status.to_string();
    let response = match operation {
        Some(operation) => {
            let response = operation["responses"].get(&status).ok_or("the status is not described")?;
            response["$ref"]
                .as_str()
                .map_or(Some(response), |name| document.pointer(&name[1..]))
                .ok_or("no response")?
        }
        // What no operation is about: the description at the top says it.
        None if matches!(reply.status, 401 | 403 | 404 | 405) => &document["components"]["responses"]["BadRequest"],
        None => return Err("there is no operation".to_owned()),
    };
    for (name, field) in response["headers"].as_object().into_iter().flatten() {
        // Which of the two is sent says what was wrong.
        if reply.field(name).is_empty() && status != "415" {
            return Err(format!("the field {name} is not there: {field}"));
        }
    }
    let said = reply.field("content-type").split(';').next().unwrap_or_default();
    let content = response["content"].get(said).ok_or_else(|| format!("the type {said:?} is not described"))?;
    if !said.ends_with("json") || reply.body.is_empty() {
        return Ok(());
    }
    let body = serde_json::from_str(&reply.body).map_err(|error| error.to_string())?;
    fits(document, &content["schema"], &body, "$")?;
    match body["status"].as_u64() {
        Some(said) if said != u64::from(reply.status) => Err("the problem says another status".to_owned()),
        _ => Ok(()),
    }
}

fn is_of(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(name)) if part == name || (part.starts_with('{') && !name.is_empty()) => {}
            _ => return false,
        }
    }
}

/// The keywords that the document uses. A member that it does not describe does not fit.
fn fits(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(root, root.pointer(&name[1..]).ok_or("no schema")?, value, at);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    let is = |name: &&str| match *name {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => false,
    };
    let words = schema["enum"].as_array();
    let dated = schema["format"] == "date-time";
    match () {
        () if !types.is_empty() && !types.iter().any(is) => return Err(format!("{at} is {value}, no {types:?}")),
        () if words.is_some_and(|words| !words.contains(value)) => return Err(format!("{at} is {value}: {words:?}")),
        () if dated && value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_err()) => {
            return Err(format!("{at} is {value}, no date"));
        }
        () => {}
    }
    if let (Some(list), Some(items)) = (value.as_array(), schema.get("items")) {
        return list.iter().enumerate().try_for_each(|(n, item)| fits(root, items, item, &format!("{at}[{n}]")));
    }
    let Some(members) = value.as_object() else { return Ok(()) };
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = required.into_iter().find(|name| !members.contains_key(*name)) {
        return Err(format!("{at} has no {name}"));
    }
    // A bare object is any.
    if schema.get("properties").is_none() && schema.get("additionalProperties").is_none() {
        return Ok(());
    }
    members.iter().try_for_each(|(name, member)| {
        let known = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        let known = known.filter(|known| known.is_object()).ok_or_else(|| format!("{at}.{name} is not described"))?;
        fits(root, known, member, &format!("{at}.{name}"))
    })
}

#[test]
fn what_is_not_described_is_found() {
    let reply = |status, media: &str, body: &str| Reply {
        status,
        head: format!("HTTP/1.1 {status} x\r\nContent-Type: {media}"),
        body: body.to_owned(),
    };
    let problem = "application/problem+json";
    let said = r#"{"type":"a","title":"b","status":404,"detail":"c"}"#;
    let rows = [
        ("GET", "/audit?a=b", reply(200, "application/json", r#"{"acts":[]}"#), ""),
        ("GET", "/audit", reply(200, "text/plain", ""), "the type \"text/plain\" is not described"),
        ("GET", "/audit", reply(201, "application/json", "{}"), "the status is not described"),
        ("GET", "/audit", reply(200, "application/json", r#"{"acts":{}}"#), "$.acts is {}, no [\"array\"]"),
        ("GET", "/audit", reply(200, "application/json", "{}"), "$ has no acts"),
        ("GET", "/audit", reply(200, "application/json", r#"{"acts":[],"a":1}"#), "$.a is not described"),
        ("GET", "/config", reply(200, "application/toml", ""), "the field ETag is not there"),
        ("POST", "/apis/a/pause", reply(404, problem, said), ""),
        ("POST", "/apis/a/pause", reply(400, problem, said), "the problem says another status"),
        ("DELETE", "/apis/a/pause", reply(404, problem, said), ""),
        ("GET", "/nowhere", reply(404, problem, said), ""),
        ("GET", "/nowhere", reply(200, problem, said), "there is no operation"),
    ];
    for (method, target, reply, expected) in rows {
        let found = judge(&document(), method, target, &reply).err().unwrap_or_default();
        assert!(found.starts_with(expected) && found.is_empty() == expected.is_empty(), "{method} {target}: {found}");
    }
}
