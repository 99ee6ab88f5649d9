//! What an order costs: its lines, discount, delivery, tax and refund beside the total the file
//! says. Pure.

use super::line::ReadLine;
use super::order::LineRecord;
use crate::db::Money;

/// What the order's own cells say of money.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Claims {
    /// Total of the order as placed.
    pub(super) total: Option<Money>,
    /// Off the whole order.
    pub(super) discount: Money,
    /// For delivery.
    pub(super) delivery: Money,
    /// Tax, which shops count in the prices or beside them.
    pub(super) tax: Money,
    /// Other charges.
    pub(super) fees: Money,
    /// Paid back.
    pub(super) refunded: Money,
    /// Own files are written for this import: a total that does not add up is refused. A shop's
    /// total is what the customer was charged: it is kept, with a warning.
    pub(super) strict: bool,
}

/// An order's money as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) lines: Vec<LineRecord>,
    pub(super) subtotal: Money,
    pub(super) discount: Money,
    pub(super) delivery: Money,
    pub(super) fees: Money,
    pub(super) refunded: Money,
    /// Lines, discount, delivery and tax make `.0`, the file's total is `.1`, and that is kept.
    pub(super) adjusted: Option<(Money, Money)>,
}

impl Settled {
    pub(super) fn total(&self) -> Money {
        self.subtotal - self.discount + self.delivery + self.fees
    }
}

/// Why an order's money is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// More than an amount can be.
    TooLarge,
    /// The discount is larger than the lines.
    Discount,
    /// The parts make the first amount, the total says the second.
    Total(Money, Money),
    /// The refund is larger than this total.
    Refund(Money),
}

/// Which amount of the lines is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Basis {
    /// Before discounts.
    Gross,
    /// After the lines' own discounts.
    Net,
}

#[derive(Clone, Copy)]
struct Sums {
    ordered: i64,
    kept: i64,
}

fn value(line: &ReadLine, basis: Basis) -> i64 {
    let gross = || line.gross.unwrap_or_else(|| line.catalogue_value());
    match basis {
        Basis::Gross => gross().0,
        Basis::Net => line.net.unwrap_or_else(gross).0,
    }
}

fn kept_value(line: &ReadLine, basis: Basis) -> i64 {
    let value = value(line, basis);
    if line.kept == line.ordered {
        return value;
    }
    let ordered = i128::from(line.ordered.max(1));
    let kept = (i128::from(value) * i128::from(line.kept) + ordered / 2) / ordered;
    i64::try_from(kept).unwrap_or(i64::MAX)
}

fn sums(lines: &[ReadLine], basis: Basis) -> Sums {
    let add = |of: fn(&ReadLine, Basis) -> i64| {
        lines.iter().fold(0_i64, |sum, line| sum.saturating_add(of(line, basis)))
    };
    Sums { ordered: add(value), kept: add(kept_value) }
}

/// How the parts make the total.
#[derive(Clone, Copy)]
struct Reading {
    basis: Basis,
    discount: i64,
    fees: i64,
    /// The total is that of what was ordered, not of what was kept.
    of_ordered: bool,
}

/// The first reading under which the parts make the file's total, the usual one first.
fn reading(lines: &[ReadLine], claims: &Claims, bases: &[Basis], total: Money) -> Option<Reading> {
    let line_discounts = line_discounts(lines);
    let discount = claims.discount.0;
    let fees = claims.fees.0;
    // Prices are rounded to the poisha, so each line may be off by one.
    let tolerance = lines.len() as i64;
    for basis in bases {
        let sums = sums(lines, *basis);
        let discounts: &[i64] = match (basis, claims.strict) {
            (Basis::Gross, true) => &[discount, discount + line_discounts],
            (Basis::Gross, false) => &[discount, discount + line_discounts, 0],
            (Basis::Net, _) => &[0, discount],
        };
        let taxed: &[i64] = &[fees + claims.tax.0, fees, 0];
        let taxed = if claims.strict { &taxed[..2] } else { taxed };
        for (sum, of_ordered) in [(sums.ordered, true), (sums.kept, false)] {
            for discount in discounts {
                for fees in taxed {
                    let made = sum - discount + claims.delivery.0 + fees;
                    if (made - total.0).abs() <= tolerance {
                        return Some(Reading {
                            basis: *basis,
                            discount: *discount,
                            fees: *fees,
                            of_ordered,
                        });
                    }
                }
            }
        }
    }
    None
}

fn line_discounts(lines: &[ReadLine]) -> i64 {
    lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.discount.0))
}

/// How the parts are read where no total tells, or none of the readings makes it.
fn usual(lines: &[ReadLine], claims: &Claims, bases: &[Basis]) -> Reading {
    let discount = claims.discount.0;
    let fees = claims.fees.0 + claims.tax.0;
    let of_ordered = true;
    let gross = |discount| Reading { basis: Basis::Gross, discount, fees, of_ordered };
    let net = Reading { basis: Basis::Net, discount: 0, fees, of_ordered };
    match bases {
        [Basis::Net] => net,
        [_] if discount == 0 => gross(line_discounts(lines)),
        [_] => gross(discount),
        _ => {
            let (before, after) =
                (sums(lines, Basis::Gross).ordered, sums(lines, Basis::Net).ordered);
            // Either the order's discount is spread over the lines, or these have their own.
            if after < before && before - discount != after { net } else { gross(discount) }
        }
    }
}

/// Makes the order's money of what the file says.
pub(super) fn settle(lines: &[ReadLine], claims: &Claims) -> Result<Settled, Refused> {
    let largest = Money::MAX.0;
    for basis in [Basis::Gross, Basis::Net] {
        if sums(lines, basis).ordered > largest {
            return Err(Refused::TooLarge);
        }
    }
    let only_net = lines.iter().any(|line| line.gross.is_none() && line.net.is_some());
    let bases: &[Basis] = if only_net {
        &[Basis::Net]
    } else if lines.iter().any(|line| line.net.is_some()) {
        &[Basis::Gross, Basis::Net]
    } else {
        &[Basis::Gross]
    };
    let found = claims.total.and_then(|total| reading(lines, claims, bases, total));
    let read = found.unwrap_or_else(|| usual(lines, claims, bases));
    let sums = sums(lines, read.basis);
    let came_back = sums.ordered - sums.kept;
    let mut settled = Settled {
        lines: lines.iter().filter_map(|line| line.record(kept_value(line, read.basis))).collect(),
        subtotal: Money(sums.kept),
        ..Settled::default()
    };
    if settled.lines.is_empty() {
        settled.delivery = claims.delivery;
        return Ok(settled);
    }
    let made = sums.ordered - read.discount + claims.delivery.0 + read.fees;
    // A total of what was kept says nothing of what was paid at first.
    let paid = claims.total.filter(|_| read.of_ordered).map_or(made, |total| total.0);
    if claims.refunded.0 > paid {
        return Err(Refused::Refund(Money(paid)));
    }
    let mut off = read.discount;
    settled.delivery = claims.delivery;
    settled.fees = Money(read.fees);
    if let (Some(total), None) = (claims.total, found) {
        if claims.strict {
            return Err(Refused::Total(Money(made), total));
        }
        settled.adjusted = Some((Money(made), total));
        let missing = total.0 - made;
        if missing > 0 {
            settled.fees.0 += missing;
        } else {
            off -= missing;
        }
    }
    // What came back with the lines is not in the total any more; of the refund the rest is left.
    let mut refunded = claims.refunded.0 - came_back;
    if refunded < 0 {
        if claims.refunded.0 > 0 && read.of_ordered {
            // Less was paid back than the pieces cost: their part of the discount stayed.
            let short = -refunded;
            let less = short.min(off);
            off -= less;
            settled.fees.0 += short - less;
        }
        refunded = 0;
    }
    if claims.strict && off > settled.subtotal.0 {
        return Err(Refused::Discount);
    }
    // Shops also discount delivery.
    for part in [&mut settled.delivery, &mut settled.fees] {
        let beyond = (off - settled.subtotal.0).max(0).min(part.0);
        part.0 -= beyond;
        off -= beyond;
    }
    settled.discount = Money(off.min(settled.subtotal.0));
    settled.refunded = Money(refunded.min(settled.total().0));
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::order::CatalogueProduct;
    use super::*;
    use crate::db::{CategoryId, ProductId};

    const PRODUCT: CatalogueProduct = CatalogueProduct {
        id: ProductId(1),
        category: CategoryId(1),
        price: Money(44_000),
        base_qty: 5_000,
    };

    fn line(ordered: i64, kept: i64, gross: Option<i64>, net: Option<i64>) -> ReadLine {
        ReadLine {
            product: (kept > 0).then_some(PRODUCT),
            ordered,
            kept,
            gross: gross.map(Money),
            net: net.map(Money),
            discount: Money(0),
        }
    }

    fn shop(total: Option<i64>) -> Claims {
        Claims { total: total.map(Money), ..Claims::default() }
    }

    fn money(settled: &Settled) -> [i64; 5] {
        [
            settled.subtotal.0,
            settled.discount.0,
            settled.delivery.0,
            settled.fees.0,
            settled.refunded.0,
        ]
    }

    #[test]
    fn a_line_total_alone_is_the_price() {
        let settled = settle(&[line(2, 2, None, Some(43_232))], &shop(Some(43_232))).expect("ok");
        assert_eq!(money(&settled), [43_232, 0, 0, 0, 0]);
        assert_eq!(settled.lines[0].unit_price, Money(21_616));
        let settled = settle(&[line(3, 3, Some(100_000), None)], &shop(None)).expect("ok");
        assert_eq!(
            (settled.lines[0].unit_price, settled.lines[0].total),
            (Money(33_333), Money(100_000))
        );
        assert_eq!(settled.total(), Money(100_000));
    }

    #[test]
    fn tax_is_in_the_prices_or_beside_them_as_the_total_says() {
        let claims = |total| Claims {
            tax: Money(6_600),
            delivery: Money(6_000),
            discount: Money(4_000),
            ..shop(Some(total))
        };
        let lines = [line(1, 1, Some(44_000), None)];
        assert_eq!(
            money(&settle(&lines, &claims(52_600)).expect("ok")),
            [44_000, 4_000, 6_000, 6_600, 0]
        );
        assert_eq!(
            money(&settle(&lines, &claims(46_000)).expect("ok")),
            [44_000, 4_000, 6_000, 0, 0]
        );
        // The prices hold the discount already.
        assert_eq!(money(&settle(&lines, &claims(50_000)).expect("ok")), [44_000, 0, 6_000, 0, 0]);
    }

    #[test]
    fn a_shops_total_that_does_not_add_up_is_kept_and_said() {
        let lines = [line(1, 1, Some(44_000), None)];
        for (total, parts) in
            [(50_000, [44_000, 0, 0, 6_000, 0]), (40_000, [44_000, 4_000, 0, 0, 0])]
        {
            let settled = settle(&lines, &shop(Some(total))).expect("ok");
            assert_eq!(money(&settled), parts);
            assert_eq!(settled.adjusted, Some((Money(44_000), Money(total))));
        }
        let own = Claims { strict: true, ..shop(Some(50_000)) };
        assert_eq!(settle(&lines, &own), Err(Refused::Total(Money(44_000), Money(50_000))));
    }

    #[test]
    fn lines_with_their_own_discount_count_after_it() {
        // 880 less 447.68 on the line; no total and no order discount say anything.
        let settled = settle(&[line(2, 2, Some(88_000), Some(43_232))], &shop(None)).expect("ok");
        assert_eq!(settled.total(), Money(43_232));
        // The order's discount is spread over its lines: it is counted once.
        let lines =
            [line(2, 2, Some(88_000), Some(87_000)), line(1, 1, Some(34_000), Some(33_000))];
        let claims = Claims { discount: Money(2_000), delivery: Money(6_000), ..shop(None) };
        assert_eq!(money(&settle(&lines, &claims).expect("ok")), [122_000, 2_000, 6_000, 0, 0]);
        let claims = Claims { total: Some(Money(126_000)), ..claims };
        assert_eq!(money(&settle(&lines, &claims).expect("ok")), [122_000, 2_000, 6_000, 0, 0]);
    }

    #[test]
    fn pieces_that_came_back_are_refunded_once() {
        // Three ordered, one kept; the refund is that of the two others.
        let lines = [line(3, 1, Some(150_000), None)];
        let claims = Claims { refunded: Money(100_000), ..shop(Some(150_000)) };
        assert_eq!(money(&settle(&lines, &claims).expect("ok")), [50_000, 0, 0, 0, 0]);
        // 100 more was paid back than the pieces cost.
        let claims = Claims { refunded: Money(110_000), ..claims };
        assert_eq!(money(&settle(&lines, &claims).expect("ok")), [50_000, 0, 0, 0, 10_000]);
        // The total speaks of what was kept.
        let claims = Claims { refunded: Money(100_000), ..shop(Some(50_000)) };
        assert_eq!(money(&settle(&lines, &claims).expect("ok")), [50_000, 0, 0, 0, 0]);
        // Nothing was kept.
        let settled = settle(&[line(1, 0, Some(50_000), None)], &shop(Some(50_000))).expect("ok");
        assert!(settled.lines.is_empty());
    }

    #[test]
    fn more_than_was_paid_is_not_paid_back() {
        let lines = [line(1, 1, Some(50_000), None)];
        let claims = |refunded| Claims { refunded: Money(refunded), ..shop(Some(50_000)) };
        assert_eq!(money(&settle(&lines, &claims(50_000)).expect("ok"))[4], 50_000);
        assert_eq!(settle(&lines, &claims(50_001)), Err(Refused::Refund(Money(50_000))));
    }

    #[test]
    fn a_discount_beyond_the_lines_is_a_shops_discount_on_delivery() {
        let lines = [line(1, 1, Some(5_000), None)];
        let claims = Claims { discount: Money(8_000), delivery: Money(6_000), ..shop(None) };
        assert_eq!(money(&settle(&lines, &claims).expect("ok")), [5_000, 5_000, 3_000, 0, 0]);
        assert_eq!(settle(&lines, &Claims { strict: true, ..claims }), Err(Refused::Discount));
    }

    proptest! {
        #[test]
        fn what_the_customer_paid_is_the_total_less_the_refund(
            rows in prop::collection::vec((1..5_i64, 0..5_i64, prop::option::of(0..100_000_i64), prop::option::of(0..100_000_i64)), 1..5),
            total in prop::option::of(0..500_000_i64),
            parts in (0..20_000_i64, 0..20_000_i64, 0..20_000_i64, 0..20_000_i64),
            refund in 0..100_000_i64,
        ) {
            let lines: Vec<ReadLine> = rows.iter().map(|(ordered, kept, gross, net)| line(*ordered, (*kept).min(*ordered), *gross, *net)).collect();
            let (discount, delivery, tax, fees) = parts;
            let claims = Claims {
                discount: Money(discount), delivery: Money(delivery), tax: Money(tax), fees: Money(fees),
                refunded: Money(refund), ..shop(total)
            };
            let Ok(settled) = settle(&lines, &claims) else { return Ok(()) };
            for part in money(&settled) {
                prop_assert!(part >= 0, "{settled:?}");
            }
            prop_assert!(settled.discount <= settled.subtotal);
            prop_assert!(settled.refunded <= settled.total());
            let lines_made: i64 = settled.lines.iter().map(|l| l.total.0).sum();
            prop_assert_eq!(settled.subtotal.0, lines_made);
            let nothing_back = lines.iter().all(|l| l.kept == l.ordered);
            if let (Some(total), true) = (total, nothing_back) {
                prop_assert!((settled.total().0 - total).abs() <= lines.len() as i64, "{settled:?}");
                prop_assert_eq!(settled.refunded.0, refund.min(settled.total().0));
            }
        }
    }
}
