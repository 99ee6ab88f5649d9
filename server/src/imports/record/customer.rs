//! Rows of customers.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Cells, Context, Read, Row, district, placed};
use crate::customers::profile::{Gender, Greeting, Language, Salutation};
use crate::db::PhoneNumber;
use crate::imports::fields::Field;
use crate::imports::mapping::Columns;

/// A customer as a file says it. `None`: the file says nothing, so nothing is changed.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerRecord {
    /// Id in the shop's own files.
    pub external_id: Option<String>,
    /// Who it is.
    pub phone: PhoneNumber,
    /// Further numbers.
    pub other_phones: Vec<PhoneNumber>,
    /// Whole name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Street address.
    pub address: Option<String>,
    /// District.
    pub district: Option<String>,
    /// City or area.
    pub city: Option<String>,
    /// Birthday.
    pub birthday: Option<NaiveDate>,
    /// Anniversary.
    pub anniversary: Option<NaiveDate>,
    /// Gender.
    pub gender: Option<Gender>,
    /// Form of address.
    pub greeting: Option<Greeting>,
    /// How a call begins.
    pub salutation: Option<Salutation>,
    /// Language spoken.
    pub language: Option<Language>,
    /// May be called.
    pub consent_call: Option<bool>,
    /// May get SMS.
    pub consent_sms: Option<bool>,
    /// May get WhatsApp messages.
    pub consent_whatsapp: Option<bool>,
    /// May get e-mail.
    pub consent_email: Option<bool>,
    /// Never call.
    pub do_not_call: Option<bool>,
    /// Why not.
    pub do_not_call_reason: Option<String>,
    /// Login of the customer's agent.
    pub agent: Option<String>,
    /// Labels.
    pub tags: Option<Vec<String>>,
    /// Standing remark.
    pub notes: Option<String>,
    /// Where the customer came from.
    pub source: Option<String>,
    /// When the customer first came.
    pub created_at: Option<DateTime<Utc>>,
}

/// First and last name, or the whole one.
pub(super) fn full_name(cells: &mut Cells<'_>) -> Option<String> {
    let first = cells.label(Field::Name, 120).or_else(|| cells.label(Field::FirstName, 120));
    let last = cells.label(Field::LastName, 120);
    match (first, last) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (first, last) => first.or(last),
    }
}

/// Both lines of an address.
pub(super) fn full_address(cells: &mut Cells<'_>) -> Option<String> {
    match (cells.label(Field::Address, 500), cells.label(Field::Address2, 500)) {
        (Some(one), Some(two)) => Some(format!("{one}, {two}")),
        (one, two) => one.or(two),
    }
}

/// A cell with several values.
fn list(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', ',']).map(str::trim).filter(|part| !part.is_empty())
}

/// Reads a customer.
pub fn customer(ctx: &Context, columns: &Columns, row: &Row) -> Read<CustomerRecord> {
    let mut cells = Cells::new(columns, row);
    if cells.raw(Field::Phone).is_empty() {
        cells.error(
            Field::Phone,
            "required",
            "The phone number is who a customer is; it is missing.",
        );
    }
    let mut phones = cells.phones(Field::Phone);
    // The first number of the cell is the customer's, further ones are kept beside it.
    let phone = (!phones.is_empty()).then(|| phones.remove(0));
    let mut other_phones = Vec::new();
    for other in phones.into_iter().chain(cells.phones(Field::OtherPhones)) {
        if Some(&other) != phone.as_ref() && !other_phones.contains(&other) {
            other_phones.push(other);
        }
    }
    let tags: Vec<String> = list(cells.raw(Field::Tags)).map(ToOwned::to_owned).collect();
    cells.text(Field::Tags, 500);
    let birthday = past_day(&mut cells, Field::Birthday, ctx);
    let anniversary = past_day(&mut cells, Field::Anniversary, ctx);
    let created_at = cells.when(Field::CreatedAt).map(|when| placed(&ctx.clock, when));
    if created_at.is_some_and(|(day, _)| day > ctx.today) {
        cells.error(Field::CreatedAt, "date_in_future", "The date lies in the future.");
    }
    let record =
        phone.map(|phone| CustomerRecord {
            external_id: cells.text(Field::ExternalId, 100),
            phone,
            other_phones,
            name: full_name(&mut cells),
            email: cells.text(Field::Email, 200),
            address: full_address(&mut cells),
            district: district(&mut cells),
            city: cells.label(Field::City, 80),
            birthday,
            anniversary,
            gender: cells.word(Field::Gender, "male, female", |word| match word {
                "m" | "পুরুষ" => Some(Gender::Male),
                "f" | "মহিলা" | "নারী" => Some(Gender::Female),
                _ => None,
            }),
            greeting: cells.word(Field::Greeting, "bhai, apu, sir, madam, dada, didi", |word| {
                match word {
                    "ভাই" => Some(Greeting::Bhai),
                    "আপু" | "আপা" => Some(Greeting::Apu),
                    "স্যার" => Some(Greeting::Sir),
                    "ম্যাডাম" | "ma'am" => Some(Greeting::Madam),
                    "দাদা" => Some(Greeting::Dada),
                    "দিদি" => Some(Greeting::Didi),
                    _ => None,
                }
            }),
            salutation: cells.word(Field::Salutation, "salam, adab, nomoskar", |word| match word {
                "সালাম" | "আসসালামু আলাইকুম" | "assalamu alaikum" => {
                    Some(Salutation::Salam)
                }
                "আদাব" => Some(Salutation::Adab),
                "নমস্কার" | "namaskar" => Some(Salutation::Nomoskar),
                _ => None,
            }),
            language: cells.word(Field::Language, "bn, en", |word| match word {
                "bangla" | "bengali" | "বাংলা" => Some(Language::Bn),
                "english" => Some(Language::En),
                _ => None,
            }),
            consent_call: cells.truth(Field::ConsentCall),
            consent_sms: cells.truth(Field::ConsentSms),
            consent_whatsapp: cells.truth(Field::ConsentWhatsapp),
            consent_email: cells.truth(Field::ConsentEmail),
            do_not_call: cells.truth(Field::DoNotCall),
            do_not_call_reason: cells.label(Field::DoNotCallReason, 200),
            agent: cells.text(Field::Agent, 60).map(|login| login.to_lowercase()),
            tags: (!tags.is_empty()).then_some(tags),
            notes: cells.label(Field::Notes, 2_000),
            source: cells.label(Field::Source, 60),
            created_at: created_at.map(|(_, at)| at),
        });
    cells.finish(record)
}

fn past_day(cells: &mut Cells<'_>, field: Field, ctx: &Context) -> Option<NaiveDate> {
    let day = cells.day(field)?;
    if day > ctx.today {
        cells.error(field, "date_in_future", "The date lies in the future.");
        return None;
    }
    Some(day)
}
