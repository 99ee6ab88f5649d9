//! The little numerics the fits need.

/// ln Γ(x), x > 0 (Lanczos, g = 7, n = 9: 15 digits).
pub fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        let sine = (std::f64::consts::PI * x).sin();
        return (std::f64::consts::PI / sine).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let mut sum = FIRST;
    for (i, coefficient) in COEFFICIENTS.iter().enumerate() {
        sum += coefficient / (x + i as f64 + 1.0);
    }
    let t = x + G + 0.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// Where `f` is smallest between `low` and `high` (golden section).
pub fn minimum(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let (mut left, mut right) = (high - RATIO * (high - low), low + RATIO * (high - low));
    let (mut at_left, mut at_right) = (f(left), f(right));
    for _ in 0..60 {
        if at_left <= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - RATIO * (high - low);
            at_left = f(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + RATIO * (high - low);
            at_right = f(right);
        }
    }
    f64::midpoint(low, high)
}

/// Where `f` is smallest near `start` (Nelder and Mead, 1965); `None` if it finds nothing finite.
pub fn lowest<const N: usize>(start: [f64; N], f: impl Fn(&[f64; N]) -> f64) -> Option<[f64; N]> {
    let value = |point: &[f64; N]| {
        let y = f(point);
        if y.is_finite() { y } else { f64::INFINITY }
    };
    let mut simplex: Vec<(f64, [f64; N])> = vec![(value(&start), start)];
    for i in 0..N {
        let mut point = start;
        point[i] += 0.5;
        simplex.push((value(&point), point));
    }
    for _ in 0..200 * N {
        simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (best, worst) = (simplex[0].0, simplex[N]);
        if (worst.0 - best).abs() <= 1e-9 * (best.abs() + 1e-9) {
            break;
        }
        let mut centre = [0.0; N];
        for (_, point) in &simplex[..N] {
            for i in 0..N {
                centre[i] += point[i] / N as f64;
            }
        }
        let along = |step: f64| {
            let mut point = centre;
            for i in 0..N {
                point[i] += step * (worst.1[i] - centre[i]);
            }
            (value(&point), point)
        };
        let reflected = along(-1.0);
        if reflected.0 < best {
            let further = along(-2.0);
            simplex[N] = if further.0 < reflected.0 { further } else { reflected };
        } else if reflected.0 < simplex[N - 1].0 {
            simplex[N] = reflected;
        } else {
            let nearer = along(if reflected.0 < worst.0 { -0.5 } else { 0.5 });
            if nearer.0 < worst.0.min(reflected.0) {
                simplex[N] = nearer;
            } else {
                let around = simplex[0].1;
                for (y, point) in &mut simplex[1..] {
                    for i in 0..N {
                        point[i] = around[i] + 0.5 * (point[i] - around[i]);
                    }
                    *y = value(point);
                }
            }
        }
    }
    simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
    simplex[0].0.is_finite().then_some(simplex[0].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ln_gamma_is_right_at_known_places() {
        for (x, y) in [(1.0, 0.0), (2.0, 0.0), (5.0, 24f64.ln()), (0.5, 0.572_364_942_924_700_1)] {
            assert!((ln_gamma(x) - y).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn minima_are_found() {
        assert!((minimum(-4.0, 9.0, |x| (x - 2.5).powi(2)) - 2.5).abs() < 1e-6);
        let valley = |p: &[f64; 2]| (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2);
        let [x, y] = lowest([-1.0, 1.0], valley).expect("finite");
        assert!((x - 1.0).abs() < 1e-3 && (y - 1.0).abs() < 1e-3, "{x} {y}");
        assert_eq!(lowest([0.0], |_| f64::NAN), None);
    }
}
