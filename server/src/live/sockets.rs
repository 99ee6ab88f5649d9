//! Open sockets: limit per user and detection of dead peers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::db::UserId;

/// Maximum sockets per user.
pub const MAX_PER_USER: usize = 250;

/// Counts the open sockets of each user.
#[derive(Clone, Debug, Default)]
pub struct Sockets(Arc<Mutex<HashMap<UserId, usize>>>);

impl Sockets {
    /// Counts a socket of `user` until the result is dropped; `None` at the limit.
    pub fn open(&self, user: UserId) -> Option<OpenSocket> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(user).or_default();
        if *count >= MAX_PER_USER {
            return None;
        }
        *count += 1;
        Some(OpenSocket { sockets: self.clone(), user })
    }
}

/// Counts one open socket.
#[derive(Debug)]
pub struct OpenSocket {
    sockets: Sockets,
    user: UserId,
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        let mut open = self.sockets.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.user);
            }
        }
    }
}

/// Number of pings without an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heartbeat(u32);

impl Heartbeat {
    /// Call before each ping; returns true when the last two were not answered.
    pub fn is_dead(&mut self) -> bool {
        self.0 += 1;
        self.0 > 2
    }

    /// Call for each received message.
    pub fn answered(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_per_user_and_closed_sockets_free_it() {
        let sockets = Sockets::default();
        let mut open: Vec<_> = (0..MAX_PER_USER).map(|_| sockets.open(UserId(1))).collect();
        assert!(open.iter().all(Option::is_some));
        assert!(sockets.open(UserId(1)).is_none());
        assert!(sockets.open(UserId(2)).is_some(), "another user");
        open.pop();
        assert!(sockets.open(UserId(1)).is_some());
    }

    #[test]
    fn a_peer_is_dead_after_two_unanswered_pings() {
        let mut heart = Heartbeat::default();
        assert!(!heart.is_dead() && !heart.is_dead());
        heart.answered();
        assert!(!heart.is_dead() && !heart.is_dead() && heart.is_dead());
    }
}
