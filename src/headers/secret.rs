//! Fields that carry secrets: nothing of them may be logged or shown.

/// How much a field gives away, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sensitivity {
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
pub(crate) fn carries(name: &str) -> Sensitivity {
    let name = name.to_ascii_lowercase().replace('_', "-");
    match () {
        () if CREDENTIALS.contains(&name.as_str()) => Sensitivity::Credentials,
        () if KEYS.iter().any(|key| name.contains(key)) => Sensitivity::Key,
        () => Sensitivity::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_secrets_away() {
        let rows = [
            ("Authorization", Sensitivity::Credentials),
            ("cookie", Sensitivity::Credentials),
            ("Proxy-Authorization", Sensitivity::Credentials),
            ("X-Api-Key", Sensitivity::Key),
            ("Api-Key", Sensitivity::Key),
            ("apikey", Sensitivity::Key),
            ("api_key", Sensitivity::Key),
            ("X-JWT-Assertion", Sensitivity::Key),
            ("X-Auth-Token", Sensitivity::Key),
            ("X-Goog-Api-Key", Sensitivity::Key),
            ("Ocp-Apim-Subscription-Key", Sensitivity::Key),
            ("X-Session-Id", Sensitivity::Key),
            ("X-Consumer", Sensitivity::Nothing),
            ("X-Client-Id", Sensitivity::Nothing),
            ("X-Authenticated-User", Sensitivity::Nothing),
            ("X-Request-Id", Sensitivity::Nothing),
        ];
        for (name, expected) in rows {
            assert_eq!(carries(name), expected, "{name}");
        }
    }
}
