//! In which currency a file speaks: taka, or another one that must not be taken for taka. Pure.

/// Words that mean taka, beside ৳.
const TAKA: &[&str] =
    &["bdt", "tk", "taka", "bangladeshi", "bangladesh", "টাকা", "টাকায়", "বাংলাদেশি", "৳"];

/// Signs of other currencies.
const SIGNS: &[char] = &[
    '$', '€', '£', '₹', '¥', '₨', '₩', '₽', '₺', '₪', '₫', '฿', '₱', '₦', '﷼', '¢', '₵', '₴', '₸',
    '₼', '₾', '₭', '₮',
];

/// Codes and words of other currencies that stand beside amounts.
const OTHERS: &[&str] = &[
    "usd", "us", "eur", "euro", "euros", "gbp", "inr", "rs", "rupee", "rupees", "pkr", "npr",
    "lkr", "aed", "dirham", "sar", "riyal", "qar", "kwd", "omr", "bhd", "myr", "rm", "sgd", "cad",
    "aud", "nzd", "jpy", "yen", "cny", "rmb", "hkd", "thb", "idr", "php", "vnd", "krw", "try",
    "rub", "chf", "sek", "nok", "dkk", "pln", "zar", "ngn", "egp", "ars", "brl", "mxn", "dollar",
    "dollars",
];

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !(c.is_alphabetic() || matches!(c, '\u{0981}'..='\u{09cd}')))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// Whether a currency cell means taka; an empty one says nothing and does.
pub fn is_taka(cell: &str) -> bool {
    let cell = cell.trim();
    if cell.is_empty() || cell == "৳" {
        return true;
    }
    !cell.contains(SIGNS)
        && words(cell).count() > 0
        && words(cell).all(|w| TAKA.contains(&w.as_str()))
}

/// Whether an amount is written in another currency than taka.
pub fn is_foreign(amount: &str) -> bool {
    // Nearly every amount is digits alone.
    if amount.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-' | b' ')) {
        return false;
    }
    amount.contains(SIGNS) || words(amount).any(|word| OTHERS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taka_in_any_spelling_is_taka_and_nothing_else_is() {
        for cell in
            ["", "BDT", "bdt", " Tk. ", "৳", "টাকা", "Bangladeshi taka (৳)", "BDT - Bangladeshi Taka"]
        {
            assert!(is_taka(cell), "{cell}");
        }
        for cell in ["USD", "eur", "₹", "$", "INR", "PKR", "US$", "USD/BDT", "1"] {
            assert!(!is_taka(cell), "{cell}");
        }
    }

    #[test]
    fn amounts_in_another_currency_are_seen() {
        for amount in ["$20", "20 USD", "€ 5,00", "₹500", "Rs. 500", "US$ 20.00", "RM10", "AED 5"]
        {
            assert!(is_foreign(amount), "{amount}");
        }
        for amount in
            ["", "20", "1,234.50", "৳ 99", "Tk 1,234.50", "৯৯ টাকা", "BDT 5", "500/-", "1234.50 taka"]
        {
            assert!(!is_foreign(amount), "{amount}");
        }
    }
}
