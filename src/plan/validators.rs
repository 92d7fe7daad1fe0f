//! Entity tags of migrated responses, on their way out and back.

use http::Method;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::Plan;
use crate::change::BodyChain;
use crate::headers::etag::{EntityTag, EntityTags, Mark, list_value};
use crate::headers::single;
use crate::version::VersionId;

// === impl Plan ===

impl Plan {
    /// Makes the conditions of a request those of a service that speaks `spoken`. They are never evaluated here: that
    /// is the service's part (RFC 9110 §13.2.1).
    pub(super) fn unmark_conditions(&self, spoken: VersionId, headers: &mut HeaderMap) {
        if !headers.keys().any(|name| matches!(*name, header::IF_MATCH | header::IF_NONE_MATCH)) {
            return;
        }
        self.unmark(&header::IF_MATCH, headers);
        if matches!(self.inner.method, Method::GET | Method::HEAD) {
            self.select_cached(spoken, headers);
        } else {
            self.unmark(&header::IF_NONE_MATCH, headers);
        }
    }

    /// Takes our marks off. Any version's will do: the tag stands for a representation of the resource (RFC 9110
    /// §13.1.1), and it is the resource that a write is about.
    fn unmark(&self, name: &HeaderName, headers: &mut HeaderMap) {
        let Some(EntityTags::List(tags)) = EntityTags::of(headers, name) else { return };
        if tags.iter().any(|tag| self.own(*tag).is_some()) {
            let bare = list_value(tags.into_iter().map(|tag| self.own(tag).map_or(tag, |(bare, _)| bare)));
            set(headers, name, bare);
        }
    }

    /// Keeps the tags that stand for what this client would get now; any other might bring it a 304 for bytes that it
    /// does not have.
    fn select_cached(&self, spoken: VersionId, headers: &mut HeaderMap) {
        let mark = self.mark_of(self.shown(spoken), spoken);
        let (name, selected) = (header::IF_NONE_MATCH, |tags: Vec<_>| {
            let selected = tags.into_iter().filter_map(|tag| match (self.own(tag), mark) {
                (Some((bare, own)), Some(mark)) => is_current(&own, &mark).then_some(bare),
                (None, None) => Some(tag),
                _ => None,
            });
            list_value(selected)
        });
        match EntityTags::of(headers, &name) {
            Some(EntityTags::List(tags)) if mark.is_some() || tags.iter().any(|tag| self.own(*tag).is_some()) => {
                let selected = selected(tags);
                set(headers, &name, selected);
            }
            // A malformed value may be of any version.
            None if mark.is_some() => drop(headers.remove(&name)),
            _ => {}
        }
    }

    /// Marks the tag of a response whose body `chain` changes; what is no tag goes.
    pub(super) fn mark_validators(&self, chain: Option<&BodyChain>, spoken: VersionId, headers: &mut HeaderMap) {
        // It does not depend on the rules, which may have changed since.
        headers.remove(header::LAST_MODIFIED);
        let tag = single(headers, &header::ETAG).and_then(|value| EntityTag::parse(value.as_bytes()));
        let marked = tag.zip(self.mark_of(chain, spoken)).map(|(tag, mark)| tag.marked(mark));
        set(headers, &header::ETAG, marked.and_then(|marked| HeaderValue::from_bytes(&marked).ok()));
    }

    /// The body of a 200, which is what a 206 and a 304 speak of too.
    pub(super) fn shown(&self, spoken: VersionId) -> Option<&BodyChain> {
        let history = &self.route()?.history;
        history.response(history.status(200, spoken, self.api().newest()))
    }

    /// The mark of bodies that `chain` changes; `None` if it leaves them as they are.
    fn mark_of(&self, chain: Option<&BodyChain>, spoken: VersionId) -> Option<Mark<'_>> {
        let to = self.version_id()?;
        let chain = chain.filter(|chain| !self.stretch(chain, spoken, to).is_empty())?;
        Some(Mark { version: &self.api().version(to).text, program: chain.fingerprint(spoken, to), loosened: false })
    }

    /// The tag without its mark, if that is one of ours. A service behind may have tags that look alike.
    fn own<'h>(&self, tag: EntityTag<'h>) -> Option<(EntityTag<'h>, Mark<'h>)> {
        let known = |mark: &Mark<'_>| self.api().versions.iter().any(|version| *version.text == *mark.version);
        tag.unmark().filter(|(_, mark)| known(mark))
    }
}

fn is_current(own: &Mark<'_>, mark: &Mark<'_>) -> bool {
    (own.version, own.program) == (mark.version, mark.program)
}

fn set(headers: &mut HeaderMap, name: &HeaderName, value: Option<HeaderValue>) {
    match value {
        Some(value) => drop(headers.insert(name, value)),
        None => drop(headers.remove(name)),
    }
}
