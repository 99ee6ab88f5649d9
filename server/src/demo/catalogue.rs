//! What the demo shop sells, how fast it is used up, and what goes with what.

/// A category with the profile of its typical pack (SPEC §3.2).
#[derive(Clone, Copy, Debug)]
pub struct DemoCategory {
    /// Stable name.
    pub slug: &'static str,
    /// Bangla name.
    pub name_bn: &'static str,
    /// English name.
    pub name_en: &'static str,
    /// `g`, `ml` or `pcs`.
    pub base_unit: &'static str,
    /// Share of customers who mainly come for it, relative to the others.
    pub(super) pull: u32,
}

/// A product.
#[derive(Clone, Copy, Debug)]
pub struct DemoProduct {
    /// Stock-keeping unit, unique.
    pub sku: &'static str,
    /// Its category's slug.
    pub category: &'static str,
    /// Bangla name, without the pack.
    pub name_bn: &'static str,
    /// English name, without the pack.
    pub name_en: &'static str,
    /// Amount in one pack, in `pack_unit`.
    pub pack_size: f64,
    /// `kg`, `g`, `litre`, `ml`, `pcs`.
    pub pack_unit: &'static str,
    /// Amount in one pack, in the category's base unit.
    pub base_qty: i64,
    /// Poisha per pack.
    pub price: i64,
    /// How often it is chosen within its category, relative to the others.
    pub(super) pull: u32,
}

/// Whose consumption a profile describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileOf {
    /// A category, by slug.
    Category(&'static str),
    /// One product, by SKU; wins over its category.
    Product(&'static str),
}

/// How long a typical pack lasts and when to remind.
#[derive(Clone, Copy, Debug)]
pub struct DemoProfile {
    /// Whose.
    pub of: ProfileOf,
    /// Days one typical pack lasts.
    pub avg_consumption_days: i64,
    /// Remind this many days before.
    pub buffer_days: i64,
    /// Consumption is never below.
    pub min_days: i64,
    /// Nor above.
    pub max_days: i64,
    /// The typical pack, in the base unit.
    pub typical_base_qty: i64,
}

/// Bought this, offer that (SPEC §8.3).
#[derive(Clone, Copy, Debug)]
pub struct DemoRule {
    /// Slug of what was bought.
    pub trigger: &'static str,
    /// Slug of what to offer.
    pub recommended: &'static str,
    /// Days passed since the purchase, from.
    pub min_days: i64,
    /// To.
    pub max_days: i64,
    /// Poisha of the triggering order, at least.
    pub min_order_value: i64,
    /// 1 high … 3 low.
    pub priority: i64,
}

const fn category(
    slug: &'static str,
    name_bn: &'static str,
    name_en: &'static str,
    base_unit: &'static str,
    pull: u32,
) -> DemoCategory {
    DemoCategory { slug, name_bn, name_en, base_unit, pull }
}

/// The categories.
pub const CATEGORIES: &[DemoCategory] = &[
    category("rice", "চাল", "Rice", "g", 30),
    category("oil", "রান্নার তেল", "Cooking oil", "ml", 17),
    category("spice", "মশলা", "Spice", "g", 14),
    category("honey", "মধু", "Honey", "g", 12),
    category("ghee", "ঘি", "Ghee", "g", 7),
    category("dry_fruit", "খেজুর ও শুকনো ফল", "Dates and dry fruit", "g", 8),
    category("lentils", "ডাল", "Pulses", "g", 12),
    category("pickle", "আচার", "Pickle", "g", 4),
    category("herbal_tea", "চা ও ভেষজ", "Tea and herbs", "g", 5),
    category("sweetener", "গুড় ও লাল চিনি", "Gur and brown sugar", "g", 5),
    category("flour", "আটা ও ছাতু", "Flour and sattu", "g", 8),
    // Not for the pan: what goes with cooking does not go with them.
    category("care_oil", "নারকেল ও কালোজিরার তেল", "Coconut and black seed oil", "ml", 3),
];

const KILO: &str = "kg";
const GRAM: &str = "g";
const LITRE: &str = "litre";
const MILLI: &str = "ml";

/// `pack` is (size, unit); the price is in taka.
const fn product(
    sku: &'static str,
    category: &'static str,
    names: (&'static str, &'static str),
    pack: (f64, &'static str),
    taka: i64,
    pull: u32,
) -> DemoProduct {
    let thousand = matches!(pack.1.as_bytes(), b"kg" | b"litre");
    let base_qty = (pack.0 * if thousand { 1000.0 } else { 1.0 }) as i64;
    DemoProduct {
        sku,
        category,
        name_bn: names.0,
        name_en: names.1,
        pack_size: pack.0,
        pack_unit: pack.1,
        base_qty,
        price: taka * 100,
        pull,
    }
}

/// The products.
#[rustfmt::skip]
pub const PRODUCTS: &[DemoProduct] = &[
    product("RICE-MIN-5", "rice", ("মিনিকেট চাল", "Miniket rice"), (5.0, KILO), 425, 10),
    product("RICE-NAZ-5", "rice", ("নাজিরশাইল চাল", "Nazirshail rice"), (5.0, KILO), 460, 8),
    product("RICE-RED-5", "rice", ("লাল চাল", "Red rice"), (5.0, KILO), 540, 5),
    product("RICE-CHI-1", "rice", ("চিনিগুঁড়া চাল", "Chinigura rice"), (1.0, KILO), 150, 4),
    product("OIL-MUS-1", "oil", ("ঘানিভাঙা সরিষার তেল", "Wood-pressed mustard oil"), (1.0, LITRE), 320, 10),
    product("OIL-MUS-5", "oil", ("সরিষার তেল পারিবারিক প্যাক", "Mustard oil family pack"), (5.0, LITRE), 1_480, 3),
    product("OIL-SUN-1", "oil", ("সূর্যমুখী তেল", "Sunflower oil"), (1.0, LITRE), 380, 4),
    product("OIL-COC-500", "care_oil", ("নারকেল তেল", "Virgin coconut oil"), (500.0, MILLI), 480, 3),
    product("OIL-BLK-200", "care_oil", ("কালোজিরার তেল", "Black seed oil"), (200.0, MILLI), 520, 3),
    product("SPI-TUR-200", "spice", ("হলুদ গুঁড়া", "Turmeric powder"), (200.0, GRAM), 120, 8),
    product("SPI-CHI-200", "spice", ("মরিচ গুঁড়া", "Chilli powder"), (200.0, GRAM), 140, 8),
    product("SPI-CUM-200", "spice", ("জিরা গুঁড়া", "Cumin powder"), (200.0, GRAM), 260, 6),
    product("SPI-COR-200", "spice", ("ধনিয়া গুঁড়া", "Coriander powder"), (200.0, GRAM), 110, 6),
    product("SPI-GAR-100", "spice", ("গরম মশলা", "Garam masala"), (100.0, GRAM), 190, 3),
    product("HON-SUN-500", "honey", ("সুন্দরবনের মধু", "Sundarbans honey"), (500.0, GRAM), 750, 8),
    product("HON-LYC-500", "honey", ("লিচু ফুলের মধু", "Lychee blossom honey"), (500.0, GRAM), 480, 6),
    product("HON-BLK-500", "honey", ("কালোজিরা ফুলের মধু", "Black seed blossom honey"), (500.0, GRAM), 620, 5),
    product("HON-MUS-1", "honey", ("সরিষা ফুলের মধু", "Mustard blossom honey"), (1.0, KILO), 560, 4),
    product("GHE-GAW-400", "ghee", ("গাওয়া ঘি", "Cow ghee"), (400.0, GRAM), 760, 8),
    product("GHE-GAW-1", "ghee", ("গাওয়া ঘি বড় জার", "Cow ghee large jar"), (1.0, KILO), 1_780, 3),
    product("DRY-AJW-500", "dry_fruit", ("আজওয়া খেজুর", "Ajwa dates"), (500.0, GRAM), 850, 5),
    product("DRY-MED-500", "dry_fruit", ("মেডজুল খেজুর", "Medjool dates"), (500.0, GRAM), 920, 4),
    product("DRY-MAR-1", "dry_fruit", ("মরিয়ম খেজুর", "Mariam dates"), (1.0, KILO), 780, 5),
    product("DRY-ALM-250", "dry_fruit", ("কাঠবাদাম", "Almonds"), (250.0, GRAM), 390, 5),
    product("DRY-CAS-250", "dry_fruit", ("কাজুবাদাম", "Cashews"), (250.0, GRAM), 430, 4),
    product("DRY-RAI-250", "dry_fruit", ("কিশমিশ", "Raisins"), (250.0, GRAM), 180, 4),
    product("PUL-MAS-1", "lentils", ("মসুর ডাল", "Red lentils"), (1.0, KILO), 165, 10),
    product("PUL-MUG-1", "lentils", ("মুগ ডাল", "Mung beans"), (1.0, KILO), 190, 6),
    product("PUL-CHO-1", "lentils", ("ছোলা", "Chickpeas"), (1.0, KILO), 130, 5),
    product("PIC-MAN-400", "pickle", ("আমের আচার", "Mango pickle"), (400.0, GRAM), 280, 6),
    product("PIC-OLI-400", "pickle", ("জলপাইয়ের আচার", "Olive pickle"), (400.0, GRAM), 260, 4),
    product("PIC-GAR-300", "pickle", ("রসুনের আচার", "Garlic pickle"), (300.0, GRAM), 320, 4),
    product("TEA-GRN-100", "herbal_tea", ("গ্রিন টি", "Green tea"), (100.0, GRAM), 280, 6),
    product("TEA-TUL-100", "herbal_tea", ("তুলসী চা", "Tulsi tea"), (100.0, GRAM), 240, 5),
    product("TEA-MOR-100", "herbal_tea", ("সজনে পাতার গুঁড়া", "Moringa powder"), (100.0, GRAM), 220, 4),
    product("SWE-DAT-1", "sweetener", ("খেজুরের গুড়", "Date palm gur"), (1.0, KILO), 380, 5),
    product("SWE-CAN-1", "sweetener", ("আখের গুড়", "Cane gur"), (1.0, KILO), 190, 5),
    product("SWE-BRN-1", "sweetener", ("লাল চিনি", "Brown sugar"), (1.0, KILO), 160, 6),
    product("FLO-RED-2", "flour", ("লাল আটা", "Whole wheat flour"), (2.0, KILO), 150, 8),
    product("FLO-SAT-500", "flour", ("যবের ছাতু", "Barley sattu"), (500.0, GRAM), 170, 4),
    product("FLO-OAT-1", "flour", ("ওটস", "Rolled oats"), (1.0, KILO), 420, 4),
];

const fn profile(
    of: ProfileOf,
    days: i64,
    buffer: i64,
    clamp: (i64, i64),
    qty: i64,
) -> DemoProfile {
    DemoProfile {
        of,
        avg_consumption_days: days,
        buffer_days: buffer,
        min_days: clamp.0,
        max_days: clamp.1,
        typical_base_qty: qty,
    }
}

/// The consumption profiles; rice 5 kg, oil 1 l, spice 200 g and honey 500 g give the reminder days of
/// SPEC §3.2 (22, 18, 28, 40).
pub const PROFILES: &[DemoProfile] = &[
    profile(ProfileOf::Category("rice"), 28, 6, (7, 120), 5_000),
    profile(ProfileOf::Category("oil"), 23, 5, (7, 120), 1_000),
    profile(ProfileOf::Category("spice"), 35, 7, (10, 120), 200),
    profile(ProfileOf::Category("honey"), 52, 12, (15, 150), 500),
    profile(ProfileOf::Category("ghee"), 45, 8, (15, 150), 400),
    profile(ProfileOf::Category("dry_fruit"), 40, 8, (10, 120), 500),
    profile(ProfileOf::Category("lentils"), 30, 6, (10, 120), 1_000),
    profile(ProfileOf::Category("pickle"), 60, 10, (20, 150), 400),
    profile(ProfileOf::Category("herbal_tea"), 42, 8, (14, 120), 100),
    profile(ProfileOf::Category("sweetener"), 45, 9, (14, 120), 1_000),
    profile(ProfileOf::Category("flour"), 26, 5, (7, 90), 2_000),
    profile(ProfileOf::Category("care_oil"), 45, 8, (15, 120), 500),
    // Taken by the spoon, not by the pan.
    profile(ProfileOf::Product("OIL-BLK-200"), 40, 8, (15, 120), 200),
    profile(ProfileOf::Product("SPI-GAR-100"), 50, 8, (15, 120), 100),
];

const fn rule(
    trigger: &'static str,
    recommended: &'static str,
    days: (i64, i64),
    taka: i64,
    priority: i64,
) -> DemoRule {
    DemoRule {
        trigger,
        recommended,
        min_days: days.0,
        max_days: days.1,
        min_order_value: taka * 100,
        priority,
    }
}

/// The recommendation rules.
pub const RULES: &[DemoRule] = &[
    rule("rice", "lentils", (7, 14), 0, 1),
    rule("rice", "oil", (7, 18), 0, 2),
    rule("rice", "spice", (7, 21), 0, 2),
    rule("oil", "spice", (7, 16), 0, 1),
    rule("oil", "ghee", (10, 21), 600, 2),
    rule("spice", "ghee", (7, 21), 500, 2),
    rule("spice", "honey", (10, 25), 0, 3),
    rule("honey", "herbal_tea", (7, 25), 0, 1),
    rule("honey", "dry_fruit", (10, 30), 500, 2),
];

/// The profile of a product: its own, else its category's.
pub(super) fn profile_of(product: &DemoProduct) -> &'static DemoProfile {
    let find = |of: ProfileOf| PROFILES.iter().find(|profile| profile.of == of);
    find(ProfileOf::Product(product.sku))
        .or_else(|| find(ProfileOf::Category(product.category)))
        .expect("every category has a profile: checked by a test")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CATEGORIES, PRODUCTS, PROFILES, ProfileOf, RULES, profile_of};

    #[test]
    fn the_catalogue_is_large_enough_and_consistent() {
        assert!(CATEGORIES.len() >= 8 && PRODUCTS.len() >= 32);
        let slugs: BTreeSet<_> = CATEGORIES.iter().map(|c| c.slug).collect();
        let skus: BTreeSet<_> = PRODUCTS.iter().map(|p| p.sku).collect();
        assert_eq!((slugs.len(), skus.len()), (CATEGORIES.len(), PRODUCTS.len()));
        for product in PRODUCTS {
            assert!(slugs.contains(product.category), "{}", product.sku);
            assert!(product.price > 0 && product.base_qty > 0);
            profile_of(product);
        }
        for profile in PROFILES {
            match profile.of {
                ProfileOf::Category(slug) => assert!(slugs.contains(slug)),
                ProfileOf::Product(sku) => assert!(skus.contains(sku)),
            }
            let range = profile.min_days..=profile.max_days;
            assert!(range.contains(&profile.avg_consumption_days), "{:?}", profile.of);
            assert!(profile.buffer_days < profile.min_days);
        }
        for rule in RULES {
            assert!(slugs.contains(rule.trigger) && slugs.contains(rule.recommended));
            assert!(rule.min_days <= rule.max_days && (1..=3).contains(&rule.priority));
        }
    }

    #[test]
    fn the_four_seeded_reminder_days_hold() {
        for (sku, packs_qty, day) in [
            ("RICE-MIN-5", 5_000, 22),
            ("OIL-MUS-1", 1_000, 18),
            ("SPI-TUR-200", 200, 28),
            ("HON-SUN-500", 500, 40),
        ] {
            let product = PRODUCTS.iter().find(|p| p.sku == sku).expect("listed");
            let profile = profile_of(product);
            assert_eq!((product.base_qty, profile.typical_base_qty), (packs_qty, packs_qty));
            assert_eq!(profile.avg_consumption_days - profile.buffer_days, day, "{sku}");
        }
    }
}
