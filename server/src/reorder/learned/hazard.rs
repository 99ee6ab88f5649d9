//! How the chance to buy rises and falls around the expected day. A rate alone knows nothing of
//! rhythm: the day after a purchase it is as high as ever.

use serde::{Deserialize, Serialize};

use super::{COUNT_BINS, count_bin};

/// Upper edges of the bins of (days since the last purchase ÷ expected gap).
const EDGES: [f64; 8] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.6, 2.2, 3.5];
const BINS: usize = EDGES.len() + 1;
/// Below so many rows nothing is learnt.
const LEAST: u32 = 50;
/// Expected purchases that the bin of the count is worth.
const SMOOTHING: f64 = 5.0;

fn ratio_bin(ratio: f64) -> usize {
    EDGES.iter().position(|edge| ratio < *edge).unwrap_or(EDGES.len())
}

/// A pair on a day, what was expected and whether it was bought within the window.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot {
    /// Purchases until then.
    pub purchases: u32,
    /// Days since the last one ÷ expected gap.
    pub ratio: f64,
    /// Chance by rate alone.
    pub expected: f64,
    /// Whether it was.
    pub bought: bool,
}

/// Factors on the rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hazard {
    factors: Vec<Vec<f64>>,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    rows: u32,
    expected: f64,
    bought: f64,
}

impl Hazard {
    /// Learns from snapshots.
    pub fn learn(snapshots: impl Iterator<Item = Snapshot>) -> Self {
        let mut cells = [[Cell::default(); BINS]; COUNT_BINS];
        for snapshot in snapshots {
            let cell = &mut cells[count_bin(snapshot.purchases)][ratio_bin(snapshot.ratio)];
            cell.rows += 1;
            cell.expected += snapshot.expected;
            cell.bought += f64::from(u8::from(snapshot.bought));
        }
        let factors = cells
            .iter()
            .map(|row| {
                let expected: f64 = row.iter().map(|cell| cell.expected).sum();
                let bought: f64 = row.iter().map(|cell| cell.bought).sum();
                let rows: u32 = row.iter().map(|cell| cell.rows).sum();
                let usual = if rows >= LEAST && expected > 0.0 { bought / expected } else { 1.0 };
                row.iter()
                    .map(|cell| {
                        if cell.rows < LEAST {
                            return usual;
                        }
                        (cell.bought + SMOOTHING * usual) / (cell.expected + SMOOTHING)
                    })
                    .collect()
            })
            .collect();
        Self { factors }
    }

    /// The factor for a pair.
    pub fn factor(&self, purchases: u32, ratio: f64) -> f64 {
        self.factors.get(count_bin(purchases)).map_or(1.0, |row| row[ratio_bin(ratio)])
    }
}
