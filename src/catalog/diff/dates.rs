//! Versions, and the dates of their lives.

use super::routes::shape;
use super::{Class, Compare, Difference, day};
use crate::catalog::{Lifecycle, RouteEntry, VersionEntry, Window};
use crate::clock::Timestamp;

/// A date of a version's life in words, and its codes: set, earlier, later, removed.
struct DateCodes {
    name: &'static str,
    set: &'static str,
    codes: [&'static str; 4],
}

const RELEASED: DateCodes = DateCodes {
    name: "release",
    set: "is not there before",
    codes: ["released-set", "released-earlier", "released-later", "released-removed"],
};
const DEPRECATED: DateCodes = DateCodes {
    name: "deprecation",
    set: "is deprecated from",
    codes: ["deprecated-set", "deprecated-earlier", "deprecated-later", "deprecated-removed"],
};
const CLOSED: DateCodes = DateCodes {
    name: "closing",
    set: "is closed to new consumers from",
    codes: ["closed-set", "closed-earlier", "closed-later", "closed-removed"],
};
const SUNSET: DateCodes = DateCodes {
    name: "sunset",
    set: "is gone from",
    codes: ["sunset-set", "sunset-earlier", "sunset-later", "sunset-removed"],
};

/// Whose dates are compared.
#[derive(Clone, Copy)]
struct Subject<'c> {
    version: &'c str,
    route: Option<&'c RouteEntry>,
}

// === impl Compare ===

impl<'c> Compare<'c> {
    pub(super) fn versions(&mut self) {
        let (old, new) = (self.old, self.new);
        for version in old.versions.iter().filter(|version| new.named(&version.name).is_none()) {
            self.removed(version);
        }
        for version in new.versions.iter().filter(|version| old.named(&version.name).is_none()) {
            // A date that named an older version may name this one now; dates to come are refused.
            let begins = [version.day, version.released].into_iter().flatten().all(|at| at <= self.now);
            let between = new.waterfall && begins;
            let message = format!("version {} is added", version.text);
            self.say(Class::breaking_if(between, Class::Safe), "version-added", message).version =
                Some(version.text.to_string());
        }
        let common = self.common();
        if !common.is_sorted_by_key(|(_, new)| new.id) {
            self.say(Class::Breaking, "versions-reordered", "versions are listed in another order".to_owned());
        }
        for (old, new) in common {
            self.version(old, new);
        }
        self.extensions();
        self.switches();
    }

    fn removed(&mut self, version: &VersionEntry) {
        let unreleased = version.released.is_some_and(|released| released > self.now);
        let (class, why) = match version.life.sunset {
            Some(sunset) if !self.old.is_live(version.id, self.now) && !unreleased => {
                (Class::Safe, format!("; it is gone since {}", day(sunset)))
            }
            _ if unreleased => (Class::Safe, "; it was not yet released".to_owned()),
            _ => (Class::Breaking, String::new()),
        };
        let message = format!("version {} is removed{why}", version.text);
        self.say(class, "version-removed", message).version = Some(version.text.to_string());
    }

    fn version(&mut self, old: &'c VersionEntry, new: &'c VersionEntry) {
        let subject = Subject { version: &new.text, route: None };
        let is_out = |version: &VersionEntry| version.released.is_none_or(|released| released <= self.now);
        let hides = is_out(old) && !is_out(new);
        self.date(subject, &RELEASED, [old.released, new.released], Class::breaking_if(hides, Class::Notice));
        self.life(subject, &old.life, &new.life);
        self.known(old, new);
        if (&old.docs, &old.policy) != (&new.docs, &new.policy) {
            let message = format!("version {}: its pages are others", new.text);
            self.say(Class::Safe, "pages-changed", message).version = Some(new.text.to_string());
        }
        for route in &self.new.routes {
            let same = |older: &&RouteEntry| shape(&older.history.name) == shape(&route.history.name);
            let Some(older) = self.old.routes.iter().find(same) else { continue };
            let own = |route: &RouteEntry, of| route.lives.iter().any(|(version, _)| *version == of);
            if own(route, new.id) || own(older, old.id) {
                let lives = (self.old.life(old.id, Some(older.id)), self.new.life(new.id, Some(route.id)));
                self.life(Subject { route: Some(route), ..subject }, lives.0, lives.1);
            }
        }
    }

    fn life(&mut self, subject: Subject<'c>, old: &Lifecycle, new: &Lifecycle) {
        self.date(subject, &DEPRECATED, [old.deprecated, new.deprecated], Class::Notice);
        let shut = |life: &Lifecycle| life.closed.is_some_and(|closed| closed <= self.now);
        let shuts = Class::breaking_if(!shut(old) && shut(new), Class::Notice);
        self.date(subject, &CLOSED, [old.closed, new.closed], shuts);
        let ends = !old.is_gone(self.now) && new.is_gone(self.now);
        let earlier = matches!((old.sunset, new.sunset), (Some(old), Some(new)) if new < old);
        self.date(subject, &SUNSET, [old.sunset, new.sunset], Class::breaking_if(ends || earlier, Class::Notice));
        if old.held != new.held && new.sunset.is_some() {
            let (code, what) = match new.held {
                true => ("sunset-held", "the sunset is held back"),
                false => ("sunset-not-held", "the sunset is held back no longer"),
            };
            let class = match (new.held, ends) {
                (true, _) => Class::Safe,
                (false, ends) => Class::breaking_if(ends, Class::Notice),
            };
            self.about(subject, class, code, format!("{subject}: {what}"));
        }
        self.windows(subject, &old.windows, &new.windows);
    }

    fn date(&mut self, subject: Subject<'c>, words: &DateCodes, dates: [Option<Timestamp>; 2], class: Class) {
        let [set, earlier, later, removed] = words.codes;
        let (code, message) = match dates {
            [None, Some(new)] => (set, format!("{subject} {} {}", words.set, day(new))),
            [Some(old), None] => (removed, format!("{subject}: the {} of {} is taken back", words.name, day(old))),
            [Some(old), Some(new)] if old != new => {
                let (code, way) = if new < old { (earlier, "earlier") } else { (later, "later") };
                (code, format!("{subject}: the {} moves from {} to {}, {way}", words.name, day(old), day(new)))
            }
            _ => return,
        };
        self.about(subject, class, code, message);
    }

    fn about(&mut self, subject: Subject<'c>, class: Class, code: &'static str, message: String) {
        let found: &mut Difference = self.say(class, code, message);
        found.version = Some(subject.version.to_owned());
        found.route = subject.route.map(|route| route.history.name.to_string());
    }

    fn windows(&mut self, subject: Subject<'c>, old: &[Window], new: &[Window]) {
        let gone: Vec<&Window> = old.iter().filter(|window| !new.contains(window)).collect();
        let fresh: Vec<&Window> = new.iter().filter(|window| !old.contains(window)).collect();
        if gone.len() == fresh.len() {
            for (old, new) in gone.into_iter().zip(fresh) {
                self.moved(subject, old, new);
            }
            return;
        }
        for window in gone {
            let message = format!("{subject}: the brownout of {} is taken back", day(window.from));
            self.about(subject, Class::Safe, "brownout-removed", message);
        }
        for window in fresh {
            let message = format!("{subject}: there is a brownout from {} to {}", day(window.from), day(window.until));
            self.about(subject, self.hits(window), "brownout-added", message);
        }
    }

    fn moved(&mut self, subject: Subject<'c>, old: &Window, new: &Window) {
        let (code, message) = if old.from == new.from {
            ("brownout-altered", format!("{subject}: the brownout of {} is altered", day(new.from)))
        } else {
            let (code, way) = match new.from < old.from {
                true => ("brownout-earlier", "earlier"),
                false => ("brownout-later", "later"),
            };
            (code, format!("{subject}: the brownout moves from {} to {}, {way}", day(old.from), day(new.from)))
        };
        self.about(subject, self.hits(new), code, message);
    }

    /// What a window means for clients that did not know about it.
    fn hits(&self, window: &Window) -> Class {
        match () {
            () if window.dry_run || window.until <= self.now => Class::Safe,
            () => Class::breaking_if(window.is_open(self.now), Class::Notice),
        }
    }

    fn known(&mut self, old: &VersionEntry, new: &VersionEntry) {
        let Some(closed) = new.life.closed else { return };
        for consumer in old.known.iter().filter(|consumer| !new.known.contains(consumer)) {
            let message = format!("version {}: `{consumer}` is no longer known", new.text);
            let class = Class::breaking_if(closed <= self.now, Class::Notice);
            self.say(class, "known-removed", message).version = Some(new.text.to_string());
        }
    }
}

// === impl Subject ===

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "version {}", self.version)?;
        match self.route {
            Some(route) => write!(f, " on `{}`", route.history.name),
            None => Ok(()),
        }
    }
}
