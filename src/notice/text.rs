//! Subjects and texts, by templates.

use std::path::Path;

use minijinja::{AutoEscape, Environment};
use serde_json::{Value, json};

/// The templates of subjects and texts.
#[derive(Clone, Debug)]
pub struct NoticeTemplates {
    environment: Environment<'static>,
}

/// A message as mail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoticeTexts {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

const BUILT_IN: [(&str, &str); 4] = [
    ("subject.txt", include_str!("templates/subject.txt")),
    ("mail.txt", include_str!("templates/mail.txt")),
    ("mail.html", include_str!("templates/mail.html")),
    ("chat.txt", include_str!("templates/chat.txt")),
];
/// What a section of Slack may have, in characters.
const CHAT_CHARACTERS: usize = 3000;
/// Longer subjects are cut off by many programs.
const SUBJECT_CHARACTERS: usize = 200;

// === impl NoticeTemplates ===

impl NoticeTemplates {
    /// The built-in templates, or those with the same names in `folder`.
    ///
    /// # Errors
    ///
    /// A template that cannot be read, or not rendered: its name, and what is wrong with it.
    pub fn load(folder: Option<&Path>) -> Result<Self, (String, String)> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        for (name, built_in) in BUILT_IN {
            let own = folder.map(|folder| folder.join(name)).filter(|path| path.exists());
            let text = own.map_or_else(|| Ok(built_in.to_owned()), std::fs::read_to_string);
            let text = text.map_err(|error| (name.to_owned(), error.to_string()))?;
            let added = environment.add_template_owned(name, text);
            added.map_err(|error| (name.to_owned(), format!("{error:#}")))?;
        }
        let templates = Self { environment };
        for (name, _) in BUILT_IN {
            templates.render(name, &sample()).map_err(|error| (name.to_owned(), format!("{error:#}")))?;
        }
        Ok(templates)
    }

    /// The subject and the texts of a mail.
    ///
    /// # Errors
    ///
    /// What is wrong with a template of the folder.
    pub fn mail(&self, notices: &[Value]) -> Result<NoticeTexts, String> {
        let render = |name| self.render(name, notices).map_err(|error| format!("{error:#}"));
        let subject = render("subject.txt")?.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(NoticeTexts {
            subject: cut(&subject, SUBJECT_CHARACTERS),
            text: render("mail.txt")?,
            html: render("mail.html")?,
        })
    }

    /// The JSON of an incoming webhook of Slack. What strangers wrote cannot be markup, and the text has at most 3000 characters.
    ///
    /// # Errors
    ///
    /// What is wrong with the template of the folder.
    pub fn chat(&self, notices: &[Value]) -> Result<Value, String> {
        let escaped: Vec<Value> = notices.iter().map(without_markup).collect();
        let text = self.render("chat.txt", &escaped).map_err(|error| format!("{error:#}"))?;
        Ok(json!({ "text": cut(text.trim(), CHAT_CHARACTERS) }))
    }

    fn render(&self, name: &str, notices: &[Value]) -> Result<String, minijinja::Error> {
        self.environment.get_template(name)?.render(json!({ "notices": notices }))
    }
}

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some(_) => text.chars().take(characters - 1).chain(['…']).collect(),
    }
}

/// As Slack wants control characters escaped; a star or an underscore would still be markup.
fn without_markup(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            escaped.replace(['*', '_', '~', '`', '\n'], " ").into()
        }
        Value::Array(list) => list.iter().map(without_markup).collect(),
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), without_markup(value))).collect(),
        value => value.clone(),
    }
}

/// What every template must be able to show.
fn sample() -> Vec<Value> {
    let common = |own: Value| {
        let mut facts = json!({
            "api": "shop", "version": "1", "about": "sunset", "at": "2027-01-01T00:00:00Z", "day": "2027-01-01", "days": 30,
            "what": "ends on 2027-01-01", "successor": "2", "docs": "https://docs.example.com",
        });
        if let (Some(all), Value::Object(own)) = (facts.as_object_mut(), own) {
            all.extend(own);
        }
        facts
    };
    vec![
        common(json!({
            "consumer": "acme", "requests": 18_400, "last_seen": "2026-12-01T00:00:00Z",
            "routes": [{ "route": "GET /users", "requests": 18_400 }], "changes": ["`mail` is `email`"],
        })),
        common(json!({ "users": 1, "requests": 18_400, "consumers": [{ "consumer": "acme", "requests": 18_400 }] })),
    ]
}
