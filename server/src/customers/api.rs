//! `cdm/customers`, `cdm/customer360`, `cdm/search`, `crm/automation/intelligence` and
//! `…/recommendations`.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::changes;
use super::edit::{self, CustomerEntry, Draft};
use super::filter::{CustomerFilter, CustomerQuery};
use super::read::{self, Customer, CustomerSummary};
use super::recommend::Recommendation;
use super::search::{self, Hit};
use super::store::{InteractionKind, NewInteraction, ensure_visible, interaction, not_found};
use super::view::{self, Customer360, Intelligence, Interaction};
use crate::app::AppState;
use crate::audit;
use crate::auth::{Allow, Anyone, Callers, CurrentUser, Leads, Role};
use crate::db::{Cursor, CustomerId, Page, PageQuery, Tx, UserId};
use crate::error::{Error, Result};
use crate::http::{Json, Path, Query, nullable};
use crate::orders::check_text;
use crate::reorder;
use crate::tasks::store::cancel_do_not_call;
use crate::teams::assignment::{self, Target};
use crate::users;

/// Customers, the newest first.
#[utoipa::path(get, path = "/api/cdm/customers", tag = "customers", params(CustomerQuery, PageQuery), responses((status = 200, body = Page<CustomerSummary>)))]
pub async fn list(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Query(query): Query<CustomerQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<CustomerSummary>>> {
    page_of(&state, &user, query, page).await
}

/// The same list under the guides' name.
#[utoipa::path(get, path = "/api/cdm/customer360", tag = "customers", params(CustomerQuery, PageQuery), responses((status = 200, body = Page<CustomerSummary>)))]
pub async fn list360(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Query(query): Query<CustomerQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<CustomerSummary>>> {
    page_of(&state, &user, query, page).await
}

async fn page_of(
    state: &AppState,
    user: &CurrentUser,
    query: CustomerQuery,
    page: PageQuery,
) -> Result<Json<Page<CustomerSummary>>> {
    let filter = CustomerFilter::new(query, &state.clock)?;
    let after = page.cursor()?.map(|cursor| cursor.id);
    let mut tx = state.db.read().await?;
    let today = state.clock.today();
    let rows = read::list(&mut tx, user.scope(), today, &filter, after, page.limit() + 1).await?;
    let cursor = |c: &CustomerSummary| Cursor { key: String::new(), id: c.id.0 };
    Ok(Json(Page::new(rows, page.limit(), cursor)))
}

async fn shown(
    tx: &mut Tx,
    state: &AppState,
    user: &CurrentUser,
    id: CustomerId,
) -> Result<Customer> {
    read::customer(tx, user.scope(), state.clock.today(), id).await?.ok_or_else(not_found)
}

/// Make a customer. An agent's new customer is the agent's own.
#[utoipa::path(post, path = "/api/cdm/customers", tag = "customers", request_body = CustomerEntry, responses((status = 201, body = Customer)))]
pub async fn create(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Json(entry): Json<CustomerEntry>,
) -> Result<(StatusCode, Json<Customer>)> {
    let mut draft = Draft::of_new(entry, state.clock.today())?;
    draft.profile_mut().owned_by(&user);
    draft.profile_mut().source = Some("manual".to_owned());
    let mut tx = state.db.begin().await?;
    let id = edit::create(&mut tx, state.clock.now(), &draft).await?;
    let customer = shown(&mut tx, &state, &user, id).await?;
    changes::record_new(&mut tx, state.clock.now(), user.id, &customer).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(customer)))
}

/// One customer.
#[utoipa::path(get, path = "/api/cdm/customers/{id}", tag = "customers", params(("id" = CustomerId, Path)), responses((status = 200, body = Customer)))]
pub async fn get(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path(id): Path<CustomerId>,
) -> Result<Json<Customer>> {
    let mut tx = state.db.read().await?;
    Ok(Json(shown(&mut tx, &state, &user, id).await?))
}

/// Change a customer's profile: what is absent stays, null clears.
#[utoipa::path(patch, path = "/api/cdm/customers/{id}", tag = "customers", params(("id" = CustomerId, Path)), request_body = CustomerEntry, responses((status = 200, body = Customer)))]
pub async fn patch(
    State(state): State<AppState>,
    user: Allow<Callers>,
    Path(id): Path<CustomerId>,
    Json(entry): Json<CustomerEntry>,
) -> Result<Json<Customer>> {
    let mut tx = state.db.begin().await?;
    edit::hold(&mut tx, id).await?;
    let old = shown(&mut tx, &state, &user, id).await?;
    let before = audit::state(&old).unwrap_or_default();
    let (name, callable) = (old.name.clone(), !old.do_not_call);
    let mut draft = Draft::of_change(old, entry, state.clock.today())?;
    let renamed = draft.profile_mut().name != name;
    edit::update(&mut tx, state.clock.now(), id, renamed, &draft).await?;
    let customer = shown(&mut tx, &state, &user, id).await?;
    let (now, after) = (state.clock.now(), audit::state(&customer).unwrap_or_default());
    changes::record(&mut tx, now, user.id, id, &before, &after).await?;
    if callable && customer.do_not_call {
        cancel_do_not_call(&mut tx, state.clock.now(), id, None).await?;
    }
    state.commit(tx).await?;
    Ok(Json(customer))
}

/// A note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    /// 1 to 5,000 characters.
    text: String,
}

/// Add a note to a customer's timeline; it counts as contact.
#[utoipa::path(post, path = "/api/cdm/customers/{id}/notes", tag = "customers", params(("id" = CustomerId, Path)), request_body = NoteBody, responses((status = 201, body = Interaction)))]
pub async fn add_note(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path(id): Path<CustomerId>,
    Json(body): Json<NoteBody>,
) -> Result<(StatusCode, Json<Interaction>)> {
    check_text("text", &body.text, 1, 5_000)?;
    let mut tx = state.db.begin().await?;
    ensure_visible(&mut tx, user.scope(), state.clock.today(), id).await?;
    let note = NewInteraction {
        customer_id: id,
        kind: InteractionKind::Note,
        at: state.clock.now(),
        user_id: Some(user.id),
        direction: None,
        summary: "note.added",
        text: Some(body.text.trim().to_owned()),
        data: json!({}),
        reference: None,
    };
    interaction(&mut tx, note).await?;
    let added = view::latest_of(&mut tx, id, user.id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Whose a customer shall be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssignmentBody {
    /// The agent; null: back to the team leader's pool.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<UserId>)]
    agent_id: Option<Option<UserId>>,
    /// With no agent: the team leader whose pool it shall be; default: the one it has. With an
    /// agent it is the agent's team leader.
    supervisor_id: Option<UserId>,
    /// Why.
    reason: Option<String>,
}

fn no_such_leader() -> Error {
    Error::invalid(
        "team_leader_not_found",
        "supervisorId",
        "An active team leader; with an agent, the agent's own.",
    )
}

/// Give a customer to an agent, or back to the team leader's pool.
#[utoipa::path(put, path = "/api/cdm/customers/{id}/assignment", tag = "customers", params(("id" = CustomerId, Path)), request_body = AssignmentBody, responses((status = 200, body = Customer)))]
pub async fn assign(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Path(id): Path<CustomerId>,
    Json(body): Json<AssignmentBody>,
) -> Result<Json<Customer>> {
    let reason = body.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    check_text("reason", reason.unwrap_or(""), 0, 500)?;
    let (now, today) = (state.clock.now(), state.clock.today());
    let mut tx = state.db.begin().await?;
    ensure_visible(&mut tx, user.scope(), today, id).await?;
    let to = match body.agent_id {
        None => {
            return Err(Error::invalid(
                "required",
                "agentId",
                "Name the agent, or null for the team leader's pool.",
            ));
        }
        Some(None) => match body.supervisor_id {
            None => Target::Pool,
            Some(leader) => {
                users::store::find(&mut tx, user.scope(), leader, today)
                    .await?
                    .filter(|leader| leader.role == Role::TeamLeader && leader.active)
                    .ok_or_else(no_such_leader)?;
                Target::PoolOf(leader)
            }
        },
        Some(Some(agent)) => {
            let agent = users::store::find(&mut tx, user.scope(), agent, today)
                .await?
                .filter(|agent| agent.role == Role::Agent && agent.active)
                .ok_or_else(|| {
                    Error::invalid(
                        "agent_not_found",
                        "agentId",
                        "There is no such active agent, or none you lead.",
                    )
                })?;
            if body.supervisor_id.is_some_and(|leader| Some(leader) != agent.team_leader_id) {
                return Err(no_such_leader());
            }
            Target::Agent { id: agent.id, leader: agent.team_leader_id }
        }
    };
    assignment::bulk(&mut tx, now, today, &user, &[id], to, reason).await?;
    let customer = shown(&mut tx, &state, &user, id).await?;
    tx.commit().await?;
    state.coverage.forget();
    Ok(Json(customer))
}

/// Everything about a customer.
#[utoipa::path(get, path = "/api/cdm/customer360/{id}", tag = "customers", params(("id" = CustomerId, Path)), responses((status = 200, body = Customer360)))]
pub async fn get360(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path(id): Path<CustomerId>,
) -> Result<Json<Customer360>> {
    let mut tx = state.db.read_by_key().await?;
    let today = state.clock.today();
    let found = view::customer360(&mut tx, &state.catalogue, user.scope(), today, id).await?;
    found.map(Json).ok_or_else(not_found)
}

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words of a name (Bangla or Latin), a phone in any spelling or its beginning, an order number.
    q: String,
}

/// What was found, at most twenty.
#[derive(Serialize, ToSchema)]
pub struct Hits {
    /// Phones first, then orders, then names.
    items: Vec<Hit>,
}

/// Find customers and orders.
#[utoipa::path(get, path = "/api/cdm/search", tag = "customers", params(SearchQuery), responses((status = 200, body = Hits)))]
pub async fn find(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<Hits>> {
    check_text("q", &query.q, 0, 200)?;
    let mut tx = state.db.read().await?;
    let items = search::search(&mut tx, user.scope(), state.clock.today(), &query.q).await?;
    Ok(Json(Hits { items }))
}

/// Figures, rhythm, alerts and recommendations of a customer.
#[utoipa::path(get, path = "/api/crm/automation/intelligence/{customerId}", tag = "customers", params(("customerId" = CustomerId, Path)), responses((status = 200, body = Intelligence)))]
pub async fn intelligence(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path(id): Path<CustomerId>,
) -> Result<Json<Intelligence>> {
    let mut tx = state.db.read_by_key().await?;
    let today = state.clock.today();
    let found = view::intelligence(&mut tx, &state.catalogue, user.scope(), today, id).await?;
    found.map(Json).ok_or_else(not_found)
}

/// Recommendations.
#[derive(Serialize, ToSchema)]
pub struct Recommendations {
    /// At most five, the best first.
    items: Vec<Recommendation>,
}

/// What to offer a customer, and why.
#[utoipa::path(get, path = "/api/crm/automation/recommendations/{customerId}", tag = "customers", params(("customerId" = CustomerId, Path)), responses((status = 200, body = Recommendations)))]
pub async fn recommendations(
    State(state): State<AppState>,
    user: Allow<Anyone>,
    Path(id): Path<CustomerId>,
) -> Result<Json<Recommendations>> {
    let mut tx = state.db.read().await?;
    let today = state.clock.today();
    ensure_visible(&mut tx, user.scope(), today, id).await?;
    let catalogue = state.catalogue.get(&mut tx).await?;
    let pairs = reorder::store::of_customer(&mut tx, id).await?;
    let items = view::recommendations(&catalogue, &pairs, today);
    Ok(Json(Recommendations { items }))
}
