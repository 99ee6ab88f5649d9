//! Who a webhook comes from, proven by HMAC-SHA256 over its raw body (SPEC §5.4). Pure.
//!
//! Two schemes; a delivery that carries the headers of the first is judged by it:
//!
//! - **Standard Webhooks** (standardwebhooks.com): `webhook-id`, `webhook-timestamp` (seconds) and
//!   `webhook-signature` (`v1,` and base64, several separated by spaces), over `id.timestamp.body`.
//! - **Plain**: the hex digest, with or without `sha256=`, in a header of its own. With a timestamp
//!   header it is over `timestamp.body`, without one over the body alone.
//!
//! Secrets that begin with `whsec_` are base64; others are taken as they are. More than one may be
//! configured, so that a secret can be replaced without losing a delivery.

use axum::http::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Longest `webhook-id`, bytes.
const MAX_ID: usize = 128;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Why a delivery is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No signature at all.
    #[error("The webhook is not signed.")]
    Unsigned,
    /// One that does not fit the body and any of the secrets.
    #[error("The signature does not fit the body.")]
    WrongSignature,
    /// A signature or timestamp that cannot be read.
    #[error("The signature headers are not readable.")]
    Unreadable,
    /// Signed too long ago, or in the future.
    #[error("The timestamp is too far from this machine's clock.")]
    Stale,
}

impl Refusal {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unsigned => "webhook_unsigned",
            Self::WrongSignature => "webhook_signature_wrong",
            Self::Unreadable => "webhook_signature_unreadable",
            Self::Stale => "webhook_stale",
        }
    }
}

/// What a believed delivery is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The same for the same delivery, whenever it comes again.
    pub key: String,
    /// Whether a time was signed along. Without one the key says no more than "the same text": a
    /// later event may read alike, so it is a repetition only for as long as a timestamp is fresh.
    pub dated: bool,
}

/// The keys and header names of one PBX.
#[derive(Clone)]
pub struct Verifier {
    keys: Vec<Vec<u8>>,
    plain: HeaderName,
    plain_timestamp: HeaderName,
    tolerance: TimeDelta,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verifier({} secrets)", self.keys.len())
    }
}

/// The key behind a secret as configured; `None` where there is none in it.
pub fn key(secret: &str) -> Option<Vec<u8>> {
    let secret = secret.trim();
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).ok()?,
        None => secret.as_bytes().to_vec(),
    };
    (!key.is_empty()).then_some(key)
}

impl Verifier {
    /// Believes what is signed with one of `keys`; `plain` and `plain_timestamp` are the headers of
    /// the plain scheme, `tolerance` is how far a timestamp may be from our clock, either way.
    pub fn new(
        keys: Vec<Vec<u8>>,
        plain: HeaderName,
        plain_timestamp: HeaderName,
        tolerance: TimeDelta,
    ) -> Self {
        Self { keys, plain, plain_timestamp, tolerance }
    }

    /// For how long a delivery without a time of its own is taken for a repetition.
    pub fn window(&self) -> TimeDelta {
        self.tolerance
    }

    /// Checks a delivery; what identifies it, so that the same one is not taken twice.
    pub fn check(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Proof, Refusal> {
        if headers.contains_key(SIGNATURE) || headers.contains_key(ID) {
            self.standard(headers, body, now)
        } else {
            self.plain(headers, body, now)
        }
    }

    fn standard(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Proof, Refusal> {
        let id = text(headers, &ID)?.ok_or(Refusal::Unreadable)?;
        let timestamp = text(headers, &TIMESTAMP)?.ok_or(Refusal::Unreadable)?;
        let signatures = text(headers, &SIGNATURE)?.ok_or(Refusal::Unsigned)?;
        if id.is_empty() || id.len() > MAX_ID {
            return Err(Refusal::Unreadable);
        }
        // The signature first: a stranger learns nothing from the clock.
        let fits = signatures
            .split_ascii_whitespace()
            .filter_map(|one| one.strip_prefix("v1,"))
            .filter_map(|one| STANDARD.decode(one).ok())
            .any(|one| self.fits(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", body], &one));
        if !fits {
            return Err(Refusal::WrongSignature);
        }
        self.fresh(timestamp, now)?;
        Ok(Proof { key: format!("id:{id}"), dated: true })
    }

    fn plain(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Proof, Refusal> {
        let given = text(headers, &self.plain)?.ok_or(Refusal::Unsigned)?;
        let timestamp = text(headers, &self.plain_timestamp)?;
        let hex = given.strip_prefix("sha256=").unwrap_or(given);
        let signature = unhex(hex).ok_or(Refusal::Unreadable)?;
        let fits = match timestamp {
            Some(at) => self.fits(&[at.as_bytes(), b".", body], &signature),
            None => self.fits(&[body], &signature),
        };
        if !fits {
            return Err(Refusal::WrongSignature);
        }
        if let Some(at) = timestamp {
            self.fresh(at, now)?;
        }
        let key = format!("hmac:{}", hex.to_ascii_lowercase());
        Ok(Proof { key, dated: timestamp.is_some() })
    }

    fn fresh(&self, timestamp: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
        let at = timestamp
            .parse()
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .ok_or(Refusal::Unreadable)?;
        if (now - at).abs() > self.tolerance { Err(Refusal::Stale) } else { Ok(()) }
    }

    /// Compared in constant time, with every key.
    fn fits(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        self.keys
            .iter()
            .any(|key| digest(key, parts).is_some_and(|m| m.verify_slice(signature).is_ok()))
    }
}

fn digest(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac)
}

/// The headers of the Standard Webhooks scheme for a delivery, for whoever plays the PBX.
pub fn sign_standard(
    key: &[u8],
    id: &str,
    at: DateTime<Utc>,
    body: &[u8],
) -> [(HeaderName, String); 3] {
    let timestamp = at.timestamp().to_string();
    let signature = digest(key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body])
        .map(|mac| STANDARD.encode(mac.finalize().into_bytes()))
        .unwrap_or_default();
    [(ID, id.to_owned()), (TIMESTAMP, timestamp), (SIGNATURE, format!("v1,{signature}"))]
}

/// The hex digest of the plain scheme over `timestamp.body`.
pub fn sign_plain(key: &[u8], timestamp: &str, body: &[u8]) -> String {
    use std::fmt::Write as _;
    let Some(mac) = digest(key, &[timestamp.as_bytes(), b".", body]) else {
        return String::new();
    };
    mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Refusal> {
    headers
        .get(name)
        .map(|value| value.to_str().map(str::trim).map_err(|_| Refusal::Unreadable))
        .transpose()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    if text.len() != 64 {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("an instant")
    }

    fn verifier(secrets: &[&str]) -> Verifier {
        Verifier::new(
            secrets.iter().filter_map(|s| key(s)).collect(),
            HeaderName::from_static("x-bracknet-signature"),
            HeaderName::from_static("x-bracknet-timestamp"),
            TimeDelta::minutes(5),
        )
    }

    fn proof(key: impl Into<String>, dated: bool) -> Proof {
        Proof { key: key.into(), dated }
    }

    fn headers<N: Into<HeaderName>>(all: impl IntoIterator<Item = (N, String)>) -> HeaderMap {
        all.into_iter()
            .map(|(name, value)| (name.into(), HeaderValue::from_str(&value).expect("a value")))
            .collect()
    }

    /// The example of the Standard Webhooks specification's reference libraries.
    #[test]
    fn the_published_example_is_believed() {
        let verifier = verifier(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
        let all = headers([
            (ID, "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()),
            (TIMESTAMP, "1614265330".to_owned()),
            (SIGNATURE, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()),
        ]);
        let then = DateTime::from_timestamp(1_614_265_330, 0).expect("an instant");
        assert_eq!(
            verifier.check(&all, br#"{"test": 2432232314}"#, then),
            Ok(proof("id:msg_p5jXN8AQM9LWM0D4loKWxJek", true))
        );
        let later = then + TimeDelta::seconds(301);
        assert_eq!(verifier.check(&all, br#"{"test": 2432232314}"#, later), Err(Refusal::Stale));
    }

    #[test]
    fn either_secret_is_good_while_they_are_replaced() {
        let both = verifier(&["new secret", "old secret"]);
        for secret in ["new secret", "old secret"] {
            let signed = sign_standard(&key(secret).expect("a key"), "m1", now(), b"{}");
            assert!(both.check(&headers(signed), b"{}", now()).is_ok());
        }
        let signed = sign_standard(b"another", "m1", now(), b"{}");
        assert_eq!(both.check(&headers(signed), b"{}", now()), Err(Refusal::WrongSignature));
        assert_eq!(both.check(&HeaderMap::new(), b"{}", now()), Err(Refusal::Unsigned));
    }

    #[test]
    fn the_plain_scheme_takes_hex_with_or_without_its_name_and_time() {
        let verifier = verifier(&["s3cret"]);
        let at = now().timestamp().to_string();
        let hex = sign_plain(b"s3cret", &at, b"body");
        for value in [hex.clone(), format!("sha256={hex}"), hex.to_uppercase()] {
            let all = headers([
                (HeaderName::from_static("x-bracknet-signature"), value),
                (HeaderName::from_static("x-bracknet-timestamp"), at.clone()),
            ]);
            assert_eq!(
                verifier.check(&all, b"body", now()),
                Ok(proof(format!("hmac:{hex}"), true))
            );
            let late = now() + TimeDelta::minutes(6);
            assert_eq!(verifier.check(&all, b"body", late), Err(Refusal::Stale));
        }
        // `printf body | openssl dgst -sha256 -hmac s3cret`
        let alone = "63d7d468988fe3de60e994cf90f219719ea4b63df0ee7521079ed251fa76e83d";
        let all = headers([(HeaderName::from_static("x-bracknet-signature"), alone.to_owned())]);
        assert_eq!(verifier.check(&all, b"body", now()), Ok(proof(format!("hmac:{alone}"), false)));
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic_or_believe(id in "\\PC{0,40}", at in "\\PC{0,20}", sig in "\\PC{0,90}", body: Vec<u8>) {
            let verifier = verifier(&["s3cret"]);
            let mut all = HeaderMap::new();
            for (name, value) in [(ID, &id), (TIMESTAMP, &at), (SIGNATURE, &sig)] {
                if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                    all.insert(name, value);
                }
            }
            prop_assert!(verifier.check(&all, &body, now()).is_err());
            let mut plain = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(sig.as_bytes()) {
                plain.insert("x-bracknet-signature", value);
            }
            prop_assert!(verifier.check(&plain, &body, now()).is_err());
        }

        #[test]
        fn a_changed_byte_is_noticed(mut body in proptest::collection::vec(any::<u8>(), 1..200), at: prop::sample::Index) {
            let verifier = verifier(&["s3cret"]);
            let all = headers(sign_standard(b"s3cret", "m", now(), &body));
            prop_assert!(verifier.check(&all, &body, now()).is_ok());
            let i = at.index(body.len());
            body[i] ^= 1;
            prop_assert_eq!(verifier.check(&all, &body, now()), Err(Refusal::WrongSignature));
        }
    }
}
