//! Every act in every state, and every sequence of acts and events.

use fastrand::Rng;

use super::*;
use crate::rollout::judgement::GroupTally;
use crate::rollout::share::RolloutGroup;

const WELL: GroupHealth = GroupHealth { stable: true, canary: true };
const ACTS: [RolloutAct; 4] = [RolloutAct::Promote, RolloutAct::Pause, RolloutAct::Resume, RolloutAct::Abort];
const PHASES: [RolloutPhase; 5] = [
    RolloutPhase::Progressing,
    RolloutPhase::WaitingTraffic,
    RolloutPhase::Paused,
    RolloutPhase::Promoted,
    RolloutPhase::RolledBack,
];

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs).expect("a time")
}

fn started() -> Rollout {
    Rollout::start("r1".into(), RolloutPlan::default(), vec!["http://a".into()], at(0), "started".into())
}

fn tally(requests: u64, errors: u64) -> GroupTally {
    GroupTally { requests, errors }
}

#[test]
fn every_act_in_every_state() {
    use RolloutPhase::{Paused, Progressing, RolledBack};
    const REFUSED: Option<Option<RolloutPhase>> = None;
    const NOTHING: Option<Option<RolloutPhase>> = Some(None);
    // For each state: promote, pause, resume, abort.
    let rows = [
        [Some(Some(Progressing)), Some(Some(Paused)), NOTHING, Some(Some(RolledBack))],
        [Some(Some(Progressing)), Some(Some(Paused)), NOTHING, Some(Some(RolledBack))],
        [Some(Some(Progressing)), NOTHING, Some(Some(Progressing)), Some(Some(RolledBack))],
        [REFUSED, REFUSED, REFUSED, Some(Some(RolledBack))],
        [REFUSED, REFUSED, REFUSED, NOTHING],
    ];
    for (phase, row) in PHASES.into_iter().zip(rows) {
        for (act, expected) in ACTS.into_iter().zip(row) {
            let rollout = Rollout { phase, ..started() };
            let turn = rollout.asked(act, "r".into());
            let becomes = turn.as_ref().ok().map(|turn| turn.as_ref().map(|turn| turn.phase));
            assert_eq!(becomes, expected, "{act:?} while {phase:?}");
            let promoted = act == RolloutAct::Promote;
            assert!(turn.ok().flatten().is_none_or(|turn| turn.step == usize::from(promoted)));
        }
    }
}

#[test]
fn what_happens_by_itself() {
    use RolloutPhase::{Paused, Progressing, RolledBack, WaitingTraffic};
    /// The state, seconds since the step began, requests and errors of both groups, health of both, and what it becomes.
    type Row = (RolloutPhase, i64, [u64; 4], [bool; 2], Option<(RolloutPhase, usize, &'static str)>);
    let well = [true, true];
    let rows: [Row; 16] = [
        (Progressing, 299, [9_000, 0, 300, 0], well, None),
        (Progressing, 300, [9_000, 0, 299, 0], well, None),
        (Progressing, 300, [9_000, 0, 300, 0], well, Some((Progressing, 1, "300 requests, error rate at most 0.89 %"))),
        // The difference is not excluded.
        (Progressing, 300, [9_000, 0, 300, 3], well, None),
        (Progressing, 300, [9_000, 90, 300, 3], well, None),
        (Progressing, 300, [90_000, 900, 9_000, 90], well, Some((Progressing, 1, "9000 requests"))),
        // Without a baseline nothing is known.
        (Progressing, 300, [0, 0, 300, 0], well, None),
        (Progressing, 30, [9_000, 0, 0, 0], well, Some((WaitingTraffic, 0, "the canary group has got no requests"))),
        (WaitingTraffic, 900, [9_000, 0, 0, 0], well, None),
        (WaitingTraffic, 900, [9_000, 0, 1, 0], well, Some((Progressing, 0, "the canary group gets requests"))),
        (Progressing, 86_400, [9, 0, 9, 0], well, Some((Paused, 0, "the step has not passed within"))),
        (Paused, 86_400, [9_000, 0, 300, 0], well, None),
        (Paused, 1, [9, 0, 9, 0], [true, false], Some((RolledBack, 0, "no instance of the canary group"))),
        (Progressing, 1, [9, 0, 9, 0], [false, false], Some((Paused, 0, "no instance of the stable group"))),
        (Paused, 1, [9, 0, 9, 0], [false, false], None),
        // A clock that goes back makes no step shorter.
        (Progressing, -5, [9_000, 0, 300, 0], well, None),
    ];
    for (phase, secs, [requests, errors, canary, bad], [stable_well, canary_well], expected) in rows {
        let mut rollout = Rollout { phase, step_began: 1_000, ..started() };
        (rollout.judgement.stable, rollout.judgement.canary) = (tally(requests, errors), tally(canary, bad));
        let turn = rollout.due(at(1_000 + secs), GroupHealth { stable: stable_well, canary: canary_well });
        let becomes = turn.as_ref().map(|turn| (turn.phase, turn.step));
        let context = format!("{phase:?} {secs} {requests} {canary}: {turn:?}");
        assert_eq!(becomes, expected.map(|(phase, step, _)| (phase, step)), "{context}");
        let begins = |(_, _, reason): (_, _, &str)| turn.as_ref().is_some_and(|turn| turn.reason.starts_with(reason));
        assert!(expected.is_none_or(begins), "{context}");
    }
}

#[test]
fn a_step_that_passed_waits_where_that_was_asked_for() {
    let mut rollout = started();
    rollout.plan.auto_promote = false;
    (rollout.judgement.stable, rollout.judgement.canary) = (tally(9_000, 0), tally(300, 0));
    let turn = rollout.due(at(300), WELL).expect("a turn");
    assert_eq!((turn.phase, turn.step), (RolloutPhase::Paused, 0));
}

#[test]
fn a_promoted_build_is_rolled_back_once_all_of_it_is_down() {
    let rollout = Rollout { phase: RolloutPhase::Promoted, ..started() };
    assert_eq!(rollout.due(at(9), WELL), None);
    let down = GroupHealth { stable: true, canary: false };
    assert_eq!(rollout.due(at(9), down).map(|turn| turn.phase), Some(RolloutPhase::RolledBack));
    assert_eq!(rollout.due(at(9), GroupHealth { stable: false, canary: false }), None);
}

/// The weight grows only by `promote` and by a step that passed; once it is rolled back, it is 0 for ever.
#[test]
fn no_sequence_sends_more_to_the_canary_group_than_was_decided() {
    for seed in 0..2_000 {
        let mut random = Rng::with_seed(seed);
        let (mut rollout, mut now) = (started(), 0);
        for _ in 0..60 {
            let (before, was) = (rollout.weight(), rollout.phase);
            now += random.i64(-20..400);
            let health = GroupHealth { stable: random.u8(..8) > 0, canary: random.u8(..40) > 0 };
            let mut may_grow = false;
            let turn = if random.bool() {
                let act = ACTS[random.usize(..if seed % 2 == 0 { 4 } else { 3 })];
                may_grow = act == RolloutAct::Promote;
                rollout.asked(act, "r".into()).ok().flatten()
            } else {
                let group = if random.u8(..10) == 0 { RolloutGroup::Canary } else { RolloutGroup::Stable };
                rollout.judgement.observe(Symptom::Error, group, Some(random.u64(..)), before);
                rollout.judgement.canary.add(tally(random.u64(..200), random.u64(..2)));
                rollout.judgement.stable.add(tally(9_000, random.u64(..90)));
                let turn = rollout.due(at(now.max(0)), health);
                may_grow |= health.stable && health.canary && rollout.judgement.proven(&rollout.plan).is_none();
                turn
            };
            if let Some(turn) = turn {
                let (phase, lines) = (turn.phase, rollout.decisions.len());
                rollout.take(turn, at(now.max(0)));
                assert_eq!((rollout.phase, rollout.decisions.len()), (phase, lines + 1));
            }
            assert!(rollout.weight() <= before || may_grow, "{seed}: {was:?} {before} to {}", rollout.weight());
            assert!(was != RolloutPhase::RolledBack || rollout.phase == was, "{seed}");
            assert!(!rollout.is_running() || rollout.weight() == rollout.plan.steps[rollout.step]);
        }
    }
}

#[test]
fn abort_wins_over_what_was_decided_before() {
    let mut rollout = started();
    let late = rollout.asked(RolloutAct::Promote, "late".into()).expect("possible").expect("a turn");
    let abort = rollout.asked(RolloutAct::Abort, "abort".into()).expect("possible").expect("a turn");
    rollout.take(abort, at(1));
    rollout.take(late, at(2));
    assert_eq!((rollout.phase, rollout.weight()), (RolloutPhase::RolledBack, 0));
}
