//! What the scripts of a day of calls say, checked against the orders: every placeholder of every line.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use chrono::{DateTime, NaiveDate, Timelike as _, Utc};
use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::{CustomerId, Sql};
use trustcart::demo::store::load;
use trustcart::reorder::learn;
use trustcart::scripts::{BaseUnit, Lang, in_digits, quantity};

use crate::support::{Person, TestApp, both};

const GENERATE: &str = "/api/crm/team/ops/generate-calls";
const TASKS: &str = "/api/crm/automation/tasks";
const LANGS: [(Lang, &str); 2] = [(Lang::Bn, "bn"), (Lang::En, "en")];

/// What is said of one product on the last day of its category.
#[derive(Default)]
struct Record {
    category: i64,
    said: HashMap<&'static str, String>,
}

/// What may be said of a customer in one language.
#[derive(Default)]
struct Truth {
    records: Vec<Record>,
    /// Product or category on offer with its category, and how it is said.
    related: Vec<(i64, &'static str, String)>,
    global: HashMap<&'static str, BTreeSet<String>>,
}

/// A sentence of `content/` with its placeholders.
struct Template {
    text: String,
    is_mention: bool,
}

type Filled = Vec<(String, String)>;

/// Every way in which a sentence is a template filled in.
fn fillings(template: &str, said: &str) -> Vec<Filled> {
    let Some(open) = template.find('{') else {
        return if template == said { vec![Vec::new()] } else { Vec::new() };
    };
    let Some(rest) = said.strip_prefix(&template[..open]) else { return Vec::new() };
    let close = template.find('}').expect("a closing brace");
    let (name, after) = (&template[open + 1..close], &template[close + 1..]);
    let next = after.find('{').map_or(after, |brace| &after[..brace]);
    let ends: Vec<usize> = if next.is_empty() && after.is_empty() {
        vec![rest.len()]
    } else {
        rest.match_indices(next).map(|(at, _)| at).collect()
    };
    let mut found = Vec::new();
    for end in ends.into_iter().filter(|end| *end > 0) {
        for mut further in fillings(after, &rest[end..]) {
            further.insert(0, (name.to_owned(), rest[..end].to_owned()));
            found.push(further);
        }
    }
    found
}

fn texts(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Array(all) => all.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Every line of `content/` that is read out or shown as a reason, in a language.
fn templates(lang: &str) -> Vec<Template> {
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("../content");
    let mut files = vec![content.join("talking-points.toml"), content.join("objections.toml")];
    let scripts = std::fs::read_dir(content.join("scripts")).expect("the scripts");
    files.extend(scripts.map(|entry| entry.expect("an entry").path()));
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file");
        let table: toml::Table = text.parse().expect("TOML");
        for (part, lines) in &table {
            let Some(lines) = lines.as_array() else { continue };
            for line in lines {
                let mut add = |text: String| {
                    found.push(Template { text, is_mention: part == "mention" });
                };
                if let Some(replies) = line.get("reply").and_then(toml::Value::as_array) {
                    // A reply is read out in one piece; a line whose facts are missing is left out.
                    let mut whole = vec![String::new()];
                    for reply in replies {
                        let ways = reply.get(lang).map(texts).unwrap_or_default();
                        let longer = whole.iter().flat_map(|begun| {
                            ways.iter().map(move |way| format!("{begun} {way}").trim().to_owned())
                        });
                        let longer: Vec<String> = longer.collect();
                        whole.extend(longer);
                    }
                    whole.into_iter().filter(|text| !text.is_empty()).for_each(&mut add);
                } else if let Some(text) = line.get(lang) {
                    texts(text).into_iter().for_each(&mut add);
                }
            }
        }
    }
    found
}

/// Whether a product or category on offer goes with what was bought.
struct Shop {
    rules: BTreeSet<(i64, i64)>,
}

impl Truth {
    fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.global.entry(name).or_default().insert(value.into());
    }

    /// Whether everything filled in is true, and of the same purchase. `about`: the only category that
    /// is spoken of.
    fn holds(&self, filled: &Filled, about: Option<i64>, shop: &Shop) -> bool {
        const OF_PURCHASE: [&str; 8] = [
            "product",
            "productQty",
            "usual",
            "category",
            "sinceDays",
            "every",
            "lasts",
            "purchases",
        ];
        const OF_RELATED: [&str; 3] = ["relatedProduct", "relatedQty", "related"];
        let of = |names: &[&str]| -> Vec<&(String, String)> {
            filled.iter().filter(|(name, _)| names.contains(&name.as_str())).collect()
        };
        let (bought, related) = (of(&OF_PURCHASE), of(&OF_RELATED));
        let records = self.records.iter().filter(|record| {
            about.is_none_or(|about| about == record.category)
                && bought.iter().all(|(name, value)| {
                    record.said.get(name.as_str()).is_some_and(|known| known == value)
                })
        });
        let records: Vec<&Record> = records.collect();
        let is_offered = |name: &str, value: &str| {
            self.related.iter().any(|(category, kind, known)| {
                *kind == name
                    && known == value
                    && records.iter().any(|r| shop.rules.contains(&(r.category, *category)))
            })
        };
        (bought.is_empty() || !records.is_empty())
            && related.iter().all(|(name, value)| is_offered(name, value))
            && filled
                .iter()
                .filter(|(name, _)| {
                    !OF_PURCHASE.contains(&name.as_str()) && !OF_RELATED.contains(&name.as_str())
                })
                .all(|(name, value)| {
                    self.global.get(name.as_str()).is_some_and(|known| known.contains(value))
                })
    }
}

/// A call whose script is checked.
struct Task {
    id: i64,
    kind: String,
    origin: String,
    customer: i64,
    category: Option<i64>,
    day: NaiveDate,
    points: Value,
    created_at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    agent: Option<String>,
    name: String,
    greeting: Option<String>,
}

struct Product {
    name_bn: String,
    name_en: String,
    pack: i64,
    category: i64,
    category_bn: String,
    category_en: String,
    unit: BaseUnit,
}

impl Product {
    fn name(&self, lang: Lang) -> &str {
        if lang == Lang::Bn { &self.name_bn } else { &self.name_en }
    }

    fn category_name(&self, lang: Lang) -> &str {
        if lang == Lang::Bn { &self.category_bn } else { &self.category_en }
    }

    fn amount(&self, base: i64, lang: Lang) -> String {
        let amount = quantity(base, self.unit, lang).expect("a quantity");
        let of = if lang == Lang::Bn { "" } else { "of " };
        format!("{amount} {of}{}", self.name(lang))
    }
}

/// Average days, typical pack, least and most days.
type Profile = (i64, i64, i64, i64);

/// Everything the truth is made from.
struct Books {
    today: NaiveDate,
    products: HashMap<i64, Product>,
    shop: Shop,
    by_product: HashMap<i64, Profile>,
    by_category: HashMap<i64, Profile>,
    /// Whether the rhythm is learned.
    is_learned: bool,
}

fn days(count: i64, lang: Lang) -> String {
    match (lang, count) {
        (Lang::Bn, _) => in_digits(&format!("{count} দিন"), lang),
        (Lang::En, 1) => "1 day".to_owned(),
        (Lang::En, _) => format!("{count} days"),
    }
}

/// A moment as a person says it, to a quarter of an hour.
fn moment(at: DateTime<Utc>, app: &TestApp, lang: Lang) -> String {
    const HOURS: [&str; 12] = [
        "বারোটার",
        "একটার",
        "দুইটার",
        "তিনটার",
        "চারটার",
        "পাঁচটার",
        "ছয়টার",
        "সাতটার",
        "আটটার",
        "নয়টার",
        "দশটার",
        "এগারোটার",
    ];
    let local = at.with_timezone(&app.state.clock.zone());
    let ago = (app.state.clock.today() - local.date_naive()).num_days();
    let minutes = ((local.hour() * 60 + local.minute() + 7) / 15 * 15).min(1_425);
    let (hour, quarter) = ((minutes / 60) as usize, minutes % 60);
    match lang {
        Lang::En => {
            let clock = (hour + 11) % 12 + 1;
            let clock =
                if quarter == 0 { clock.to_string() } else { format!("{clock}:{quarter:02}") };
            let half = if hour < 12 { "am" } else { "pm" };
            let day = match ago {
                -1 => "tomorrow".to_owned(),
                0 => "today".to_owned(),
                1 => "yesterday".to_owned(),
                ago => format!("{ago} days ago"),
            };
            format!("around {clock} {half} {day}")
        }
        Lang::Bn => {
            let part = match hour {
                0..4 | 20.. => "রাত",
                4..6 => "ভোর",
                6..12 => "সকাল",
                12..15 => "দুপুর",
                15..18 => "বিকেল",
                _ => "সন্ধ্যা",
            };
            let word = match (quarter, hour % 12) {
                (0, h) => HOURS[h].to_owned(),
                (15, h) => format!("সোয়া {}", HOURS[h]),
                (30, 1) => "দেড়টার".to_owned(),
                (30, 2) => "আড়াইটার".to_owned(),
                (30, h) => format!("সাড়ে {}", HOURS[h]),
                (_, h) => format!("পৌনে {}", HOURS[(h + 1) % 12]),
            };
            let day = match ago {
                -1 => "আগামীকাল".to_owned(),
                0 => "আজ".to_owned(),
                1 => "গতকাল".to_owned(),
                ago => in_digits(&format!("{ago} দিন আগে"), lang),
            };
            format!("{day} {part} {word} দিকে")
        }
    }
}

/// Days of a category with the quantity of each of its products.
type Bought = BTreeMap<NaiveDate, BTreeMap<i64, i64>>;

impl Books {
    async fn read(app: &TestApp) -> Self {
        type Row = (i64, String, String, i64, i64, String, String, String);
        type OfProfile = (Option<i64>, Option<i64>, i64, i64, i64, i64);
        let mut tx = app.state.db.read().await.expect("reads");
        let products: Vec<Row> = tx
            .all(
                "SELECT p.id, p.name_bn, p.name_en, p.base_qty, c.id, c.name_bn, c.name_en,
                        c.base_unit
                 FROM products p JOIN categories c ON c.id = p.category_id",
            )
            .await
            .expect("products");
        let rules: Vec<(i64, i64)> = tx
            .all(
                "SELECT trigger_category_id, recommended_category_id
                 FROM product_recommendation_rules",
            )
            .await
            .expect("rules");
        let profiles: Vec<OfProfile> = tx
            .all(
                "SELECT product_id, category_id, avg_consumption_days, typical_base_qty, min_days,
                        max_days
                 FROM consumption_profiles",
            )
            .await
            .expect("profiles");
        let learned = trustcart::reorder::store::learned(&mut tx).await.expect("the model");
        let profile = |row: &OfProfile| (row.2, row.3, row.4, row.5);
        Self {
            today: app.state.clock.today(),
            products: products
                .into_iter()
                .map(|(id, name_bn, name_en, pack, category, category_bn, category_en, unit)| {
                    let unit = unit.parse().expect("a unit");
                    let product = Product {
                        name_bn,
                        name_en,
                        pack,
                        category,
                        category_bn,
                        category_en,
                        unit,
                    };
                    (id, product)
                })
                .collect(),
            shop: Shop { rules: rules.into_iter().collect() },
            by_product: profiles.iter().filter_map(|p| Some((p.0?, profile(p)))).collect(),
            by_category: profiles.iter().filter_map(|p| Some((p.1?, profile(p)))).collect(),
            is_learned: learned.is_some(),
        }
    }

    /// Days for which a purchase lasts by the table; `None` where it does not follow the quantity.
    fn lasts(&self, product: i64, category: i64, base: i64) -> Option<i64> {
        let profile = self.by_product.get(&product).or_else(|| self.by_category.get(&category))?;
        let &(average, typical, least, most) = profile;
        let lasts = (average as f64 * base as f64 / typical as f64).round() as i64;
        (least..=most).contains(&lasts).then_some(lasts)
    }

    fn records(
        &self,
        bought: &BTreeMap<i64, Bought>,
        expected: &HashMap<i64, i64>,
        day: NaiveDate,
        lang: Lang,
    ) -> Vec<Record> {
        let mut records = Vec::new();
        for (category, on) in bought {
            let (last, products) = on.last_key_value().expect("bought");
            let first = on.keys().next().expect("bought");
            let every = (*last - *first).num_days() as f64 / (on.len() as f64 - 1.0);
            for (product, base) in products {
                let known = &self.products[product];
                let mut record = Record { category: *category, said: HashMap::new() };
                let mut say = |name, text: String| record.said.insert(name, text);
                say("product", known.name(lang).to_owned());
                say("productQty", known.amount(*base, lang));
                say("category", known.category_name(lang).to_lowercase());
                say("sinceDays", days((day - *last).num_days(), lang));
                say("purchases", in_digits(&on.len().to_string(), lang));
                if on.values().filter(|day| day.contains_key(product)).count() > 1 {
                    say("usual", known.name(lang).to_owned());
                }
                if on.len() > 2 {
                    say("every", days(every.round() as i64, lang));
                }
                let lasts = if self.is_learned {
                    expected.get(category).copied()
                } else {
                    self.lasts(*product, *category, *base)
                };
                if let (Some(lasts), 1) = (lasts, products.len()) {
                    say("lasts", days(lasts, lang));
                }
                records.push(record);
            }
        }
        records
    }

    async fn truth(&self, app: &TestApp, task: &Task, lang: Lang) -> Truth {
        let mut tx = app.state.db.read().await.expect("reads");
        let customer = task.customer;
        let lines: Vec<(i64, NaiveDate, i64, i64, i64)> = tx
            .all(
                Sql::new(
                    "SELECT o.id, o.order_date, o.total, l.product_id, l.base_qty
                     FROM orders o JOIN order_lines l ON l.order_id = o.id
                     WHERE o.customer_id = $1 AND o.counted",
                )
                .bind(CustomerId(customer)),
            )
            .await
            .expect("lines");
        let pairs: Vec<(i64, NaiveDate, NaiveDate)> = tx
            .all(
                Sql::new(
                    "SELECT category_id, last_date, expected_on FROM reorder_pairs
                     WHERE customer_id = $1",
                )
                .bind(CustomerId(customer)),
            )
            .await
            .expect("pairs");
        let expected = pairs
            .into_iter()
            .map(|(category, last, on)| (category, (on - last).num_days()))
            .collect();
        let mut bought: BTreeMap<i64, Bought> = BTreeMap::new();
        let mut orders: BTreeMap<i64, (NaiveDate, i64)> = BTreeMap::new();
        for (order, day, total, product, base) in lines {
            orders.insert(order, (day, total));
            let on = bought.entry(self.products[&product].category).or_default();
            *on.entry(day).or_default().entry(product).or_default() += base;
        }
        let mut truth =
            Truth { records: self.records(&bought, &expected, task.day, lang), ..Truth::default() };
        for product in self.products.values() {
            let category = product.category;
            truth.related.push((category, "relatedProduct", product.name(lang).to_owned()));
            truth.related.push((category, "relatedQty", product.amount(product.pack, lang)));
            for name in ["relatedProduct", "related"] {
                truth.related.push((category, name, product.category_name(lang).to_owned()));
            }
            // The trigger of a suggestion is a category bought before.
            if bought.contains_key(&category) {
                truth.add("trigger", product.category_name(lang));
            }
        }
        addressed(task, lang, &mut truth);
        (0..=100).for_each(|n| truth.add("chancePercent", in_digits(&n.to_string(), lang)));
        self.figures(task, &orders, lang, &mut truth);
        agreed(app, task, lang, &mut truth);
        truth
    }

    /// Numbers of orders, months since the last, level of membership.
    fn figures(
        &self,
        task: &Task,
        orders: &BTreeMap<i64, (NaiveDate, i64)>,
        lang: Lang,
        truth: &mut Truth,
    ) {
        if let Some((last, _)) = orders.values().max() {
            let silent = (self.today - *last).num_days();
            let months = (silent as f64 / 30.44).round() as i64;
            let text = match (lang, months) {
                (Lang::Bn, _) => in_digits(&format!("{months} মাস"), lang),
                (Lang::En, 1) => "1 month".to_owned(),
                (Lang::En, _) => format!("{months} months"),
            };
            if silent >= 25 {
                truth.add("months", text);
            }
            // Of a win-back it is the last order of all.
            if task.kind == "win_back" {
                let said = days((task.day - *last).num_days(), lang);
                truth
                    .records
                    .push(Record { said: [("sinceDays", said)].into(), ..Record::default() });
            }
            truth.add("orders", in_digits(&orders.len().to_string(), lang));
        }
        let spend: i64 = orders.values().map(|(_, total)| total).sum();
        let level = match (orders.len(), spend / 100) {
            (12.., _) | (_, 25_000..) => Some(("পার্মানেন্ট", "Permanent")),
            (6.., _) | (_, 12_000..) => Some(("গোল্ড", "Gold")),
            (3.., _) | (_, 5_000..) => Some(("সিলভার", "Silver")),
            _ => None,
        };
        if let Some((bn, en)) = level {
            let level = if lang == Lang::Bn { bn } else { en };
            truth.add("held", level);
            truth.add("level", level);
        }
    }
}

/// How the customer is spoken to, and by whom.
fn addressed(task: &Task, lang: Lang, truth: &mut Truth) {
    let word = match (task.greeting.as_deref(), lang) {
        (Some("bhai"), Lang::Bn) => Some("ভাই"),
        (Some("bhai"), Lang::En) => Some("Bhai"),
        (Some("apu"), Lang::Bn) => Some("আপু"),
        (Some("apu"), Lang::En) => Some("Apu"),
        (Some("dada"), Lang::Bn) => Some("দাদা"),
        (Some("dada"), Lang::En) => Some("Dada"),
        (Some("didi"), Lang::Bn) => Some("দিদি"),
        (Some("didi"), Lang::En) => Some("Didi"),
        _ => None,
    };
    truth.add("customer", word.map_or(task.name.clone(), |word| format!("{} {word}", task.name)));
    if let Some(word) = word {
        truth.add("greeting", word);
    }
    let is_hindu = matches!(task.greeting.as_deref(), Some("dada" | "didi"));
    truth.add(
        "salutation",
        match (is_hindu, lang) {
            (true, Lang::Bn) => "আদাব",
            (true, Lang::En) => "Adab",
            (false, Lang::Bn) => "আসসালামু আলাইকুম",
            (false, Lang::En) => "Assalamu alaikum",
        },
    );
    let shop = if lang == Lang::Bn {
        "ট্রাস্টকার্ট অর্গানিক গ্রোসারি"
    } else {
        "TrustCart Organic Grocery"
    };
    truth.add("shop", shop);
    task.agent.iter().for_each(|agent| truth.add("agent", agent.clone()));
}

/// When somebody was missed, or what was agreed.
fn agreed(app: &TestApp, task: &Task, lang: Lang, truth: &mut Truth) {
    let note = task.points[0]["reason"]["params"]["note"]
        .as_str()
        .map(|note| note.trim_end_matches(['।', '.']).to_owned());
    match task.kind.as_str() {
        "missed_call" if task.origin == "missed_call" => {
            truth.add("around", moment(task.created_at, app, lang));
        }
        "follow_up" if task.origin == "promise" => {
            let due = task.due_at.expect("a promise has an hour");
            truth.add("around", moment(due, app, lang));
        }
        _ => {}
    }
    if let Some(note) = note {
        truth.add("note", note.clone());
        truth.add("note", format!("{note}।"));
        truth.add("note", task.points[0]["reason"]["params"]["note"].as_str().unwrap_or_default());
    }
}

/// The calls of each kind, at most so many.
async fn tasks(app: &TestApp, most: usize) -> Vec<Task> {
    type Row = (
        i64,
        String,
        String,
        i64,
        Option<i64>,
        NaiveDate,
        String,
        DateTime<Utc>,
        Option<DateTime<Utc>>,
        Option<String>,
        String,
        Option<String>,
    );
    let mut tx = app.state.db.read().await.expect("reads");
    let rows: Vec<Row> = tx
        .all(
            Sql::new(
            "SELECT t.id, t.kind, t.origin, t.customer_id, t.category_id, t.task_date,
                    CAST(t.talking_points AS TEXT), t.created_at, t.due_at, u.name, c.name, c.greeting
             FROM crm_call_tasks t JOIN customers c ON c.id = t.customer_id
             LEFT JOIN users u ON u.id = t.assigned_to
             WHERE t.status = 'pending' AND t.task_date = $1 ORDER BY t.id",
            )
            .bind(app.state.clock.today()),
        )
        .await
        .expect("tasks");
    let mut of_kind: HashMap<String, usize> = HashMap::new();
    let mut found = Vec::new();
    for row in rows {
        let seen = of_kind.entry(format!("{} {}", row.1, row.2)).or_default();
        *seen += 1;
        if *seen <= most {
            found.push(Task {
                id: row.0,
                kind: row.1,
                origin: row.2,
                customer: row.3,
                category: row.4,
                day: row.5,
                points: serde_json::from_str(&row.6).expect("points"),
                created_at: row.7,
                due_at: row.8,
                agent: row.9,
                name: row.10,
                greeting: row.11,
            });
        }
    }
    found
}

/// Calls put on queues by hand, of every kind, for customers nobody calls today.
async fn call_by_hand(app: &TestApp, manager: &Person) {
    const KINDS: [&str; 10] = [
        "reminder",
        "offer_followup",
        "cross_sell",
        "membership_upgrade",
        "birthday",
        "follow_up",
        "missed_call",
        "win_back",
        "drop_off",
        "complaint",
    ];
    let ids: Vec<(i64,)> = {
        let mut tx = app.state.db.read().await.expect("reads");
        tx.all(
            "SELECT c.id FROM customers c
             WHERE NOT c.do_not_call AND c.consent_call AND c.total_orders > 0
               AND NOT EXISTS (SELECT 1 FROM crm_call_tasks t WHERE t.customer_id = c.id)
             ORDER BY c.id LIMIT 100",
        )
        .await
        .expect("customers")
    };
    for (at, (id,)) in ids.into_iter().enumerate() {
        let mut task = json!({"customerId": id, "kind": KINDS[at % KINDS.len()]});
        if at % 3 == 0 {
            task["notes"] = json!("নতুন দামটা জানান");
        }
        app.post(manager, TASKS, task).await.ok();
    }
}

/// Checks everything the scripts of these calls say, and their reasons if those are of today's rules; how
/// often each placeholder was said.
async fn check_tasks(
    app: &TestApp,
    manager: &Person,
    tasks: &[Task],
    with_reasons: bool,
) -> BTreeMap<String, usize> {
    let books = Books::read(app).await;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (lang, code) in LANGS {
        let templates = templates(code);
        for task in tasks {
            let path =
                format!("/api/crm/automation/call-tasks/{}/suggested-script?lang={code}", task.id);
            let script = app.get(manager, &path).await.ok();
            let truth = books.truth(app, task, lang).await;
            let mut said: Vec<String> = Vec::new();
            for part in [&script["opening"], &script["main"]["lines"], &script["ending"]] {
                let lines = part.as_array().expect("lines");
                said.extend(lines.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            let replies = script["objectionHandling"].as_array().expect("replies");
            said.extend(replies.iter().filter_map(|r| r["reply"].as_str()).map(str::to_owned));
            if with_reasons {
                said.extend(script["context"]["callReason"].as_str().map(str::to_owned));
            }
            for line in said {
                let holds = templates.iter().any(|template| {
                    let about =
                        task.category.filter(|_| task.kind == "reminder" && !template.is_mention);
                    fillings(&template.text, &line).iter().any(|filled| {
                        let holds = truth.holds(filled, about, &books.shop);
                        if holds {
                            for (name, _) in filled {
                                *seen.entry(name.clone()).or_default() += 1;
                            }
                        }
                        holds
                    })
                });
                let (id, kind) = (task.id, &task.kind);
                assert!(
                    holds,
                    "task {id} ({kind}, {code}) of customer {} says what is not so: {line}\n{:#?}",
                    task.customer,
                    truth.records.iter().map(|record| &record.said).collect::<Vec<_>>()
                );
            }
        }
    }
    seen
}

both! {
    async fn everything_said_on_five_hundred_calls_is_true(app: TestApp) {
        let state = &app.state;
        load(&state.db, &state.clock, "demo password", |_| {}).await.expect("loads");
        let manager = app.person(Role::SalesManager, "a-manager").await;
        app.post(&manager, GENERATE, json!({})).await.ok();
        call_by_hand(&app, &manager).await;
        let day = tasks(&app, 300).await;
        let kinds: BTreeSet<&str> = day.iter().map(|task| task.kind.as_str()).collect();
        assert_eq!(kinds.len(), 10, "{kinds:?}");
        assert!(day.len() >= 500, "{}", day.len());
        // By the configured table …
        let seen = check_tasks(&app, &manager, &day, true).await;
        for name in [
            "customer", "greeting", "agent", "productQty", "sinceDays", "lasts", "usual", "months",
            "relatedQty", "level", "held", "around", "note", "orders",
        ] {
            assert!(seen.contains_key(name), "never said: {name}: {seen:?}");
        }
        // … and by the rhythm learned.
        learn::nightly(state.clone()).await.expect("learns");
        let reminders: Vec<Task> = day.into_iter().filter(|task| task.kind == "reminder").collect();
        let seen = check_tasks(&app, &manager, &reminders, false).await;
        assert!(seen.contains_key("every"), "{seen:?}");
    }
}
