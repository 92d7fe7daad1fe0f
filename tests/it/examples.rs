//! The examples that end by themselves say what they show, and it is so.

#[cfg(feature = "gateway")]
#[path = "../../examples/embedded.rs"]
mod embedded;
#[path = "../../examples/layers.rs"]
mod layers;
#[cfg(all(feature = "axum", feature = "usage"))]
#[path = "../../examples/ledger.rs"]
mod ledger;
#[cfg(feature = "notices")]
#[path = "../../examples/retire/main.rs"]
mod retire;
#[path = "../../examples/webhook.rs"]
mod webhook;

type Shown = Result<(), Box<dyn std::error::Error>>;

#[test]
#[cfg(feature = "gateway")]
fn the_gateway_in_another_program() -> Shown {
    embedded::main()
}

#[test]
fn each_layer_alone() -> Shown {
    layers::main()
}

#[test]
fn a_webhook() -> Shown {
    webhook::main()
}

#[test]
#[cfg(all(feature = "axum", feature = "usage"))]
fn who_still_calls_a_version() -> Shown {
    ledger::main()
}

#[test]
#[cfg(feature = "notices")]
fn a_version_is_retired() -> Shown {
    retire::main()
}
