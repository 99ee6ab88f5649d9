//! Access tokens (JWT, HS256, 15 minutes) and opaque secrets (refresh tokens, socket tickets).

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Role;
use crate::db::{SessionId, UserId};

/// How long an access token lives.
pub const ACCESS_TTL: TimeDelta = TimeDelta::minutes(15);

/// Claims of an access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// User id.
    pub sub: i64,
    /// Role at the time of issue.
    pub role: Role,
    /// The user's team leader, for event audiences.
    pub tl: Option<i64>,
    /// Session id: tokens of a session that has ended are refused.
    pub sid: i64,
    /// Issued at, seconds.
    pub iat: i64,
    /// Expires at, seconds.
    pub exp: i64,
}

/// Signs and checks access tokens.
pub struct AccessKeys {
    secret: Vec<u8>,
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// Sessions that have ended, and when. Kept only as long as an access token issued before could
    /// still live.
    ended: RwLock<HashMap<SessionId, DateTime<Utc>>>,
}

impl std::fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessKeys(…)")
    }
}

impl AccessKeys {
    /// From the installation's secret.
    pub fn new(secret: &[u8]) -> Self {
        Self {
            secret: secret.to_vec(),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            ended: RwLock::default(),
        }
    }

    /// A token for `user`.
    pub fn issue(
        &self,
        user: UserId,
        role: Role,
        team_leader: Option<UserId>,
        session: SessionId,
        now: DateTime<Utc>,
    ) -> anyhow::Result<String> {
        let claims = Claims {
            sub: user.0,
            role,
            tl: team_leader.map(|id| id.0),
            sid: session.0,
            iat: now.timestamp(),
            exp: (now + ACCESS_TTL).timestamp(),
        };
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)?)
    }

    /// The claims of a valid, unexpired token.
    pub fn check(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is checked against the passed-in clock below.
        validation.validate_exp = false;
        let claims =
            jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation).ok()?.claims;
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        let live = !ended.contains_key(&SessionId(claims.sid));
        (live && claims.exp > now.timestamp()).then_some(claims)
    }

    /// A hash (HMAC-SHA256, hex) that only this installation can compute, e.g. of what may hold a
    /// password. The first part says what it is for.
    pub fn keyed_hash(&self, parts: &[&[u8]]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        for part in parts {
            // Lengths keep `ab`, `c` apart from `a`, `bc`.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        hex(&mac.finalize().into_bytes())
    }

    /// Refuses the access tokens of `sessions`, which ended at `at`.
    pub fn end(&self, sessions: &[SessionId], at: DateTime<Utc>) {
        if sessions.is_empty() {
            return;
        }
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        let oldest = at - ACCESS_TTL;
        ended.retain(|_, at| *at >= oldest);
        ended.extend(sessions.iter().map(|session| (*session, at)));
    }
}

/// 256 random bits, as text.
pub fn new_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// How opaque secrets are stored: only their hash.
pub fn sha256_hex(data: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(data.as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
