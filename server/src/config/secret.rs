//! Secret settings: never printed in logs, by `--help` or in errors.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::str::FromStr;

use clap::builder::{TypedValueParser, ValueParserFactory};
use clap::error::ErrorKind;
use clap::{Arg, Command};

use crate::telephony::signature;

/// A webhook secret.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The key to sign with.
    pub fn key(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        signature::key(text).map(Self).ok_or("a secret is a text, or whsec_ and base64")
    }
}

/// A key sent to another system.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// For the header.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKey {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let fits = !text.is_empty() && text.bytes().all(|b| (0x21..0x7f).contains(&b));
        if fits { Ok(Self(text.to_owned())) } else { Err("a key is a line of visible characters") }
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Parses a value; the error names the setting and the reason, not the value.
#[derive(Debug)]
pub struct Unprinted<T>(PhantomData<fn() -> T>);

impl<T> Clone for Unprinted<T> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<T> TypedValueParser for Unprinted<T>
where
    T: FromStr<Err = &'static str> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let parsed = value.to_str().ok_or("it is not UTF-8").and_then(T::from_str);
        parsed.map_err(|reason| {
            let variable = arg.and_then(|arg| arg.get_env()?.to_str()).unwrap_or("a secret");
            let text = format!("{variable} has an invalid value: {reason}\n");
            clap::Error::raw(ErrorKind::ValueValidation, text).with_cmd(command)
        })
    }
}

impl ValueParserFactory for Secret {
    type Parser = Unprinted<Self>;
    fn value_parser() -> Self::Parser {
        Unprinted(PhantomData)
    }
}

impl ValueParserFactory for ApiKey {
    type Parser = Unprinted<Self>;
    fn value_parser() -> Self::Parser {
        Unprinted(PhantomData)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::config::Config;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn a_mistyped_secret_is_not_printed() {
        for (flag, value, names) in [
            ("--bracknet-webhook-secret", "whsec_!!!not-base64", "BRACKNET_WEBHOOK_SECRET"),
            ("--bracknet-api-key", "my key with spaces", "BRACKNET_API_KEY"),
            ("--s3-secret-access-key", "শখের চাবি", "AWS_SECRET_ACCESS_KEY"),
        ] {
            let error = Flags::try_parse_from(["trustcart", flag, value]).expect_err("invalid");
            let text = error.to_string();
            assert!(text.contains(names) && !text.contains(value), "{text}");
        }
    }

    #[test]
    fn switches_accept_the_usual_spellings() {
        let demo = |value| {
            let flags = Flags::try_parse_from(["trustcart", "--demo", value]);
            flags.map(|flags| flags.config.demo)
        };
        for value in ["1", "true", "yes", "on", "ON", "Yes"] {
            assert_eq!(demo(value).expect("true"), Some(true), "{value}");
        }
        for value in ["0", "false", "no", "off", "No"] {
            assert_eq!(demo(value).expect("false"), Some(false), "{value}");
        }
        assert!(demo("maybe").is_err());
        for flag in ["--log-json", "--insecure-webhooks", "--asterisk-record"] {
            Flags::try_parse_from(["trustcart", flag, "yes"]).expect("accepted by every switch");
        }
    }
}
