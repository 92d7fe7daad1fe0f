//! Which addresses there are, and which of them are instances.

use super::*;

#[test]
fn which_names_stand_for_instances() {
    use Addresses::{Each, First, Ipv4, Ipv6};
    let rows = [
        ("http://orders:8080/x", Each, Some("orders")),
        ("http://orders:8080", First, None),
        ("http://10.0.0.1", Each, None),
        ("http://[::1]:80", Ipv6, None),
        ("http://localhost:80", Each, None),
        ("http://LOCALHOST.:80", Each, None),
        ("http://a.localhost", Each, None),
        ("http://localhost:80", Ipv4, Some("localhost")),
        ("http://notlocalhost", Each, Some("notlocalhost")),
    ];
    for (url, addresses, expected) in rows {
        let url: Uri = url.parse().expect("a URL");
        assert_eq!(name(&url, addresses), expected, "{url} {addresses:?}");
    }
}

#[test]
fn which_addresses_are_instances() {
    use Addresses::{Each, Ipv4, Ipv6};
    let rows: [(&[&str], Addresses, &[&str]); 7] = [
        (&["10.0.0.2", "10.0.0.1", "10.0.0.2"], Each, &["10.0.0.1", "10.0.0.2"]),
        (&["10.0.0.1", "fd00::1", "10.0.0.2"], Each, &["10.0.0.1", "10.0.0.2"]),
        (&["fd00::1", "10.0.0.1"], Each, &["fd00::1"]),
        (&["fd00::1", "10.0.0.1"], Ipv4, &["10.0.0.1"]),
        (&["10.0.0.1", "fd00::1"], Ipv6, &["fd00::1"]),
        (&["10.0.0.1"], Ipv6, &[]),
        (&[], Each, &[]),
    ];
    for (found, addresses, expected) in rows {
        let parse = |list: &[&str]| -> Vec<IpAddr> {
            list.iter().map(|address| address.parse().expect("an address")).collect()
        };
        assert_eq!(chosen(&parse(found), addresses), parse(expected), "{found:?} {addresses:?}");
    }
}

#[test]
fn what_failed_is_tried_sooner() {
    let every = Duration::from_secs(30);
    let rows = [(1, 250), (2, 500), (3, 1000), (7, 16_000), (8, 30_000), (u32::MAX, 30_000)];
    for (failures, millis) in rows {
        assert_eq!(pause(failures, every), Duration::from_millis(millis), "{failures}");
    }
    let usual = pause(0, every);
    assert!(usual >= Duration::from_secs(27) && usual <= Duration::from_secs(33), "{usual:?}");
}

#[tokio::test(start_paused = true)]
async fn only_other_addresses_are_a_change() {
    let answers: Arc<Mutex<Vec<&[&str]>>> = Arc::default();
    let given = Arc::clone(&answers);
    let hosts = Hosts::new(Arc::new(move |_| {
        let found = given.lock().expect("whole").pop();
        Box::pin(async move {
            match found {
                Some(list) => Ok(list.iter().map(|text| text.parse().expect("an address")).collect()),
                None => std::future::pending().await,
            }
        })
    }));
    let rows: [(&[&str], bool, bool); 6] = [
        (&["10.0.0.1", "10.0.0.2"], true, true),
        (&["10.0.0.2", "10.0.0.1", "10.0.0.1"], true, false),
        (&["::ffff:10.0.0.2", "10.0.0.1"], true, false),
        (&[], false, false),
        (&["10.0.0.2", "fd00::1"], true, true),
        (&["fd00::1", "10.0.0.2"], true, true),
    ];
    for (list, well, changes) in rows {
        answers.lock().expect("whole").push(list);
        assert_eq!(hosts.look_up("a").await.is_ok(), well, "{list:?}");
        let changed = tokio::time::timeout(Duration::from_millis(1), hosts.changed()).await.is_ok();
        assert_eq!(changed, changes, "{list:?}");
    }
    // One that does not end is given up, and what was known stays.
    assert!(hosts.look_up("a").await.is_err());
    assert_eq!(hosts.known().len(), 1);
}
