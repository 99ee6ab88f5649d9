//! `POST crm/team/ops/generate-calls`, `GET crm/team/ops/plan`, `POST crm/team/ops/plan/undo`,
//! `crm/team/ops/plan/settings`, `GET crm/team/ops/plan/uplift`.

use axum::extract::State;
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::DaysQuery;
use crate::app::AppState;
use crate::audit;
use crate::auth::{Allow, CurrentUser, Leads, Managers, Scope};
use crate::db::UserId;
use crate::error::{Error, Result};
use crate::http::{Json, OptionalJson, Query, parse_day};
use crate::tasks::generate::{self, PlanRequest, PlanResult};
use crate::tasks::plan::{MOST_PER_AGENT, Quotas};
use crate::tasks::settings::{self, PlanSettings};
use crate::tasks::uplift::{self, Uplift};

/// How far ahead a day can be planned.
const MOST_DAYS_AHEAD: u64 = 31;

/// Everything is optional: today, and the quotas of the settings.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenerateCalls {
    /// Company day, `YYYY-MM-DD`, today or later.
    #[schema(value_type = Option<NaiveDate>)]
    date: Option<String>,
    /// Most calls an agent, 1 to 200.
    per_agent_limit: Option<i64>,
    /// Reorder reminders an agent.
    reminder_quota: Option<i64>,
    /// Offers an agent.
    offer_quota: Option<i64>,
    /// Follow-ups an agent.
    followup_quota: Option<i64>,
    /// Only count what would be made.
    #[serde(default)]
    preview: bool,
}

impl GenerateCalls {
    fn date(&self, today: NaiveDate) -> Result<NaiveDate> {
        let Some(text) = &self.date else {
            return Ok(today);
        };
        let day = parse_day("date", text)?;
        if day < today {
            return Err(Error::invalid("date_past", "date", "A day that is over is not planned."));
        }
        if today.checked_add_days(Days::new(MOST_DAYS_AHEAD)).is_some_and(|last| day > last) {
            return Err(Error::invalid(
                "date_too_far",
                "date",
                format!("At most {MOST_DAYS_AHEAD} days ahead."),
            ));
        }
        Ok(day)
    }

    fn quotas(&self, defaults: &Quotas) -> Result<Quotas> {
        let limit = match self.per_agent_limit {
            None => defaults.per_agent_limit,
            Some(sent) => u32::try_from(sent)
                .ok()
                .filter(|limit| (1..=MOST_PER_AGENT).contains(limit))
                .ok_or_else(|| {
                    Error::invalid(
                        "limit_out_of_range",
                        "perAgentLimit",
                        format!("The limit is 1 to {MOST_PER_AGENT} calls."),
                    )
                })?,
        };
        let quota = |sent: Option<i64>, default: u32, field: &str| match sent {
            // A smaller limit takes the defaults down with it.
            None => Ok(default.min(limit)),
            Some(sent) if sent < 0 => {
                Err(Error::invalid("quota_negative", field, "A quota is not negative."))
            }
            Some(sent) => {
                u32::try_from(sent).ok().filter(|quota| *quota <= limit).ok_or_else(|| {
                    Error::invalid(
                        "quota_above_limit",
                        field,
                        format!("A quota is at most the limit of {limit} calls."),
                    )
                })
            }
        };
        Ok(Quotas {
            per_agent_limit: limit,
            reminder: quota(self.reminder_quota, defaults.reminder, "reminderQuota")?,
            offer: quota(self.offer_quota, defaults.offer, "offerQuota")?,
            followup: quota(self.followup_quota, defaults.followup, "followupQuota")?,
        })
    }
}

/// A team leader plans for own agents and own coverage; managers and admins for all.
fn leader(user: &CurrentUser) -> Option<UserId> {
    match user.scope() {
        Scope::Lead(id) | Scope::Agent(id) => Some(id),
        Scope::All => None,
    }
}

/// Make a day's calls, or preview them.
#[utoipa::path(post, path = "/api/crm/team/ops/generate-calls", tag = "team", request_body = Option<GenerateCalls>, responses((status = 200, body = PlanResult)))]
pub async fn generate_calls(
    State(state): State<AppState>,
    user: Allow<Leads>,
    OptionalJson(body): OptionalJson<GenerateCalls>,
) -> Result<Json<PlanResult>> {
    let date = body.date(state.clock.today())?;
    let defaults = settings::plan(&mut state.db.read().await?).await?.quotas;
    let request = PlanRequest {
        date,
        quotas: Some(body.quotas(&defaults)?),
        preview: body.preview,
        leader: leader(&user),
        by: Some(user.id),
    };
    generate::generate(&state, request).await.map(Json)
}

/// Which day's plan to take back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UndoPlan {
    /// Company day, `YYYY-MM-DD`; default today.
    #[schema(value_type = Option<NaiveDate>)]
    date: Option<String>,
}

/// Take the last plan of a day back, as far as nobody has touched it.
#[utoipa::path(post, path = "/api/crm/team/ops/plan/undo", tag = "team", request_body = Option<UndoPlan>, responses((status = 200, body = PlanResult)))]
pub async fn undo_plan(
    State(state): State<AppState>,
    user: Allow<Leads>,
    OptionalJson(body): OptionalJson<UndoPlan>,
) -> Result<Json<PlanResult>> {
    let day = match &body.date {
        Some(text) => parse_day("date", text)?,
        None => state.clock.today(),
    };
    generate::undo(&state, &user, day).await.map(Json)
}

/// Which plan.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlanQuery {
    /// Company day, `YYYY-MM-DD`; default today.
    date: Option<String>,
}

/// What the last plan of a day came to.
#[utoipa::path(get, path = "/api/crm/team/ops/plan", tag = "team", params(PlanQuery), responses((status = 200, body = PlanResult)))]
pub async fn last_plan(
    State(state): State<AppState>,
    user: Allow<Leads>,
    Query(query): Query<PlanQuery>,
) -> Result<Json<PlanResult>> {
    let day = match &query.date {
        Some(text) => parse_day("date", text)?,
        None => state.clock.today(),
    };
    generate::last_plan(&mut state.db.read().await?, user.scope(), day)
        .await?
        .map(Json)
        .ok_or_else(|| Error::not_found("plan_not_found", "No plan was made for that day."))
}

/// What the calls of some days (default 30) did: customers planned to be called against those held
/// out.
#[utoipa::path(get, path = "/api/crm/team/ops/plan/uplift", tag = "team", params(DaysQuery), responses((status = 200, body = Uplift)))]
pub async fn plan_uplift(
    State(state): State<AppState>,
    _user: Allow<Leads>,
    Query(query): Query<DaysQuery>,
) -> Result<Json<Uplift>> {
    let days = query.or(30)?;
    let mut tx = state.db.read().await?;
    Ok(Json(uplift::measure(&mut tx, state.clock.today(), days).await?))
}

/// The rules of the daily plan.
#[utoipa::path(get, path = "/api/crm/team/ops/plan/settings", tag = "team", responses((status = 200, body = PlanSettings)))]
pub async fn plan_settings(
    State(state): State<AppState>,
    _user: Allow<Leads>,
) -> Result<Json<PlanSettings>> {
    Ok(Json(settings::plan(&mut state.db.read().await?).await?))
}

/// Change the rules of the daily plan; what is absent takes its default. Plans made before stay.
#[utoipa::path(put, path = "/api/crm/team/ops/plan/settings", tag = "team", request_body = PlanSettings, responses((status = 200, body = PlanSettings)))]
pub async fn set_plan_settings(
    State(state): State<AppState>,
    user: Allow<Managers>,
    Json(body): Json<PlanSettings>,
) -> Result<Json<PlanSettings>> {
    if let Some((field, allowed)) = body.problem() {
        return Err(Error::invalid("out_of_range", field, allowed));
    }
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let before = Some(serde_json::json!(settings::plan(&mut tx).await?));
    settings::set_plan(&mut tx, now, &body).await?;
    let (action, what, after) = ("plan.settings", "settings", Some(serde_json::json!(body)));
    audit::record(&mut tx, now, Some(user.id), action, what, None, before, after).await?;
    tx.commit().await?;
    Ok(Json(body))
}
