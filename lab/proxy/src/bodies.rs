//! What the upstream serves.

use std::fmt::Write as _;

use bytes::Bytes;

/// Lists of so many orders, about 1 KiB, 64 KiB and 1 MiB.
pub const SIZES: [usize; 3] = [3, 200, 3_200];

/// Documents that are hard on a JSON library, each as the one element of `data`.
const ODD: [&str; 2] = [
    r#"{"id":9007199254740993,"price":1.10,"tags":[],"b":1,"a":2}"#,
    r#"{"id":1,"ratio":1e400,"name":"first","name":"last"}"#,
];

/// All bodies, made once.
pub struct Bodies {
    lists: Vec<(String, Bytes)>,
    odd: Vec<(String, Bytes)>,
}

impl Bodies {
    #[must_use]
    pub fn new() -> Self {
        let lists = SIZES.iter().map(|n| (format!("n={n}"), list(*n).into())).collect();
        let odd = |(n, body)| (format!("n={n}"), format!(r#"{{"data":[{body}]}}"#).into());
        Self { lists, odd: ODD.iter().enumerate().map(odd).collect() }
    }

    /// The body at a path and query, whatever is before the last segment of the path.
    #[must_use]
    pub fn find(&self, path: &str, query: &str) -> Option<Bytes> {
        let among = match path.rsplit('/').next() {
            Some("orders") => &self.lists,
            Some("odd") => &self.odd,
            _ => return None,
        };
        among.iter().find(|(name, _)| name == query).map(|(_, body)| body.clone())
    }
}

impl Default for Bodies {
    fn default() -> Self {
        Self::new()
    }
}

fn list(n: usize) -> String {
    let mut text = String::from(r#"{"data":["#);
    for i in 0..n {
        if i > 0 {
            text.push(',');
        }
        order(&mut text, i);
    }
    text.push_str("]}");
    text
}

/// An order of about 325 bytes. Its numbers have at most 13 digits, and no array is empty, so that every peer can
/// carry it: what they cannot carry is in [`ODD`].
fn order(text: &mut String, i: usize) {
    let pick = |of: &[&'static str], by: usize| of[(i * 7 + by) % of.len()];
    let (quantity, cents) = (1 + i % 4, 199 + (i * 7_919) % 9_000);
    let total = quantity * cents + 1_250;
    write!(
        text,
        concat!(
            r#"{{"id":{id},"customer":"cus-{customer:05}","status":"{status}","placed_ms":{placed},"total":{total},"#,
            r#""items":[{{"sku":"SKU-{sku:04}","quantity":{quantity},"price":{price}}},"#,
            r#"{{"sku":"SKU-{other:04}","quantity":1,"price":12.50}}],"#,
            r#""address":{{"street":"{number} {street}","city":"{city}","zip":"{zip:05}"}},"#,
            r#""tags":["{tag}","web"],"paid":{paid},"note":{note}}}"#,
        ),
        quantity = quantity,
        id = 7_300_000_000_000_u64 + (i as u64) * 104_729,
        customer = (i * 7_907) % 100_000,
        status = pick(&["placed", "packed", "shipped", "returned"], 0),
        placed = 1_732_500_000_123_u64 + (i as u64) * 61_001,
        total = Decimal(total),
        sku = (i * 31) % 10_000,
        price = Decimal(cents),
        other = (i * 17 + 3) % 10_000,
        number = 1 + i % 180,
        street = pick(&["Long Street", "Mill Lane", "Station Road", "Harbour View"], 1),
        city = pick(&["Ghent", "Utrecht", "Lyon", "Porto", "Malmö"], 2),
        zip = 10_000 + (i * 37) % 80_000,
        tag = pick(&["gift", "priority", "fragile"], 3),
        paid = !i.is_multiple_of(5),
        note = pick(&["null", r#""ring \"twice\"""#, r#""leave at the door""#], 1),
    )
    .expect("a String takes all");
}

/// An amount in cents, with its point.
struct Decimal(usize);

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::{SIZES, list};

    #[test]
    fn sizes() {
        for (n, about) in SIZES.into_iter().zip([1_024, 65_536, 1_048_576]) {
            let len = list(n).len();
            assert!(len.abs_diff(about) < about / 10, "{n} orders are {len} bytes");
        }
    }
}
