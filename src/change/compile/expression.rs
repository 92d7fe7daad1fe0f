//! Ops that compute by expressions.

use super::{AnchoredPointers, Compiled, PointerReader};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::json::{Collision, Expression, ExpressionOp, Op, Pattern, Pointer};

/// A member and the expression that computes it.
type MemberExpression = (Spanned<String>, Spanned<String>);

const HELP: &str = "see `compute` in docs/changes.md for what an expression may have";

// === impl PointerReader ===

impl PointerReader<'_> {
    pub(super) fn evaluate(
        &mut self,
        at: &Spanned<String>,
        cel: &Spanned<String>,
        back: &[MemberExpression],
        lossy: bool,
        collision: Collision,
    ) -> Option<Compiled> {
        let target = self.member(at)?;
        let members = back.iter().map(|(member, _)| self.member(member)).collect::<Option<Vec<_>>>()?;
        for (nth, member) in members.iter().enumerate() {
            let text = &back[nth].0;
            // A value may be replaced under its own name.
            if *member != target {
                self.apart(&target, member, at, text)?;
            }
            for (other, (other_text, _)) in members.iter().zip(back).take(nth) {
                self.apart(other, member, other_text, text)?;
            }
            self.writable(member, &[], text)?;
        }
        self.writable(&target, &[], at)?;
        if lossy && back.is_empty() {
            let message = format!("nothing is lost at `{}`: the op only adds", at.value);
            return self.error("lossy-without-loss", message, at.span, "remove `lossy`, or add `back`");
        }
        let named =
            std::iter::once((&target, at)).chain(members.iter().zip(back).map(|(member, (text, _))| (member, text)));
        let AnchoredPointers { each, mut pointers } = self.anchor(&named.collect::<Vec<_>>())?;
        let at_pointer = pointers.remove(0);
        let forth = self.expression(cel)?;
        let again = back.iter().map(|(_, cel)| self.expression(cel)).collect::<Option<Vec<_>>>()?;
        if back.is_empty() {
            self.reads_itself(&forth, &at_pointer, cel)?;
        } else {
            self.reads_what_is_there(&forth, &again, (&at_pointer, &pointers), (cel, back))?;
        }
        if let (false, Some(nth)) = (lossy, again.iter().position(|cel| !cel.reads_of_resource().is_empty())) {
            let message = "`back` reads `resource`, and whether it gives the same value is only looked at in `self`";
            let help = "read `self` alone, or say `lossy = true`";
            return self.error("bad-expression", message.to_owned(), back[nth].1.span, help);
        }
        Some(direction(each, (at_pointer, forth), pointers.into_iter().zip(again).collect(), lossy, collision))
    }

    fn expression(&mut self, text: &Spanned<String>) -> Option<Expression> {
        match Expression::parse(text) {
            Ok(expression) => Some(expression),
            Err(error) => {
                let span = if text.span.is_none() { self.span } else { text.span };
                let finding = Diagnostic::error("bad-expression", format!("`cel`: {error}"), span);
                self.found.push(finding.within(error.offset()).help(HELP));
                None
            }
        }
    }

    /// The old version does not have the new member, and the new version does not have the old ones: an expression that
    /// reads them would never have a value.
    fn reads_what_is_there(
        &mut self,
        forth: &Expression,
        back: &[Expression],
        (target, members): (&Pointer, &[Pointer]),
        (cel, texts): (&Spanned<String>, &[MemberExpression]),
    ) -> Option<()> {
        let replaced = members.contains(target);
        let below =
            |expression: &Expression, place: &Pointer| expression.reads().iter().any(|read| read.starts_with(place));
        if !replaced && below(forth, target) {
            let message = format!("the expression reads `{target}`, which the old version does not have");
            return self.error("bad-expression", message, cel.span, "read the members that `back` names");
        }
        let gone = |place: &&Pointer| *place != target;
        for (expression, (_, text)) in back.iter().zip(texts) {
            if let Some(member) = members.iter().filter(gone).find(|member| below(expression, member)) {
                let message = format!("`back` reads `{member}`, which the new version does not have");
                let help = format!("read `{target}`, which is there on the way back");
                return self.error("bad-expression", message, text.span, &help);
            }
        }
        Some(())
    }

    /// What is only added would be another value with each migration.
    fn reads_itself(&mut self, cel: &Expression, at: &Pointer, text: &Spanned<String>) -> Option<()> {
        let own: Pattern = at.clone().into();
        let mut reads = cel.reads().into_iter().map(Pattern::from);
        if !reads.any(|read| read.starts_with(&own) || own.starts_with(&read)) {
            return Some(());
        }
        let message = format!("the expression reads `{at}`, which the op writes");
        let help = "name the members that it reads, and not `self` as a whole; to replace a value, say how it comes back in `back`";
        self.error("bad-expression", message, text.span, help)
    }
}

fn direction(
    each: Pattern,
    forth: (Pointer, Expression),
    back: Vec<(Pointer, Expression)>,
    lossy: bool,
    collision: Collision,
) -> Compiled {
    let at = forth.0.clone();
    let old: Vec<Pointer> = back.iter().map(|(member, _)| member.clone()).collect();
    let mut up = ExpressionOp { collision, ..ExpressionOp::new(vec![forth], old) };
    if back.is_empty() {
        return Compiled::addition(each, Op::Evaluate(up), at, false);
    }
    if !lossy {
        up.check.clone_from(&back);
    }
    let down = ExpressionOp { collision, ..ExpressionOp::new(back, vec![at]) };
    Compiled::from_parts(each, Some(Op::Evaluate(up)), Some(Op::Evaluate(down)))
}
