//! Open sockets: how many a user has, and whether anybody is still there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::db::UserId;

/// Sockets of one user at most: many screens and tabs, but no flood.
pub const EACH: usize = 250;

/// Counts the open sockets of each user.
#[derive(Clone, Debug, Default)]
pub struct Sockets(Arc<Mutex<HashMap<UserId, usize>>>);

impl Sockets {
    /// A place for another socket of `user` until it is dropped; `None` if there are too many.
    pub fn open(&self, user: UserId) -> Option<OpenSocket> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(user).or_default();
        if *count >= EACH {
            return None;
        }
        *count += 1;
        Some(OpenSocket { sockets: self.clone(), user })
    }
}

/// A socket that is counted.
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

/// Pings that were not answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heartbeat(u32);

impl Heartbeat {
    /// Before another ping is sent: whether the last two went unanswered, so nobody is there.
    pub fn is_dead(&mut self) -> bool {
        self.0 += 1;
        self.0 > 2
    }

    /// Something was received.
    pub fn answered(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_so_many_sockets_and_gets_their_places_back() {
        let sockets = Sockets::default();
        let mut open: Vec<_> = (0..EACH).map(|_| sockets.open(UserId(1))).collect();
        assert!(open.iter().all(Option::is_some));
        assert!(sockets.open(UserId(1)).is_none());
        assert!(sockets.open(UserId(2)).is_some(), "somebody else");
        open.pop();
        assert!(sockets.open(UserId(1)).is_some());
    }

    #[test]
    fn two_unanswered_pings_end_a_socket_and_an_answer_begins_anew() {
        let mut heart = Heartbeat::default();
        assert!(!heart.is_dead() && !heart.is_dead());
        heart.answered();
        assert!(!heart.is_dead() && !heart.is_dead() && heart.is_dead());
    }
}
