//! Which instance gets the next request: of two drawn by weight, the one with less to do.

/// An instance, as the choice sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weighted {
    /// Its share; 0 for none. A fraction while it starts slowly.
    pub(super) weight: f64,
    /// Requests under way.
    pub(super) pending: usize,
}

/// The place of the choice; `None` if no instance has a share. `draw` gives a number from 0 up to 1.
///
/// The better of two random ones is nearly as good as the best of all, and no two gateways herd on the same instance.
pub(super) fn pick(views: &[Weighted], mut draw: impl FnMut() -> f64) -> Option<usize> {
    let total: f64 = views.iter().map(|view| view.weight).sum();
    if total <= 0.0 {
        return None;
    }
    let one = drawn(views, draw() * total)?;
    let rest = total - views[one].weight;
    if rest <= 0.0 {
        return Some(one);
    }
    // The second is drawn from the others: two of the same would be no choice.
    let other = drawn_without(views, one, draw() * rest).unwrap_or(one);
    Some(if load(views[other]) < load(views[one]) { other } else { one })
}

/// Requests under way for each unit of weight, with the one that is to come.
fn load(view: Weighted) -> f64 {
    (view.pending as f64 + 1.0) / view.weight
}

fn drawn(views: &[Weighted], at: f64) -> Option<usize> {
    drawn_without(views, usize::MAX, at)
}

fn drawn_without(views: &[Weighted], left_out: usize, mut at: f64) -> Option<usize> {
    let mut last = None;
    for (index, view) in views.iter().enumerate().filter(|(index, view)| *index != left_out && view.weight > 0.0) {
        last = Some(index);
        if at < view.weight {
            break;
        }
        at -= view.weight;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(weight: f64, pending: usize) -> Weighted {
        Weighted { weight, pending }
    }

    #[test]
    fn rows() {
        // What there is, what is drawn, what is picked.
        let rows: [(&[Weighted], [f64; 2], Option<usize>); 8] = [
            (&[], [0.0, 0.0], None),
            (&[view(0.0, 0), view(0.0, 0)], [0.5, 0.5], None),
            (&[view(1.0, 9)], [0.9, 0.9], Some(0)),
            (&[view(0.0, 0), view(1.0, 9)], [0.0, 0.0], Some(1)),
            (&[view(1.0, 3), view(1.0, 2)], [0.0, 0.0], Some(1)),
            (&[view(1.0, 2), view(1.0, 3)], [0.9, 0.0], Some(0)),
            // Three times the weight carries three times the requests.
            (&[view(3.0, 4), view(1.0, 1)], [0.9, 0.0], Some(0)),
            (&[view(1.0, 5), view(1.0, 5), view(1.0, 1)], [0.0, 0.99], Some(2)),
        ];
        for (views, draws, picked) in rows {
            let mut draws = draws.into_iter();
            assert_eq!(pick(views, || draws.next().unwrap_or(0.0)), picked, "{views:?}");
        }
    }

    #[test]
    fn shares_are_those_of_the_weights() {
        let views = [view(3.0, 0), view(1.0, 0), view(0.0, 0)];
        let mut counts = [0u32; 3];
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..40_000 {
            counts[pick(&[views[0], views[1], views[2]], || random.f64()).expect("one")] += 1;
        }
        // With nothing under way, the heavier one is the less loaded of any pair.
        assert!(counts[0] > 39_000 && counts[2] == 0, "{counts:?}");
    }
}
