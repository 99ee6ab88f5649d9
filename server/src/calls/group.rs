//! Group commit: webhooks that wait for SQLite's one writer become durable in one commit.
//!
//! A commit waits for the disk, a few hundred times a second at best, and a PBX under load sends more
//! events than that. Whoever gets the turn applies what everybody waiting has brought, commits once
//! and tells each. If one of them cannot be applied, nothing of the group is written and each is
//! applied in a transaction of its own, where its error is its sender's alone.
//!
//! PostgreSQL lets many commit at once by itself. Groups there were tried: they hold the rows of many
//! calls and wait for each other's agents, and were slower.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot::{self, error::TryRecvError};

use super::webhooks::{self, Incoming, Taken};
use crate::app::AppState;
use crate::db::DbError;

/// Most events in one commit: agents' clicks wait meanwhile.
const MOST: usize = 64;

#[derive(Debug)]
struct Waiting {
    incoming: Arc<Incoming>,
    /// Dropped unanswered: nothing was written.
    answer: oneshot::Sender<Taken>,
}

/// Webhooks that wait for a commit.
#[derive(Debug, Default)]
pub struct WebhookGroup {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl WebhookGroup {
    /// Applies an event with others that came meanwhile; `None`: nothing was written, it is to be
    /// applied on its own.
    pub(super) async fn take(&self, state: &AppState, incoming: &Arc<Incoming>) -> Option<Taken> {
        let (answer, mut answered) = oneshot::channel();
        self.lock().push(Waiting { incoming: Arc::clone(incoming), answer });
        let _turn = self.turn.lock().await;
        loop {
            match answered.try_recv() {
                Ok(taken) => return Some(taken),
                Err(TryRecvError::Closed) => return None,
                Err(TryRecvError::Empty) => self.commit_oldest(state).await,
            }
        }
    }

    async fn commit_oldest(&self, state: &AppState) {
        let group: Vec<Waiting> = {
            let mut waiting = self.lock();
            // Who hung up meanwhile was not acknowledged and sends it again.
            waiting.retain(|one| !one.answer.is_closed());
            let most = waiting.len().min(MOST);
            waiting.drain(..most).collect()
        };
        match apply_all(state, &group).await {
            Ok(taken) => {
                for (one, taken) in group.into_iter().zip(taken) {
                    // Somebody who hung up just now is told nothing.
                    let _ = one.answer.send(taken);
                }
            }
            Err(error) => {
                tracing::debug!(%error, events = group.len(), "events are applied one by one");
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn apply_all(state: &AppState, group: &[Waiting]) -> Result<Vec<Taken>, DbError> {
    let mut tx = state.db.begin().await?;
    let mut taken = Vec::with_capacity(group.len());
    for one in group {
        taken.push(webhooks::apply(state, &mut tx, &one.incoming).await?);
    }
    state.commit(tx).await?;
    Ok(taken)
}
