//! The 64 districts of Bangladesh: one list for customers, agents, filters, forms and imports.
//!
//! A district is stored by its official English name; screens show it in their language. Codes are
//! those of ISO 3166-2:BD, which WooCommerce writes as state.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Allow, Anyone};
use crate::db::{Arg, DbError, Sql, Tx};
use crate::http::Json;

/// A district.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct District {
    /// Number in ISO 3166-2: 13 is `BD-13`.
    pub code: u8,
    /// Official English name; this is what is stored.
    pub name: &'static str,
    /// Bangla name.
    pub name_bn: &'static str,
    /// Other spellings that [`fold`] does not bring to one of the names; separated by spaces.
    spellings: &'static str,
}

const fn d(
    code: u8,
    name: &'static str,
    name_bn: &'static str,
    spellings: &'static str,
) -> District {
    District { code, name, name_bn, spellings }
}

/// Every district, by English name.
pub const DISTRICTS: &[District] = &[
    d(5, "Bagerhat", "বাগেরহাট", ""),
    d(1, "Bandarban", "বান্দরবান", ""),
    d(2, "Barguna", "বরগুনা", "borguna"),
    d(6, "Barishal", "বরিশাল", "barisal borishal"),
    d(7, "Bhola", "ভোলা", ""),
    d(3, "Bogura", "বগুড়া", "bogra bagura"),
    d(4, "Brahmanbaria", "ব্রাহ্মণবাড়িয়া", "bbaria bbariya brahmanbariya brahmnbaria"),
    d(9, "Chandpur", "চাঁদপুর", "chadpur"),
    d(45, "Chapai Nawabganj", "চাঁপাইনবাবগঞ্জ", "nawabganj nababganj chapainababganj chapai নবাবগঞ্জ"),
    d(10, "Chattogram", "চট্টগ্রাম", "chittagong chittagang ctg chattagong chitagong chittagram"),
    d(12, "Chuadanga", "চুয়াডাঙ্গা", "chuyadanga"),
    d(11, "Cox's Bazar", "কক্সবাজার", "coxbazar coxsbazaar coxbazaar"),
    d(8, "Cumilla", "কুমিল্লা", "comilla kumilla"),
    d(13, "Dhaka", "ঢাকা", "dacca"),
    d(14, "Dinajpur", "দিনাজপুর", ""),
    d(15, "Faridpur", "ফরিদপুর", "foridpur"),
    d(16, "Feni", "ফেনী", "feny fani"),
    d(19, "Gaibandha", "গাইবান্ধা", "gaybandha"),
    d(18, "Gazipur", "গাজীপুর", "gajipur gazipore"),
    d(17, "Gopalganj", "গোপালগঞ্জ", ""),
    d(20, "Habiganj", "হবিগঞ্জ", ""),
    d(21, "Jamalpur", "জামালপুর", ""),
    d(22, "Jashore", "যশোর", "jessore jessor jasor"),
    d(25, "Jhalokati", "ঝালকাঠি", "jhalakhati"),
    d(23, "Jhenaidah", "ঝিনাইদহ", "jhenaidaha jhenidah jhinaidah jinaidaha jhenidaha ঝিনাইদাহ"),
    d(24, "Joypurhat", "জয়পুরহাট", "jaipurhat jaypurhat"),
    d(29, "Khagrachhari", "খাগড়াছড়ি", "khagrachori khagrachory"),
    d(27, "Khulna", "খুলনা", ""),
    d(26, "Kishoreganj", "কিশোরগঞ্জ", "kishorganj kisorganj"),
    d(28, "Kurigram", "কুড়িগ্রাম", ""),
    d(30, "Kushtia", "কুষ্টিয়া", "kushtiya"),
    d(31, "Lakshmipur", "লক্ষ্মীপুর", "laxmipur luxmipur lakhsmipur লক্ষীপুর লক্ষিপুর"),
    d(32, "Lalmonirhat", "লালমনিরহাট", ""),
    d(36, "Madaripur", "মাদারীপুর", ""),
    d(37, "Magura", "মাগুরা", ""),
    d(33, "Manikganj", "মানিকগঞ্জ", ""),
    d(39, "Meherpur", "মেহেরপুর", ""),
    d(
        38,
        "Moulvibazar",
        "মৌলভীবাজার",
        "maulvibazar moulavibazar maulavibazar moulovibazar molvibazar moulvibazaar",
    ),
    d(35, "Munshiganj", "মুন্সীগঞ্জ", ""),
    d(34, "Mymensingh", "ময়মনসিংহ", "maimansingh moymonsingh mymensing mymansingh maymansingh"),
    d(48, "Naogaon", "নওগাঁ", "nowgaon noagaon naogao"),
    d(43, "Narail", "নড়াইল", ""),
    d(40, "Narayanganj", "নারায়ণগঞ্জ", "narayongonj"),
    d(42, "Narsingdi", "নরসিংদী", ""),
    d(44, "Natore", "নাটোর", "nator"),
    d(41, "Netrokona", "নেত্রকোণা", ""),
    d(46, "Nilphamari", "নীলফামারী", "nilfamari nilphamary"),
    d(47, "Noakhali", "নোয়াখালী", "noyakhali"),
    d(49, "Pabna", "পাবনা", ""),
    d(52, "Panchagarh", "পঞ্চগড়", "panchagor panchogorh"),
    d(51, "Patuakhali", "পটুয়াখালী", "patuyakhali"),
    d(50, "Pirojpur", "পিরোজপুর", "perojpur"),
    d(53, "Rajbari", "রাজবাড়ী", "rajbary"),
    d(54, "Rajshahi", "রাজশাহী", ""),
    d(56, "Rangamati", "রাঙ্গামাটি", "রাঙামাটি"),
    d(55, "Rangpur", "রংপুর", "রঙপুর"),
    d(58, "Satkhira", "সাতক্ষীরা", ""),
    d(62, "Shariatpur", "শরীয়তপুর", "shariyatpur"),
    d(57, "Sherpur", "শেরপুর", ""),
    d(59, "Sirajganj", "সিরাজগঞ্জ", "serajganj"),
    d(61, "Sunamganj", "সুনামগঞ্জ", ""),
    d(60, "Sylhet", "সিলেট", "silet"),
    d(63, "Tangail", "টাঙ্গাইল", "টাঙাইল"),
    d(64, "Thakurgaon", "ঠাকুরগাঁও", "thakurgoan"),
];

/// Words beside a district's name that say nothing.
const BESIDE: &[&str] = &[
    "district",
    "dist",
    "distt",
    "zilla",
    "zila",
    "jela",
    "sadar",
    "upazila",
    "upazilla",
    "city",
    "bangladesh",
    "bd",
    "জেলা",
    "জিলা",
    "সদর",
    "উপজেলা",
    "বাংলাদেশ",
];

/// A name as it sounds: case, spaces, marks, h, doubled letters and a/o do not matter, nor do
/// Bangla's long vowels, its three s and two n. Distinct for the names above (tested).
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let words = text
        .split(|c: char| {
            !(c.is_alphanumeric()
                || matches!(
                    c,
                    '\u{0981}'..='\u{09cd}' | '\'' | '’' | '.' | '\u{200c}' | '\u{200d}'
                ))
        })
        .filter(|word| !word.is_empty());
    for word in words {
        let word = word.to_lowercase();
        if BESIDE.contains(&word.trim_matches('.')) {
            continue;
        }
        for c in word.chars() {
            let folded: &[char] = match c {
                'h' | '\'' | '’' | '.' | '\u{200c}' | '\u{200d}' | '\u{0981}' => continue,
                // A post code beside the name.
                c if c.is_numeric() => continue,
                'o' => &['a'],
                'y' => &['i'],
                'ী' => &['ি'],
                'ূ' => &['ু'],
                'ণ' => &['ন'],
                'শ' | 'ষ' => &['স'],
                '\u{09dc}' => &['ড', '\u{09bc}'],
                '\u{09dd}' => &['ঢ', '\u{09bc}'],
                '\u{09df}' => &['য', '\u{09bc}'],
                _ => &[c],
            };
            for c in folded {
                if !out.ends_with(*c) {
                    out.push(*c);
                }
            }
        }
    }
    out
}

/// District by folded name or spelling, and by its exact names.
static BY_SPELLING: LazyLock<HashMap<String, &'static District>> = LazyLock::new(|| {
    let mut map = HashMap::new();
    for district in DISTRICTS {
        for spelling in [district.name, district.name_bn]
            .into_iter()
            .chain(district.spellings.split_whitespace())
        {
            map.insert(fold(spelling), district);
        }
        for name in [district.name, district.name_bn] {
            map.insert(name.to_owned(), district);
        }
    }
    map
});

/// The district a text names: an English or Bangla name in any usual spelling, also with "Dist.",
/// "Sadar" or a post code beside it, or a code such as `BD-13`.
pub fn find(text: &str) -> Option<&'static District> {
    if let Some(district) = BY_SPELLING.get(text) {
        return Some(district);
    }
    let text = text.trim();
    if let Some(code) = text.strip_prefix("BD-").or_else(|| text.strip_prefix("bd-"))
        && let Ok(code) = code.trim_start_matches('0').parse::<u8>()
    {
        return DISTRICTS.iter().find(|district| district.code == code);
    }
    BY_SPELLING.get(&fold(text)).copied()
}

/// The name under which a district is stored: the official one, or the text itself, trimmed, where
/// it names none of the 64.
pub fn stored(text: &str) -> &str {
    find(text).map_or_else(|| text.trim(), |district| district.name)
}

/// The names by which customers' records may speak of this place: all of a district's, or the name
/// itself.
pub fn names(place: &str) -> Vec<&str> {
    match find(place) {
        Some(district) => [district.name, district.name_bn]
            .into_iter()
            .chain(district.spellings.split_whitespace())
            .collect(),
        None => vec![place],
    }
}

/// Says that [`rename_free_text`] has been done.
const RENAMED: &str = "districts.renamed";

/// Renames, once, what earlier versions stored as free text, where it names a district; the rest
/// stays.
pub async fn rename_free_text(tx: &mut Tx, now: DateTime<Utc>) -> Result<(), DbError> {
    let first = tx
        .execute(
            Sql::new(
                "INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3)
                 ON CONFLICT (key) DO NOTHING",
            )
            .bind(RENAMED)
            .bind(Arg::json(&true))
            .bind(now),
        )
        .await?;
    if first == 0 {
        return Ok(());
    }
    for (table, next) in [
        ("customers", "SELECT MIN(district) FROM customers WHERE district > $1"),
        ("agent_districts", "SELECT MIN(district) FROM agent_districts WHERE district > $1"),
    ] {
        let mut last = String::new();
        loop {
            let value: Option<String> = tx.scalar(Sql::new(next).bind(&last)).await?;
            let Some(value) = value else { break };
            let name = stored(&value);
            if name != value && find(&value).is_some() {
                let tail = if table == "agent_districts" {
                    " AND NOT EXISTS (SELECT 1 FROM agent_districts same
                        WHERE same.user_id = agent_districts.user_id AND same.district = $1)"
                } else {
                    ""
                };
                let update = format!("UPDATE {table} SET district = $1 WHERE district = $2{tail}");
                tx.execute(Sql::new(update).bind(name).bind(&value)).await?;
                if table == "agent_districts" {
                    let delete = "DELETE FROM agent_districts WHERE district = $1";
                    tx.execute(Sql::new(delete).bind(&value)).await?;
                }
            }
            last = value;
        }
    }
    Ok(())
}

/// A district, for lists to choose from.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DistrictName {
    /// What is stored and sent: the official English name.
    #[schema(value_type = String)]
    name_en: &'static str,
    /// Bangla name.
    #[schema(value_type = String)]
    name_bn: &'static str,
}

/// The 64 districts.
#[derive(Debug, Serialize, ToSchema)]
pub struct DistrictNames {
    /// By English name.
    items: Vec<DistrictName>,
}

/// The districts of Bangladesh, to choose from.
#[utoipa::path(get, path = "/api/cdm/districts", tag = "customers",
    responses((status = 200, body = DistrictNames)))]
pub async fn list(_user: Allow<Anyone>) -> Json<DistrictNames> {
    let items = DISTRICTS.iter().map(|d| DistrictName { name_en: d.name, name_bn: d.name_bn });
    Json(DistrictNames { items: items.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_district_once_and_every_name_finds_its_own() {
        assert_eq!(DISTRICTS.len(), 64);
        let mut codes: Vec<u8> = DISTRICTS.iter().map(|d| d.code).collect();
        codes.sort_unstable();
        assert_eq!(codes, (1..=64).collect::<Vec<u8>>());
        assert!(DISTRICTS.is_sorted_by_key(|d| d.name));
        for district in DISTRICTS {
            for name in names(district.name) {
                assert_eq!(find(name), Some(district), "{name}");
                assert_eq!(find(&name.to_uppercase()), Some(district), "{name}");
            }
            assert_eq!(find(&format!("BD-{:02}", district.code)), Some(district));
        }
    }

    #[test]
    fn usual_spellings_name_the_official_district() {
        for (text, name) in [
            ("Chittagong", "Chattogram"),
            ("CHITTAGONG", "Chattogram"),
            ("Chattagram", "Chattogram"),
            ("Ctg", "Chattogram"),
            ("Comilla", "Cumilla"),
            ("Barisal", "Barishal"),
            ("Jessore", "Jashore"),
            ("Bogra", "Bogura"),
            ("Dacca", "Dhaka"),
            (" dhaka ", "Dhaka"),
            ("Dist. Dhaka", "Dhaka"),
            ("Dhaka District", "Dhaka"),
            ("Dhaka-1207", "Dhaka"),
            ("Dhaka, Bangladesh", "Dhaka"),
            ("জেলা: ঢাকা", "Dhaka"),
            ("ঢাকা জেলা", "Dhaka"),
            ("Comilla Sadar", "Cumilla"),
            ("কুমিল্লা সদর", "Cumilla"),
            ("Narayangonj", "Narayanganj"),
            ("Narayan Ganj", "Narayanganj"),
            ("Munshigonj", "Munshiganj"),
            ("Coxs Bazar", "Cox's Bazar"),
            ("Cox’s Bazar", "Cox's Bazar"),
            ("COX'S BAZAR", "Cox's Bazar"),
            ("B. Baria", "Brahmanbaria"),
            ("Moulvi Bazar", "Moulvibazar"),
            ("Laxmipur", "Lakshmipur"),
            ("Netrakona", "Netrokona"),
            ("Khagrachari", "Khagrachhari"),
            ("Jhalakathi", "Jhalokati"),
            ("Chapainawabganj", "Chapai Nawabganj"),
            ("চাপাইনবাবগঞ্জ", "Chapai Nawabganj"),
            ("নরসিংদি", "Narsingdi"),
            ("নেত্রকোনা", "Netrokona"),
            ("মুন্সিগঞ্জ", "Munshiganj"),
            ("বগুড\u{09bc}া", "Bogura"),
            ("বগু\u{09dc}া", "Bogura"),
            ("BD-13", "Dhaka"),
            ("bd-10", "Chattogram"),
        ] {
            assert_eq!(find(text).map(|d| d.name), Some(name), "{text}");
        }
    }

    #[test]
    fn what_names_no_district_stays_as_it_is() {
        for text in
            ["", "Mirpur", "Dhaka Division", "BD-65", "BD-C", "Savar, Dhaka", "টঙ্গী", "London"]
        {
            assert_eq!(find(text), None, "{text}");
            assert_eq!(stored(text), text);
        }
    }
}
