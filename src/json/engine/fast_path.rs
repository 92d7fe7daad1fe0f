//! The fast way through a value: token by token, as long as they are there whole and nothing is unusual.

use super::super::MigrateError;
use super::skip::{Skip, SkipState};
use super::text::{Text, after_white};

/// Where the beginning of a container leads.
enum FirstChild {
    /// To the first value in it.
    Value(usize),
    /// Behind it: it is empty.
    Behind(usize),
    /// It is left to the states.
    Stop(usize),
}

// === impl Skip ===

impl Skip {
    /// From a place before a value, or behind one, as far as it comes. What it does not know is left to the states.
    pub(super) fn fast_path(
        &mut self,
        text: &mut Text<'_>,
        mut at: usize,
        offset: usize,
    ) -> Result<usize, MigrateError> {
        let mut end = if self.state == SkipState::Next { Some(at) } else { text.scalar(at) };
        loop {
            let place = match end {
                Some(end) => self.behind(text, end),
                None => match self.container(text, at, offset)? {
                    FirstChild::Value(value) => Ok(value),
                    FirstChild::Behind(end) => self.behind(text, end),
                    FirstChild::Stop(at) => return Ok(at),
                },
            };
            at = match place {
                Ok(value) => value,
                Err(stop) => return Ok(stop),
            };
            end = text.scalar(at);
        }
    }

    /// A value that is no plain scalar, or has white space before it.
    #[inline]
    fn container(&mut self, text: &mut Text<'_>, at: usize, offset: usize) -> Result<FirstChild, MigrateError> {
        let at = after_white(text.bytes, at);
        let object = match text.bytes.get(at) {
            Some(b'{') => true,
            Some(b'[') => false,
            _ => {
                self.state = SkipState::Value;
                return Ok(text.scalar(at).map_or(FirstChild::Stop(at), FirstChild::Behind));
            }
        };
        self.open(object, offset + at)?;
        let inside = after_white(text.bytes, at + 1);
        Ok(match text.bytes.get(inside) {
            Some(b'"') if object => text.key(inside).map_or(FirstChild::Stop(inside), FirstChild::Value),
            Some(b'}') if object => self.empty(inside),
            Some(b']') if !object => self.empty(inside),
            Some(_) if !object => FirstChild::Value(inside),
            _ => FirstChild::Stop(inside),
        })
    }

    fn empty(&mut self, bracket: usize) -> FirstChild {
        self.stack.pop();
        FirstChild::Behind(bracket + 1)
    }

    /// From behind a value to the next one, or to where it stops.
    #[inline]
    fn behind(&mut self, text: &mut Text<'_>, mut at: usize) -> Result<usize, usize> {
        while self.stack.depth() > 0 {
            let object = self.stack.in_object();
            match text.bytes.get(at) {
                Some(b',') if object => match text.key(at + 1) {
                    Some(value) => return Ok(value),
                    None => break,
                },
                Some(b',') => return Ok(at + 1),
                Some(b'}') if object => self.stack.pop(),
                Some(b']') if !object => self.stack.pop(),
                Some(b' ' | b'\t' | b'\n' | b'\r') => {}
                _ => break,
            }
            at += 1;
        }
        self.state = SkipState::Next;
        Err(at)
    }
}
