//! What comes in from strangers.

use super::Gateway;

#[tokio::test]
async fn what_is_ambiguous_is_refused() {
    let gateway = Gateway::demo().await;
    let rows = [
        ("GET /api/v3/users/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400),
        ("GET /api/v3/users/1 HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        ("GET /api//v1/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
        ("GET /api/%76%31/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 410),
        ("GET /api/v2/../v1/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
        ("TRACE /api/v3/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405),
        ("GET /elsewhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        ("GET /api/v9/users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        ("GET /api/users/1 HTTP/1.1\r\nHost: a\r\nApi-Version: 9\r\nConnection: close\r\n\r\n", 400),
    ];
    for (request, status) in rows {
        assert_eq!(gateway.send(request).await.status, status, "{request}");
    }
    assert!(gateway.stop().await);
}

/// The version header cannot be taken off behind the decision: it is gone before.
#[tokio::test]
async fn connection_cannot_hide_a_version() {
    let gateway = Gateway::demo().await;
    let request = "GET /api/users/1 HTTP/1.1\r\nHost: a\r\nApi-Version: 1\r\nConnection: close, api-version\r\n\r\n";
    let reply = gateway.send(request).await;
    assert_eq!((reply.status, reply.field("api-version")), (200, "2"));
    assert!(gateway.stop().await);
}

#[tokio::test]
async fn a_preflight_passes_whatever_its_version() {
    let gateway = Gateway::demo().await;
    let request = "OPTIONS /api/v1/users/1 HTTP/1.1\r\nHost: a\r\nOrigin: https://app.test\r\n\
                   Access-Control-Request-Method: GET\r\nConnection: close\r\n\r\n";
    // The demo's services know no CORS: it is they who answer.
    assert_eq!(gateway.send(request).await.status, 404);
    assert!(gateway.stop().await);
}
