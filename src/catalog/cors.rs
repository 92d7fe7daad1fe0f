//! Whose scripts may read an answer, checked and ready to be asked.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::headers::merge;

/// A policy: [`Cors`](super::Cors), checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CorsEntry {
    pub(super) origins: Origins,
    pub(super) credentials: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origins {
    Any,
    Listed(Box<[AllowedOrigin]>),
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AllowedOrigin {
    Exactly(Box<str>),
    /// All subdomains of a host: the text before and after their labels.
    Below(Box<str>, Box<str>),
}

/// Fields of answers that a script reads only where they are exposed.
static EXPOSED: [HeaderName; 6] = [
    header::ALLOW,
    header::ACCEPT,
    HeaderName::from_static("accept-patch"),
    header::ACCEPT_ENCODING,
    header::RETRY_AFTER,
    header::DATE,
];

// === impl CorsEntry ===

impl CorsEntry {
    /// Whether scripts of `origin` may read.
    #[must_use]
    pub(crate) fn allows(&self, origin: &str) -> bool {
        match &self.origins {
            Origins::Any => true,
            Origins::Listed(list) => list.iter().any(|allowed| allowed.is(origin)),
        }
    }

    /// Lets scripts of `origin`, which is that of the request if it has one, read an answer with these fields.
    pub(crate) fn grant(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if self.origins != Origins::Any {
            // Also where the request has none: the next one may.
            merge::merge_vary(headers, &[header::ORIGIN]);
        }
        let Some(origin) = origin.filter(|origin| origin.to_str().is_ok_and(|origin| self.allows(origin))) else {
            return;
        };
        let allowed = match self.origins {
            Origins::Any => HeaderValue::from_static("*"),
            Origins::Listed(_) => origin.clone(),
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if self.credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        let exposed: Vec<HeaderName> = EXPOSED.iter().filter(|name| headers.contains_key(*name)).cloned().collect();
        merge::expose(headers, &exposed, self.credentials);
    }

    /// The list, as it could be written.
    pub(super) fn texts(&self) -> Vec<String> {
        match &self.origins {
            Origins::Any => vec!["*".to_owned()],
            Origins::Listed(list) => list.iter().map(AllowedOrigin::text).collect(),
        }
    }
}

// === impl AllowedOrigin ===

impl AllowedOrigin {
    /// Reads `https://app.example.com`, `http://localhost:3000` or `https://*.example.com`.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let (scheme, host) =
            text.split_once("://").ok_or("write a scheme and a host, such as `https://app.example.com`")?;
        if text.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii_graphic()) {
            return Err("write it in lower case and ASCII, as browsers do");
        }
        if scheme.is_empty() || host.is_empty() || host.contains(['/', '?', '#', '@']) {
            return Err("write only scheme, host and port, without a path or a trailing slash");
        }
        if matches!((scheme, host.rsplit_once(':')), ("https", Some((_, "443"))) | ("http", Some((_, "80")))) {
            return Err("remove the port: browsers omit the default port of the scheme");
        }
        match host.split_once('*') {
            None => Ok(Self::Exactly(text.into())),
            Some(("", rest)) if rest.starts_with('.') && rest.len() > 1 && !rest.contains('*') => {
                Ok(Self::Below(format!("{scheme}://").into(), rest.into()))
            }
            Some(_) => Err("use `*` alone, or for the first labels of a host: `https://*.example.com`"),
        }
    }

    fn is(&self, origin: &str) -> bool {
        match self {
            Self::Exactly(allowed) => **allowed == *origin,
            Self::Below(scheme, domain) => {
                let labels = origin.strip_prefix(&**scheme).and_then(|host| host.strip_suffix(&**domain));
                labels.is_some_and(|labels| {
                    let of_host = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
                    !labels.is_empty() && labels.bytes().all(of_host)
                })
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Exactly(origin) => origin.to_string(),
            Self::Below(scheme, domain) => format!("{scheme}*{domain}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_write_them() {
        // As it is written, an origin, and whether it may read; none if that is no origin.
        let rows: [(&str, &str, Option<bool>); 23] = [
            ("https://a.test", "https://a.test", Some(true)),
            ("https://a.test", "http://a.test", Some(false)),
            ("https://a.test", "https://a.test:8443", Some(false)),
            ("https://a.test", "https://a.test.evil.test", Some(false)),
            ("http://localhost:3000", "http://localhost:3000", Some(true)),
            ("capacitor://localhost", "capacitor://localhost", Some(true)),
            ("https://*.a.test", "https://x.a.test", Some(true)),
            ("https://*.a.test", "https://x.y.a.test", Some(true)),
            ("https://*.a.test", "https://a.test", Some(false)),
            ("https://*.a.test", "https://xa.test", Some(false)),
            ("https://*.a.test", "https://.a.test", Some(false)),
            ("https://*.a.test", "https://evil.test/.a.test", Some(false)),
            ("https://*.a.test", "https://evil.test:80#.a.test", Some(false)),
            ("https://*.a.test:8443", "https://x.a.test:8443", Some(true)),
            ("https://*", "", None),
            ("https://a.*.test", "", None),
            ("https://A.test", "", None),
            ("https://a.test/", "", None),
            ("https://a.test:443", "", None),
            ("http://a.test:80", "", None),
            ("a.test", "", None),
            ("null", "", None),
            ("https://\u{e9}.test", "", None),
        ];
        for (text, origin, expected) in rows {
            let found = AllowedOrigin::read(text).ok().map(|allowed| allowed.is(origin));
            assert_eq!(found, expected, "{text} {origin}");
        }
    }
}
