//! How rollouts go: an upstream's `rollout` table.

use crate::config::tree::TableReader;
use crate::diagnostic::{Diagnostic, Span};
use crate::rollout::{RolloutPlan, WHOLE};

#[allow(clippy::unnecessary_wraps, reason = "the shape of every table's reader")]
pub(super) fn read(mut reader: TableReader<'_, '_>) -> Option<RolloutPlan> {
    let (default, span) = (RolloutPlan::default(), reader.span);
    let steps = steps(&mut reader, span).unwrap_or(default.steps);
    let plan = RolloutPlan {
        steps,
        step_time: reader.duration("step_time").unwrap_or(default.step_time),
        step_requests: reader.count("step_requests").unwrap_or(default.step_requests),
        tolerance: reader.percent("tolerance").map_or(default.tolerance, |percent| percent / 100.0),
        false_alarm: reader.percent("false_alarm").map_or(default.false_alarm, |percent| percent / 100.0),
        max_step_time: reader.duration("max_step_time").unwrap_or(default.max_step_time),
        auto_promote: reader.flag("auto_promote").unwrap_or(default.auto_promote),
    };
    if !(0.000_1..=0.5).contains(&plan.false_alarm) {
        let finding = Diagnostic::error("bad-false-alarm", "`false_alarm` is not from 0.01 to 50", span);
        reader.found.push(finding.help("remove it for 1 %; with 0, nothing would ever be proven"));
    }
    if plan.max_step_time < plan.step_time {
        let message = "`max_step_time` is shorter than `step_time`, so no step can pass";
        reader.found.push(Diagnostic::error("short-max-step-time", message, span).help("make it longer"));
    }
    reader.finish();
    Some(plan)
}

/// In hundredths of a percent.
fn steps(reader: &mut TableReader<'_, '_>, span: Span) -> Option<Vec<u16>> {
    if !reader.has("steps") {
        return None;
    }
    let steps: Vec<f64> = reader.list("steps", |node, _, found| node.percent(found));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 100")]
    let steps: Vec<u16> = steps.into_iter().map(|percent| (percent * 100.0).round() as u16).collect();
    let is_rising = steps.windows(2).all(|pair| pair[0] < pair[1]);
    let is_part = |weight: &u16| *weight > 0 && *weight < WHOLE;
    if reader.is_clean() && (steps.is_empty() || !is_rising || !steps.iter().all(is_part)) {
        let message = "`steps` are not percentages that rise, each from 0.01 to 99.99";
        let help =
            "write, for example, `steps = [1, 5, 25, 50]`; after the last step, the canary group gets all requests";
        reader.found.push(Diagnostic::error("bad-steps", message, span).help(help));
    }
    Some(steps)
}
