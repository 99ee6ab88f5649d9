//! The profile of a customer: what people enter, as against what is derived.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::segment::{Figures, Thresholds, segment};
use super::terms::terms;
use crate::auth::{CurrentUser, Role};
use crate::db::{Arg, CustomerId, DbError, Insert, PhoneNumber, Sql, Tx, UserId, text_enum};

text_enum! {
    /// Gender, for the form of address.
    pub enum Gender {
        /// Male.
        Male = "male",
        /// Female.
        Female = "female",
    }
}

text_enum! {
    /// How a customer is addressed.
    pub enum Greeting {
        /// ভাই, brother.
        Bhai = "bhai",
        /// আপু, sister.
        Apu = "apu",
        /// স্যার.
        Sir = "sir",
        /// ম্যাডাম.
        Madam = "madam",
        /// দাদা, brother among Hindus.
        Dada = "dada",
        /// দিদি, sister among Hindus.
        Didi = "didi",
    }
}

text_enum! {
    /// How a call to a customer begins.
    pub enum Salutation {
        /// আসসালামু আলাইকুম.
        Salam = "salam",
        /// আদাব.
        Adab = "adab",
        /// নমস্কার.
        Nomoskar = "nomoskar",
    }
}

text_enum! {
    /// The language a customer is spoken to in.
    pub enum Language {
        /// Bangla.
        Bn = "bn",
        /// English.
        En = "en",
    }
}

/// Ways a customer agreed to be contacted.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
    sqlx::FromRow,
)]
#[serde(default, deny_unknown_fields)]
pub struct Consent {
    /// By telephone.
    #[sqlx(rename = "consent_call")]
    pub call: bool,
    /// By text message.
    #[sqlx(rename = "consent_sms")]
    pub sms: bool,
    /// By WhatsApp.
    #[sqlx(rename = "consent_whatsapp")]
    pub whatsapp: bool,
    /// By e-mail.
    #[sqlx(rename = "consent_email")]
    pub email: bool,
}

impl Default for Consent {
    fn default() -> Self {
        Self { call: true, sms: true, whatsapp: true, email: true }
    }
}

/// A customer to be made.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    /// Name as people say it.
    pub name: String,
    /// Main number: the identity.
    pub phone: PhoneNumber,
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
    /// Wedding or other anniversary.
    pub anniversary: Option<NaiveDate>,
    /// Gender.
    pub gender: Option<Gender>,
    /// Form of address.
    pub greeting: Option<Greeting>,
    /// How a call begins; `None`: as usual for the form of address.
    pub salutation: Option<Salutation>,
    /// Language spoken.
    pub language: Language,
    /// Ways of contact agreed to.
    pub consent: Consent,
    /// Own agent.
    pub assigned_to: Option<UserId>,
    /// Own team leader.
    pub assigned_supervisor_id: Option<UserId>,
    /// Code friends may use.
    pub referral_code: Option<String>,
    /// Who brought this customer.
    pub referrer_id: Option<CustomerId>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Standing remark.
    pub notes: Option<String>,
    /// Where the customer came from.
    pub source: Option<String>,
}

impl NewCustomer {
    /// With only a name and a number.
    pub fn new(name: &str, phone: PhoneNumber) -> Self {
        Self {
            name: name.trim().to_owned(),
            phone,
            email: None,
            address: None,
            district: None,
            city: None,
            birthday: None,
            anniversary: None,
            gender: None,
            greeting: None,
            salutation: None,
            language: Language::Bn,
            consent: Consent::default(),
            assigned_to: None,
            assigned_supervisor_id: None,
            referral_code: None,
            referrer_id: None,
            tags: Vec::new(),
            notes: None,
            source: None,
        }
    }
}

impl NewCustomer {
    /// A customer somebody makes is theirs: an agent's own, in the pool of the team leader.
    pub fn owned_by(&mut self, user: &CurrentUser) {
        match user.role {
            Role::Agent => {
                self.assigned_to = Some(user.id);
                self.assigned_supervisor_id = user.team_leader_id;
            }
            Role::TeamLeader => self.assigned_supervisor_id = Some(user.id),
            _ => {}
        }
    }
}

/// `month * 100 + day`, by which today's birthdays are found.
pub fn month_day(day: NaiveDate) -> i64 {
    i64::from(day.month() * 100 + day.day())
}

/// Makes a customer without orders; `None` if somebody has the number as main phone.
pub async fn insert(
    tx: &mut Tx,
    now: DateTime<Utc>,
    new: &NewCustomer,
) -> Result<Option<CustomerId>, DbError> {
    // Without orders the date does not matter.
    let s = segment(&Figures::default(), now.date_naive(), &Thresholds::default());
    let id: Option<CustomerId> = tx
        .optional_scalar(
            Sql::new(
                "INSERT INTO customers
                   (phone, name, email, address, district, city, birthday, anniversary,
                    birthday_md, gender, greeting, language, consent_call, consent_sms,
                    consent_whatsapp, consent_email, assigned_to, assigned_supervisor_id,
                    referral_code, referrer_id, tags, notes, source, purchase_stage, value_stage,
                    customer_type, lifecycle_stage, temperature, created_at, updated_at, salutation)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                         $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $29, $30)
                 ON CONFLICT (phone) DO NOTHING RETURNING id",
            )
            .bind(&new.phone)
            .bind(&new.name)
            .bind(new.email.as_deref())
            .bind(new.address.as_deref())
            .bind(new.district.as_deref())
            .bind(new.city.as_deref())
            .bind(new.birthday)
            .bind(new.anniversary)
            .bind(new.birthday.map(month_day))
            .bind(new.gender)
            .bind(new.greeting)
            .bind(new.language)
            .bind(new.consent.call)
            .bind(new.consent.sms)
            .bind(new.consent.whatsapp)
            .bind(new.consent.email)
            .bind(new.assigned_to)
            .bind(new.assigned_supervisor_id)
            .bind(new.referral_code.as_deref())
            .bind(new.referrer_id)
            .bind(Arg::json(&new.tags))
            .bind(new.notes.as_deref())
            .bind(new.source.as_deref())
            .bind(s.purchase_stage)
            .bind(s.value_stage)
            .bind(s.customer_type)
            .bind(s.lifecycle_stage)
            .bind(s.temperature)
            .bind(now)
            .bind(new.salutation),
        )
        .await?;
    if let Some(id) = id {
        add_terms(tx, [(id, new.name.as_str())]).await?;
    }
    Ok(id)
}

/// Adds the search words of these customers' names.
pub async fn add_terms<'a>(
    tx: &mut Tx,
    names: impl IntoIterator<Item = (CustomerId, &'a str)>,
) -> Result<(), DbError> {
    let mut insert =
        Insert::new("customer_terms", &["term", "customer_id"], "ON CONFLICT DO NOTHING");
    for (id, name) in names {
        for term in terms(name) {
            insert.row([term.into(), id.into()]);
        }
    }
    insert.execute(tx).await?;
    Ok(())
}

/// Replaces the search words after a change of name.
pub async fn rename_terms(tx: &mut Tx, id: CustomerId, name: &str) -> Result<(), DbError> {
    tx.execute(Sql::new("DELETE FROM customer_terms WHERE customer_id = $1").bind(id)).await?;
    add_terms(tx, [(id, name)]).await
}
