//! Lists of orders of any length, and a catalog that renames, removes and adds a member of each.

use bytes::Bytes;
use sunward::catalog::{Api, Catalog, Version};
use sunward::change::{Change, OpSpec, Resource};

/// As version 2 writes it; version 1 calls `customer_id` `customer`, has a `legacy_flag`, and no `currency_code`.
pub(crate) fn list(bytes: usize) -> Bytes {
    let element = |id: usize| {
        format!(
            r#"{{"id":{},"customer_id":"cus_{id:08}","status":"shipped","total":{}.10,"currency_code":"EUR","lines":[{{"sku":"SKU-{id:05}","qty":2,"price":19.90}}],"note":"leave at the door, ring twice","created":"2026-01-02T03:04:05Z"}}"#,
            9_007_199_254_740_993 + id,
            id % 1000
        )
    };
    let mut text = String::from(r#"{"data":["#);
    text.push_str(&element(0));
    for id in 1.. {
        if text.len() >= bytes {
            break;
        }
        text.push(',');
        text.push_str(&element(id));
    }
    text.push_str("]}");
    text.into()
}

pub(crate) fn catalog() -> Catalog {
    let change = Change::new("2", "orders")
        .with_on("order")
        .with_op(OpSpec::rename("/customer", "/customer_id"))
        .with_op(OpSpec::remove("/legacy_flag").with_restore(serde_json::Value::Bool(false)))
        .with_op(OpSpec::add("/currency_code", "EUR"))
        .with_breaking(true);
    let api = Api::new("shop")
        .with_version_header("Api-Version")
        .with_strict(true)
        .with_version(Version::new("1"))
        .with_version(Version::new("2"))
        .with_resource(Resource::new("order").with_at("GET /orders -> 200 /data/*"))
        .with_change(change);
    match Catalog::new([api]) {
        Ok(catalog) => catalog,
        Err(found) => panic!("the catalog is refused:\n{found}"),
    }
}
