//! What the status words of shops mean. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::orders::OrderStatus;

/// Code of a row whose status word must be asked.
pub const UNKNOWN_STATUS: &str = "unknown_status";

/// What people said of status words: normalised word → status.
pub type Answers = BTreeMap<String, OrderStatus>;

/// `status = words`, normalised as by [`normal`], separated by spaces. Words that some shops use
/// for one thing and others for another are missing on purpose: they are asked.
const WORDS: &[(OrderStatus, &str)] = &[
    (
        OrderStatus::Placed,
        "placed pending pending_payment payment_pending awaiting_payment pending_confirmation
         pending_approval unconfirmed waiting on_hold onhold hold new new_order open unpaid received
         order_received order_placed draft checkout_draft পেন্ডিং অপেক্ষমাণ অপেক্ষমান অপেক্ষায় নতুন
         নতুন_অর্ডার",
    ),
    (
        OrderStatus::Confirmed,
        "confirmed order_confirmed processing in_process in_progress accepted approved verified paid
         packed packing packaged picked preparing prepared ready ready_to_ship ready_for_ship
         ready_for_shipping ready_for_shipment ready_for_delivery ready_for_pickup ready_to_pickup
         ready_for_dispatch ready_to_dispatch awaiting_shipment awaiting_fulfillment
         awaiting_fulfilment awaiting_pickup pickup_pending নিশ্চিত কনফার্ম কনফার্মড প্রসেসিং
         প্রক্রিয়াধীন চলমান প্রস্তুত প্যাক প্যাকড প্যাক_করা_হয়েছে",
    ),
    (
        OrderStatus::Shipped,
        "shipped shipping dispatched in_transit intransit transit on_the_way out_for_delivery
         partial_shipped partially_shipped partial_shipment partial_fulfilled partially_fulfilled
         fulfilled sent sent_to_courier handed_over handed_to_courier handover_to_courier
         handed_over_to_courier with_courier in_courier at_courier courier picked_up শিপড
         পাঠানো পাঠানো_হয়েছে কুরিয়ারে কুরিয়ারে_আছে কুরিয়ারে_দেওয়া_হয়েছে পথে ডেলিভারির_পথে",
    ),
    (
        OrderStatus::Delivered,
        "delivered completed complete done finished closed successful success partial_delivered
         partially_delivered partial_delivery partially_refunded partial_refunded partial_refund
         partially_returned partial_returned partial_return ডেলিভার্ড ডেলিভারড ডেলিভারি_হয়েছে
         ডেলিভারি_সম্পন্ন ডেলিভারি_দেওয়া_হয়েছে সম্পন্ন সম্পূর্ণ পৌঁছেছে পৌঁছানো_হয়েছে",
    ),
    (
        OrderStatus::Cancelled,
        "cancelled canceled cancel admin_cancelled cancelled_by_customer canceled_by_customer
         cancelled_by_admin customer_cancelled user_cancelled auto_cancelled order_cancelled failed
         payment_failed declined rejected denied expired void voided abandoned trash deleted fake
         fake_order duplicate duplicate_order বাতিল বাতিল_করা_হয়েছে ক্যান্সেল ক্যানসেল ক্যান্সেলড
         ভুয়া ডুপ্লিকেট",
    ),
    (
        OrderStatus::Returned,
        "returned return return_received return_completed returned_to_sender return_to_sender rto
         returned_to_origin return_to_origin refunded refund fully_refunded ফেরত ফেরত_এসেছে
         ফেরত_দেওয়া_হয়েছে রিটার্ন রিটার্নড রিফান্ড",
    ),
];

/// Says that only a part of the money or goods came back.
const PARTLY_BACK: &[&str] = &[
    "partially_refunded",
    "partial_refunded",
    "partial_refund",
    "partially_returned",
    "partial_returned",
    "partial_return",
];

/// Bangla letters with a dot below as two characters, which is how they are compared.
fn decomposed(c: char) -> [Option<char>; 2] {
    match c {
        '\u{09dc}' => [Some('ড'), Some('\u{09bc}')],
        '\u{09dd}' => [Some('ঢ'), Some('\u{09bc}')],
        '\u{09df}' => [Some('য'), Some('\u{09bc}')],
        '\u{200b}'..='\u{200f}' | '\u{feff}' => [None, None],
        c => [Some(c), None],
    }
}

/// A word without what people vary: case, spaces, dashes, WooCommerce's `wc-`.
pub fn normal(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.trim().chars().flat_map(char::to_lowercase) {
        if c.is_whitespace() || matches!(c, '-' | '_' | '/' | '.' | '\u{2010}'..='\u{2015}') {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
        } else {
            out.extend(decomposed(c).into_iter().flatten());
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    match out.strip_prefix("wc_") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => out,
    }
}

/// What a word means: as answered, else as known; `None`: it must be asked.
pub fn status(word: &str, answers: &Answers) -> Option<OrderStatus> {
    let word = normal(word);
    answers.get(&word).copied().or_else(|| known(&word))
}

fn known(normal_word: &str) -> Option<OrderStatus> {
    let is = |known: &str| {
        let known: Cow<'_, str> =
            if known.is_ascii() { known.into() } else { normal(known).into() };
        known == normal_word
    };
    WORDS.iter().find(|(_, words)| words.split_whitespace().any(is)).map(|(status, _)| *status)
}

/// Whether a word says that a part came back.
pub fn is_partly_back(word: &str) -> bool {
    PARTLY_BACK.contains(&normal(word).as_str())
}

/// Shopify's three columns as one status; `Err`: which of the two words must be asked.
pub fn of_shopify(
    financial: &str,
    fulfilment: &str,
    cancelled: bool,
    answers: &Answers,
) -> Result<OrderStatus, ShopifyWord> {
    let (money, goods) = (normal(financial), normal(fulfilment));
    if let Some(said) = answers.get(&money).or_else(|| answers.get(&goods)) {
        return Ok(*said);
    }
    if cancelled {
        return Ok(OrderStatus::Cancelled);
    }
    match money.as_str() {
        "voided" | "expired" => return Ok(OrderStatus::Cancelled),
        "refunded" => return Ok(OrderStatus::Returned),
        "" | "paid" | "pending" | "authorized" | "partially_paid" | "partially_refunded"
        | "unpaid" | "overdue" => {}
        _ => return Err(ShopifyWord::Financial),
    }
    match goods.as_str() {
        // Shopify does not know of delivery, some of its apps do.
        "delivered" => Ok(OrderStatus::Delivered),
        "fulfilled" | "partial" | "partially_fulfilled" | "in_transit" | "out_for_delivery" => {
            Ok(OrderStatus::Shipped)
        }
        "" | "unfulfilled" | "pending" | "restocked" | "on_hold" | "in_progress" | "scheduled"
        | "open" | "unshipped" | "null" => Ok(OrderStatus::Confirmed),
        _ => Err(ShopifyWord::Fulfilment),
    }
}

/// One of Shopify's status columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShopifyWord {
    /// Financial Status.
    Financial,
    /// Fulfillment Status.
    Fulfilment,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_word_is_there_once() {
        let mut seen = HashSet::new();
        for word in WORDS.iter().flat_map(|(_, words)| words.split_whitespace()) {
            assert!(seen.insert(normal(word)), "{word} is there twice");
        }
        for status in OrderStatus::ALL {
            assert_eq!(super::status(status.as_str(), &Answers::new()), Some(*status));
        }
    }

    #[test]
    fn the_words_of_shops_are_read_in_any_spelling() {
        use OrderStatus as S;
        for (word, status) in [
            ("wc-processing", S::Confirmed),
            ("Partially Refunded", S::Delivered),
            ("out-for-delivery", S::Shipped),
            ("partial-shipped", S::Shipped),
            ("Ready to Ship", S::Confirmed),
            ("PACKED", S::Confirmed),
            (" On hold ", S::Placed),
            ("Handed over to courier", S::Shipped),
            ("Cancelled by customer", S::Cancelled),
            ("RTO", S::Returned),
            ("বাতিল", S::Cancelled),
            ("ডেলিভারি হয়েছে", S::Delivered),
            ("ডেলিভারি হ\u{09df}েছে", S::Delivered),
            ("কুরি\u{09af}\u{09bc}ারে", S::Shipped),
            ("ফেরত", S::Returned),
        ] {
            assert_eq!(super::status(word, &Answers::new()), Some(status), "{word}");
        }
        for word in ["", "undelivered", "return-requested", "vip", "5"] {
            assert_eq!(super::status(word, &Answers::new()), None, "{word}");
        }
    }

    #[test]
    fn an_answer_is_asked_before_what_is_known() {
        let answers = Answers::from([
            ("vip".to_owned(), OrderStatus::Shipped),
            ("completed".to_owned(), OrderStatus::Shipped),
        ]);
        assert_eq!(status("wc-VIP", &answers), Some(OrderStatus::Shipped));
        assert_eq!(status("Completed", &answers), Some(OrderStatus::Shipped));
        assert_eq!(of_shopify("vip", "", false, &answers), Ok(OrderStatus::Shipped));
    }

    #[test]
    fn shopifys_columns_are_one_status() {
        use OrderStatus as S;
        let none = Answers::new();
        for (money, goods, cancelled, status) in [
            ("paid", "fulfilled", false, Ok(S::Shipped)),
            ("paid", "unfulfilled", false, Ok(S::Confirmed)),
            ("partially_refunded", "fulfilled", false, Ok(S::Shipped)),
            ("refunded", "fulfilled", false, Ok(S::Returned)),
            ("voided", "", false, Ok(S::Cancelled)),
            ("paid", "fulfilled", true, Ok(S::Cancelled)),
            ("", "", false, Ok(S::Confirmed)),
            ("mystery", "", false, Err(ShopifyWord::Financial)),
            ("paid", "mystery", false, Err(ShopifyWord::Fulfilment)),
        ] {
            assert_eq!(of_shopify(money, goods, cancelled, &none), status, "{money} {goods}");
        }
    }

    proptest! {
        #[test]
        fn normal_words_stay_as_they_are(word in "\\PC{0,30}") {
            let once = normal(&word);
            if !once.starts_with("wc_") {
                prop_assert_eq!(normal(&once), once);
            }
        }
    }
}
