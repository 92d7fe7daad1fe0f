//! Programs that a proxy is measured with and against. `benches/peers/run` starts them.

pub mod bodies;
pub mod held;
pub mod open_loop;
pub mod target;
pub mod wire;
