//! An api as its owner wrote it, not yet checked. The config file and the builders in Rust both end here.
//!
//! | file | what |
//! |---|---|
//! | `api` | the api, which has all the others |
//! | `sources` | where a request says its version, and who sent it |
//! | `version` | a version, its dates, and who keeps it for longer |
//! | `case` | a test of the changes |
//! | `brownout` | when a version is switched off on trial |
//! | `route` | what is particular about one route |

/// A consuming setter: `with_name(value)` sets `field`.
macro_rules! setters {
    ($($(#[$doc:meta])* $setter:ident => $field:ident: $from:ty $(, $wrap:path)?;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $setter(mut self, $field: impl Into<$from>) -> Self {
            self.$field = setters!(@wrap $field.into() $(, $wrap)?);
            self
        })*
    };
    (@wrap $value:expr, $wrap:path) => { $wrap($value) };
    (@wrap $value:expr) => { $value };
}

mod api;
mod brownout;
mod case;
mod cors;
mod route;
mod sources;
mod version;

pub use api::Api;
pub use brownout::{Brownout, ShareOf};
pub(crate) use case::{Back, Body};
pub use case::{Case, Sample};
pub use cors::Cors;
pub use route::Route;
pub use sources::{ConsumerSource, OnUnacceptable, OnUndeclared, OnUntyped};
pub(crate) use sources::{Unspecified, VersionSourcesSpec};
pub(crate) use version::LifecycleSpec;
pub use version::{Extension, Version};
