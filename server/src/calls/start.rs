//! Making a call. That it is made once, by an agent who is free, to a customer who is free, is held
//! by unique indexes: a double click, two tabs and a retry race for the same row.

use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};

use super::agent_status::{self, Presence};
use super::store::{self, NewCall};
use super::view::{self, Call};
use super::{effects, service};
use crate::app::AppState;
use crate::audit;
use crate::auth::{CurrentUser, Role};
use crate::customers::store as customers;
use crate::db::{CallId, CustomerId, PhoneError, PhoneNumber, Sql, TaskId, Tx, UserId};
use crate::error::{Error, Result};
use crate::tasks::{TaskKind, TaskStatus, WrapState, settings, store as tasks};
use crate::telephony::{CallEvent, Dial, EventKind, Mode, ProviderError, ProviderKind};

/// Calls an agent makes within an hour to numbers that belong to no task and no visible customer, and
/// calls logged by hand.
const MAX_PER_HOUR: i64 = 60;
/// A forgotten open call keeps a customer from being rung no longer than this.
const FRESH: TimeDelta = TimeDelta::hours(4);

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// By whom.
    pub by: CurrentUser,
    /// The agent who speaks.
    pub agent: UserId,
    /// The task it is for.
    pub task: Option<TaskId>,
    /// The number to dial instead of the task's.
    pub phone: Option<String>,
    /// What the request calls that number.
    pub phone_field: &'static str,
    /// What the customer's display shows.
    pub caller_id: Option<String>,
    /// The customer is to be rung although it is not the hour for it.
    pub outside_hours: bool,
    /// The last call of the task waits for its outcome, and the agent wants to call again before that.
    pub again: bool,
    /// `Idempotency-Key` header.
    pub key: Option<String>,
}

#[derive(sqlx::FromRow)]
pub(super) struct Agent {
    /// The telephone.
    pub(super) extension: Option<String>,
    team_leader_id: Option<UserId>,
}

#[derive(sqlx::FromRow)]
struct TaskRow {
    customer_id: Option<CustomerId>,
    phone: String,
    kind: TaskKind,
    due_at: Option<DateTime<Utc>>,
    status: TaskStatus,
    assigned_to: Option<UserId>,
    team_leader_id: Option<UserId>,
}

/// Rings a customer; the same key again answers with the call it started.
pub async fn start(state: &AppState, request: &Request) -> Result<Call> {
    let mut tx = state.db.begin().await?;
    let agent = agent(&mut tx, request).await?;
    if let Some(call) = earlier(&mut tx, request).await? {
        return Ok(call);
    }
    let now = state.clock.now();
    if agent_status::get(&mut tx, now, request.agent).await?.status == Presence::Break {
        return Err(Error::conflict("on_break", "On a break no calls are made. Go online first."));
    }
    if state.telephony.mode() == Mode::Live && agent.extension.is_none() {
        return Err(Error::conflict(
            "extension_missing",
            "The agent has no extension, so there is no telephone to ring.",
        ));
    }
    let Callee { task, phone, customer, owner } = callee(state, &mut tx, request).await?;
    refuse_unwanted(&mut tx, owner, task.as_ref()).await?;
    refuse_open_wrap_up(&mut tx, request).await?;
    let unusual = refuse_outside_hours(state, &mut tx, request, task.as_ref()).await?;
    let new = NewCall {
        agent: request.agent,
        extension: agent.extension.clone(),
        phone: phone.clone(),
        task: request.task,
        customer,
        owner,
        provider: state.telephony.kind(),
        mode: state.telephony.mode(),
        external_call_id: state.telephony.choose_id(),
        idempotency_key: request.key.clone(),
    };
    refuse_too_many(&mut tx, &new, now).await?;
    let Some(id) = open(state, &mut tx, &new, now).await? else {
        // Somebody with the same key was a moment faster.
        return earlier(&mut tx, request).await?.ok_or_else(agent_busy);
    };
    if unusual {
        let (by, action, what) = (request.by.id, "call.outside_hours", "telephony_call");
        audit::record(&mut tx, now, Some(by), action, what, Some(id.0), None, None).await?;
    }
    state.commit(tx).await?;
    tracing::info!(call = %id, number = %phone.masked(), "call started");

    let dial = Dial {
        reference: id.0,
        external_call_id: new.external_call_id,
        number: phone,
        extension: agent.extension,
        agent_id: request.agent.0,
        caller_id: request.caller_id.clone(),
    };
    match state.telephony.dial(dial).await {
        Ok(dialled) => service::attach(state, id, &dialled.external_call_id).await?,
        // It may be ringing: a webhook or reconciliation tells. The agent may hang up.
        Err(ProviderError::Unsure(why)) => {
            tracing::warn!(call = %id, why, "the telephone system did not confirm a call");
        }
        Err(error) => return Err(give_up(state, id, &error).await),
    }
    let mut tx = state.db.read().await?;
    view::one(&mut tx, id).await?.ok_or_else(call_not_found)
}

/// Whom a request is about.
pub(super) struct Callee {
    /// The task it is for.
    task: Option<TaskRow>,
    /// The number that is, or was, dialled.
    pub(super) phone: PhoneNumber,
    /// The customer, if the caller may know.
    pub(super) customer: Option<CustomerId>,
    /// The customer who has the number, for what protects customers only.
    pub(super) owner: Option<CustomerId>,
}

/// Whom a request is about: a number that was edited is dialled instead of the task's. A number of a
/// customer whom the caller may not see stays just a number, so that nobody reads the customers by
/// dialling (SPEC §0).
pub(super) async fn callee(state: &AppState, tx: &mut Tx, request: &Request) -> Result<Callee> {
    let today = state.clock.today();
    let task = task(tx, request, today).await?;
    let phone = phone(request, task.as_ref())?;
    if let Some(customer) = task.as_ref().and_then(|t| t.customer_id) {
        return Ok(Callee { task, phone, customer: Some(customer), owner: Some(customer) });
    }
    let owner = customers::find_by_phone(tx, &phone).await?;
    let customer = match owner {
        Some(id) if customers::is_visible(tx, request.by.scope(), today, id).await? => Some(id),
        _ => None,
    };
    Ok(Callee { task, phone, customer, owner })
}

/// Refuses further calls when the agent has made [`MAX_PER_HOUR`] within the hour that have neither
/// a task nor a customer, or were logged by hand.
pub(super) async fn refuse_too_many(tx: &mut Tx, new: &NewCall, now: DateTime<Utc>) -> Result<()> {
    let by_hand = new.provider == ProviderKind::ByHand;
    if !by_hand && (new.task.is_some() || new.customer.is_some()) {
        return Ok(());
    }
    let made = store::made_since(tx, new.agent, by_hand, now - TimeDelta::hours(1)).await?;
    if made < MAX_PER_HOUR {
        return Ok(());
    }
    let detail = format!(
        "You have made {MAX_PER_HOUR} such calls within an hour. Call from your task list, or wait."
    );
    Err(Error::problem(StatusCode::TOO_MANY_REQUESTS, "too_many_calls", detail).retry_after(600))
}

/// Writes the row of a call begun at `at`, and all that goes with a call: its task is being worked on,
/// its agent is on it, the screens know. `None`: the same request did so a moment ago.
pub(super) async fn open(
    state: &AppState,
    tx: &mut Tx,
    new: &NewCall,
    at: DateTime<Utc>,
) -> Result<Option<CallId>> {
    let now = state.clock.now();
    let Some(id) = make(tx, new, at, now).await? else {
        return Ok(None);
    };
    if let Some(task) = new.task {
        tasks::hold(tx, task).await?;
        tasks::call_state(tx, now, task, id, WrapState::Calling).await?;
    }
    agent_status::on_call(tx, now, new.agent).await?;
    effects::announce_new(state, tx, id, new.agent).await?;
    Ok(Some(id))
}

/// 404.
pub fn call_not_found() -> Error {
    Error::not_found("call_not_found", "There is no such call, or none you may see.")
}

fn agent_busy() -> Error {
    Error::conflict("agent_busy", "The agent is on a call already. Hang up first.")
}

/// The call the same request started before.
pub(super) async fn earlier(tx: &mut Tx, request: &Request) -> Result<Option<Call>> {
    let Some(key) = &request.key else {
        return Ok(None);
    };
    let Some(id) = store::by_key(tx, request.agent, key).await? else {
        return Ok(None);
    };
    let call = view::one(tx, id).await?.ok_or_else(call_not_found)?;
    let other_phone = request
        .phone
        .as_deref()
        .and_then(|text| PhoneNumber::parse(text).ok())
        .is_some_and(|phone| phone.as_str() != call.customer_phone);
    if call.task_id != request.task || other_phone {
        return Err(Error::invalid(
            "idempotency_key_reused",
            "Idempotency-Key",
            "This key belongs to another call. Send a new one for a new call.",
        ));
    }
    Ok(Some(call))
}

/// Writes the row. `None`: the same request made it a moment ago.
async fn make(
    tx: &mut Tx,
    new: &NewCall,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<CallId>> {
    let mut obstacle = obstacle(tx, new, now).await?;
    if obstacle.is_none() {
        if let Some(id) = store::insert(tx, new, at, now).await? {
            return Ok(Some(id));
        }
        // Lost a race: to the same request, to another call of the agent, or to a colleague.
        obstacle = self::obstacle(tx, new, now).await?;
    }
    if let Some(key) = &new.idempotency_key
        && store::by_key(tx, new.agent, key).await?.is_some()
    {
        return Ok(None);
    }
    // Whatever was in the way a moment ago may be gone by now.
    Err(obstacle.unwrap_or_else(agent_busy))
}

/// What stands against the call.
async fn obstacle(tx: &mut Tx, new: &NewCall, now: DateTime<Utc>) -> Result<Option<Error>> {
    if agent_status::on_another_call(tx, new.agent).await? {
        return Ok(Some(agent_busy()));
    }
    let on_call = store::customer_is_on_call(tx, &new.phone, new.owner, now - FRESH).await?;
    Ok(on_call.then(customer_on_call))
}

fn customer_on_call() -> Error {
    Error::conflict("customer_on_call", "A colleague is on the phone with this customer right now.")
}

/// The person who is to speak: oneself, or for leads one of one's own.
pub(super) async fn agent(tx: &mut Tx, request: &Request) -> Result<Agent> {
    let found: Option<Agent> = tx
        .optional(
            Sql::new("SELECT extension, team_leader_id FROM users WHERE id = $1 AND active")
                .bind(request.agent),
        )
        .await?;
    let nobody = || Error::not_found("user_not_found", "There is no such agent, or not yours.");
    let agent = found.ok_or_else(nobody)?;
    let by = &request.by;
    match by.role {
        _ if by.id == request.agent => Ok(agent),
        Role::Admin | Role::SalesManager => Ok(agent),
        Role::TeamLeader if agent.team_leader_id == Some(by.id) => Ok(agent),
        Role::TeamLeader => Err(nobody()),
        Role::Agent | Role::Support | Role::DeliveryCoordinator => Err(Error::forbidden()),
    }
}

async fn task(tx: &mut Tx, request: &Request, today: NaiveDate) -> Result<Option<TaskRow>> {
    let Some(id) = request.task else {
        return Ok(None);
    };
    let found: Option<TaskRow> = tx
        .optional(
            Sql::new(
                "SELECT t.customer_id, t.phone, t.kind, t.due_at, t.status, t.assigned_to,
                   u.team_leader_id
                 FROM crm_call_tasks t LEFT JOIN users u ON u.id = t.assigned_to WHERE t.id = $1",
            )
            .bind(id),
        )
        .await?;
    let nothing =
        || Error::not_found("task_not_found", "There is no such task, or none you may see.");
    let task = found.ok_or_else(nothing)?;
    let by = &request.by;
    let visible = match (by.role, task.assigned_to, task.customer_id) {
        (Role::Agent, assigned, _) => assigned == Some(by.id),
        (Role::TeamLeader, Some(agent), _) => agent == by.id || task.team_leader_id == Some(by.id),
        (Role::TeamLeader, None, Some(customer)) => {
            customers::is_visible(tx, by.scope(), today, customer).await?
        }
        (Role::TeamLeader, None, None)
        | (Role::Admin | Role::SalesManager | Role::Support | Role::DeliveryCoordinator, ..) => {
            true
        }
    };
    if !visible {
        return Err(nothing());
    }
    if !matches!(task.status, TaskStatus::Pending | TaskStatus::InProgress) {
        return Err(Error::conflict(
            "task_closed",
            format!("The task is {} and is not called any more.", task.status),
        ));
    }
    Ok(Some(task))
}

/// The number to dial: the edited one, else the task's.
fn phone(request: &Request, task: Option<&TaskRow>) -> Result<PhoneNumber> {
    let edited = request.phone.as_deref().filter(|text| !text.trim().is_empty());
    let text = edited.or(task.map(|t| t.phone.as_str())).unwrap_or_default();
    PhoneNumber::parse(text).map_err(|error| match error {
        PhoneError::Empty => Error::invalid(
            "phone_required",
            request.phone_field,
            "Say which number to call: a task or a phone number.",
        ),
        PhoneError::Characters | PhoneError::Invalid => {
            Error::invalid("invalid_phone", request.phone_field, error.to_string())
        }
    })
}

/// Whoever asked not to be called is not, unless they rang or complained themselves.
async fn refuse_unwanted(
    tx: &mut Tx,
    customer: Option<CustomerId>,
    task: Option<&TaskRow>,
) -> Result<()> {
    let Some(customer) = customer else {
        return Ok(());
    };
    if task.is_some_and(|t| matches!(t.kind, TaskKind::MissedCall | TaskKind::Complaint)) {
        return Ok(());
    }
    let unwanted: Option<bool> = tx
        .optional_scalar(Sql::new("SELECT do_not_call FROM customers WHERE id = $1").bind(customer))
        .await?;
    if unwanted == Some(true) {
        return Err(Error::conflict("do_not_call", "This customer asked not to be called."));
    }
    Ok(())
}

/// A task whose call is over waits for its outcome, not for another call: power dial must not call a
/// customer who has just been spoken with. Calling again is the agent's own decision.
async fn refuse_open_wrap_up(tx: &mut Tx, request: &Request) -> Result<()> {
    let Some(task) = request.task.filter(|_| !request.again) else {
        return Ok(());
    };
    let waits: Option<TaskId> = tx
        .optional_scalar(
            Sql::new(
                "SELECT task_id FROM wrap_ups
                 WHERE task_id = $1 AND state = 'wrap_up' AND call_id IS NOT NULL",
            )
            .bind(task),
        )
        .await?;
    if waits.is_some() {
        return Err(Error::conflict(
            "wrap_up_open",
            "The last call of this task waits for its outcome. Record it, or say that you want to \
             call again.",
        ));
    }
    Ok(())
}

/// Customers are rung in their hours (SPEC §4.6). Outside them only whoever rang and was not answered, whoever
/// was promised a call at such an hour, and whoever the agent says wants it: then `true`.
async fn refuse_outside_hours(
    state: &AppState,
    tx: &mut Tx,
    request: &Request,
    task: Option<&TaskRow>,
) -> Result<bool> {
    let hours = settings::plan(tx).await?.calling_hours;
    let local = |at: DateTime<Utc>| at.with_timezone(&state.clock.zone()).naive_local();
    let here = local(state.clock.now());
    let asked = |task: &TaskRow| match task.kind {
        TaskKind::MissedCall => true,
        TaskKind::FollowUp => task.due_at.is_some_and(|at| !hours.allow(local(at))),
        _ => false,
    };
    if hours.allow(here) || task.is_some_and(asked) {
        return Ok(false);
    }
    if request.outside_hours {
        return Ok(true);
    }
    let next = state.clock.instant(hours.next(here));
    let detail = "It is not the hour to ring customers. Wait for it, or say that this customer wants \
                  to be rung now.";
    Err(Error::conflict("outside_calling_hours", detail)
        .allowed([next.to_rfc3339_opts(SecondsFormat::Secs, true)]))
}

/// The telephone system did not take the order: the call is over before it began.
async fn give_up(state: &AppState, call: CallId, error: &ProviderError) -> Error {
    tracing::error!(%call, %error, "dialling failed");
    let now = state.clock.now();
    let event = CallEvent {
        provider: state.telephony.kind(),
        external_call_id: None,
        reference: Some(call.0),
        at: Some(now),
        received_at: now,
        kind: EventKind::Ended { duration: Some(0), reason: Some("provider_error".to_owned()) },
        raw: None,
    };
    if let Err(error) = service::handle(state, &event).await {
        return error;
    }
    if let ProviderError::NoTelephone(extension) = error {
        return Error::conflict(
            "phone_not_connected",
            format!(
                "No telephone is connected for your extension {extension}. Connect it and call again."
            ),
        );
    }
    if let ProviderError::Refused(why) = error {
        return Error::problem(
            StatusCode::BAD_GATEWAY,
            "provider_refused",
            format!("The telephone system refused the call: {why}."),
        );
    }
    Error::problem(
        StatusCode::BAD_GATEWAY,
        "provider_unavailable",
        "The telephone system does not answer. The call was not made; try again in a moment.",
    )
}
