//! Reproducible randomness for the demo shop.
//!
//! SplitMix64 (Steele, Lea and Flood 2014): a counter through a mixing function. Small, fast, the same
//! on every machine, and a stream of its own for every (seed, purpose, number), so that adding a
//! product does not move a customer's birthday. Not for secrets.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream of a purpose and a number within it.
    pub(super) fn new(seed: u64, purpose: &str, number: u64) -> Self {
        let mut state = mix(seed ^ 0x9e37_79b9_7f4a_7c15);
        for byte in purpose.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Self(mix(state ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        // 53 bits are what an f64 holds.
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform in `from..=to`.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + (self.unit() * (to - from + 1) as f64) as i64
    }

    /// One of them.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[(self.unit() * items.len() as f64) as usize]
    }

    /// An index by weight.
    pub(super) fn weighted(&mut self, weights: impl IntoIterator<Item = u32> + Clone) -> usize {
        let total: u32 = weights.clone().into_iter().sum();
        let mut left = self.unit() * f64::from(total);
        let mut last = 0;
        for (i, weight) in weights.into_iter().enumerate() {
            last = i;
            left -= f64::from(weight);
            if left < 0.0 {
                break;
            }
        }
        last
    }

    /// Exponentially distributed with this mean.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Log-normally distributed around a median.
    pub(super) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        let angle = std::f64::consts::TAU * self.unit();
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        median * (sigma * radius * angle.cos()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn streams_are_reproducible_and_independent() {
        let draw = |seed, purpose, number| {
            let mut rng = Rng::new(seed, purpose, number);
            [rng.next(), rng.next()]
        };
        assert_eq!(draw(1, "orders", 7), draw(1, "orders", 7));
        assert_ne!(draw(1, "orders", 7), draw(1, "orders", 8));
        assert_ne!(draw(1, "orders", 7), draw(2, "orders", 7));
        assert_ne!(draw(1, "orders", 7), draw(1, "names", 7));
    }

    #[test]
    fn draws_stay_in_their_range() {
        let mut rng = Rng::new(1, "test", 0);
        let mut seen = [false; 3];
        for _ in 0..1_000 {
            assert!((0.0..1.0).contains(&rng.unit()));
            assert!((3..=5).contains(&rng.between(3, 5)));
            seen[rng.weighted([1, 0, 3])] = true;
            assert!(rng.exponential(5.0) >= 0.0 && rng.log_normal(20.0, 0.3) > 0.0);
        }
        assert_eq!(seen, [true, false, true]);
    }
}
