//! Who the client is, by what it and the proxies in between say.

use super::*;

type Fields = &'static [(&'static str, &'static str)];

fn map(fields: Fields) -> HeaderMap {
    let named =
        |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    fields.iter().map(named).fold(HeaderMap::new(), |mut headers, (name, value)| {
        headers.append(name, value);
        headers
    })
}

fn trusting(networks: &[&str]) -> ForwardedPolicy {
    let trusted = networks.iter().map(|network| network.parse().expect("a network")).collect();
    ForwardedPolicy::new(&Proxy { trusted, ..Proxy::default() })
}

#[test]
fn only_trusted_proxies_may_send_forwarding_headers() {
    let claims: [&'static str; 17] = [
        "forwarded",
        "x-forwarded",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-ssl",
        "x-forwarded-scheme",
        "x-forwarded-server",
        "x-forwarded-user",
        "x-forwarded-client-cert",
        "x-forwarded-anything",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
    ];
    let hop = |ip: &str| ClientHop { ip: ip.parse().ok(), text: None, tls: false, version: Version::HTTP_11 };
    let marks = ForwardedPolicy { forwarded: ForwardedHeaders::Off, ..trusting(&["10.0.0.0/8"]) };
    for name in claims {
        for (ip, kept) in [("192.0.2.1", false), ("10.0.0.1", true)] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static("x"));
            headers.insert("x-forward", HeaderValue::from_static("is something else"));
            marks.mark(&mut headers, hop(ip), || 42);
            assert_eq!(headers.contains_key(name), kept, "{name} {ip}");
            assert!(headers.contains_key("x-forward"));
        }
    }
}

#[test]
fn the_client_is_whom_trusted_proxies_name() {
    // Trusted networks, the peer, what came, the client.
    let rows: [(&[&str], &str, Fields, &str); 14] = [
        (&[], "192.0.2.1", &[("x-forwarded-for", "8.8.8.8")], "192.0.2.1"),
        (&["10.0.0.0/8"], "10.0.0.1", &[], "10.0.0.1"),
        (&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", "8.8.8.8")], "8.8.8.8"),
        (&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", "1.1.1.1, 8.8.8.8, 10.0.0.2")], "8.8.8.8"),
        (&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "8.8.8.8")], "8.8.8.8"),
        (&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
        (&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", "8.8.8.8, me, 10.0.0.2")], "10.0.0.2"),
        (&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", "8.8.8.8:4711")], "8.8.8.8"),
        (&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", "2001:db8::1")], "2001:db8::1"),
        (&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", "[2001:db8::1]:80")], "2001:db8::1"),
        (&["10.0.0.0/8"], "10.0.0.1", &[("x-forwarded-for", "::ffff:8.8.8.8")], "8.8.8.8"),
        (
            &["fd00::/8"],
            "fd00::1",
            &[("forwarded", "for=1.1.1.1, FOR=\"[2001:db8::1]:80\";proto=https")],
            "2001:db8::1",
        ),
        (&["fd00::/8"], "fd00::1", &[("forwarded", "for=1.1.1.1, for=_hidden")], "fd00::1"),
        (&["fd00::/8"], "fd00::1", &[("x-forwarded-for", "8.8.8.8"), ("forwarded", "for=1.1.1.1")], "8.8.8.8"),
    ];
    for (trusted, peer, came, client) in rows {
        let hop = ClientHop { ip: peer.parse().ok(), text: None, tls: false, version: Version::HTTP_11 };
        let found = trusting(trusted).client(&map(came), hop).map(|ip| ip.to_string());
        assert_eq!(found.as_deref(), Some(client), "{trusted:?} {peer} {came:?}");
    }
}

#[test]
fn prefixes_are_appended_to_those_of_other_proxies() {
    let rows: [(Fields, &str); 4] = [
        (&[], "/api/v1"),
        (&[("x-forwarded-prefix", "/shop")], "/shop/api/v1"),
        (&[("x-forwarded-prefix", "/shop/")], "/shop/api/v1"),
        (&[("x-forwarded-prefix", "shop")], "/api/v1"),
    ];
    for (came, expected) in rows {
        let mut headers = map(came);
        tell_prefix(&mut headers, "/api/v1");
        assert_eq!(headers["x-forwarded-prefix"], expected, "{came:?}");
    }
}

#[test]
fn rows() {
    let marks = |forwarded| {
        let trusted = vec!["10.0.0.0/8".parse().expect("a network")];
        ForwardedPolicy {
            trusted,
            forwarded,
            request_id: Some(HeaderName::from_static("x-request-id")),
            via: Via::new("sunward"),
        }
    };
    // How, from where, what came, what is sent on.
    let rows: [(ForwardedHeaders, &str, Fields, Fields); 6] = [
        (
            ForwardedHeaders::XForwarded,
            "192.0.2.1",
            &[("x-forwarded-for", "8.8.8.8"), ("forwarded", "for=8.8.8.8"), ("x-request-id", "mine")],
            &[
                ("x-forwarded-for", "192.0.2.1"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "a.test"),
                ("x-request-id", "0000000000000000000000000000002a"),
            ],
        ),
        (
            ForwardedHeaders::XForwarded,
            "10.1.2.3",
            &[
                ("x-forwarded-for", "192.0.2.1"),
                ("x-forwarded-for", "10.9.9.9"),
                ("x-forwarded-proto", "http"),
                ("x-request-id", "theirs"),
            ],
            &[
                ("x-forwarded-for", "192.0.2.1, 10.9.9.9, 10.1.2.3"),
                ("x-forwarded-proto", "http"),
                ("x-forwarded-host", "a.test"),
                ("x-request-id", "theirs"),
            ],
        ),
        (
            ForwardedHeaders::Rfc7239,
            "2001:db8::17",
            &[],
            &[
                ("forwarded", "for=\"[2001:db8::17]\";host=a.test;proto=https"),
                ("x-request-id", "0000000000000000000000000000002a"),
            ],
        ),
        (
            ForwardedHeaders::Rfc7239,
            "10.0.0.1",
            &[("forwarded", "for=192.0.2.43")],
            &[
                ("forwarded", "for=192.0.2.43, for=10.0.0.1;host=a.test;proto=https"),
                ("x-request-id", "0000000000000000000000000000002a"),
            ],
        ),
        (
            ForwardedHeaders::Off,
            "192.0.2.1",
            &[("x-forwarded-for", "8.8.8.8"), ("x-real-ip", "8.8.8.8")],
            &[("x-request-id", "0000000000000000000000000000002a")],
        ),
        (
            ForwardedHeaders::Off,
            "10.0.0.1",
            &[("x-forwarded-for", "8.8.8.8"), ("x-request-id", "not an id")],
            &[("x-forwarded-for", "8.8.8.8"), ("x-request-id", "0000000000000000000000000000002a")],
        ),
    ];
    for (forwarded, ip, came, sent) in rows {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("a.test"));
        for (name, value) in came {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let text = HeaderValue::from_static(ip);
        let hop = ClientHop {
            ip: Some(ip.parse().expect("an address")),
            text: Some(&text),
            tls: true,
            version: Version::HTTP_2,
        };
        marks(forwarded).mark(&mut headers, hop, || 42);
        headers.remove(header::HOST);
        assert_eq!(headers.remove(header::VIA), Some(HeaderValue::from_static("2.0 sunward")));
        let mut found: Vec<(String, String)> =
            headers.iter().map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned())).collect();
        let mut expected: Vec<(String, String)> =
            sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{forwarded:?} {ip}");
    }
}
