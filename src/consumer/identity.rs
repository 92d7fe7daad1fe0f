//! Identities that only one kind of source may give.

use std::net::IpAddr;

/// Of an API key: the first digits of its keyed hash follow.
pub(crate) const KEY: &str = "key-";
/// Of a claim that was not verified.
pub(crate) const CLAIMED: &str = "claimed:";
/// Of a client's network.
const NETWORK: &str = "net:";
/// The digits of a key's hash that are kept.
pub(crate) const KEY_DIGITS: usize = 16;

/// Whether `text` is an identity that a header, a certificate or a claim must not give: it would be taken for that of a
/// key, an unverified claim or a network.
pub(crate) fn is_reserved(text: &str) -> bool {
    is_key_identity(text) || text.starts_with(CLAIMED) || text.starts_with(NETWORK)
}

/// Whether `text` is the identity of an API key.
pub(crate) fn is_key_identity(text: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.strip_prefix(KEY).is_some_and(|digits| digits.len() == KEY_DIGITS && digits.bytes().all(is_digit))
}

/// The identity of the network of `address`: `/24` for IPv4, `/48` for IPv6.
pub(crate) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{NETWORK}{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            let network = std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0);
            format!("{NETWORK}{network}/48")
        }
    }
}

/// The identity that an entry of the register means by `text`, if that is `net:` and a network or an address.
pub(crate) fn network_of(text: &str) -> Option<String> {
    let text = text.strip_prefix(NETWORK)?;
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    Some(network(address.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_canonical() {
        let rows = [
            ("192.0.2.77", "net:192.0.2.0/24"),
            ("::ffff:192.0.2.77", "net:192.0.2.0/24"),
            ("2001:db8:1:2:3::4", "net:2001:db8:1::/48"),
            ("::1", "net:::/48"),
        ];
        for (address, expected) in rows {
            assert_eq!(network(address.parse().expect("an address")), expected);
            assert_eq!(network_of(expected).as_deref(), Some(expected));
        }
        assert_eq!(network_of("net:here"), None);
        assert_eq!(network_of("192.0.2.0/24"), None);
    }

    #[test]
    fn identities_of_other_sources_are_reserved() {
        let rows = [
            ("key-0123456789abcdef", true),
            ("key-0123456789ABCDEF", false),
            ("key-0123456789abcde", false),
            ("key-client", false),
            ("claimed:acme", true),
            ("net:192.0.2.0/24", true),
            ("acme", false),
            ("", false),
        ];
        for (text, expected) in rows {
            assert_eq!(is_reserved(text), expected, "{text}");
        }
    }
}
