//! Entering and changing a customer's profile.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use super::profile::{
    self, Consent, Gender, Greeting, Language, NewCustomer, Salutation, month_day, rename_terms,
};
use super::read::Customer;
use super::store::{find_by_phone, phone_problem};
use crate::db::{Arg, CustomerId, DbError, Insert, PhoneNumber, Sql, Tx, is_unique_violation};
use crate::districts;
use crate::error::{Error, Result};
use crate::http::nullable;
use crate::orders::check_text;

/// A customer's profile as entered: in a new one `name` and `phone` are needed, in a change what is
/// absent stays and null clears.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CustomerEntry {
    /// Name as people say it.
    name: Option<String>,
    /// Main number in any spelling: the identity.
    phone: Option<String>,
    /// Further numbers, at most ten.
    phones: Option<Vec<String>>,
    /// E-mail address.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// Street address.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    address: Option<Option<String>>,
    /// District.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    district: Option<Option<String>>,
    /// City or area.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    city: Option<Option<String>>,
    /// Birthday.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<NaiveDate>)]
    birthday: Option<Option<NaiveDate>>,
    /// Wedding or other anniversary.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<NaiveDate>)]
    anniversary: Option<Option<NaiveDate>>,
    /// Gender.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<Gender>)]
    gender: Option<Option<Gender>>,
    /// Form of address.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<Greeting>)]
    greeting: Option<Option<Greeting>>,
    /// How a call begins; null: as usual for the form of address.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<Salutation>)]
    salutation: Option<Option<Salutation>>,
    /// Language spoken.
    language: Option<Language>,
    /// Ways of contact agreed to; replaces all four.
    consent: Option<Consent>,
    /// Never to be called; needs a reason.
    do_not_call: Option<bool>,
    /// Why.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    do_not_call_reason: Option<Option<String>>,
    /// Code friends may use, unique.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    referral_code: Option<Option<String>>,
    /// Who brought this customer.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<CustomerId>)]
    referrer_id: Option<Option<CustomerId>>,
    /// Free labels, at most twenty.
    tags: Option<Vec<String>>,
    /// Standing remark.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    notes: Option<Option<String>>,
}

/// A profile with a change applied and checked as far as the database is not needed.
#[derive(Debug)]
pub struct Draft {
    new: NewCustomer,
    phones: Vec<PhoneNumber>,
    do_not_call: bool,
    do_not_call_reason: Option<String>,
}

fn parse(field: &str, text: &str) -> Result<PhoneNumber> {
    PhoneNumber::parse(text).map_err(|error| phone_problem(field, error))
}

/// Sets a text that may be cleared; blank is cleared.
fn set(
    target: &mut Option<String>,
    field: &str,
    value: Option<Option<String>>,
    max: usize,
) -> Result<()> {
    let Some(value) = value else {
        return Ok(());
    };
    let value = value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    check_text(field, value.as_deref().unwrap_or(""), 0, max)?;
    *target = value;
    Ok(())
}

fn set_day(
    target: &mut Option<NaiveDate>,
    field: &str,
    value: Option<Option<NaiveDate>>,
    today: NaiveDate,
) -> Result<()> {
    let Some(value) = value else {
        return Ok(());
    };
    if value.is_some_and(|day| day > today || day.year() < 1900) {
        return Err(Error::invalid("invalid_date", field, "A day from 1900 until today."));
    }
    *target = value;
    Ok(())
}

impl Draft {
    /// A new customer.
    pub fn of_new(entry: CustomerEntry, today: NaiveDate) -> Result<Self> {
        check_text("name", entry.name.as_deref().unwrap_or(""), 1, 120)?;
        let phone = parse("phone", entry.phone.as_deref().unwrap_or(""))?;
        let draft = Self {
            new: NewCustomer::new("", phone),
            phones: Vec::new(),
            do_not_call: false,
            do_not_call_reason: None,
        };
        draft.apply(entry, today)
    }

    /// A changed customer.
    pub fn of_change(old: Customer, entry: CustomerEntry, today: NaiveDate) -> Result<Self> {
        let new = NewCustomer {
            name: old.name,
            phone: old.phone,
            email: old.email,
            address: old.address,
            district: old.district,
            city: old.city,
            birthday: old.birthday,
            anniversary: old.anniversary,
            gender: old.gender,
            greeting: old.greeting,
            salutation: old.salutation,
            language: old.language,
            consent: old.consent,
            assigned_to: old.assigned_to,
            assigned_supervisor_id: old.assigned_supervisor_id,
            referral_code: old.referral_code,
            referrer_id: old.referrer_id,
            tags: old.tags.0,
            notes: old.notes,
            source: None,
        };
        let draft = Self {
            new,
            phones: old.phones,
            do_not_call: old.do_not_call,
            do_not_call_reason: old.do_not_call_reason,
        };
        draft.apply(entry, today)
    }

    /// Whose it shall be.
    pub fn profile_mut(&mut self) -> &mut NewCustomer {
        &mut self.new
    }

    fn apply(mut self, entry: CustomerEntry, today: NaiveDate) -> Result<Self> {
        let new = &mut self.new;
        if let Some(name) = entry.name {
            check_text("name", &name, 1, 120)?;
            name.trim().clone_into(&mut new.name);
        }
        if let Some(phone) = entry.phone {
            new.phone = parse("phone", &phone)?;
        }
        if let Some(phones) = entry.phones {
            if phones.len() > 10 {
                return Err(Error::invalid("too_many", "phones", "At most ten further numbers."));
            }
            self.phones = phones
                .iter()
                .enumerate()
                .map(|(n, text)| parse(&format!("phones[{n}]"), text))
                .collect::<Result<_>>()?;
        }
        self.phones.sort_unstable();
        self.phones.dedup();
        self.phones.retain(|phone| *phone != new.phone);
        set(&mut new.email, "email", entry.email, 254)?;
        if new.email.as_deref().is_some_and(|e| !e.contains('@') || e.contains(' ')) {
            return Err(Error::invalid("invalid_email", "email", "This is no e-mail address."));
        }
        set(&mut new.address, "address", entry.address, 500)?;
        set(&mut new.district, "district", entry.district, 80)?;
        new.district = new.district.take().map(|name| districts::stored(&name).to_owned());
        set(&mut new.city, "city", entry.city, 80)?;
        set(&mut new.notes, "notes", entry.notes, 5_000)?;
        set(&mut new.referral_code, "referralCode", entry.referral_code, 40)?;
        set_day(&mut new.birthday, "birthday", entry.birthday, today)?;
        set_day(&mut new.anniversary, "anniversary", entry.anniversary, today)?;
        new.gender = entry.gender.unwrap_or(new.gender);
        new.greeting = entry.greeting.unwrap_or(new.greeting);
        new.salutation = entry.salutation.unwrap_or(new.salutation);
        new.language = entry.language.unwrap_or(new.language);
        new.consent = entry.consent.unwrap_or(new.consent);
        new.referrer_id = entry.referrer_id.unwrap_or(new.referrer_id);
        if let Some(tags) = entry.tags {
            if tags.len() > 20 {
                return Err(Error::invalid("too_many", "tags", "At most twenty labels."));
            }
            for (n, tag) in tags.iter().enumerate() {
                check_text(&format!("tags[{n}]"), tag, 1, 40)?;
            }
            new.tags = tags.iter().map(|tag| tag.trim().to_owned()).collect();
            new.tags.sort_unstable();
            new.tags.dedup();
        }
        set(&mut self.do_not_call_reason, "doNotCallReason", entry.do_not_call_reason, 500)?;
        self.do_not_call = entry.do_not_call.unwrap_or(self.do_not_call);
        if !self.do_not_call {
            self.do_not_call_reason = None;
        } else if self.do_not_call_reason.is_none() {
            return Err(Error::invalid(
                "do_not_call_reason_required",
                "doNotCallReason",
                "Say why this customer is never to be called.",
            ));
        }
        Ok(self)
    }
}

fn phone_taken(field: &str) -> Error {
    Error::conflict("phone_taken", "Another customer has this number.").field(field)
}

/// Refuses numbers, codes and referrers that do not go with the other customers.
async fn check(tx: &mut Tx, draft: &Draft, own: Option<CustomerId>) -> Result<()> {
    let numbers = std::iter::once(("phone".to_owned(), &draft.new.phone))
        .chain(draft.phones.iter().enumerate().map(|(n, phone)| (format!("phones[{n}]"), phone)));
    for (field, phone) in numbers {
        if find_by_phone(tx, phone).await?.is_some_and(|other| Some(other) != own) {
            return Err(phone_taken(&field));
        }
    }
    if let Some(referrer) = draft.new.referrer_id {
        let found: Option<CustomerId> = tx
            .optional_scalar(Sql::new("SELECT id FROM customers WHERE id = $1").bind(referrer))
            .await?;
        if found.is_none() || found == own {
            return Err(Error::invalid(
                "unknown_referrer",
                "referrerId",
                "There is no such other customer.",
            ));
        }
    }
    if let Some(code) = &draft.new.referral_code {
        let found: Option<CustomerId> = tx
            .optional_scalar(
                Sql::new("SELECT id FROM customers WHERE referral_code = $1").bind(code),
            )
            .await?;
        if found.is_some_and(|other| Some(other) != own) {
            return Err(Error::conflict(
                "referral_code_taken",
                "Another customer has this referral code.",
            )
            .field("referralCode"));
        }
    }
    Ok(())
}

/// Makes a customer.
pub async fn create(tx: &mut Tx, now: DateTime<Utc>, draft: &Draft) -> Result<CustomerId> {
    check(tx, draft, None).await?;
    let id = profile::insert(tx, now, &draft.new).await?.ok_or_else(|| phone_taken("phone"))?;
    save_rest(tx, now, id, draft).await?;
    Ok(id)
}

/// Saves a changed customer. The caller holds the row.
pub async fn update(
    tx: &mut Tx,
    now: DateTime<Utc>,
    id: CustomerId,
    renamed: bool,
    draft: &Draft,
) -> Result<()> {
    check(tx, draft, Some(id)).await?;
    let new = &draft.new;
    let saved = tx
        .execute(
            Sql::new(
                "UPDATE customers SET phone = $1, name = $2, email = $3, address = $4,
                   district = $5, city = $6, birthday = $7, birthday_md = $8, anniversary = $9,
                   gender = $10, greeting = $11, language = $12, consent_call = $13,
                   consent_sms = $14, consent_whatsapp = $15, consent_email = $16,
                   referral_code = $17, referrer_id = $18, tags = $19, notes = $20,
                   updated_at = $21, salutation = $22
                 WHERE id = $23",
            )
            .bind(&new.phone)
            .bind(&new.name)
            .bind(new.email.as_deref())
            .bind(new.address.as_deref())
            .bind(new.district.as_deref())
            .bind(new.city.as_deref())
            .bind(new.birthday)
            .bind(new.birthday.map(month_day))
            .bind(new.anniversary)
            .bind(new.gender)
            .bind(new.greeting)
            .bind(new.language)
            .bind(new.consent.call)
            .bind(new.consent.sms)
            .bind(new.consent.whatsapp)
            .bind(new.consent.email)
            .bind(new.referral_code.as_deref())
            .bind(new.referrer_id)
            .bind(Arg::json(&new.tags))
            .bind(new.notes.as_deref())
            .bind(now)
            .bind(new.salutation)
            .bind(id),
        )
        .await;
    match saved {
        Err(error) if is_unique_violation(&error) => return Err(phone_taken("phone")),
        other => other?,
    };
    if renamed {
        rename_terms(tx, id, &new.name).await?;
    }
    save_rest(tx, now, id, draft).await
}

/// Further numbers and the do-not-call flag.
async fn save_rest(tx: &mut Tx, now: DateTime<Utc>, id: CustomerId, draft: &Draft) -> Result<()> {
    tx.execute(Sql::new("DELETE FROM customer_phones WHERE customer_id = $1").bind(id)).await?;
    let mut insert = Insert::new("customer_phones", &["phone", "customer_id"], "");
    for phone in &draft.phones {
        insert.row([phone.into(), id.into()]);
    }
    match insert.execute(tx).await {
        Err(error) if is_unique_violation(&error) => return Err(phone_taken("phones")),
        other => other?,
    };
    tx.execute(
        Sql::new(
            "UPDATE customers SET do_not_call_at = CASE WHEN NOT $1 THEN NULL
                 WHEN do_not_call THEN do_not_call_at ELSE $2 END,
               do_not_call = $1, do_not_call_reason = $3 WHERE id = $4",
        )
        .bind(draft.do_not_call)
        .bind(now)
        .bind(draft.do_not_call_reason.as_deref())
        .bind(id),
    )
    .await?;
    Ok(())
}

/// Holds a customer's row until the transaction ends, so that two changes at once do not undo each
/// other.
pub async fn hold(tx: &mut Tx, id: CustomerId) -> Result<(), DbError> {
    if tx.is_postgres() {
        tx.execute(Sql::new("SELECT id FROM customers WHERE id = $1 FOR NO KEY UPDATE").bind(id))
            .await?;
    }
    Ok(())
}
