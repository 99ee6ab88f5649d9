//! How good the reminders and the order of calls would have been: the model is trained on the
//! purchases until a day, the fold, and judged by what came after it. Needs no server and no
//! database: `trustcart reorder backtest`.
//!
//! What is said of a day rests on the purchases before it, and on priors from before the fold.

use std::collections::BTreeMap;
use std::io::{BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use chrono::{Datelike as _, NaiveDate};

use super::learned::{Model, PairHistory, State, Visits, WINDOW, day_number};
use super::quality::{Fate, Past, Reminders};

/// Calls listed for a day at most.
const CALLS_A_DAY: usize = 5_000;
/// Rows refused that are told of one by one.
const TOLD: usize = 20;

/// What to judge, and where to write it.
#[derive(clap::Args)]
pub struct BacktestArgs {
    /// Order lines: a CSV file, also gzipped, with the columns `customer_id`, `date` (YYYY-MM-DD),
    /// `category` and, if there is one, `quantity`.
    #[arg(long)]
    pub orders: PathBuf,
    /// Last day that is learnt from.
    #[arg(long)]
    pub fold: NaiveDate,
    /// Purchases of so many days after it are reminded of.
    #[arg(long)]
    pub anchor_days: u16,
    /// Calls are ranked on so many days after it.
    #[arg(long)]
    pub call_days: u16,
    /// Folder for `reminders.csv` and `calls.csv`.
    #[arg(long)]
    pub out: PathBuf,
}

/// Purchases, same-day lines together.
struct History {
    customers: Vec<String>,
    categories: Vec<String>,
    /// By customer and category, both in the order of their names.
    pairs: Vec<PairHistory>,
    first: i32,
    last: i32,
}

fn date(number: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(number).unwrap_or_default()
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    let file = std::fs::File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let reader = BufReader::with_capacity(1 << 16, file);
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz")) {
        return Ok(Box::new(flate2::read::MultiGzDecoder::new(reader)));
    }
    Ok(Box::new(reader))
}

/// Days on which a category can have been bought.
fn believable(date: NaiveDate) -> bool {
    (1970..2200).contains(&date.year())
}

fn read(path: &Path) -> anyhow::Result<History> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(open(path)?);
    let headers = reader.headers().context("reading the header")?.clone();
    let column =
        |name: &str| headers.iter().position(|header| header.trim().eq_ignore_ascii_case(name));
    let required = |name: &str| column(name).with_context(|| format!("there is no column {name}"));
    let (customer, on, category) =
        (required("customer_id")?, required("date")?, required("category")?);
    let quantity = column("quantity");
    let mut found: BTreeMap<String, BTreeMap<String, BTreeMap<i32, f64>>> = BTreeMap::new();
    let (mut refused, mut rows) = (0u64, 0u64);
    let mut record = csv::StringRecord::new();
    loop {
        let read = reader.read_record(&mut record);
        let row = reader.position().line();
        let mut refuse = |why: &str| {
            refused += 1;
            if refused <= TOLD as u64 {
                eprintln!("row before line {row}: {why}; left out");
            }
        };
        match read {
            Ok(false) => break,
            Ok(true) => rows += 1,
            Err(error) if error.is_io_error() => return Err(error).context("reading the file"),
            Err(_) => {
                refuse("not UTF-8");
                continue;
            }
        }
        let cell = |column: usize| record.get(column).map(str::trim).unwrap_or_default();
        let (who, what) = (cell(customer), cell(category));
        if who.is_empty() || what.is_empty() {
            refuse("no customer or no category");
            continue;
        }
        let day = cell(on).get(..10).and_then(|text| text.parse::<NaiveDate>().ok());
        let Some(day) = day.filter(|day| believable(*day)) else {
            refuse("no date of the form YYYY-MM-DD between 1970 and 2199");
            continue;
        };
        // A quantity that is none counts as one: that it was bought is what matters.
        let bought = quantity
            .and_then(|column| cell(column).parse::<f64>().ok())
            .filter(|q| q.is_finite())
            .map_or(1.0, |q| q.clamp(1.0, 1e9));
        let customer = found.entry(who.to_owned()).or_default();
        *customer.entry(what.to_owned()).or_default().entry(day_number(day)).or_default() += bought;
    }
    if refused > 0 {
        eprintln!("{refused} of {rows} rows were left out");
    }
    ensure!(!found.is_empty(), "there are no purchases in {}", path.display());
    Ok(indexed(found))
}

fn indexed(found: BTreeMap<String, BTreeMap<String, BTreeMap<i32, f64>>>) -> History {
    let mut categories = BTreeMap::new();
    for name in found.values().flat_map(BTreeMap::keys) {
        categories.entry(name.clone()).or_insert(0);
    }
    for (index, entry) in categories.values_mut().enumerate() {
        *entry = index;
    }
    let mut history = History {
        customers: found.keys().cloned().collect(),
        categories: categories.keys().cloned().collect(),
        pairs: Vec::new(),
        first: i32::MAX,
        last: i32::MIN,
    };
    for (customer, bought) in found.into_values().enumerate() {
        for (name, days) in bought {
            let purchases: Vec<(i32, f64)> = days.into_iter().collect();
            if let (Some((first, _)), Some((last, _))) = (purchases.first(), purchases.last()) {
                history.first = history.first.min(*first);
                history.last = history.last.max(*last);
            }
            history.pairs.push(PairHistory { customer, category: categories[&name], purchases });
        }
    }
    history
}

impl History {
    /// Each customer's days, ascending.
    fn visits(&self) -> Vec<Vec<i32>> {
        let mut visits = vec![Vec::new(); self.customers.len()];
        for pair in &self.pairs {
            visits[pair.customer].extend(pair.purchases.iter().map(|(day, _)| *day));
        }
        for days in &mut visits {
            days.sort_unstable();
            days.dedup();
        }
        visits
    }
}

fn told(reminders: &Reminders) -> String {
    let share = |part: u32| f64::from(part) * 100.0 / f64::from(reminders.all().max(1));
    format!(
        "{:.1} % on time, {:.1} % early, {:.1} % late, {:.1} % without another purchase (of {})",
        share(reminders.on_time),
        share(reminders.early),
        share(reminders.late),
        share(reminders.wasted),
        reminders.all()
    )
}

/// Runs the command.
pub fn run(args: &BacktestArgs) -> anyhow::Result<()> {
    let history = read(&args.orders)?;
    let fold = day_number(args.fold);
    if !(history.first..history.last).contains(&fold) {
        bail!(
            "the fold {} is not within the data, {} to {}",
            args.fold,
            date(history.first),
            date(history.last)
        );
    }
    let visits = history.visits();
    let past = Past {
        pairs: &history.pairs,
        visits: &visits,
        categories: history.categories.len(),
        profile: &|_| None,
    };
    let model = past.train(fold);
    println!(
        "learnt until {}: δ {}, κ {}, H {}; quantity counts in {} of {} categories",
        args.fold,
        model.params.memory,
        model.params.prior_gaps,
        model.params.half_life.0.map_or_else(|| "∞".to_owned(), |days| days.to_string()),
        (0..history.categories.len())
            .map(|category| model.quantities.of(category))
            .filter(|effect| effect.habit.max(effect.change) > 0.0)
            .count(),
        history.categories.len()
    );
    std::fs::create_dir_all(&args.out)?;
    reminders(&history, &model, fold, args)?;
    calls(&history, &visits, &model, fold, args)
}

fn writer(folder: &Path, name: &str) -> anyhow::Result<csv::Writer<BufWriter<std::fs::File>>> {
    let path = folder.join(name);
    let file =
        std::fs::File::create(&path).with_context(|| format!("writing {}", path.display()))?;
    Ok(csv::Writer::from_writer(BufWriter::new(file)))
}

fn reminders(
    history: &History,
    model: &Model,
    fold: i32,
    args: &BacktestArgs,
) -> anyhow::Result<()> {
    let mut out = writer(&args.out, "reminders.csv")?;
    out.write_record(["customer_id", "category", "order_date", "reminder_date", "expected_date"])?;
    let until = fold + i32::from(args.anchor_days);
    let (mut all, mut known, mut plain) =
        (Reminders::default(), Reminders::default(), Reminders::default());
    for pair in &history.pairs {
        for (index, now) in pair.states(model.params).enumerate() {
            let day = now.last;
            if day <= fold || day > until {
                continue;
            }
            let offset = model.offset(pair.category, &now);
            let expected = model.expected_gap(pair.category, &now).round() as i32;
            out.write_record([
                &history.customers[pair.customer],
                &history.categories[pair.category],
                &date(day).to_string(),
                &date(day + offset).to_string(),
                &date(day + expected).to_string(),
            ])?;
            let judge = |reminders: &mut Reminders, offset| {
                // The data end somewhere: what has not come until then counts as not coming.
                if let Some(fate) = Fate::of(offset, pair.gap(index), i32::MAX) {
                    reminders.add(fate);
                }
            };
            judge(&mut all, offset);
            if now.purchases >= 3 {
                judge(&mut known, offset);
                let usual = model.priors.log_gap(pair.category).exp();
                judge(&mut plain, (usual - f64::from(WINDOW)).round().max(1.0) as i32);
            }
        }
    }
    out.flush()?;
    println!("reminders: {}", told(&all));
    println!("  bought three times before or more: {}", told(&known));
    println!("  the same by the category's usual gap alone: {}", told(&plain));
    Ok(())
}

fn calls(
    history: &History,
    visits: &[Vec<i32>],
    model: &Model,
    fold: i32,
    args: &BacktestArgs,
) -> anyhow::Result<()> {
    let mut out = writer(&args.out, "calls.csv")?;
    out.write_record(["call_date", "customer_id", "category", "score"])?;
    let last = (fold + i32::from(args.call_days)).min(history.last + 1);
    let states: Vec<Vec<State>> =
        history.pairs.iter().map(|pair| pair.states(model.params).collect()).collect();
    for day in fold + 1..=last {
        let mut best: Vec<Option<(f64, usize)>> = vec![None; history.customers.len()];
        for (index, pair) in history.pairs.iter().enumerate() {
            let known = pair.purchases.partition_point(|(on, _)| *on < day);
            let Some(state) = known.checked_sub(1).map(|last| states[index][last]) else {
                continue;
            };
            let days = &visits[pair.customer];
            let before = days.partition_point(|visit| *visit < day);
            let (Some(first), Some(last)) = (days.first(), days.get(before.wrapping_sub(1))) else {
                continue;
            };
            let customer = Visits { count: before as u32, first: *first, last: *last };
            let score = model.chance(pair.category, &state, &customer, day);
            let slot = &mut best[pair.customer];
            if slot.is_none_or(|(highest, _)| score > highest) {
                *slot = Some((score, pair.category));
            }
        }
        let mut ranked: Vec<(f64, usize, usize)> = best
            .into_iter()
            .enumerate()
            .filter_map(|(customer, slot)| {
                slot.map(|(score, category)| (score, customer, category))
            })
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let on = date(day).to_string();
        for (score, customer, category) in ranked.into_iter().take(CALLS_A_DAY) {
            let score = format!("{score:.9}");
            out.write_record([
                &on,
                &history.customers[customer],
                &history.categories[category],
                &score,
            ])?;
        }
    }
    out.flush()?;
    println!("calls ranked on {} days", last - fold);
    Ok(())
}
