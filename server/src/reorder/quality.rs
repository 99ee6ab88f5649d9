//! How good the reminders are: the model as it would have been some weeks ago, and the configured
//! table, both judged by what was bought since. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::learned::{Model, PairHistory, State, Visits, WINDOW, train};

/// What became of reminders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reminders {
    /// Bought within a week after the reminder.
    pub on_time: u32,
    /// Bought more than a week after it.
    pub early: u32,
    /// Bought before it.
    pub late: u32,
    /// Not bought since, and the week is over.
    pub wasted: u32,
}

impl Reminders {
    /// All of them.
    pub const fn all(&self) -> u32 {
        self.on_time + self.early + self.late + self.wasted
    }

    /// The share that was on time, 0 to 1.
    pub fn share_on_time(&self) -> f64 {
        f64::from(self.on_time) / f64::from(self.all().max(1))
    }

    /// Counts one.
    pub fn add(&mut self, fate: Fate) {
        match fate {
            Fate::OnTime => self.on_time += 1,
            Fate::Early => self.early += 1,
            Fate::Late => self.late += 1,
            Fate::Wasted => self.wasted += 1,
        }
    }
}

/// What became of one reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Bought within a week after it.
    OnTime,
    /// Bought later.
    Early,
    /// Bought before.
    Late,
    /// Not bought.
    Wasted,
}

impl Fate {
    /// Of a reminder `offset` days after a purchase that was followed by another one after `gap` days,
    /// or by none in the `watched` days until now; `None` while that is not known.
    pub fn of(offset: i32, gap: Option<i32>, watched: i32) -> Option<Self> {
        match gap {
            Some(gap) if gap < offset => Some(Self::Late),
            Some(gap) if gap <= offset + WINDOW => Some(Self::OnTime),
            Some(_) => Some(Self::Early),
            None => (watched > offset + WINDOW).then_some(Self::Wasted),
        }
    }
}

/// What became of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Calls {
    /// Customers who would have been called.
    pub called: u32,
    /// Of them, those who bought within a week.
    pub bought: u32,
}

/// The model and the table beside each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Compared<T> {
    /// By the learned model.
    pub learned: T,
    /// By the configured table alone.
    pub table: T,
}

/// A reminder by the configured table: its day after a purchase on `day` of `quantity`.
pub type Table<'a> = &'a (dyn Fn(&PairHistory, i32, f64) -> i32 + Sync);

/// What the judgement says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Reminders after purchases since the fold.
    pub reminders: Compared<Reminders>,
    /// The same by category, in the model's numbers.
    pub categories: BTreeMap<usize, Compared<Reminders>>,
    /// The likeliest customers called once a week since the fold, as many as the table finds due.
    pub calls: Compared<Calls>,
}

/// Purchases known on a day, with every customer's visits.
pub struct Past<'a> {
    /// The pairs.
    pub pairs: &'a [PairHistory],
    /// Each customer's days, ascending.
    pub visits: &'a [Vec<i32>],
    /// Number of categories.
    pub categories: usize,
    /// The configured gap of a category, days.
    pub profile: &'a (dyn Fn(usize) -> Option<f64> + Sync),
}

impl Past<'_> {
    /// A model of everything until the end of `day`. What came later does not even change the order in
    /// which is added up, so it is the same to the last bit.
    pub fn train(&self, day: i32) -> Model {
        let pairs: Vec<PairHistory> = self
            .pairs
            .iter()
            .filter_map(|pair| {
                let known = pair.purchases.partition_point(|(on, _)| *on <= day);
                (known > 0).then(|| PairHistory {
                    purchases: pair.purchases[..known].to_vec(),
                    ..pair.clone()
                })
            })
            .collect();
        let visits: Vec<Vec<i32>> = self
            .visits
            .iter()
            .map(|days| days[..days.partition_point(|on| *on <= day)].to_vec())
            .collect();
        train(&pairs, &visits, self.categories, day, self.profile)
    }

    /// Judges `model`, which knows nothing after `fold`, and the table by what happened until `today`.
    pub fn judge(&self, model: &Model, table: Table<'_>, fold: i32, today: i32) -> Judgement {
        let mut found = Judgement::default();
        let states: Vec<Vec<State>> =
            self.pairs.iter().map(|pair| pair.states(model.params).collect()).collect();
        for (pair, states) in self.pairs.iter().zip(&states) {
            for (index, state) in states.iter().enumerate() {
                let (day, quantity) = pair.purchases[index];
                if day <= fold {
                    continue;
                }
                let fate = |offset| Fate::of(offset, pair.gap(index), today - day);
                let learned = fate(model.offset(pair.category, state));
                // Only what is known of both is compared.
                if let (Some(learned), Some(table)) = (learned, fate(table(pair, day, quantity))) {
                    let category = found.categories.entry(pair.category).or_default();
                    for reminders in [&mut found.reminders, category] {
                        reminders.learned.add(learned);
                        reminders.table.add(table);
                    }
                }
            }
        }
        let mut day = fold + 1;
        while day + WINDOW <= today {
            self.call(model, &states, table, day, &mut found.calls);
            day += WINDOW;
        }
        found
    }

    /// Calls on a day: those the table finds due within the last two weeks, and as many of the
    /// likeliest.
    fn call(
        &self,
        model: &Model,
        states: &[Vec<State>],
        table: Table<'_>,
        day: i32,
        calls: &mut Compared<Calls>,
    ) {
        /// A customer's best pair: rank and whether it was bought within the week.
        type Best = BTreeMap<usize, (f64, bool)>;
        fn better(best: &mut Best, customer: usize, rank: f64, bought: bool) {
            let known = best.entry(customer).or_insert((f64::NEG_INFINITY, false));
            if rank > known.0 {
                *known = (rank, bought);
            }
        }
        let (mut likely, mut due) = (Best::new(), Best::new());
        for (pair, states) in self.pairs.iter().zip(states) {
            let known = pair.purchases.partition_point(|(on, _)| *on < day);
            let Some(index) = known.checked_sub(1) else { continue };
            let ((last, quantity), state) = (pair.purchases[index], states[index]);
            let bought = pair.purchases.get(known).is_some_and(|(on, _)| *on < day + WINDOW);
            let days = &self.visits[pair.customer];
            let before = days.partition_point(|visit| *visit < day);
            if let (Some(first), Some(latest)) = (days.first(), days.get(before.wrapping_sub(1))) {
                let visits = Visits { count: before as u32, first: *first, last: *latest };
                let chance = model.chance(pair.category, &state, &visits, day);
                better(&mut likely, pair.customer, chance, bought);
            }
            let late = day - (last + table(pair, last, quantity));
            if (0..14).contains(&late) {
                better(&mut due, pair.customer, -f64::from(late), bought);
            }
        }
        let most = due.len();
        let mut ranked: Vec<(f64, bool)> = likely.into_values().collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked.truncate(most);
        let count = |calls: &mut Calls, bought: bool| {
            calls.called += 1;
            calls.bought += u32::from(bought);
        };
        for (_, bought) in ranked {
            count(&mut calls.learned, bought);
        }
        for (_, bought) in due.into_values() {
            count(&mut calls.table, bought);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_is_judged_by_the_next_purchase_or_by_its_absence() {
        assert_eq!(Fate::of(20, Some(19), 100), Some(Fate::Late));
        assert_eq!(Fate::of(20, Some(20), 100), Some(Fate::OnTime));
        assert_eq!(Fate::of(20, Some(27), 100), Some(Fate::OnTime));
        assert_eq!(Fate::of(20, Some(28), 100), Some(Fate::Early));
        assert_eq!(Fate::of(20, None, 28), Some(Fate::Wasted));
        assert_eq!(Fate::of(20, None, 27), None, "it may still come");
    }

    #[test]
    fn a_steady_rhythm_beats_a_wrong_table_and_a_right_table_is_not_beaten() {
        // Sixty customers who buy every 24 days and a day more or less.
        let pairs: Vec<PairHistory> = (0..60)
            .map(|customer| {
                let start = (customer as i32 * 7) % 24;
                let purchases = (0..12).map(|k| (start + k * 24 + (k * 5 + start) % 3, 1_000.0));
                PairHistory { customer, category: 0, purchases: purchases.collect() }
            })
            .collect();
        let visits: Vec<Vec<i32>> =
            pairs.iter().map(|pair| pair.purchases.iter().map(|(day, _)| *day).collect()).collect();
        let past = Past { pairs: &pairs, visits: &visits, categories: 1, profile: &|_| Some(60.0) };
        let (fold, today) = (200, 290);
        let model = past.train(fold);
        let wrong = past.judge(&model, &|_, _, _| 55, fold, today);
        assert!(wrong.reminders.learned.share_on_time() > 0.95, "{wrong:?}");
        assert_eq!(wrong.reminders.table.on_time, 0);
        assert_eq!(wrong.reminders.learned.all(), wrong.reminders.table.all());
        let right = past.judge(&model, &|_, _, _| 20, fold, today);
        assert!(right.reminders.table.share_on_time() > 0.95, "{right:?}");
        assert!(right.calls.learned.called == right.calls.table.called);
        assert!(right.calls.learned.bought * 10 > right.calls.table.bought * 9, "{right:?}");
    }
}
