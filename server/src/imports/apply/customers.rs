//! Customers. The telephone number is who a customer is; the shop's own id only helps where the
//! number has changed. An empty cell says nothing; a refusal (do not call, withdrawn consent) that
//! is on record is never lifted by a file.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;

use super::{Item, LIST, Outcome, World, distinct, ids};
use crate::customers::profile::{Gender, Greeting, Language, Salutation, add_terms, month_day};
use crate::customers::segment::{Figures, Thresholds, segment};
use crate::db::{Arg, CustomerId, DbError, Insert, PhoneNumber, Sql, Tx, UserId};
use crate::imports::record::CustomerRecord;

/// What people enter of a customer.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(super) struct Profile {
    pub(super) id: CustomerId,
    pub(super) phone: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) address: Option<String>,
    pub(super) district: Option<String>,
    pub(super) city: Option<String>,
    pub(super) birthday: Option<NaiveDate>,
    pub(super) anniversary: Option<NaiveDate>,
    pub(super) gender: Option<Gender>,
    pub(super) greeting: Option<Greeting>,
    pub(super) salutation: Option<Salutation>,
    pub(super) language: Language,
    pub(super) consent_call: bool,
    pub(super) consent_sms: bool,
    pub(super) consent_whatsapp: bool,
    pub(super) consent_email: bool,
    pub(super) do_not_call: bool,
    pub(super) do_not_call_reason: Option<String>,
    pub(super) do_not_call_at: Option<DateTime<Utc>>,
    pub(super) assigned_to: Option<UserId>,
    pub(super) assigned_supervisor_id: Option<UserId>,
    pub(super) tags: Json<Vec<String>>,
    pub(super) notes: Option<String>,
    pub(super) source: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) created_at: DateTime<Utc>,
}

const COLUMNS: &[&str] = &[
    "phone",
    "name",
    "email",
    "address",
    "district",
    "city",
    "birthday",
    "anniversary",
    "gender",
    "greeting",
    "salutation",
    "language",
    "consent_call",
    "consent_sms",
    "consent_whatsapp",
    "consent_email",
    "do_not_call",
    "do_not_call_reason",
    "do_not_call_at",
    "assigned_to",
    "assigned_supervisor_id",
    "tags",
    "notes",
    "source",
    "external_id",
    "created_at",
    "birthday_md",
    "updated_at",
];

impl Profile {
    /// A customer of whom only name and number are known.
    pub(super) fn new(world: &World, phone: &str, name: Option<&str>) -> Self {
        Self {
            id: CustomerId(0),
            phone: phone.to_owned(),
            name: name.unwrap_or(phone).to_owned(),
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
            consent_call: true,
            consent_sms: true,
            consent_whatsapp: true,
            consent_email: true,
            do_not_call: false,
            do_not_call_reason: None,
            do_not_call_at: None,
            assigned_to: None,
            assigned_supervisor_id: world.supervisor,
            tags: Json(Vec::new()),
            notes: None,
            source: Some(world.source.clone()),
            external_id: None,
            created_at: world.now,
        }
    }

    /// In the order of [`COLUMNS`].
    fn args(self, now: DateTime<Utc>) -> Vec<Arg> {
        vec![
            self.phone.into(),
            self.name.into(),
            self.email.into(),
            self.address.into(),
            self.district.into(),
            self.city.into(),
            self.birthday.into(),
            self.anniversary.into(),
            self.gender.into(),
            self.greeting.into(),
            self.salutation.into(),
            self.language.into(),
            self.consent_call.into(),
            self.consent_sms.into(),
            self.consent_whatsapp.into(),
            self.consent_email.into(),
            self.do_not_call.into(),
            self.do_not_call_reason.into(),
            self.do_not_call_at.into(),
            self.assigned_to.into(),
            self.assigned_supervisor_id.into(),
            Arg::json(&self.tags.0),
            self.notes.into(),
            self.source.into(),
            self.external_id.into(),
            self.created_at.into(),
            self.birthday.map(month_day).into(),
            now.into(),
        ]
    }
}

/// Makes customers without orders; those whose number somebody has meanwhile are left out.
pub(super) async fn insert(
    tx: &mut Tx,
    world: &World,
    new: Vec<Profile>,
) -> Result<HashMap<String, CustomerId>, DbError> {
    let names: HashMap<String, String> =
        new.iter().map(|p| (p.phone.clone(), p.name.clone())).collect();
    let s = segment(&Figures::default(), world.today, &Thresholds::default());
    let derived =
        ["purchase_stage", "value_stage", "customer_type", "lifecycle_stage", "temperature"];
    let columns: Vec<&str> = COLUMNS.iter().chain(&derived).copied().collect();
    let mut insert =
        Insert::new("customers", &columns, "ON CONFLICT (phone) DO NOTHING RETURNING phone, id");
    for profile in new {
        insert.row(profile.args(world.now).into_iter().chain([
            s.purchase_stage.into(),
            s.value_stage.into(),
            s.customer_type.into(),
            s.lifecycle_stage.into(),
            s.temperature.into(),
        ]));
    }
    let made: HashMap<String, CustomerId> =
        insert.returning::<(String, CustomerId)>(tx).await?.into_iter().collect();
    let terms: Vec<(CustomerId, &str)> =
        made.iter().map(|(phone, id)| (*id, names[phone].as_str())).collect();
    add_terms(tx, terms).await?;
    Ok(made)
}

/// Whose these numbers are, as main or further phone.
pub(super) async fn owners(
    tx: &mut Tx,
    phones: &[&str],
) -> Result<HashMap<String, CustomerId>, DbError> {
    let mut owners: HashMap<String, CustomerId> =
        ids(tx, "phone", "customer_id", "customer_phones", phones).await?;
    owners.extend(ids::<CustomerId>(tx, "phone", "id", "customers", phones).await?);
    Ok(owners)
}

/// Customers by their id in the shop's own files.
pub(super) async fn by_external_id(
    tx: &mut Tx,
    external: &[&str],
) -> Result<HashMap<String, CustomerId>, DbError> {
    ids(tx, "external_id", "id", "customers", external).await
}

#[derive(Clone, Copy)]
struct Agent {
    id: UserId,
    leader: Option<UserId>,
}

async fn agents(
    tx: &mut Tx,
    items: &[Item<CustomerRecord>],
) -> Result<HashMap<String, Agent>, DbError> {
    if items.iter().all(|item| item.record.agent.is_none()) {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, UserId, Option<UserId>)> = tx
        .all("SELECT login, id, team_leader_id FROM users WHERE role = 'agent' AND active")
        .await?;
    Ok(rows.into_iter().map(|(login, id, leader)| (login, Agent { id, leader })).collect())
}

pub(super) async fn apply(
    tx: &mut Tx,
    world: &World,
    items: &[Item<CustomerRecord>],
) -> Result<Outcome, DbError> {
    let agents = agents(tx, items).await?;
    let mut outcome = Outcome::default();
    let mut offset = 0;
    let keys = |record: &CustomerRecord| {
        let phones = std::iter::once(&record.phone).chain(&record.other_phones);
        let id = record.external_id.iter().map(|id| format!("id:{id}"));
        phones.map(ToString::to_string).chain(id).collect()
    };
    for stretch in distinct(items, keys) {
        outcome.add(apply_distinct(tx, world, &agents, stretch).await?, offset);
        offset += stretch.len();
    }
    Ok(outcome)
}

async fn profiles(
    tx: &mut Tx,
    mut all: Vec<CustomerId>,
) -> Result<HashMap<CustomerId, Profile>, DbError> {
    all.sort_unstable();
    all.dedup();
    let columns = COLUMNS.iter().filter(|c| !matches!(**c, "birthday_md" | "updated_at"));
    let columns: Vec<&str> = columns.copied().collect();
    let mut profiles = HashMap::new();
    for part in all.chunks(LIST) {
        let mut sql =
            Sql::new(format!("SELECT id, {} FROM customers WHERE id IN ", columns.join(", ")));
        sql.push_list(part.iter().copied());
        profiles.extend(tx.all::<Profile>(sql).await?.into_iter().map(|p| (p.id, p)));
    }
    Ok(profiles)
}

async fn apply_distinct(
    tx: &mut Tx,
    world: &World,
    agents: &HashMap<String, Agent>,
    items: &[Item<CustomerRecord>],
) -> Result<Outcome, DbError> {
    let mut outcome = Outcome::default();
    let records = || items.iter().map(|item| &item.record);
    let phones: Vec<&str> = records()
        .flat_map(|r| std::iter::once(&r.phone).chain(&r.other_phones))
        .map(PhoneNumber::as_str)
        .collect();
    let owners = owners(tx, &phones).await?;
    let external: Vec<&str> = records().filter_map(|r| r.external_id.as_deref()).collect();
    let external = by_external_id(tx, &external).await?;
    let mut existing =
        profiles(tx, owners.values().chain(external.values()).copied().collect()).await?;

    let mut created: Vec<Profile> = Vec::new();
    let mut changed: Vec<(Profile, Profile)> = Vec::new();
    // Further numbers by the main one of whom they belong to.
    let mut further: Vec<(String, String)> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let record = &item.record;
        let by_phone = owners.get(record.phone.as_str()).copied();
        let by_id = record.external_id.as_ref().and_then(|id| external.get(id).copied());
        if let (Some(a), Some(b)) = (by_phone, by_id)
            && a != b
        {
            let reason = "Another customer has this id; the number belongs to somebody else.";
            outcome.reject(
                at,
                "external_id",
                "external_id_taken",
                reason,
                record.external_id.as_deref(),
            );
            continue;
        }
        let old = by_phone.or(by_id).and_then(|id| existing.get(&id));
        let stranger = record.other_phones.iter().find(|phone| {
            owners.get(phone.as_str()).is_some_and(|owner| Some(*owner) != old.map(|old| old.id))
        });
        if let Some(phone) = stranger {
            let reason = "This further number belongs to another customer.";
            outcome.reject(at, "other_phones", "phone_taken", reason, Some(phone.as_str()));
            continue;
        }
        let agent = match &record.agent {
            Some(login) => {
                let Some(agent) = agents.get(login) else {
                    let reason = "There is no active agent with this login.";
                    outcome.reject(at, "agent", "unknown_agent", reason, Some(login));
                    continue;
                };
                Some(*agent)
            }
            None => None,
        };
        let after = merged(world, record, old, agent, by_phone.is_none());
        let before = further.len();
        let new_phones =
            record.other_phones.iter().filter(|phone| !owners.contains_key(phone.as_str()));
        further.extend(new_phones.map(|phone| (after.phone.clone(), phone.to_string())));
        if let Some(old) = old.filter(|old| old.phone != after.phone) {
            further.push((after.phone.clone(), old.phone.clone()));
        }
        match old {
            None => {
                outcome.created += 1;
                created.push(after);
            }
            Some(old) if *old == after && further.len() == before => outcome.unchanged += 1,
            Some(old) => {
                outcome.updated += 1;
                // Another row may find the same customer by another number.
                let old = old.clone();
                existing.insert(old.id, after.clone());
                changed.push((old, after));
            }
        }
    }
    if world.write {
        update(tx, world, changed).await?;
        insert(tx, world, created).await?;
        insert_phones(tx, further).await?;
    }
    Ok(outcome)
}

fn merged(
    world: &World,
    record: &CustomerRecord,
    old: Option<&Profile>,
    agent: Option<Agent>,
    new_number: bool,
) -> Profile {
    let mut p = old.cloned().unwrap_or_else(|| {
        let mut new = Profile::new(world, record.phone.as_str(), record.name.as_deref());
        new.created_at = record.created_at.unwrap_or(world.now);
        new.consent_call = record.consent_call.unwrap_or(true);
        new.consent_sms = record.consent_sms.unwrap_or(true);
        new.consent_whatsapp = record.consent_whatsapp.unwrap_or(true);
        new.consent_email = record.consent_email.unwrap_or(true);
        new
    });
    if let Some(name) = &record.name {
        p.name.clone_from(name);
    }
    for (target, said) in [
        (&mut p.email, &record.email),
        (&mut p.address, &record.address),
        (&mut p.district, &record.district),
        (&mut p.city, &record.city),
        (&mut p.notes, &record.notes),
        (&mut p.source, &record.source),
    ] {
        if said.is_some() {
            target.clone_from(said);
        }
    }
    // A shop may have two accounts of one number: the first one's id stays.
    if p.external_id.is_none() {
        p.external_id.clone_from(&record.external_id);
    }
    p.birthday = record.birthday.or(p.birthday);
    p.anniversary = record.anniversary.or(p.anniversary);
    p.gender = record.gender.or(p.gender);
    p.greeting = record.greeting.or(p.greeting);
    p.salutation = record.salutation.or(p.salutation);
    p.language = record.language.unwrap_or(p.language);
    p.consent_call &= record.consent_call != Some(false);
    p.consent_sms &= record.consent_sms != Some(false);
    p.consent_whatsapp &= record.consent_whatsapp != Some(false);
    p.consent_email &= record.consent_email != Some(false);
    if record.do_not_call == Some(true) && !p.do_not_call {
        p.do_not_call = true;
        p.do_not_call_reason = record.do_not_call_reason.clone().or(Some("import".to_owned()));
        p.do_not_call_at = Some(world.now);
    }
    if let Some(tags) = &record.tags {
        p.tags = Json(tags.clone());
    }
    if let Some(agent) = agent {
        p.assigned_to = Some(agent.id);
        p.assigned_supervisor_id = agent.leader.or(p.assigned_supervisor_id);
    }
    // The number a customer was found by may be a further one; then the main one stays. Found by
    // the shop's id only, the customer has a new number.
    if new_number {
        record.phone.as_str().clone_into(&mut p.phone);
    }
    p
}

async fn update(
    tx: &mut Tx,
    world: &World,
    changed: Vec<(Profile, Profile)>,
) -> Result<(), DbError> {
    let set: Vec<String> =
        COLUMNS.iter().enumerate().map(|(n, column)| format!("{column} = ${}", n + 1)).collect();
    let text = format!("UPDATE customers SET {} WHERE id = ${}", set.join(", "), COLUMNS.len() + 1);
    let mut renamed: Vec<(CustomerId, String)> = Vec::new();
    let mut assigned = Insert::new(
        "customer_assignments",
        &[
            "customer_id",
            "at",
            "from_agent_id",
            "to_agent_id",
            "from_supervisor_id",
            "to_supervisor_id",
            "reason",
        ],
        "",
    );
    for (old, new) in changed {
        if old.name != new.name {
            renamed.push((new.id, new.name.clone()));
        }
        if old.assigned_to != new.assigned_to {
            assigned.row([
                new.id.into(),
                world.now.into(),
                old.assigned_to.into(),
                new.assigned_to.into(),
                old.assigned_supervisor_id.into(),
                new.assigned_supervisor_id.into(),
                Arg::Static("import"),
            ]);
        }
        let id = new.id;
        let mut sql = Sql::new(text.clone());
        for arg in new.args(world.now) {
            sql = sql.bind(arg);
        }
        tx.execute(sql.bind(id)).await?;
    }
    assigned.execute(tx).await?;
    for part in renamed.chunks(LIST) {
        let mut sql = Sql::new("DELETE FROM customer_terms WHERE customer_id IN ");
        sql.push_list(part.iter().map(|(id, _)| *id));
        tx.execute(sql).await?;
        let terms: Vec<(CustomerId, &str)> =
            part.iter().map(|(id, name)| (*id, name.as_str())).collect();
        add_terms(tx, terms).await?;
    }
    Ok(())
}

/// Further numbers; the customer is found by the main one. A number that has become a main one is
/// no further one any more.
async fn insert_phones(tx: &mut Tx, further: Vec<(String, String)>) -> Result<(), DbError> {
    if further.is_empty() {
        return Ok(());
    }
    let main: Vec<&str> = further.iter().map(|(main, _)| main.as_str()).collect();
    let owners = owners(tx, &main).await?;
    let mut insert =
        Insert::new("customer_phones", &["phone", "customer_id"], "ON CONFLICT DO NOTHING");
    for (main, phone) in further {
        if let Some(owner) = owners.get(&main) {
            insert.row([Arg::from(phone), Arg::from(*owner)]);
        }
    }
    insert.execute(tx).await?;
    Ok(())
}
