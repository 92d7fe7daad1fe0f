//! How often a good build is rolled back, and how soon a bad one is: seeded simulations. The constants of the test are held by
//! these bounds.

use fastrand::Rng;

use super::*;
use crate::rollout::share::CanaryShare;

/// Requests to the canary group until it is rolled back: the median of 100 runs.
fn median_until_rollback(weight: u16, stable_rate: f64, canary_rate: f64) -> u64 {
    let mut counts: Vec<u64> = (0..100).map(|seed| until_rollback(seed, weight, stable_rate, canary_rate)).collect();
    counts.sort_unstable();
    counts[50]
}

fn until_rollback(seed: u64, weight: u16, stable_rate: f64, canary_rate: f64) -> u64 {
    let (mut random, plan) = (Rng::with_seed(seed), RolloutPlan::default());
    let mut judgement = Judgement::default();
    let mut requests = 0;
    loop {
        let in_canary = random.u16(..WHOLE) < weight;
        let (group, rate) =
            if in_canary { (RolloutGroup::Canary, canary_rate) } else { (RolloutGroup::Stable, stable_rate) };
        requests += u64::from(in_canary);
        if random.f64() < rate {
            judgement.observe(Symptom::Error, group, None, weight);
            if judgement.proven(&plan).is_some() {
                return requests;
            }
        }
        assert!(requests < 100_000, "not found out");
    }
}

#[test]
fn a_bad_build_is_found_out_soon() {
    // Weight in hundredths of a percent, the error rates, and the most requests to the canary group.
    let rows = [
        (100, 0.001, 0.5, 6),
        (500, 0.001, 0.5, 10),
        (5_000, 0.001, 0.5, 25),
        (500, 0.001, 0.05, 75),
        (500, 0.01, 0.05, 200),
        (5_000, 0.01, 0.05, 450),
        (500, 0.05, 0.1, 450),
    ];
    for (weight, stable, canary, most) in rows {
        let median = median_until_rollback(weight, stable, canary);
        assert!(median <= most, "{weight} {stable} {canary}: {median}");
        // A test that is much faster rolls back good builds.
        assert!(median * 3 >= most, "{weight} {stable} {canary}: {median}");
    }
}

/// The part of `runs` in which a build that is not worse is rolled back, over `events` errors, a quarter in each step.
fn false_rollbacks(runs: u64, events: usize) -> f64 {
    let plan = RolloutPlan::default();
    let rolled_back = (0..runs).filter(|seed| {
        let (mut random, mut judgement) = (Rng::with_seed(*seed), Judgement::default());
        plan.steps.iter().any(|weight| {
            (0..events / 4).any(|_| {
                let group = if random.u16(..WHOLE) < *weight { RolloutGroup::Canary } else { RolloutGroup::Stable };
                judgement.observe(Symptom::Error, group, None, *weight);
                judgement.proven(&plan).is_some()
            })
        })
    });
    rolled_back.count() as f64 / runs as f64
}

#[test]
fn a_good_build_is_seldom_rolled_back() {
    let part = false_rollbacks(300, 2_000);
    assert!(part <= 0.01, "{part}");
}

/// An error rate of 1 % over a million requests.
#[test]
#[ignore = "minutes in a debug build"]
fn a_good_build_is_seldom_rolled_back_over_a_million_requests() {
    let part = false_rollbacks(2_000, 10_000);
    assert!(part <= 0.01, "{part}");
}

/// Five consumers have most of the errors, whatever build they get.
#[test]
fn few_consumers_with_most_of_the_errors_prove_nothing() {
    let plan = RolloutPlan::default();
    let runs = 600;
    let rolled_back = (0..runs).filter(|seed| {
        let (mut random, mut judgement) = (Rng::with_seed(*seed), Judgement::default());
        let heavy: Vec<u64> = (0..5).map(|_| random.u64(..)).collect();
        plan.steps.iter().any(|weight| {
            let share = CanaryShare::new("r", *weight);
            (0..400).any(|_| {
                let mark = if random.f64() < 0.8 { heavy[random.usize(..5)] } else { random.u64(..) };
                judgement.observe(Symptom::Error, share.group(mark), Some(mark), *weight);
                judgement.proven(&plan).is_some()
            })
        })
    });
    let part = rolled_back.count() as f64 / runs as f64;
    assert!(part <= 0.02, "{part}");
}

#[test]
fn one_client_is_one_witness() {
    let mut judgement = Judgement::default();
    for _ in 0..1_000 {
        judgement.observe(Symptom::Error, RolloutGroup::Canary, Some(7), 500);
    }
    assert_eq!(judgement.errors.counted, 1);
    // In the share before, it is there by certainty; another symptom is another matter.
    judgement.observe(Symptom::Error, RolloutGroup::Canary, Some(7), 2_500);
    judgement.observe(Symptom::Slow, RolloutGroup::Canary, Some(7), 2_500);
    assert_eq!((judgement.errors.counted, judgement.slow.counted), (1, 1));
    // One that was not in it could have come in.
    judgement.observe(Symptom::Error, RolloutGroup::Stable, Some(u64::MAX), 500);
    judgement.observe(Symptom::Error, RolloutGroup::Stable, Some(u64::MAX), 2_500);
    assert_eq!(judgement.errors.counted, 3);
    // With all of it there is nothing to compare with.
    judgement.observe(Symptom::Error, RolloutGroup::Canary, None, WHOLE);
    judgement.observe(Symptom::Error, RolloutGroup::Stable, None, 0);
    assert_eq!(judgement.errors.counted, 3);
}
