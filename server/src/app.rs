//! What every handler shares, and how the process comes up and goes down.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::timeout;

use crate::auth::{self, AccessKeys};
use crate::calls::group::WebhookGroup;
use crate::calls::line::Line;
use crate::clock::Clock;
use crate::config::Config;
use crate::customers::catalogue::Catalogues;
use crate::db::{Db, DbError, Sql, Tx};
use crate::live::Live;
use crate::rate::RateLimit;
use crate::storage::Storage;
use crate::tasks::cache::QueueCache;
use crate::teams::coverage::Coverages;
use crate::teams::pages::Pages;
use crate::telephony::Telephony;
use crate::telephony::signature::Verifier;

/// Minimum length of a webhook secret without a warning, bytes.
const STRONG_SECRET: usize = 16;
/// Webhooks of unproven senders that are kept in the log, per address and minute; the rest are only
/// counted by the log file.
const REFUSALS_KEPT: u32 = 300;
/// The same for all addresses together.
const REFUSALS_KEPT_IN_ALL: u32 = 1_000;

/// Shutdown timeout of background work.
const WORK_ENDS: Duration = Duration::from_secs(8);
/// Shutdown timeout of the database: SQLite checkpoints its log.
const DATABASE_CLOSES: Duration = Duration::from_secs(5);

/// Shared state; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub db: Db,
    /// Now and today.
    pub clock: Clock,
    /// Process settings.
    pub config: Arc<Config>,
    /// Signs and checks access tokens.
    pub keys: Arc<AccessKeys>,
    /// When this installation was made.
    pub installed_at: DateTime<Utc>,
    /// Realtime events.
    pub live: Live,
    /// Figures of the team leaders' pages, counted a moment ago.
    pub coverage: Arc<Coverages>,
    /// Those pages as last rendered.
    pub pages: Arc<Pages>,
    /// What the pages of all customers have in common.
    pub catalogue: Arc<Catalogues>,
    /// Who makes the calls.
    pub telephony: Telephony,
    /// Where recordings are kept.
    pub recordings: Storage,
    /// Callers who wait for an agent.
    pub line: Arc<Line>,
    /// Agents' queues as last rendered.
    pub queues: Arc<QueueCache>,
    /// Login attempts per address.
    pub login_limit: Arc<RateLimit>,
    /// Webhooks per address.
    pub webhook_limit: Arc<RateLimit>,
    /// Slows down what strangers get written into the log of webhooks.
    pub webhook_refusals: Arc<RateLimit>,
    /// The same for all addresses together.
    pub webhook_refusals_in_all: Arc<RateLimit>,
    /// Webhooks that are committed together.
    pub webhook_group: Arc<WebhookGroup>,
    /// Whose webhooks are believed; `None` without a secret.
    pub webhook_verifier: Option<Arc<Verifier>>,
    /// Counts and durations for `/metrics`.
    pub metrics: metrics_exporter_prometheus::PrometheusHandle,
    /// Recordings being fetched.
    pub fetching: Arc<crate::calls::recording::fetch::Fetching>,
    /// Held by the import at work: they take turns, so that a file finds what the one before made.
    pub import_turn: Arc<tokio::sync::Mutex<()>>,
    /// Cancelled when the process is asked to stop.
    pub stop: tokio_util::sync::CancellationToken,
    /// Background work that must end before the process does.
    pub background: tokio_util::task::TaskTracker,
}

impl AppState {
    /// Wires everything on an open database.
    pub async fn new(db: Db, clock: Clock, config: Config) -> anyhow::Result<Self> {
        let installed_at = crate::startup::installed_at(&db, &clock).await?;
        let secret = installation_secret(&db, &clock).await?;
        let stop = tokio_util::sync::CancellationToken::new();
        let background = tokio_util::task::TaskTracker::new();
        let keys = Arc::new(AccessKeys::new(secret.as_bytes()));
        let live = Live::start(&db, &keys, &stop, &background).await?;
        // After the start of live events: what ends from now on comes with them.
        refuse_ended(&db, &keys, &clock).await?;
        let recordings = Storage::recordings(&config)?;
        let (telephony, events) = Telephony::start(&config, &clock, &recordings)?;
        let webhook_rate = config.webhook_rate;
        let webhook_verifier = config.webhook_verifier().map(Arc::new);
        if config.bracknet_webhook_secret.iter().any(|s| s.key().len() < STRONG_SECRET) {
            tracing::warn!(
                bytes = STRONG_SECRET,
                "BRACKNET_WEBHOOK_SECRET is short and can be guessed; make one with: openssl rand -hex 32"
            );
        }
        if webhook_verifier.is_none() && config.insecure_webhooks {
            tracing::warn!(
                "TRUSTCART_INSECURE_WEBHOOKS is on and there is no BRACKNET_WEBHOOK_SECRET: anybody \
                 who reaches this server can make up calls"
            );
        } else if webhook_verifier.is_none() && config.bracknet_api_key.is_some() {
            tracing::warn!(
                "there is no BRACKNET_WEBHOOK_SECRET: webhooks are accepted from this machine only"
            );
        }
        let state = Self {
            db,
            clock,
            config: Arc::new(config),
            keys,
            installed_at,
            live,
            coverage: Arc::default(),
            pages: Arc::default(),
            catalogue: Arc::default(),
            telephony,
            recordings,
            line: Arc::default(),
            queues: Arc::default(),
            login_limit: Arc::new(RateLimit::new(20, 60)),
            webhook_limit: Arc::new(RateLimit::new(webhook_rate, 60)),
            webhook_refusals: Arc::new(RateLimit::new(REFUSALS_KEPT, 60)),
            webhook_refusals_in_all: Arc::new(RateLimit::new(REFUSALS_KEPT_IN_ALL, 60)),
            webhook_group: Arc::default(),
            webhook_verifier,
            metrics: crate::system::recorder(),
            fetching: Arc::default(),
            import_turn: Arc::new(tokio::sync::Mutex::new(())),
            stop,
            background,
        };
        crate::calls::service::start(&state, events);
        Ok(state)
    }

    /// Commits and lets the browsers know of the events written in the transaction.
    pub async fn commit(&self, tx: Tx) -> Result<(), DbError> {
        tx.commit().await?;
        self.live.wake();
        Ok(())
    }

    /// This state with the database for background work ([`Db::for_background`]).
    #[must_use]
    pub fn for_background(&self) -> Self {
        Self { db: self.db.for_background(), ..self.clone() }
    }

    /// Stops background work and closes the database, each with a timeout.
    pub async fn shut_down(&self) {
        self.stop.cancel();
        self.background.close();
        if timeout(WORK_ENDS, self.background.wait()).await.is_err() {
            tracing::warn!("background work did not end in time");
        }
        if timeout(DATABASE_CLOSES, self.db.close()).await.is_err() {
            tracing::warn!("database did not close in time");
        }
    }
}

/// Refuses the access tokens of sessions that ended a short time ago, e.g. before a restart.
async fn refuse_ended(db: &Db, keys: &AccessKeys, clock: &Clock) -> Result<(), DbError> {
    let mut tx = db.read().await?;
    for (session, at) in auth::sessions::ended_lately(&mut tx, clock.now()).await? {
        keys.end(&[session], at);
    }
    Ok(())
}

/// The secret that signs access tokens: made once, kept in the database, the same on every
/// instance.
async fn installation_secret(db: &Db, clock: &Clock) -> Result<String, DbError> {
    let mut tx = db.begin().await?;
    tx.execute(
        Sql::new(
            "INSERT INTO settings (key, value, updated_at) VALUES ('auth.secret', $1, $2)
             ON CONFLICT (key) DO NOTHING",
        )
        .bind(serde_json::Value::String(crate::auth::new_secret()))
        .bind(clock.now()),
    )
    .await?;
    let secret: sqlx::types::Json<String> =
        tx.scalar("SELECT value FROM settings WHERE key = 'auth.secret'").await?;
    tx.commit().await?;
    Ok(secret.0)
}
