//! Instances that stay, come and go.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::*;
use crate::config::SourceMap;
use crate::gateway::config::load::load;

const FILE: &str = r#"
    [[api]]
    name = "kept"
    upstream = "a"
    [[api.version]]
    name = "1"
    [[upstream]]
    name = "a"
    instances = [{ url = "http://a:1" }, { url = "https://b:1", weight = 2 }]
    speaks_from = { path = "/version", header = "V" }
    tls = { ca = "CA" }
"#;

/// Every host stands for one address, each for another one.
fn registry() -> Registry {
    Registry::new(Arc::new(|host| {
        let last = host.bytes().next().unwrap_or_default();
        Box::pin(async move { Ok(vec![[10, 0, 0, last].into()]) })
    }))
}

#[tokio::test]
async fn an_instance_stays_the_same_while_its_settings_do() {
    let ca = std::env::temp_dir().join(format!("sunward-registry-{}.pem", std::process::id()));
    let certificate = rcgen::generate_simple_self_signed(["b".to_owned()]).expect("a certificate").cert.pem();
    std::fs::write(&ca, certificate).expect("written");
    let file = FILE.replace("CA", &ca.display().to_string());
    let registry = registry();
    let pool = async |text: String| {
        let loaded = load(&SourceMap::new("a.toml", &text), &|_: &str| None).unwrap_or_else(|error| panic!("{error}"));
        registry.learn(&loaded.services).await;
        registry.pools(&loaded.services, &loaded.gateway.timeouts).remove("a").expect("it is there")
    };
    let first = pool(file.clone()).await;
    // What is edited, and whether the first instance and the second are still the same.
    let rows = [
        (format!("# A line more.\n{file}"), [true, true]),
        (file.replace("weight = 2", "weight = 3"), [true, true]),
        (file.replace("/version", "/other"), [false, false]),
        (file.replace("https://b:1", "https://b:2"), [true, false]),
        (file.replace("https://b:1", "https://c:1"), [true, false]),
        (file.replace("name = \"a\"", "addresses = \"first\"\nname = \"a\""), [false, false]),
        (file.replace("name = \"a\"", "http2 = true\nname = \"a\""), [false, false]),
    ];
    for (text, same) in rows {
        let pool = pool(text.clone()).await;
        let found = [0, 1].map(|at| Arc::ptr_eq(&first.members[at].endpoint, &pool.members[at].endpoint));
        assert_eq!(found, same, "{text}");
    }
    std::fs::remove_file(&ca).expect("removed");
}

/// A pool of one name, with the addresses of the moment: the last numbers of each.
struct Named {
    registry: Registry,
    addresses: Arc<Mutex<Vec<u8>>>,
    pools: Pools,
}

impl Named {
    async fn new(addresses: &[u8], upstream: &str) -> Self {
        let addresses = Arc::new(Mutex::new(addresses.to_vec()));
        let given = Arc::clone(&addresses);
        let registry = Registry::new(Arc::new(move |_| {
            let found = given.lock().expect("whole").iter().map(|last| IpAddr::from([10, 0, 0, *last])).collect();
            Box::pin(async move { Ok(found) })
        }));
        let text =
            FILE.replace(", { url = \"https://b:1\", weight = 2 }", "").replace("tls = { ca = \"CA\" }", upstream);
        let loaded = load(&SourceMap::new("a.toml", &text), &|_: &str| None).unwrap_or_else(|error| panic!("{error}"));
        registry.learn(&loaded.services).await;
        let pools = registry.pools(&loaded.services, &loaded.gateway.timeouts);
        Self { registry, addresses, pools }
    }

    fn pool(&self) -> Arc<Pool> {
        Arc::clone(&self.pools["a"])
    }

    /// Stands for others from now on; `false` if nothing changed by that.
    async fn set(&mut self, addresses: &[u8]) -> bool {
        *self.addresses.lock().expect("whole") = addresses.to_vec();
        self.registry.hosts.keep_only(&[]);
        self.registry.hosts.learn(["a"].into_iter()).await;
        let renewed = self.registry.renewed(&self.pools);
        renewed.map(|pools| self.pools = pools).is_some()
    }
}

/// The last numbers of the addresses that get requests.
fn picked(pool: &Pool) -> String {
    let last = |place: usize| match pool.members[place].endpoint.address().map(|address| address.ip()) {
        Some(IpAddr::V4(ip)) => ip.octets()[3].to_string(),
        other => panic!("{other:?}"),
    };
    let all: BTreeSet<String> = (0..200).filter_map(|_| pool.pick(&[], None)).map(|(place, _)| last(place)).collect();
    all.into_iter().collect()
}

#[tokio::test]
async fn who_is_new_has_to_be_well_first() {
    // The addresses before and after, the check, and who gets requests.
    let rows: [(&[u8], &[u8], bool, &str); 6] = [
        (&[1], &[1, 2, 3], false, "123"),
        (&[1], &[1, 2, 3, 4], true, "1"),
        (&[1, 2], &[2, 3, 4], true, "2"),
        // There are no others.
        (&[1], &[2, 3], true, "23"),
        (&[], &[1, 2], true, "12"),
        (&[1, 2], &[], true, ""),
    ];
    for (before, after, is_checked, expected) in rows {
        let mut named = Named::new(before, if is_checked { "check = { path = \"/\" }" } else { "" }).await;
        assert!(named.set(after).await);
        assert_eq!(picked(&named.pool()), expected, "{before:?} {after:?}");
        assert!(!named.set(after).await, "{after:?}");
    }
}

#[tokio::test]
async fn who_is_gone_is_for_those_that_have_no_others() {
    // Who is gone, who is drained, and who gets requests.
    let rows: [(&[usize], &[usize], &str); 6] = [
        (&[], &[], "12"),
        (&[0], &[], "2"),
        (&[0, 1], &[], "12"),
        (&[0], &[1], "1"),
        (&[0, 1], &[0], "2"),
        (&[], &[0, 1], ""),
    ];
    for (gone, drained, expected) in rows {
        let named = Named::new(&[1, 2], "").await;
        let pool = named.pool();
        gone.iter().for_each(|place| pool.members[*place].endpoint.leave(true));
        drained.iter().for_each(|place| pool.members[*place].endpoint.drain(true));
        assert_eq!(picked(&pool), expected, "{gone:?} {drained:?}");
    }
}
