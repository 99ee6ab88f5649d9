//! Every route of the product, in one list.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::error::Error;
use crate::http::{MAX_BODY, headers, idempotency};
use crate::{
    audit, auth, calls, customers, desk, districts, imports, live, messages, openapi, orders,
    products, reorder, scripts, system, tasks, teams, users, web,
};

/// The API's routes with their documentation.
pub fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::base())
        // auth
        .routes(routes!(auth::api::login))
        .routes(routes!(auth::api::refresh))
        .routes(routes!(auth::api::logout))
        .routes(routes!(auth::api::logout_everywhere))
        .routes(routes!(auth::me::get, auth::me::patch))
        .routes(routes!(system::company))
        // audit
        .routes(routes!(audit::api::list))
        // scripts
        .routes(routes!(scripts::api::suggested_script))
        // users
        .routes(routes!(users::api::list, users::api::create))
        .routes(routes!(users::api::directory))
        .routes(routes!(users::api::patch))
        .routes(routes!(users::api::absences))
        // teams and team leaders
        .routes(routes!(teams::api::list, teams::api::create))
        .routes(routes!(teams::api::patch, teams::api::delete))
        .routes(routes!(teams::api::assign_agent))
        .routes(routes!(teams::api::unassign_agent))
        .routes(routes!(teams::api::leads::bulk_assign))
        .routes(routes!(teams::api::leads::bulk_unassign))
        .routes(routes!(teams::api::dashboard::dashboard))
        // call tasks
        .routes(routes!(tasks::api::plan::generate_calls))
        .routes(routes!(tasks::api::plan::last_plan))
        .routes(routes!(tasks::api::plan::undo_plan))
        .routes(routes!(tasks::api::plan::plan_uplift))
        .routes(routes!(tasks::api::promises::promises))
        .routes(routes!(messages::api::list))
        .routes(routes!(messages::api::hand_over))
        .routes(routes!(tasks::api::plan::plan_settings, tasks::api::plan::set_plan_settings))
        .routes(routes!(tasks::api::queue::today))
        .routes(routes!(tasks::api::queue::my_followups))
        .routes(routes!(tasks::api::work::create))
        .routes(routes!(tasks::api::queue::get))
        .routes(routes!(tasks::api::work::status))
        .routes(routes!(tasks::api::work::assign))
        // desk
        .routes(routes!(desk::api::desk))
        .routes(routes!(desk::api::save_wrap_up))
        // customers
        .routes(routes!(customers::api::list, customers::api::create))
        .routes(routes!(customers::api::get, customers::api::patch))
        .routes(routes!(customers::segments::list, customers::segments::create))
        .routes(routes!(customers::segments::replace, customers::segments::delete))
        .routes(routes!(customers::pins_api::get))
        .routes(routes!(customers::pins_api::pin, customers::pins_api::take_off))
        .routes(routes!(customers::api::add_note))
        .routes(routes!(customers::api::assign))
        .routes(routes!(customers::api::list360))
        .routes(routes!(customers::api::get360))
        .routes(routes!(customers::api::find))
        .routes(routes!(customers::api::intelligence))
        .routes(routes!(customers::api::recommendations))
        // products
        .routes(routes!(products::api::list, products::api::create))
        .routes(routes!(products::api::patch))
        .routes(routes!(products::api::categories))
        .routes(routes!(products::api::profiles))
        .routes(routes!(products::api::patch_profile))
        .routes(routes!(products::api::preview_profile))
        // reorder rhythm
        .routes(routes!(reorder::api::quality))
        .routes(routes!(reorder::api::learn))
        .routes(routes!(reorder::api::stock_left))
        .routes(routes!(districts::list))
        // orders
        .routes(routes!(orders::api::list, orders::api::create))
        .routes(routes!(orders::api::get, orders::api::patch))
        // telephony
        .routes(routes!(calls::api::initiate))
        .routes(routes!(calls::api::by_hand))
        .routes(routes!(calls::api::list))
        .routes(routes!(calls::api::get))
        .routes(routes!(calls::api::hangup))
        .routes(routes!(calls::api::hold))
        .routes(routes!(calls::api::unhold))
        .routes(routes!(calls::api::mute))
        .routes(routes!(calls::api::unmute))
        .routes(routes!(calls::api::record))
        .routes(routes!(calls::api::transfer))
        .routes(routes!(calls::api::complete_transfer))
        .routes(routes!(calls::api::cancel_transfer))
        .routes(routes!(calls::api::rejoin))
        .routes(routes!(calls::api::monitor))
        .routes(routes!(calls::api::phone))
        .routes(routes!(calls::api::dtmf))
        .routes(routes!(calls::api::get_recording))
        .routes(routes!(calls::api::my_status, calls::api::set_my_status))
        .routes(routes!(calls::api::webhook_deliveries))
        .routes(routes!(calls::api::webhook_clock))
        .routes(routes!(calls::api::colleagues))
        .routes(routes!(calls::api::replay_delivery))
        // the Bracknet contract
        .routes(routes!(calls::contract::call_start))
        .routes(routes!(calls::contract::call_hangup))
        .routes(routes!(calls::contract::call_transfer))
        .routes(routes!(calls::webhooks::incoming_call))
        .routes(routes!(calls::webhooks::call_answered))
        .routes(routes!(calls::webhooks::call_ended))
        .routes(routes!(calls::webhooks::call_recording))
        .routes(routes!(calls::webhooks::call_missed))
        .routes(routes!(calls::webhooks::any_event))
        // imports: files are streamed to disk, with their own limit
        .merge(
            OpenApiRouter::new()
                .routes(routes!(imports::api::create, imports::api::list))
                .routes(routes!(imports::api::inspect))
                .layer(DefaultBodyLimit::disable()),
        )
        .routes(routes!(imports::api::show))
        .routes(routes!(imports::api::errors))
        .routes(routes!(imports::api::warnings))
        .routes(routes!(imports::api::rejected_rows))
        .routes(routes!(imports::answers::put))
        .routes(routes!(imports::api::run))
        .routes(routes!(imports::api::cancel))
        // realtime
        .routes(routes!(live::api::ticket))
        .routes(routes!(live::api::connect))
}

/// The whole application.
pub fn router(state: AppState) -> Router {
    let (api, document) = api().split_for_parts();
    let document = openapi::finish(document);
    let request_id = HeaderName::from_static("x-request-id");
    let page = headers::PagePolicy::new(state.telephony.browser_phones().as_deref());
    Router::new()
        .merge(api.route_layer(middleware::from_fn_with_state(state.clone(), idempotency::layer)))
        .route("/api/openapi.json", axum::routing::get(|| async move { axum::Json(document) }))
        .route("/healthz", axum::routing::get(system::healthz))
        .route("/readyz", axum::routing::get(system::readyz))
        .route("/metrics", axum::routing::get(system::metrics))
        .route("/api/{*rest}", axum::routing::any(no_such_route))
        .fallback(web::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(problem_for_bare_errors))
        .layer(middleware::from_fn(system::limit_time))
        // Better levels cost more than such short answers save.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a handler panicked");
            Error::Internal(anyhow::anyhow!("a handler panicked")).into_response()
        }))
        .layer(middleware::from_fn_with_state(page, headers::secure))
        .layer(middleware::from_fn(system::log_request))
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
        .layer(middleware::from_fn(system::drop_odd_request_id))
        .with_state(state)
}

async fn no_such_route() -> Error {
    Error::not_found("no_such_route", "There is no such path in this API.")
}

/// Answers the framework gives without a body (405) as problems too.
async fn problem_for_bare_errors(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        return Error::problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This path does not take that method.",
        )
        .into_response();
    }
    response
}
