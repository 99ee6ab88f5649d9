use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

fn params() -> impl Strategy<Value = Params> {
    (0.6f64..=1.0, 0.25f64..8.0, prop::option::of(30.0f64..300.0)).prop_map(
        |(memory, prior_gaps, half_life)| Params {
            memory,
            prior_gaps,
            half_life: HalfLife(half_life),
        },
    )
}

/// Days and quantities of a pair, ascending.
fn purchases() -> impl Strategy<Value = Vec<(i32, f64)>> {
    prop::collection::vec((1i32..2_000, 1.0f64..1e6), 1..40).prop_map(|gaps| {
        let mut day = 700_000;
        gaps.into_iter()
            .map(|(gap, quantity)| {
                day += gap;
                (day, quantity)
            })
            .collect()
    })
}

fn state(purchases: &[(i32, f64)], params: &Params) -> State {
    let (day, quantity) = purchases[0];
    purchases[1..].iter().fold(State::first(day, quantity), |state, (day, quantity)| {
        state.and(params, *day, *quantity)
    })
}

/// Customers who buy one category each, at a rhythm of their own.
fn shop(customers: usize, days: i32) -> (Vec<PairHistory>, Vec<Vec<i32>>) {
    let pairs: Vec<PairHistory> = (0..customers)
        .map(|customer| {
            let rhythm = 7 + (customer % 5) as i32 * 6;
            let purchases = (0..=days)
                .map(|k| (k * rhythm + (customer as i32 * 7 + k * 3) % 4, 1.0))
                .take_while(|(day, _)| *day <= days)
                .collect();
            PairHistory { customer, category: customer % 5, purchases }
        })
        .collect();
    let visits =
        pairs.iter().map(|pair| pair.purchases.iter().map(|(day, _)| *day).collect()).collect();
    (pairs, visits)
}

/// Fitted to the shop above.
static FITTED: LazyLock<VisitModel> = LazyLock::new(|| {
    let (_, visits) = shop(300, 200);
    let seen: Vec<Visits> = visits
        .iter()
        .map(|days| Visits { count: days.len() as u32, first: days[0], last: days[days.len() - 1] })
        .collect();
    VisitModel::fit(&seen, 200)
});

#[test]
fn a_rhythm_is_learnt_and_the_chance_peaks_when_it_is_due() {
    let (pairs, visits) = shop(400, 300);
    let model = train(&pairs, &visits, 5, 300, |_| None);
    // Every 19 days, whatever the others do.
    let own: Vec<(i32, f64)> = (0..8).map(|k| (100 + 19 * k, 1.0)).collect();
    let own = state(&own, &model.params);
    let gap = model.expected_gap(2, &own);
    assert!((17.0..21.5).contains(&gap), "{gap}");
    let offset = model.offset(2, &own);
    assert!((10..=19).contains(&offset), "{offset}");
    let visits = Visits { count: 8, first: 100, last: own.last };
    let chance = |after: i32| model.chance(2, &own, &visits, own.last + after);
    assert!(chance(17) > 2.0 * chance(2), "{} {}", chance(17), chance(2));
    assert!(chance(17) > chance(120), "who stayed away that long hardly comes back");
}

#[test]
fn a_young_shop_starts_from_the_consumption_profile() {
    let model = train(&[], &[], 2, 0, |category| (category == 1).then_some(45.0));
    let fresh = State::first(0, 2.0);
    assert!((model.expected_gap(1, &fresh) - 45.0).abs() < 1e-9);
    assert_eq!(model.offset(1, &fresh), 38);
    assert!((model.expected_gap(0, &fresh) - 30.0).abs() < 1e-9);
    let nobody = Visits { count: 1, first: 0, last: 0 };
    assert!((0.0..=1.0).contains(&model.chance(1, &fresh, &nobody, 40)));
}

#[test]
fn without_fading_the_rate_counts_whole_repeats_in_whole_days() {
    let params = Params { memory: 1.0, prior_gaps: 4.0, half_life: HalfLife(None) };
    let state = state(&[(10, 1.0), (20, 1.0), (34, 1.0)], &params);
    assert_eq!((state.purchases, state.first, state.last), (3, 10, 34));
    assert!((state.repeats - 2.0).abs() < 1e-12 && (state.exposure - 24.0).abs() < 1e-12);
    assert!((state.log_gaps - (10f64.ln() + 14f64.ln())).abs() < 1e-12);
}

proptest! {
    /// Whatever the history: a finite date, and a probability that is one.
    #[test]
    fn no_history_gives_nonsense(
        history in purchases(), params in params(), later in 0i32..5_000, configured in prop::option::of(-5.0f64..1e9),
        others in prop::collection::vec(purchases(), 0..6),
    ) {
        let pairs: Vec<PairHistory> = others
            .iter()
            .enumerate()
            .map(|(customer, purchases)| PairHistory { customer, category: customer % 2, purchases: purchases.clone() })
            .collect();
        let visits: Vec<Vec<i32>> = others.iter().map(|p| p.iter().map(|(day, _)| *day).collect()).collect();
        let now = visits.iter().flatten().max().copied().unwrap_or(700_000);
        let mut model = train(&pairs, &visits, 2, now, |_| configured);
        model.params = params;
        let state = state(&history, &model.params);
        let customer = Visits { count: state.purchases, first: state.first, last: state.last };
        for category in [0, 1, 7] {
            let gap = model.expected_gap(category, &state);
            prop_assert!(gap.is_finite() && gap >= 1.0, "{gap}");
            prop_assert!(model.offset(category, &state) >= 1);
            let chance = model.chance(category, &state, &customer, state.last + later);
            prop_assert!((0.0..=1.0).contains(&chance), "{chance}");
        }
    }

    /// Lines of one day are one purchase.
    #[test]
    fn a_purchase_in_two_lines_is_one(history in purchases(), params in params()) {
        let whole = state(&history, &params);
        let (last, rest) = history.split_last().expect("not empty");
        let mut halves = rest.to_vec();
        halves.extend([(last.0, last.1 / 2.0), (last.0, last.1 / 2.0)]);
        let split = state(&halves, &params);
        prop_assert_eq!((whole.purchases, whole.last), (split.purchases, split.last));
        prop_assert!((whole.log_gaps - split.log_gaps).abs() < 1e-9);
        prop_assert!((whole.last_quantity - split.last_quantity).abs() < 1e-6 * whole.last_quantity);
    }

    /// A probability falls towards nothing for who stays away, and is never better for having
    /// been away longer once the last bin is reached.
    #[test]
    fn alive_falls_with_time(history in purchases()) {
        let customer = Visits { count: history.len() as u32, first: history[0].0, last: history[history.len() - 1].0 };
        let mut before = 1.0;
        for after in [0, 10, 100, 1_000, 10_000] {
            let alive = FITTED.alive(&customer, customer.last + after);
            prop_assert!((0.0..=1.0).contains(&alive) && alive <= before + 1e-12);
            before = alive;
        }
    }
}

/// Customers who each buy the same quantity every time, 1 to 8 packs, which last them as many times 6
/// days if `follows`, else 24 days whatever the quantity.
fn households(follows: bool) -> (Vec<PairHistory>, Vec<Vec<i32>>) {
    let pairs: Vec<PairHistory> = (0..400usize)
        .map(|customer| {
            let packs = 1 << (customer % 4);
            let rhythm = if follows { 6 * packs } else { 24 };
            let purchases = (0..=300)
                .map(|k| (k * rhythm + (customer as i32 * 7 + k * 3) % 4, f64::from(packs)))
                .take_while(|(day, _)| *day <= 300)
                .collect();
            PairHistory { customer, category: 0, purchases }
        })
        .collect();
    let visits =
        pairs.iter().map(|pair| pair.purchases.iter().map(|(day, _)| *day).collect()).collect();
    (pairs, visits)
}

#[test]
fn a_first_purchase_of_more_lasts_longer_where_the_past_says_so() {
    let days = |follows: bool, packs: f64| {
        let (pairs, visits) = households(follows);
        let model = train(&pairs, &visits, 1, 300, |_| None);
        let first = State::first(300, packs);
        (model.expected_gap(0, &first), model.quantities.of(0).habit)
    };
    let ((few, habit), (many, _)) = (days(true, 1.0), days(true, 8.0));
    assert!(habit > 0.6, "{habit}");
    assert!(many > 3.0 * few, "{few} {many}");
    let ((few, habit), (many, _)) = (days(false, 1.0), days(false, 8.0));
    assert!(habit < 0.05 && (few / many - 1.0).abs() < 0.1, "{few} {many} {habit}");
}
