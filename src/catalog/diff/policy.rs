//! Who keeps a version for longer, and what holds ends back for a whole api.

use super::{Class, Compare, day};
use crate::catalog::{ApiEntry, ExtensionEntry};

// === impl Compare ===

impl<'c> Compare<'c> {
    pub(super) fn extensions(&mut self) {
        let (old, new) = (self.old, self.new);
        let text = |api: &ApiEntry, of: &ExtensionEntry| api.version(of.version).text.clone();
        let find = |api: &'c ApiEntry, version: &str, consumer: &str| {
            api.extensions.iter().find(|e| *text(api, e) == *version && &*e.consumer == consumer)
        };
        for extension in &old.extensions {
            let version = text(old, extension);
            let newer = find(new, &version, &extension.consumer);
            let of = format!("version {version}: `{}`", extension.consumer);
            let (class, code, message) = match newer {
                None => {
                    let class = Class::breaking_if(extension.until > self.now, Class::Safe);
                    (class, "extension-removed", format!("{of} no longer keeps it until {}", day(extension.until)))
                }
                Some(newer) if newer.until != extension.until => {
                    let earlier = newer.until < extension.until;
                    let code = if earlier { "extension-earlier" } else { "extension-later" };
                    let message = format!("{of} keeps it until {}, not {}", day(newer.until), day(extension.until));
                    (Class::breaking_if(earlier, Class::Notice), code, message)
                }
                Some(_) => continue,
            };
            self.say(class, code, message).version = Some(version.to_string());
        }
        for extension in &new.extensions {
            let version = text(new, extension);
            if find(old, &version, &extension.consumer).is_none() {
                let message =
                    format!("version {version}: `{}` keeps it until {}", extension.consumer, day(extension.until));
                self.say(Class::Notice, "extension-added", message).version = Some(version.to_string());
            }
        }
    }

    /// What holds brownouts and sunsets back for a whole api.
    pub(super) fn switches(&mut self) {
        let (old, new) = (self.old, self.new);
        match (old.dry_run, new.dry_run) {
            (true, false) => {
                let bites = new.versions.iter().any(|v| v.life.is_gone(self.now) || v.life.is_tried(self.now));
                let message = "brownouts and sunsets no longer only count".to_owned();
                self.say(Class::breaking_if(bites, Class::Notice), "dry-run-ended", message);
            }
            (false, true) => {
                self.say(Class::Safe, "dry-run-begun", "brownouts and sunsets only count".to_owned());
            }
            _ => {}
        }
        match (old.pause, new.pause) {
            (true, false) => {
                let tried = new.versions.iter().any(|version| version.life.is_tried(self.now));
                let message = "brownouts are no longer stopped".to_owned();
                self.say(Class::breaking_if(tried, Class::Notice), "pause-ended", message);
            }
            (false, true) => {
                self.say(Class::Safe, "pause-begun", "brownouts are stopped".to_owned());
            }
            _ => {}
        }
    }
}
