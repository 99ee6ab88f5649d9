//! The one way in which an event changes a call, whoever sent it: webhook, simulator, the answer to
//! an agent's click.

use chrono::{DateTime, Utc};

use super::missed::{self, MADE_UP};
use super::recording::fetch;
use super::reuse::{self, Known};
use super::state::Facts;
use super::store::{self, CallRow, Meta};
use super::{Direction, effects, reconcile};
use crate::app::AppState;
use crate::auth::Role;
use crate::customers::store as customers;
use crate::db::{CallId, CustomerId, DbError, PhoneNumber, Sql, Tx, is_unique_violation};
use crate::error::Result;
use crate::telephony::{CallEvent, EventKind, Events, News, ProviderKind};

/// What an event did.
#[derive(Clone, Copy, Debug)]
pub struct Applied {
    /// To which call.
    pub call: CallId,
    /// Whether it said anything new.
    pub changed: bool,
    /// Whether the call was known, or this is an event that makes a call known.
    pub known: bool,
    /// Whether the call is over now and was not before.
    pub ended: bool,
    /// Whether its id belonged to an earlier call.
    pub reused: bool,
}

/// Starts consuming the provider's events.
pub fn start(state: &AppState, mut events: Events) {
    let state = state.clone();
    state.clone().background.spawn(async move {
        loop {
            let news = tokio::select! {
                () = state.stop.cancelled() => return,
                news = events.recv() => news,
            };
            match news {
                None => return,
                Some(News::Event(event)) => {
                    if let Err(error) = heard(&state, &event).await {
                        // Reconciliation closes the call if this was its end.
                        tracing::error!(%error, call = ?event.external_call_id, "an event of a call was lost");
                    }
                    if event.provider == ProviderKind::Asterisk {
                        state.line.wake(&event);
                        if matches!(event.kind, EventKind::Recorded { .. }) {
                            fetch::soon(&state);
                        }
                    }
                }
                Some(News::Back) => {
                    compare(&state).await;
                    let state = state.clone();
                    state.clone().background.spawn(async move {
                        tokio::select! {
                            () = state.stop.cancelled() => {}
                            // Calls that were too young to be judged a moment ago.
                            () = tokio::time::sleep(reconcile::SETTLED) => compare(&state).await,
                        }
                    });
                }
            }
        }
    });
}

async fn compare(state: &AppState) {
    if let Err(error) = reconcile::run(state, reconcile::When::Job).await {
        tracing::error!(%error, "calls were not compared with the telephone system");
    }
}

/// Applies an event of the telephone system itself. An Asterisk also tells of what is not ours: calls
/// and recordings of another installation, or of a database since restored.
async fn heard(state: &AppState, event: &CallEvent) -> Result<()> {
    let introduces = matches!(event.kind, EventKind::Incoming { .. } | EventKind::Offered { .. });
    if event.provider == ProviderKind::Asterisk
        && !introduces
        && let Some(id) = event.external_call_id.as_deref()
        && !store::is_known(&mut state.db.read().await?, event.provider, id).await?
    {
        tracing::debug!(call = id, "an event of a call that is not ours");
        return Ok(());
    }
    handle(state, event).await.map(|_| ())
}

/// Times a transaction is tried when another one on the same call got in between.
const ATTEMPTS: u32 = 4;

/// Applies an event in a transaction of its own.
pub async fn handle(state: &AppState, event: &CallEvent) -> Result<Applied> {
    let mut tries = 0;
    loop {
        tries += 1;
        let mut tx = state.db.begin().await?;
        match apply(state, &mut tx, event).await {
            Ok(applied) => {
                state.commit(tx).await?;
                settled(state, event, applied);
                return Ok(applied);
            }
            Err(error) if tries < ATTEMPTS && is_collision(&error) => drop(tx),
            Err(error) => return Err(error.into()),
        }
    }
}

/// To be called after the commit: a call that ended by another source is no longer played.
pub fn settled(state: &AppState, event: &CallEvent, applied: Applied) {
    if let Some(id) = event.external_call_id.as_deref().filter(|_| applied.ended) {
        state.telephony.forget(id);
    }
}

/// Whether trying again helps: two transactions met on the same call (unique violation) or waited
/// for each other (PostgreSQL's 40001, 40P01).
pub fn is_collision(error: &DbError) -> bool {
    is_unique_violation(error)
        || error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| code == "40001" || code == "40P01")
}

/// Applies an event in the caller's transaction.
pub async fn apply(state: &AppState, tx: &mut Tx, event: &CallEvent) -> Result<Applied, DbError> {
    let now = state.clock.now();
    if let Some(caller) = matched_by_caller(event) {
        // Both look for the other: whoever comes second has to see the first.
        tx.alone(&format!("caller {caller}")).await?;
    }
    let Found { mut row, reused } = find(state, tx, event, now).await?;
    let mut before = row.clone();
    row.facts.join(Facts::of(event));
    row.meta.join(Meta::of(event.raw.as_ref()));
    if let Some(external) = &event.external_call_id
        && row.external_call_id.is_none()
        && row.former_call_id.is_none()
    {
        take_id(state, tx, &mut row, external).await?;
    }
    if let EventKind::Incoming { from, to_extension } = &event.kind
        && before.facts.incoming.is_none()
    {
        let (phone, at) = (from.as_deref().unwrap_or_default(), event.happened_at());
        let other = missed::missed_of_ringing(tx, phone, to_extension.as_deref(), at).await?;
        if let Some(other) = other.filter(|id| *id != row.id) {
            if row.id != CallRow::UNWRITTEN {
                join_other(tx, &mut row, other).await?;
            } else if let Some(mut missed) = store::lock(tx, other).await? {
                // That row is this call's, only without its id so far.
                before = missed.clone();
                missed.external_call_id = row.external_call_id;
                missed.facts.join(row.facts.0);
                missed.meta.join(row.meta.0);
                row = missed;
            }
        }
    }
    let known = row.facts.is_introduced();
    let changed = row.facts != before.facts || row.external_call_id != before.external_call_id;
    if changed || row.id == CallRow::UNWRITTEN {
        settle(state, tx, &before, &mut row).await?;
    } else if row.meta != before.meta {
        store::write(tx, &mut row, now).await?;
    }
    let ended = before.status.is_open() && !row.status.is_open();
    Ok(Applied { call: row.id, changed, known, ended, reused })
}

/// The caller of a ringing, and of a missed call without an id: they may be one call. Empty when
/// withheld.
fn matched_by_caller(event: &CallEvent) -> Option<&str> {
    match &event.kind {
        EventKind::Incoming { from, .. } => Some(from.as_deref().unwrap_or_default()),
        EventKind::Missed { from, .. } if event.external_call_id.is_none() => {
            Some(from.as_deref().unwrap_or_default())
        }
        _ => None,
    }
}

async fn join_other(tx: &mut Tx, row: &mut CallRow, other: CallId) -> Result<(), DbError> {
    if let Some(other) = store::absorb(tx, other, row.id).await? {
        row.facts.join(other.facts.0);
        row.meta.join(other.meta.0);
    }
    Ok(())
}

/// A row an event is about.
struct Found {
    /// Locked, or not written yet.
    row: CallRow,
    /// It is new, and its id belonged to an earlier call.
    reused: bool,
}

impl From<CallRow> for Found {
    fn from(row: CallRow) -> Self {
        Self { row, reused: false }
    }
}

/// The row an event is about, locked; a blank one if there is none.
async fn find(
    state: &AppState,
    tx: &mut Tx,
    event: &CallEvent,
    now: DateTime<Utc>,
) -> Result<Found, DbError> {
    if let Some(reference) = event.reference
        && let Some(row) = store::lock(tx, CallId(reference)).await?
        && row.provider == event.provider
        && (event.external_call_id.is_none()
            || row.external_call_id.is_none()
            || row.external_call_id == event.external_call_id)
    {
        return Ok(row.into());
    }
    let mode = state.telephony.mode();
    if let Some(external) = &event.external_call_id {
        return of_id(state, tx, event, external, now).await;
    }
    let (from, extension) = match &event.kind {
        EventKind::Missed { from, to_extension } | EventKind::Incoming { from, to_extension } => {
            (from.as_deref().unwrap_or_default(), to_extension.as_deref())
        }
        _ => ("", None),
    };
    if let Some(id) = missed::ringing_of_missed(tx, from, extension, event.happened_at()).await?
        && let Some(row) = store::lock(tx, id).await?
        && (!from.is_empty() || is_missed_ring(&row, event))
    {
        return Ok(row.into());
    }
    // The same event again finds the same id.
    let stamp = event.at.map_or_else(
        || event.received_at.format("~%Y%m%dT%H%MZ").to_string(),
        |at| at.format("%Y%m%dT%H%M%S%.fZ").to_string(),
    );
    let id = format!("{MADE_UP}{from}:{}:{stamp}", extension.unwrap_or_default());
    let known = store::lock_external(tx, event.provider, &id).await?;
    Ok(known.unwrap_or_else(|| CallRow::blank(event.provider, mode, &id, now)).into())
}

/// Whether a withheld caller rang, and was not missed at another time than this event says: then it
/// was another caller.
fn is_missed_ring(row: &CallRow, event: &CallEvent) -> bool {
    row.facts.incoming.is_some() && row.facts.missed.is_none_or(|seen| seen.stated == event.at)
}

fn known(row: &CallRow) -> Known<'_> {
    Known { facts: &row.facts.0, phone: &row.customer_phone, started_at: row.derive().started_at }
}

/// The row of the call with an id that an event is about: the latest, unless that cannot be.
async fn of_id(
    state: &AppState,
    tx: &mut Tx,
    event: &CallEvent,
    external: &str,
    now: DateTime<Utc>,
) -> Result<Found, DbError> {
    let blank = || CallRow::blank(event.provider, state.telephony.mode(), external, now);
    let Some(latest) = store::lock_external(tx, event.provider, external).await? else {
        return Ok(blank().into());
    };
    let recorded = matches!(event.kind, EventKind::Recorded { .. }) && latest.status.is_open();
    let call = known(&latest);
    let is_earlier = reuse::is_earlier(call, event);
    if reuse::continues(call, event) && !is_earlier && !recorded {
        return Ok(latest.into());
    }
    let mut rows = vec![latest];
    rows.extend(store::lock_former(tx, event.provider, external).await?);
    let calls: Vec<Known<'_>> = rows.iter().map(known).collect();
    if let Some(n) = reuse::choose(&calls, event) {
        return Ok(rows.swap_remove(n).into());
    }
    let mut row = blank();
    if is_earlier {
        row.former_call_id = row.external_call_id.take();
    } else {
        retire(state, tx, rows.swap_remove(0)).await?;
    }
    tracing::warn!(call = external, "the telephone system used a call id again");
    Ok(Found { row, reused: true })
}

/// Makes way for a later call with the same id. This one is over, whatever was reported.
async fn retire(state: &AppState, tx: &mut Tx, mut row: CallRow) -> Result<(), DbError> {
    let before = row.clone();
    if row.status.is_open() {
        row.facts.join(Facts::lost(state.clock.now()));
    }
    row.former_call_id = row.external_call_id.take();
    settle(state, tx, &before, &mut row).await
}

/// Gives a call of ours the id that the telephone system named. What events said about it before is
/// merged; an earlier call with that id keeps it as its former one.
async fn take_id(
    state: &AppState,
    tx: &mut Tx,
    row: &mut CallRow,
    external: &str,
) -> Result<(), DbError> {
    if let Some(other) = store::lock_external(tx, row.provider, external).await? {
        // Its events outran the answer to dialling by seconds.
        let recent = other.created_at >= row.created_at - reuse::REUSED_AFTER;
        let from = other.facts.from.as_deref();
        let same_caller = from.is_none_or(|from| from == row.customer_phone);
        if recent && other.facts.requested.is_none() && same_caller {
            join_other(tx, row, other.id).await?;
        } else {
            retire(state, tx, other).await?;
        }
    }
    row.external_call_id = Some(external.to_owned());
    Ok(())
}

/// Works out the columns of a row whose facts changed, writes it and runs the effects.
async fn settle(
    state: &AppState,
    tx: &mut Tx,
    before: &CallRow,
    row: &mut CallRow,
) -> Result<(), DbError> {
    row.status = row.facts.status();
    let mut rings_at = None;
    if row.facts.direction() == Direction::Inbound {
        if let Some(from) = &row.facts.from {
            row.customer_phone.clone_from(from);
        }
        let extension = row.facts.extension().map(str::to_owned);
        if extension.is_none() && row.facts.offered.is_some() {
            // Back in the line: it rings at nobody's telephone.
            row.agent_phone = None;
            row.agent_user_id = None;
        }
        if extension.is_some() && (extension != row.agent_phone || row.agent_user_id.is_none()) {
            row.agent_phone = extension;
            rings_at = row.agent_phone.clone();
        }
    }
    row.transferred_to = row.facts.transferred.as_ref().map(|t| t.value.clone());
    // Asked once for each number, and once more at the end: the customer may be new since.
    let asked = row.customer_phone == before.customer_phone
        && row.status.is_open() == before.status.is_open();
    let phone = Some(&row.customer_phone)
        .filter(|_| row.customer_id.is_none() && !asked)
        .and_then(|phone| PhoneNumber::parse(phone).ok());
    if rings_at.is_some() || phone.is_some() {
        let parties = store::parties(tx, rings_at.as_deref(), phone.as_ref()).await?;
        if rings_at.is_some() {
            row.agent_user_id = parties.agent;
        }
        if row.customer_id.is_none() {
            row.customer_id = recognised(state, tx, row, parties.customer).await?;
        }
    }
    let mut call = store::write(tx, row, state.clock.now()).await?;
    let missed_task = row.meta.missed_task;
    effects::run(state, tx, before, row).await?;
    if row.meta.missed_task != missed_task {
        store::write(tx, row, state.clock.now()).await?;
    }
    call.task_id = row.task_id;
    effects::announce(state, tx, before, row, &call).await
}

/// The customer who has the number of a call; `None` if an agent dialled it and may not know: nobody
/// reads the customers by dialling (SPEC §0).
async fn recognised(
    state: &AppState,
    tx: &mut Tx,
    row: &CallRow,
    customer: Option<CustomerId>,
) -> Result<Option<CustomerId>, DbError> {
    let (Some(id), Some(agent), true) =
        (customer, row.agent_user_id, row.facts.requested.is_some())
    else {
        return Ok(customer);
    };
    let role: Option<Role> =
        tx.optional_scalar(Sql::new("SELECT role FROM users WHERE id = $1").bind(agent)).await?;
    let Some(scope) = role.map(|role| role.scope(agent)) else {
        return Ok(None);
    };
    let visible = customers::is_visible(tx, scope, state.clock.today(), id).await?;
    Ok(customer.filter(|_| visible))
}

/// The provider named the call we asked for: its id is stored, and what events said about it before
/// its name was known is merged.
pub async fn attach(state: &AppState, call: CallId, external: &str) -> Result<()> {
    let mut tries = 0;
    loop {
        tries += 1;
        let mut tx = state.db.begin().await?;
        match attach_in(state, &mut tx, call, external).await {
            Ok(()) => {
                state.commit(tx).await?;
                return Ok(());
            }
            Err(error) if tries < ATTEMPTS && is_collision(&error) => drop(tx),
            Err(error) => return Err(error.into()),
        }
    }
}

async fn attach_in(
    state: &AppState,
    tx: &mut Tx,
    call: CallId,
    external: &str,
) -> Result<(), DbError> {
    let Some(mut row) = store::lock(tx, call).await? else {
        return Ok(());
    };
    if row.external_call_id.is_some() || row.former_call_id.is_some() {
        return Ok(());
    }
    let before = row.clone();
    take_id(state, tx, &mut row, external).await?;
    settle(state, tx, &before, &mut row).await
}

/// The provider a webhook speaks of: ids of simulated calls are the simulator's, whoever sends them.
pub fn provider_of(state: &AppState, external: Option<&str>) -> ProviderKind {
    let simulated =
        external.is_some_and(|id| id.starts_with(crate::telephony::simulator::ID_PREFIX));
    if simulated { state.telephony.kind() } else { ProviderKind::Bracknet }
}
