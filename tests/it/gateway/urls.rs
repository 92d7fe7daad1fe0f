//! Where URLs of a response lead, and where requests go that an api excludes.

use super::rig::{Service, config, gateway};

#[tokio::test]
async fn an_instances_own_address_leads_back_to_the_gateway() {
    let service = Service::start(|mut served| async move {
        let own = served.stream.local_addr().expect("an address");
        while served.request().await.is_some() {
            let urls = format!(
                "location: http://{own}/api/users/7?a=%7e|content-location: //{own}/api/users/7|\
                 link: <http://{own}/api/users/8>; rel=next, <http://other.test/>; rel=help|refresh: 5; url=http://{own}/else"
            );
            served.write(&format!("HTTP/1.1 201 Created|content-length: 0|{urls}||")).await;
        }
    })
    .await;
    let own = format!("http://{}", service.address);
    for (keys, root, api) in [("", "", "/api/v1"), ("public_urls = false\n", &*own, "/api")] {
        let gateway = gateway(config("urls", &[service.address], "", keys)).await;
        let reply = gateway.get("/api/v1/x").await;
        assert_eq!(reply.field("location"), format!("{root}{api}/users/7?a=%7e"), "{keys}");
        assert_eq!(
            reply.field("content-location"),
            format!("{}{api}/users/7", root.trim_start_matches("http:")),
            "{keys}"
        );
        let link = format!("<{root}{api}/users/8>; rel=next, <http://other.test/>; rel=help");
        assert_eq!(reply.field("link"), link, "{keys}");
        assert_eq!(reply.field("refresh"), format!("5; url={root}/else"), "{keys}");
        assert!(gateway.stop().await);
    }
}

#[tokio::test]
async fn what_an_api_excludes_goes_to_its_upstream() {
    let service = Service::start(|mut served| async move {
        while let Some(request) = served.request().await {
            let line = request.lines().next().unwrap_or_default().to_owned();
            served.write(&format!("HTTP/1.1 200 OK|content-length: {}||{line}", line.len())).await;
        }
    })
    .await;
    let base = "base_path = \"/api\"";
    let exclude = format!("{base}\nexclude = [\"/api/health\", \"/api/docs/*\"]");
    let gateway = gateway(config("excludes", &[service.address], "", "").replace(base, &exclude)).await;
    let rows = [
        ("/api/health", 200, "GET /api/health HTTP/1.1"),
        ("/api/docs/a/?b=%7e", 200, "GET /api/docs/a/?b=%7e HTTP/1.1"),
        ("/api/v1/users", 200, "GET /api/users HTTP/1.1"),
        ("/api/healthy", 400, "version-unspecified"),
        ("/health", 404, "no api has this host"),
    ];
    for (path, status, body) in rows {
        let reply = gateway.get(path).await;
        assert_eq!((reply.status, reply.body.contains(body)), (status, true), "{path}: {}", reply.body);
    }
    assert!(gateway.stop().await);
}
