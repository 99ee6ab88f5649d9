//! The server under measurement.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::Place;
use crate::shell::{command, run};

/// Everybody's password in the measured installation.
pub const PASSWORD: &str = "a password for figures";

/// A running release build.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub url: String,
}

/// A person logged in.
pub struct Session {
    /// Access token.
    pub token: String,
    /// Who.
    pub user_id: i64,
}

impl Server {
    /// Starts it and waits until it answers.
    pub fn start(place: &Place) -> anyhow::Result<Self> {
        Self::start_with(place, &[])
    }

    /// The same with these variables.
    pub fn start_with(place: &Place, variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut serve = place.command(&["serve"]);
        serve
            .envs(variables.iter().copied())
            .env("TRUSTCART_LISTEN", "127.0.0.1:0")
            .env("TRUSTCART_SIMULATOR_SPEED", "100")
            .stdout(Stdio::piped());
        let mut child = serve.spawn()?;
        let out = child.stdout.take().context("its output")?;
        let mut lines = BufReader::new(out).lines();
        let url = lines
            .find_map(|line| {
                line.ok()
                    .and_then(|l| l.split_once(" is at ").map(|(_, url)| url.trim().to_owned()))
            })
            .context("the server did not say where it listens")?;
        // Keep reading, so that the server never blocks on its output.
        std::thread::spawn(move || lines.for_each(drop));
        ureq::get(&format!("{url}/readyz")).call()?;
        Ok(Self { child, url })
    }

    /// Stops it as an operator would.
    pub fn stop(mut self) -> anyhow::Result<()> {
        run(command("kill", &[&self.child.id().to_string()]))?;
        self.child.wait()?;
        Ok(())
    }

    /// Logs in.
    pub fn login(&self, login: &str) -> anyhow::Result<Session> {
        self.login_from(login, "127.0.0.1")
    }

    /// The same as if from `address`, where this machine is a trusted proxy: an address has so many
    /// tries a minute.
    pub fn login_from(&self, login: &str, address: &str) -> anyhow::Result<Session> {
        let body = json!({"login": login, "password": PASSWORD});
        let answer: Value = ureq::post(&format!("{}/api/auth/login", self.url))
            .header("x-forwarded-for", address)
            .send_json(&body)?
            .body_mut()
            .read_json()?;
        Ok(Session {
            token: answer["accessToken"].as_str().context("a token")?.to_owned(),
            user_id: answer["user"]["id"].as_i64().context("an id")?,
        })
    }

    /// A POST as somebody.
    pub fn post(&self, who: &Session, path: &str, body: &Value) -> anyhow::Result<Value> {
        send(ureq::post(format!("{}{path}", self.url)), who, body)
    }

    /// A PUT as somebody.
    pub fn put(&self, who: &Session, path: &str, body: &Value) -> anyhow::Result<Value> {
        send(ureq::put(format!("{}{path}", self.url)), who, body)
    }

    /// A GET as somebody.
    pub fn get(&self, who: &Session, path: &str) -> anyhow::Result<Value> {
        Ok(ureq::get(&format!("{}{path}", self.url))
            .header("authorization", &format!("Bearer {}", who.token))
            .call()?
            .body_mut()
            .with_config()
            .limit(64 * 1024 * 1024)
            .read_json()?)
    }

    fn status_kb(&self, field: &str) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|l| l.starts_with(field)).context("no such field")?;
        let number = line.split_whitespace().nth(1).context("no number")?;
        Ok(number.parse()?)
    }

    /// Resident memory now.
    pub fn memory_mb(&self) -> anyhow::Result<u64> {
        Ok(self.status_kb("VmRSS:")? / 1024)
    }

    /// Most resident memory so far.
    pub fn peak_mb(&self) -> anyhow::Result<u64> {
        Ok(self.status_kb("VmHWM:")? / 1024)
    }
}

/// Sends a body as somebody; anything but success is an error.
fn send(
    request: ureq::RequestBuilder<ureq::typestate::WithBody>,
    who: &Session,
    body: &Value,
) -> anyhow::Result<Value> {
    let mut answer = request
        .config()
        .http_status_as_error(false)
        .build()
        .header("authorization", &format!("Bearer {}", who.token))
        .send_json(body)?;
    let status = answer.status();
    let value: Value = answer.body_mut().read_json()?;
    anyhow::ensure!(status.is_success(), "{status} {value}");
    Ok(value)
}
