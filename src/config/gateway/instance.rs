//! One instance of an upstream, by its URL.

use std::path::PathBuf;

use http::Uri;

use crate::config::keys::ValueKind;
use crate::config::tree::TableReader;
use crate::config::value::show;
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::rollout::RolloutGroup;

/// One instance of an [`Upstream`](super::Upstream).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Instance {
    /// `http://host:port` or `https://host:port`, with a path prefix if it has one; `http://localhost` for a socket.
    pub url: Spanned<Uri>,
    /// The Unix socket that it listens on: `unix:/path` as its URL.
    pub socket: Option<PathBuf>,
    /// The version it speaks. Default: that of the route or the api.
    pub speaks: Option<Spanned<String>>,
    /// Its share of the requests.
    pub weight: u32,
    /// Its part in rollouts.
    pub group: RolloutGroup,
    /// The table.
    pub span: Span,
}

// === impl Instance ===

impl Instance {
    pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<Self> {
        let span = reader.span;
        let place = place(&mut reader);
        let speaks = reader.text("speaks");
        let weight = reader.integer("weight").and_then(|weight| weight.value.try_into().ok());
        let group = if reader.word("group") == Some("canary") { RolloutGroup::Canary } else { RolloutGroup::Stable };
        reader.finish_whole()?;
        let (url, socket) = place?;
        Some(Self { url, socket, speaks, weight: weight.unwrap_or(1), group, span })
    }

    /// What it is called: its URL, as operators write it.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        match &self.socket {
            Some(path) => format!("unix:{}", path.display()),
            None => self.url.to_string().trim_end_matches('/').to_owned(),
        }
    }
}

fn place(reader: &mut TableReader<'_, '_>) -> Option<(Spanned<Uri>, Option<PathBuf>)> {
    let (node, kind) = reader.node("url")?;
    let text = node.text(kind, reader.found)?;
    let parsed = match text.strip_prefix("unix:") {
        Some(path) => parse_socket(path).map(|path| (Uri::from_static("http://localhost"), Some(path))),
        None => parse_url(&text).map(|url| (url, None)),
    };
    match parsed {
        Ok((url, socket)) => Some((Spanned::new(url, node.span), socket)),
        Err(problem) => {
            let message = format!("`url` is {}, which is not a valid URL of an instance: {problem}", show(node.value));
            let help = ValueKind::Url.example().unwrap_or_default();
            reader.found.push(Diagnostic::error("bad-url", message, node.span).help(help));
            None
        }
    }
}

fn parse_socket(path: &str) -> Result<PathBuf, String> {
    /// What fits into `sockaddr_un` everywhere.
    const MOST: usize = 103;
    if !cfg!(unix) {
        return Err("this system has no Unix sockets".to_owned());
    }
    match path {
        _ if !path.starts_with('/') => Err("the path of a socket begins with `/`".to_owned()),
        _ if path.ends_with('/') => Err("the path of a socket does not end with `/`".to_owned()),
        _ if path.contains('\0') => Err("the path of a socket contains a NUL".to_owned()),
        _ if path.len() > MOST => Err(format!("the path of a socket may have at most {MOST} bytes")),
        _ => Ok(path.into()),
    }
}

fn parse_url(text: &str) -> Result<Uri, String> {
    let url: Uri = text.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
    let authority = url.authority().ok_or("it has no host")?;
    let port = authority.as_str().rsplit_once(']').map_or(authority.as_str(), |(_, rest)| rest).rsplit_once(':');
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err("it does not begin with `http://`, `https://` or `unix:/`".to_owned());
    }
    if authority.host().is_empty() || authority.as_str().contains('@') {
        return Err("only a host and a port may come before the path".to_owned());
    }
    if port.is_some_and(|(_, port)| port.parse::<u16>().map_or(true, |port| port == 0)) {
        return Err("the port is not a number from 1 to 65535".to_owned());
    }
    if text.contains(['?', '#']) {
        return Err("it has a query or a fragment".to_owned());
    }
    Ok(url)
}
