//! `GET crm/team/dashboard`: everything on a team leader's page (SPEC §10.2) in one answer.

use std::sync::LazyLock;

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::auth::{Allow, Leads, Role};
use crate::db::UserId;
use crate::error::{Error, Result};
use crate::http::Query;
use crate::http::rendered::{Coding, Rendered};
use crate::scripts::{Lang, PlaybookEntry, TrainingRolePlays, playbook, role_plays};
use crate::tasks::generate::PlanResult;
use crate::teams::coverage::{Coverage, PurchaseStageCount, ValueStageCount};
use crate::teams::floor::AgentDay;
use crate::users;

/// What to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct DashboardQuery {
    /// Language of playbook and role plays: `bn` (default) or `en`.
    #[param(inline)]
    lang: Option<Lang>,
    /// Whose page; a team leader sees the own one only. Absent: own, or everything for managers.
    team_leader_id: Option<UserId>,
}

/// A team leader's page.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    /// The company's day.
    date: NaiveDate,
    /// Number of the latest live event that the figures contain: earlier ones say nothing new.
    seq: i64,
    /// The customers looked after.
    coverage: Coverage,
    /// By purchase stage, all stages in order.
    purchase_stages: Vec<PurchaseStageCount>,
    /// By value stage, all stages in order.
    value_stages: Vec<ValueStageCount>,
    /// The active agents, by team and name.
    agents: Vec<AgentDay>,
    /// How each team sounds; `ALL` last.
    script_playbook: &'static [PlaybookEntry],
    /// What to train with.
    training_role_plays: &'static TrainingRolePlays,
    /// Today's plan, as made last.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_plan: Option<PlanResult>,
}

type Training = (Vec<PlaybookEntry>, TrainingRolePlays);

/// The same words for everybody: put together once.
fn training(lang: Lang) -> &'static Training {
    static BN: LazyLock<Training> = LazyLock::new(|| (playbook(Lang::Bn), role_plays(Lang::Bn)));
    static EN: LazyLock<Training> = LazyLock::new(|| (playbook(Lang::En), role_plays(Lang::En)));
    match lang {
        Lang::Bn => &BN,
        Lang::En => &EN,
    }
}

/// The team leader's page. Agents and calls are as of now; coverage figures as old as
/// `coverage.asOf` says.
#[utoipa::path(get, path = "/api/crm/team/dashboard", tag = "team", params(DashboardQuery), responses((status = 200, body = Dashboard)))]
pub async fn dashboard(
    State(state): State<AppState>,
    user: Allow<Leads>,
    coding: Coding,
    Query(query): Query<DashboardQuery>,
) -> Result<Rendered> {
    let leader = match (user.role, query.team_leader_id) {
        (Role::TeamLeader, Some(id)) if id != user.id => return Err(Error::forbidden()),
        (Role::TeamLeader, _) => Some(user.id),
        (_, asked) => asked,
    };
    let (now, today) = (state.clock.now(), state.clock.today());
    if let Some(id) = leader.filter(|id| *id != user.id) {
        let mut tx = state.db.read().await?;
        if !users::store::is_active(&mut tx, id, Role::TeamLeader).await? {
            return Err(users::store::not_found().field("teamLeaderId"));
        }
    }
    let figures = state.coverage.get(&state.db, leader, today, now).await?;
    let floor = state.coverage.floors.get(&state.db, leader, today, now).await?;
    let lang = query.lang.unwrap_or_default();
    let content = || {
        let (script_playbook, training_role_plays) = training(lang);
        Dashboard {
            date: today,
            seq: floor.seq,
            coverage: figures.coverage.clone(),
            purchase_stages: figures.purchase_stages.clone(),
            value_stages: figures.value_stages.clone(),
            agents: floor.agents.clone(),
            script_playbook,
            training_role_plays,
            last_plan: floor.last_plan.clone(),
        }
    };
    state.pages.get((leader, lang, coding), &figures, &floor, content).await
}
