//! The guide as a text, by templates.

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment};

use super::Guide;

const TEMPLATES: [(&str, &str); 2] =
    [("guide.md", include_str!("templates/guide.md")), ("guide.html", include_str!("templates/guide.html"))];
/// What is markup in Markdown.
const MARKUP: &str = "\\`*_{}[]<>()#+-.!|~&";

// === impl Guide ===

impl Guide {
    /// The guide in Markdown.
    ///
    /// # Errors
    ///
    /// What is wrong with the template; it is built in.
    pub fn to_markdown(&self) -> Result<String, String> {
        self.render("guide.md")
    }

    /// The guide as a page of HTML, with its style, and without script.
    ///
    /// # Errors
    ///
    /// As [`to_markdown`](Self::to_markdown).
    pub fn to_html(&self) -> Result<String, String> {
        self.render("guide.html")
    }

    fn render(&self, name: &str) -> Result<String, String> {
        let rendered = || {
            let mut environment = Environment::new();
            environment.set_trim_blocks(true);
            environment.set_lstrip_blocks(true);
            environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
                true => AutoEscape::Html,
                false => AutoEscape::None,
            });
            environment.add_filter("plain", plain);
            environment.add_filter("fenced", fenced);
            environment.add_filter("line", line);
            environment.add_filter("code", code);
            environment.add_filter("day", day);
            environment.add_filter("requests", requests);
            for (name, text) in TEMPLATES {
                environment.add_template(name, text)?;
            }
            environment.get_template(name)?.render(self.to_json())
        };
        rendered().map_err(|error: minijinja::Error| format!("{error:#}"))
    }
}

/// A text without markup, for Markdown.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in line(text).chars() {
        if MARKUP.contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A text on one line, whose markup may be that of code.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().replace('<', "&lt;")
}

/// A block of code, whatever is in it.
fn fenced(text: &str) -> String {
    let language = if text.starts_with(['{', '[']) { "json" } else { "" };
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{text}\n{fence}")
}

/// A text of HTML in which what is between backticks is code.
fn code(text: &str) -> Value {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let parts: Vec<&str> = escaped.split('`').collect();
    let mut html = String::new();
    for (at, part) in parts.iter().enumerate() {
        match at {
            at if at % 2 == 1 && at + 1 < parts.len() => html += &format!("<code>{part}</code>"),
            at if at % 2 == 1 => html += &format!("`{part}"),
            _ => html += part,
        }
    }
    Value::from_safe_string(html)
}

fn requests(count: u64) -> String {
    if count == 1 { "1 request".to_owned() } else { format!("{count} requests") }
}

/// A time without what midnight says.
fn day(text: &str) -> String {
    text.strip_suffix("T00:00:00Z").unwrap_or(text).to_owned()
}
