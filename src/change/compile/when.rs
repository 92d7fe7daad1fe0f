//! The conditions of an op, for both directions.

use super::super::spec::When;
use super::{Compiled, Footprint, PointerReader};
use crate::diagnostic::{Diagnostics, Span, Spanned};
use crate::json::{Condition, Expression, JsonType, Op, Pattern, Pointer, Structure, Test, Touch};

/// A condition for the way up and one for the way down.
type Both = (Option<Condition<Pattern>>, Option<Condition<Pattern>>);

/// Where an op takes its value, and where it leaves it.
struct Own {
    source: Pattern,
    /// `None`: the op takes it away, and what is not there any more is not asked about on the way back.
    target: Option<Pattern>,
}

const CODE: &str = "when-on-own-place";
const OTHER_HELP: &str = "name another member with `at`";

// === impl PointerReader ===

impl PointerReader<'_> {
    /// Where an op applies; its own place is the source on the way up and the target on the way down.
    pub(super) fn condition(&mut self, when: &When, compiled: &Compiled) -> Option<Both> {
        let when = &When(seated(&when.0, &compiled.each));
        let mut good = self.says_something(when).is_some();
        let (mut own, mut others) = (false, false);
        for (at, test) in when.0.places() {
            match at {
                None => own = true,
                Some(at) => {
                    others = true;
                    good &= self.place_of(at, test, compiled).is_some();
                }
            }
        }
        let own = if own { Some(self.own(when, others, compiled)?) } else { None };
        if !good {
            return None;
        }
        let of = |own: Option<&Pattern>| {
            when.0.try_map(&mut |at| match at {
                Some(text) => Pattern::parse(text).ok(),
                None => own.cloned(),
            })
        };
        Some(match &own {
            None => (of(None), of(None)),
            Some(Own { source, target: Some(target) }) => (of(Some(source)), of(Some(target))),
            Some(Own { source, target: None }) => (of(Some(source)), None),
        })
    }

    fn says_something(&mut self, when: &When) -> Option<()> {
        if !when.0.has_empty_list() {
            return Some(());
        }
        let message = "a condition with an empty list is always the same".to_owned();
        self.error("empty-condition", message, self.span, "name what it is to be about in `any`, `all`, `in` or `type`")
    }

    /// A place that is named, which must be one that the op leaves alone.
    fn place_of(&mut self, at: &Spanned<String>, test: &Test, compiled: &Compiled) -> Option<()> {
        let pattern = self.pattern(at)?;
        if let Test::Holds(expression) = test {
            return self.expression_of(at, &pattern, expression, compiled);
        }
        let Footprint { takes, writes, alters, .. } = &compiled.reach;
        let mut changed = takes.iter().chain(writes).chain(alters);
        // A whole value is another one as soon as something inside is.
        let whole = test.looks_inside();
        let touches = |written: &&Pattern| pattern.starts_with(written) || (whole && written.starts_with(&pattern));
        if let Some(written) = changed.find(touches) {
            let message = format!("`when` tests `{}`, which the op itself changes (`{written}`)", at.value);
            let kept = compiled.reach.alters.is_empty() || matches!(test, Test::Present | Test::Type(_));
            let own = kept && pattern == *written && own_place(compiled).is_some();
            let help = match test {
                Test::Present if own && !compiled.reach.writes.contains(&pattern) => {
                    "remove it: where the value is absent, the op does nothing"
                }
                _ if own => {
                    "leave `at` out: then the condition is read at the source on the way up and at the target on the way \
                     down"
                }
                _ => OTHER_HELP,
            };
            return self.error(CODE, message, at.span, help);
        }
        self.reference(&pattern, &compiled.each, at).map(|_| ())
    }

    /// What an expression reads must be places that the op leaves alone.
    fn expression_of(
        &mut self,
        at: &Spanned<String>,
        pattern: &Pattern,
        expression: &Expression,
        compiled: &Compiled,
    ) -> Option<()> {
        self.condition_of(expression, at.span)?;
        let Footprint { takes, writes, alters, .. } = &compiled.reach;
        let changed: Vec<&Pattern> = takes.iter().chain(writes).chain(alters).collect();
        for read in expression.reads() {
            let read = pattern.join(&read.into());
            let touches = |written: &&&Pattern| read.starts_with(written) || written.starts_with(&read);
            if let Some(written) = changed.iter().find(touches) {
                let message = format!("`cel` reads `{read}`, which the op itself changes (`{written}`)");
                return self.error(CODE, message, at.span, OTHER_HELP);
            }
        }
        self.reference(pattern, &compiled.each, at).map(|_| ())
    }

    /// An expression of a condition sees one value, and not the whole resource.
    fn condition_of(&mut self, expression: &Expression, span: Span) -> Option<()> {
        let (message, help) = if !expression.may_be_condition() {
            ("is not a condition: its value is never a boolean", "compare it, for example with `==`")
        } else if !expression.reads_of_resource().is_empty() {
            ("reads `resource`", "write `at = \"\"`: then `self` is the whole resource")
        } else if expression.reads().is_empty() {
            ("reads nothing, so it says the same of every message", "compare a member, such as `self.kind`")
        } else {
            return Some(());
        };
        self.error("bad-expression", format!("`{}` {message}", expression.source()), span, help)
    }

    /// The op's own place, if a condition on it means the same in both directions.
    fn own(&mut self, when: &When, others: bool, compiled: &Compiled) -> Option<Own> {
        let span = self.span;
        let Some(own) = own_place(compiled) else {
            let message = "the condition has no `at`, and the op has no single value that it could be about".to_owned();
            return self.error(CODE, message, span, OTHER_HELP);
        };
        if compiled.requires.is_some() {
            let message = "the condition is about the value that is required".to_owned();
            return self.error(CODE, message, span, "say it in the `require` itself, or name another member with `at`");
        }
        if compiled.reach.alters.is_empty() || (!others && stays_true(when, compiled)) {
            return Some(own);
        }
        let message =
            "the condition is about the op's own value, and the op makes another of it, for which it may not hold \
                       on the way back"
                .to_owned();
        let help = "name another member with `at`; without `at`, only types go that hold of the value before and after";
        self.error(CODE, message, span, help)
    }

    /// A condition on one element, whose pointers start there.
    pub(super) fn inner(&mut self, when: &When) -> Option<Condition<Pointer>> {
        self.single(when, "`which` tests one element", "use a member of the element, such as `/type`")
    }

    /// A condition on one value, whose pointers start there.
    fn single(&mut self, when: &When, what: &str, help: &str) -> Option<Condition<Pointer>> {
        let mut good = self.says_something(when).is_some();
        for (_, test) in when.0.places() {
            if let Test::Holds(expression) = test {
                good &= self.condition_of(expression, Span::NONE).is_some();
            }
        }
        let condition = when.0.try_map(&mut |at| match at {
            None => Some(Pointer::ROOT),
            Some(text) => {
                let pattern = self.pattern(text);
                let pointer = pattern.as_ref().and_then(Pattern::to_pointer);
                good &= pointer.is_some();
                if pattern.is_some() && pointer.is_none() {
                    let message = format!("`{}` has a `*`, but {what}", text.value);
                    self.error::<()>("stars-differ", message, text.span, help);
                }
                // Read on, for what else is wrong.
                Some(pointer.unwrap_or_default())
            }
        });
        condition.filter(|_| good)
    }
}

/// A condition on a whole body, which decides its status.
pub(in super::super) fn body_condition(when: &When, span: Span, found: &mut Diagnostics) -> Option<Condition<Pointer>> {
    let mut reader = PointerReader { found, span };
    reader.single(when, "the status is one for the whole body", "use a place that is there once, such as `/error`")
}

/// Without `at`, an expression is about the object that the op starts from.
fn seated(condition: &Condition<Option<Spanned<String>>>, each: &Pattern) -> Condition<Option<Spanned<String>>> {
    let all = |list: &[_]| list.iter().map(|condition| seated(condition, each)).collect();
    match condition {
        Condition::Of { at: None, test: test @ Test::Holds(_) } => {
            Condition::of(Some(Spanned::new(each.to_string(), Span::NONE)), test.clone())
        }
        Condition::Of { .. } => condition.clone(),
        Condition::Any(list) => Condition::Any(all(list)),
        Condition::All(list) => Condition::All(all(list)),
        Condition::Not(condition) => seated(condition, each).not(),
    }
}

fn own_place(compiled: &Compiled) -> Option<Own> {
    let op = compiled.up.as_ref().map(|up| &up.op)?;
    let touches = op.touches();
    let of = |touch: Touch| touches.iter().filter(move |(_, of)| *of == touch).map(|(at, _)| at);
    let sources: Vec<_> = of(Touch::Takes).chain(of(Touch::Reads)).collect();
    let targets: Vec<_> = of(Touch::Writes).collect();
    let altered: Vec<_> = of(Touch::Alters).collect();
    let whole = |at: &Pointer| compiled.each.join(&at.clone().into());
    match (&*sources, &*targets, &*altered) {
        ([source], [target], []) if !is_made_of_it(op) => {
            Some(Own { source: whole(source), target: Some(whole(target)) })
        }
        ([source], [], []) => Some(Own { source: whole(source), target: None }),
        ([], [], [at]) => Some(Own { source: whole(at), target: Some(whole(at)) }),
        _ => None,
    }
}

/// Whether what is written is another value than the one that was read: a condition may hold of one of them only.
fn is_made_of_it(op: &Op) -> bool {
    use Structure::{Count, Entries, Keyed};
    matches!(op, Op::Split { .. } | Op::Join { .. } | Op::Structure(Count { .. } | Entries { .. } | Keyed { .. }))
}

/// Whether the condition holds of everything that the op leaves, in both directions.
fn stays_true(when: &When, compiled: &Compiled) -> bool {
    let directions = [&compiled.up, &compiled.down];
    directions.into_iter().flatten().all(|direction| {
        let types = direction.op.leaves();
        types.is_some_and(|types| types.into_iter().all(|of| is_true_of(&when.0, of)))
    })
}

/// Whether it holds of every value of a type. What depends on more than the type does not.
fn is_true_of<At>(condition: &Condition<At>, of: JsonType) -> bool {
    let decided = condition.places().iter().all(|(_, test)| match test {
        Test::Present => true,
        Test::Type(types) => !(of == JsonType::Number && types.contains(&JsonType::Integer)),
        Test::Equals(_) | Test::In(_) | Test::Holds(_) => false,
    });
    decided
        && condition.holds(&mut |_, test| match test {
            Test::Type(types) => types.iter().any(|known| known.covers(of)),
            _ => true,
        })
}
