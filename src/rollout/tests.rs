//! Who belongs to a share, and what is written down.

use super::*;

#[test]
fn a_share_that_grows_moves_no_client_back() {
    let weights = [0, 1, 100, 500, 2_500, 5_000, 9_999, WHOLE];
    let mut in_canary = [0u32; 8];
    for number in 0..20_000u32 {
        let mut before = RolloutGroup::Stable;
        for (weight, count) in weights.iter().zip(&mut in_canary) {
            let share = CanaryShare::new("r1", *weight);
            let group = share.group(share.mark(&number.to_le_bytes()));
            assert!(before == RolloutGroup::Stable || group == RolloutGroup::Canary, "{number} at {weight}");
            *count += u32::from(group == RolloutGroup::Canary);
            before = group;
        }
    }
    for (weight, count) in weights.iter().zip(in_canary) {
        let part = f64::from(count) / 20_000.0;
        assert!((part - f64::from(*weight) / f64::from(WHOLE)).abs() < 0.01, "{weight}: {part}");
    }
    assert_eq!((in_canary[0], in_canary[7]), (0, 20_000));
}

#[test]
fn a_share_depends_on_the_rollout_and_on_nothing_else() {
    // Written down: another value here would move clients of a running rollout.
    let share = CanaryShare::new("r1", 500);
    assert_eq!(CanaryShare::unpacked(share.packed()), share);
    let places: Vec<u16> = ["acme", "initech", "10.0.0.0/24"].map(|who| place_of(share.mark(who.as_bytes()))).to_vec();
    let others: Vec<u16> =
        ["acme", "initech"].map(|who| place_of(CanaryShare::new("r2", 0).mark(who.as_bytes()))).to_vec();
    assert_eq!((places, others), (vec![1346, 5433, 3581], vec![8908, 3302]));
}

#[test]
fn a_rollout_is_the_same_after_it_was_written() {
    let now = crate::clock::Timestamp::from_secs(1_000).expect("a time");
    let plan = RolloutPlan::default();
    let mut rollout = Rollout::start("r1".into(), plan, vec!["http://a".into()], now, "started".into());
    rollout.judgement.observe(Symptom::Error, RolloutGroup::Canary, Some(u64::MAX), 100);
    rollout.judgement.observe(Symptom::Slow, RolloutGroup::Stable, None, 100);
    let text = serde_json::to_string(&rollout).expect("JSON");
    let mut read: Rollout = serde_json::from_str(&text).expect("a rollout");
    for (read, written) in
        [(&read.judgement.errors, &rollout.judgement.errors), (&read.judgement.slow, &rollout.judgement.slow)]
    {
        assert!((read.value() - written.value()).abs() < 1e-9);
    }
    // The last bit of a number may be another one.
    read.judgement.errors = rollout.judgement.errors.clone();
    read.judgement.slow = rollout.judgement.slow.clone();
    assert_eq!(read, rollout);
}
