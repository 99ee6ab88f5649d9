//! Any bytes, any mixture of rows.

use proptest::prelude::*;

use super::*;
use crate::clock::Clock;
use crate::db::{CategoryId, Money, ProductId};
use crate::imports::mapping::Overrides;
use crate::imports::prepare::prepare;
use crate::imports::readings::Said;
use crate::imports::record::CatalogueProduct;
use crate::imports::status::Answers;

fn context(kind: Kind) -> Context {
    let now = chrono::DateTime::from_timestamp(1_795_000_000, 0).expect("valid");
    let clock = Clock::fixed(chrono_tz::Asia::Dhaka, now);
    Context {
        kind,
        format: super::super::Format::Own,
        today: clock.today(),
        clock,
        statuses: Answers::new(),
    }
}

fn products() -> Catalogue {
    let rice = CatalogueProduct {
        id: ProductId(1),
        category: CategoryId(1),
        price: Money::taka(100),
        base_qty: 1_000,
    };
    let mut catalogue = Catalogue::default();
    catalogue.by_sku.insert("R".to_owned(), rice);
    catalogue
}

/// Reads a file in chunks of `size`; how many rows were passed, taken and rejected.
fn read_all(kind: Kind, main: &[u8], lines: Option<&[u8]>, size: usize) -> Option<[u64; 3]> {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, lines_path) = (dir.path().join("main.csv"), dir.path().join("lines.csv"));
    std::fs::write(&path, main).expect("written");
    if let Some(lines) = lines {
        std::fs::write(&lines_path, lines).expect("written");
    }
    let lines = lines.map(|_| lines_path.as_path());
    let said = Said { date_order: None, this_year: 2026 };
    let prepared = prepare(kind, None, &Overrides::new(), &path, lines, said).ok()?;
    let mut sums = [0; 3];
    let sum = |chunk: Chunk| {
        let taken = match &chunk.records {
            Records::Categories(items) => items.len(),
            Records::Products(items) => items.len(),
            Records::Customers(items) => items.len(),
            Records::Orders(items) => items.iter().map(|item| item.rows.len()).sum(),
        };
        sums[0] += chunk.rows;
        sums[1] += taken as u64 + chunk.silent;
        sums[2] += chunk.rejected.len() as u64;
        true
    };
    read(&prepared, &context(kind), &products(), 0, size, sum).expect("reads");
    assert_eq!(sums[0], prepared.total_rows);
    Some(sums)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_are_too_odd(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        tail in "[a-z0-9,;\"\n\r\u{995}'-]{0,200}",
    ) {
        for kind in Kind::ALL {
            let header: &[u8] = match kind {
                Kind::Categories => b"slug,name_en,days\n",
                Kind::Products => b"sku,name,category,price,pack\n",
                Kind::Customers => b"phone,name,birthday\n",
                Kind::Orders => b"order_no,phone,date,sku,quantity\n",
            };
            let _ = read_all(*kind, &bytes, None, 7);
            let _ = read_all(*kind, &[header, &bytes].concat(), None, 7);
            let file = [header, tail.as_bytes()].concat();
            if let Some([passed, taken, rejected]) = read_all(*kind, &file, None, 7) {
                prop_assert_eq!(passed, taken + rejected);
            }
            let _ = read_all(*kind, &file, Some(&file), 7);
        }
    }

    #[test]
    fn orders_are_the_same_however_their_rows_are_mixed_and_cut(
        rows in prop::collection::vec(0u8..12, 1..60), size in 1usize..9,
    ) {
        let mut text = "order_no,phone,date,sku,quantity\n".to_owned();
        for order in &rows {
            // Every fifth order has an unknown product on all its lines.
            let sku = if order % 5 == 4 { "X" } else { "R" };
            text += &["N", &order.to_string(), ",01711111111,2026-11-01,", sku, ",1\n"].concat();
        }
        let bad = rows.iter().filter(|order| **order % 5 == 4).count() as u64;
        let all = rows.len() as u64;
        let sums = read_all(Kind::Orders, text.as_bytes(), None, size);
        prop_assert_eq!(sums, Some([all, all - bad, bad]));
    }
}

#[test]
fn an_order_without_end_is_refused_in_pieces() {
    let mut text = "order_no,phone,date,sku,quantity\n".to_owned();
    for _ in 0..3 * MAX_ROWS + 7 {
        text.push_str("1,01711111111,2026-11-01,R,1\n");
    }
    text.push_str("2,01711111111,2026-11-01,R,1\n");
    let all = 3 * MAX_ROWS as u64 + 7;
    let sums = read_all(Kind::Orders, text.as_bytes(), None, 5);
    assert_eq!(sums, Some([all + 1, 1, all]));
}
