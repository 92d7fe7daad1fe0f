//! The phase of a version's life at a time, for operators.

use super::{Phase, Question, decide};
use crate::catalog::{ApiEntry, Catalog, Standing, VersionEntry, Window};
use crate::clock::Timestamp;

// === impl Catalog ===

impl Catalog {
    /// The phase of `version` of `api` at `now`. What operators did since the config was read counts
    /// ([`Control`](crate::catalog::Control)).
    ///
    /// ```
    /// use sunward::catalog::{Api, Catalog, Standing, Version};
    ///
    /// let old = Version::new("1").with_deprecated("2026-01-01").with_sunset("2027-01-01");
    /// let api = Api::new("shop").with_version_header("Api-Version").with_version(old).with_version(Version::new("2"));
    /// let catalog = Catalog::new([api])?;
    /// let shop = catalog.api("shop").expect("it is there");
    /// let standing = |date: &str| catalog.standing(shop, &shop.versions()[0], date.parse().expect("a date"));
    /// assert_eq!(standing("2025-06-01"), Standing::Announced);
    /// assert_eq!(standing("2026-06-01"), Standing::Deprecated);
    /// assert_eq!(standing("2027-06-01"), Standing::Gone);
    /// # Ok::<(), sunward::diagnostic::Diagnostics>(())
    /// ```
    #[must_use]
    pub fn standing(&self, api: &ApiEntry, version: &VersionEntry, now: Timestamp) -> Standing {
        if version.released.is_some_and(|released| released > now) {
            return Standing::NotReleased;
        }
        let life = &version.life;
        let held = self.control().sunset_held(&api.name, &version.text);
        let question = Question { held, ..Question::new(life, now) };
        match decide(&question).phase {
            Phase::Sunset if api.dry_run => Standing::GoneButForDryRun,
            Phase::Sunset => Standing::Gone,
            _ if life.windows.iter().any(|window| self.is_running(api, window, now)) => Standing::InBrownout,
            Phase::Current => Standing::Current,
            Phase::Announced => Standing::Announced,
            Phase::Deprecated if life.sunset.is_some_and(|sunset| sunset <= now) => Standing::Held,
            Phase::Deprecated => Standing::Deprecated,
        }
    }

    /// Whether a brownout of `api` refuses requests at `now`: one that is paused or only counts does not.
    #[must_use]
    pub fn is_running(&self, api: &ApiEntry, window: &Window, now: Timestamp) -> bool {
        let paused = api.pause || self.control().brownouts_paused(&api.name);
        window.is_open(now) && !paused && !api.dry_run && !window.dry_run
    }
}
