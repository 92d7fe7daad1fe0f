//! Fields that carry secrets: nothing of them may be logged or shown.

/// How much a field gives away, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carries {
    /// Credentials, by definition.
    Credentials,
    /// Probably a key or a token.
    Key,
    /// Nothing secret.
    Nothing,
}

/// RFC 9110 §11.6.2 and §11.7.2; RFC 6265.
const CREDENTIALS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
/// What the names of fields with keys have in them.
const KEYS: [&str; 11] = [
    "api-key",
    "apikey",
    "auth-key",
    "access-key",
    "subscription-key",
    "token",
    "jwt",
    "secret",
    "password",
    "credential",
    "session",
];

/// What the field `name` carries.
pub(crate) fn carries(name: &str) -> Carries {
    let name = name.to_ascii_lowercase().replace('_', "-");
    match () {
        () if CREDENTIALS.contains(&name.as_str()) => Carries::Credentials,
        () if KEYS.iter().any(|key| name.contains(key)) => Carries::Key,
        () => Carries::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_secrets_away() {
        let rows = [
            ("Authorization", Carries::Credentials),
            ("cookie", Carries::Credentials),
            ("Proxy-Authorization", Carries::Credentials),
            ("X-Api-Key", Carries::Key),
            ("Api-Key", Carries::Key),
            ("apikey", Carries::Key),
            ("api_key", Carries::Key),
            ("X-JWT-Assertion", Carries::Key),
            ("X-Auth-Token", Carries::Key),
            ("X-Goog-Api-Key", Carries::Key),
            ("Ocp-Apim-Subscription-Key", Carries::Key),
            ("X-Session-Id", Carries::Key),
            ("X-Consumer", Carries::Nothing),
            ("X-Client-Id", Carries::Nothing),
            ("X-Authenticated-User", Carries::Nothing),
            ("X-Request-Id", Carries::Nothing),
        ];
        for (name, expected) in rows {
            assert_eq!(carries(name), expected, "{name}");
        }
    }
}
