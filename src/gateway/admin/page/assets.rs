//! The style, the script and the icon: within the program, under names that change with them.

use std::sync::LazyLock;

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderValue};
use sha2::{Digest, Sha256};

use crate::gateway::admin::answer::AdminError;
use crate::gateway::admin::route::Names;

/// A file that pages refer to.
pub(super) struct Asset {
    name: String,
    media: &'static str,
    text: &'static str,
}

pub(super) static CSS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("page", "css", "text/css; charset=utf-8", include_str!("assets/page.css")));
pub(super) static JS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("page", "js", "text/javascript; charset=utf-8", include_str!("assets/page.js")));
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")));

pub(super) async fn serve(Names(name): Names<String>) -> Result<Response, AdminError> {
    let asset = [&*CSS, &*JS, &*ICON].into_iter().find(|asset| asset.name == name);
    let asset = asset.ok_or_else(|| AdminError::new(StatusCode::NOT_FOUND, "no such file"))?;
    let mut response = Response::new(Body::from(asset.text));
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media));
    response.headers_mut().insert(header::CACHE_CONTROL, forever);
    Ok(response)
}

// === impl Asset ===

impl Asset {
    fn new(stem: &str, ending: &str, media: &'static str, text: &'static str) -> Self {
        let digest: String = Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { name: format!("{stem}.{digest}.{ending}"), media, text }
    }

    pub(super) fn path(&self) -> String {
        format!("/ui/assets/{}", self.name)
    }
}
