//! Which share a key falls into: the hash and the two ways to divide it.

/// How the op `fractional` turns a hash into a share.
///
/// The two put the same key into different shares, so a gateway and its services must use the same one. flagd itself
/// uses `V2`; some of its in-process providers still use `V1`. It is never changed by an upgrade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bucketing {
    /// `|hash as i32| / i32::MAX` as a percentage, with floating point.
    V1,
    /// `hash * total weight >> 32`, in whole numbers.
    #[default]
    V2,
}

/// The largest sum of weights that flagd accepts.
pub(super) const MAX_TOTAL: u64 = i32::MAX as u64;

impl Bucketing {
    /// The index of the share that `key` falls into, and the position of `key` out of the sum of `weights`.
    ///
    /// With `V1` no share is found for the keys whose hash is at the very end of the range, as in flagd.
    pub(super) fn share(self, key: &[&str], weights: impl Iterator<Item = u64> + Clone) -> Option<(usize, u64)> {
        let total: u64 = weights.clone().sum();
        if total == 0 || total > MAX_TOTAL {
            return None;
        }
        let hash = murmur3(key);
        let mut end = 0;
        match self {
            Self::V2 => {
                let position = (u64::from(hash) * total) >> 32;
                let within = |weight: u64| {
                    end += weight;
                    position < end
                };
                weights.map(within).position(|within| within).map(|index| (index, position))
            }
            Self::V1 => {
                let percent = f64::from(hash.cast_signed()).abs() / f64::from(i32::MAX) * 100.0;
                let mut end = 0.0;
                let within = |weight: u64| {
                    end += 100.0 * weight as f64 / total as f64;
                    percent < end
                };
                let position = (percent / 100.0 * total as f64) as u64;
                weights.map(within).position(|within| within).map(|index| (index, position))
            }
        }
    }
}

/// MurmurHash3 x86 32 with the seed 0, of `parts` one behind the other.
fn murmur3(parts: &[&str]) -> u32 {
    let mut hash = 0u32;
    let mut block = 0u32;
    let mut length = 0u32;
    for byte in parts.iter().flat_map(|part| part.bytes()) {
        block |= u32::from(byte) << (8 * (length % 4));
        length = length.wrapping_add(1);
        if length.is_multiple_of(4) {
            hash = (hash ^ scramble(block)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
            block = 0;
        }
    }
    hash ^= scramble(block);
    hash ^= length;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

const fn scramble(block: u32) -> u32 {
    block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_reference() {
        for (text, hash) in [
            ("", 0),
            ("test", 0xba6b_d213),
            ("Hello, world!", 0xc036_3e43),
            ("The quick brown fox jumps over the lazy dog", 0x2e4f_f723),
            ("ejOoVL", 0),
            ("bY9fO-", 1),
            ("SI7p-", 0x7fff_ffff),
            ("6LvT0", 0x8000_0000),
            ("ceQdGm", 0xffff_ffff),
        ] {
            assert_eq!(murmur3(&[text]), hash, "{text}");
            for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                assert_eq!(murmur3(&[&text[..at], &text[at..]]), hash, "{text} in two parts at {at}");
            }
        }
    }

    #[test]
    fn keys_at_the_edges_of_the_range() {
        let share = |bucketing: Bucketing, key| bucketing.share(&[key], [50, 50].into_iter()).map(|(index, _)| index);
        for (key, v1, v2) in [
            ("ejOoVL", Some(0), Some(0)),
            ("bY9fO-", Some(0), Some(0)),
            ("SI7p-", None, Some(0)),
            ("6LvT0", None, Some(1)),
            ("ceQdGm", Some(0), Some(1)),
        ] {
            assert_eq!(share(Bucketing::V1, key), v1, "{key}");
            assert_eq!(share(Bucketing::V2, key), v2, "{key}");
        }
    }

    #[test]
    fn weights_of_nothing_or_of_too_much_have_no_share() {
        for weights in [&[][..], &[0, 0], &[MAX_TOTAL, 1]] {
            assert_eq!(Bucketing::V2.share(&["a"], weights.iter().copied()), None, "{weights:?}");
        }
        assert_eq!(Bucketing::V2.share(&["ceQdGm"], [0, MAX_TOTAL, 0].into_iter()), Some((1, MAX_TOTAL - 1)));
    }
}
