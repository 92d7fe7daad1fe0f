//! Request lines and header fields.

use super::{Row, check};

#[tokio::test]
async fn a_head_has_one_reading() {
    let rows: &[Row] = &[
        ("GET /api/v3/x HTTP/1.1|Host: a||", &[200, 200], "GET /api/x HTTP/1.1|host: a||"),
        ("||GET /api/v3/x HTTP/1.1|Host: a||", &[200, 200], "GET /api/x HTTP/1.1|host: a||"),
        ("GET /api/v3/x HTTP/1.1\nHost: a\nX: y\n\n", &[200, 200], "GET /api/x HTTP/1.1|host: a|x: y||"),
        ("GET /api/v3/x HTTP/1.1|Host: a|X: a\tb\u{e9}||", &[200, 200], "GET /api/x HTTP/1.1|host: a|x: a\tb\u{e9}||"),
        ("GET /api/v3/x HTTP/1.1|Host: a|X: y| z||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1| X: y|Host: a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X : y||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|: y||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X y: z||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X: a\0b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X: a\rb||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|X: a\x1bb||", &[400], ""),
        ("GET  /api/v3/x HTTP/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x  HTTP/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x y HTTP/1.1|Host: a||", &[400], ""),
        ("GET\t/api/v3/x HTTP/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.2|Host: a||", &[400], ""),
        ("GET /api/v3/x HTTP/2.0|Host: a||", &[400], ""),
        ("GET /api/v3/x http/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x|Host: a||", &[400], ""),
        ("G\u{e9}T /api/v3/x HTTP/1.1|Host: a||", &[400], ""),
        ("G,T /api/v3/x HTTP/1.1|Host: a||", &[400], ""),
        // Unknown methods are forwarded.
        ("PURGE /api/v3/x HTTP/1.1|Host: a||", &[200, 200], "PURGE /api/x HTTP/1.1|host: a||"),
        ("get /api/v3/x HTTP/1.1|Host: a||", &[200, 200], "get /api/x HTTP/1.1|host: a||"),
        ("M-SEARCH! /api/v3/x HTTP/1.1|Host: a||", &[200, 200], "M-SEARCH! /api/x HTTP/1.1|host: a||"),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA /api/v3/x HTTP/1.1|Host: a||", &[501], ""),
        ("PRI /api/v3/x HTTP/1.1|Host: a||", &[501], ""),
        ("TRACE /api/v3/x HTTP/1.1|Host: a||", &[405], ""),
        ("CONNECT a:80 HTTP/1.1|Host: a:80||", &[405], ""),
        ("CONNECT /api/v3/x HTTP/1.1|Host: a||", &[405], ""),
    ];
    check("heads", rows).await;
}
