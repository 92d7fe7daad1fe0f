//! Whom a request is for.

use super::{Row, check};

#[tokio::test]
async fn a_target_has_one_host() {
    let rows: &[Row] = &[
        ("GET /api/v3/x HTTP/1.1||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|Host: a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a|host: b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host:||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a, b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a,b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: u@a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a/x||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: http://a||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a:80x||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a:99999||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a#b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a.||", &[400], ""),
        ("GET /hosted/v3/x HTTP/1.1|Host: hosted.test.||", &[400], ""),
        (
            "GET /hosted/v3/x HTTP/1.1|Host: HOSTED.test:80||",
            &[200, 200],
            "GET /hosted/x HTTP/1.1|host: HOSTED.test:80||",
        ),
        ("GET /api/v3/x HTTP/1.1|Host: \u{e9}||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: a%00b||", &[400], ""),
        ("GET /api/v3/x HTTP/1.1|Host: [::1]:80||", &[200, 200], "GET /api/x HTTP/1.1|host: [::1]:80||"),
        // The authority of the target is the one that counts.
        ("GET http://b/api/v3/x HTTP/1.1|Host: a||", &[200, 200], "GET /api/x HTTP/1.1|host: b||"),
        ("GET http://b:81/api/v3/x?y HTTP/1.1|X: y|Host: a||", &[200, 200], "GET /api/x?y HTTP/1.1|x: y|host: b:81||"),
        ("GET http://b/api/v3/x HTTP/1.1||", &[400], ""),
        ("GET https://b/api/v3/x HTTP/1.1|Host: b||", &[421], ""),
        ("GET http://u@b/api/v3/x HTTP/1.1|Host: b||", &[400], ""),
        ("GET http:///api/v3/x HTTP/1.1|Host: b||", &[400], ""),
        ("GET http://b:x/api/v3/x HTTP/1.1|Host: b||", &[400], ""),
        ("GET ftp://b/api/v3/x HTTP/1.1|Host: b||", &[400], ""),
        ("GET admin HTTP/1.1|Host: a||", &[400], ""),
        ("GET a:80 HTTP/1.1|Host: a:80||", &[400], ""),
        ("GET api/v3/x HTTP/1.1|Host: a||", &[400], ""),
        ("GET ?x HTTP/1.1|Host: a||", &[400], ""),
        ("GET * HTTP/1.1|Host: a||", &[400], ""),
        ("GET //b/api/v3/x HTTP/1.1|Host: a||", &[404, 200], ""),
        ("OPTIONS * HTTP/1.1|Host: a||", &[204, 200], ""),
        ("OPTIONS * HTTP/1.1||", &[400], ""),
    ];
    check("hosts", rows).await;
}

/// What policy saw is what the upstream gets.
#[tokio::test]
async fn a_path_is_decided_on_as_it_is_sent() {
    let rows: &[Row] = &[
        ("GET /api/%76%33/%78 HTTP/1.1|Host: a||", &[200, 200], "GET /api/x HTTP/1.1|host: a||"),
        ("GET /api/v3/x%c3%a9?%76 HTTP/1.1|Host: a||", &[200, 200], "GET /api/x%C3%A9?%76 HTTP/1.1|host: a||"),
        ("GET /api/v3/x;y=1 HTTP/1.1|Host: a||", &[200, 200], "GET /api/x;y=1 HTTP/1.1|host: a||"),
        ("GET /api/v3/...?/../x HTTP/1.1|Host: a||", &[200, 200], "GET /api/...?/../x HTTP/1.1|host: a||"),
        ("GET /%61pi/%76%31/x HTTP/1.1|Host: a||", &[410, 200], ""),
        ("GET /api../v3/x HTTP/1.1|Host: a||", &[404, 200], ""),
        ("GET /api/../api/v3/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/%2e%2e/v1/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/.%2E/v1/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/./x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/..;/v1/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3//x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x// HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET //api/v3/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api%2Fv3/x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x%5Cy HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3\\x HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x%00 HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x%0d%0aX:y HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x%zz HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/x% HTTP/1.1|Host: a||", &[400, 200], ""),
        ("GET /api/v3/\u{e9} HTTP/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x?\u{e9} HTTP/1.1|Host: a||", &[400], ""),
        ("GET /api/v3/x\x7f HTTP/1.1|Host: a||", &[400], ""),
        // A fragment is cut off before anyone here sees it: decision and upstream agree.
        ("GET /api/v3/x#/../v1 HTTP/1.1|Host: a||", &[200, 200], "GET /api/x HTTP/1.1|host: a||"),
    ];
    check("paths", rows).await;
}
