//! An api as its owner wrote it, not yet checked. The config file and the builders in Rust both end here.
//!
//! | file | what |
//! |---|---|
//! | `api` | the api, which has all the others |
//! | `sources` | where a request says its version, and who sent it |
//! | `version` | a version, its dates, and who keeps it for longer |
//! | `case` | a test of the changes |
//! | `brownout` | when a version is switched off on trial |
//! | `date` | when something begins or ends |
//! | `register` | what is known of a consumer |
//! | `route` | what is particular about one route |

/// A consuming setter: `with_name(value)` sets `field`. A `text` is what becomes a `String`, a `date` what becomes a [`Date`];
/// neither has a position in a file.
macro_rules! setters {
    ($($(#[$doc:meta])* $setter:ident => $field:ident: $from:tt $(, $wrap:path)?;)*) => {
        $(setters!(@one [$(#[$doc])*] $setter $field $from [$($wrap)?]);)*
    };
    (@one [$($doc:tt)*] $setter:ident $field:ident text $wrap:tt) => {
        setters!(@fn [$($doc)*] $setter $field [impl Into<String>] (Spanned::text($field)) $wrap);
    };
    (@one [$($doc:tt)*] $setter:ident $field:ident date $wrap:tt) => {
        setters!(@fn [$($doc)*] $setter $field [impl Into<Date>] ($field.into().into()) $wrap);
    };
    (@one [$($doc:tt)*] $setter:ident $field:ident $from:tt $wrap:tt) => {
        setters!(@fn [$($doc)*] $setter $field [$from] ($field) $wrap);
    };
    (@fn [$($doc:tt)*] $setter:ident $field:ident [$($from:tt)*] ($value:expr) [$($wrap:path)?]) => {
        $($doc)*
        #[must_use]
        pub fn $setter(mut self, $field: $($from)*) -> Self {
            self.$field = setters!(@wrap $value $(, $wrap)?);
            self
        }
    };
    (@wrap $value:expr, $wrap:path) => { $wrap($value) };
    (@wrap $value:expr) => { $value };
}

mod api;
mod brownout;
mod case;
mod cors;
mod date;
mod register;
mod route;
mod sources;
mod version;

pub use api::Api;
pub use brownout::{Brownout, ShareOf};
pub(crate) use case::{Back, Body};
pub use case::{Case, Sample};
pub use cors::Cors;
pub use date::Date;
pub use register::{ConsumerRole, ExpectedUse, RegisteredConsumer};
pub use route::Route;
pub use sources::{ConsumerSource, KeySource, OnUnacceptable, OnUndeclared, OnUntyped, VerifiedClaim};
pub(crate) use sources::{KeysSpec, Unspecified, VersionSourcesSpec};
pub(crate) use version::LifecycleSpec;
pub use version::{Extension, Version};
