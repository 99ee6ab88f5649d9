//! How long an event of a PBX takes to the browsers, with two hundred of them connected.

use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use super::server::{PASSWORD, Server};
use super::{Place, Row};
use crate::shell::output;

/// Browsers: agents, each with an extension and a socket of their own, and their team leaders.
const AGENTS: usize = 195;
const LEADERS: usize = 5;
/// Calls that ring, one after the other, this far apart.
const CALLS: usize = 1_000;
const APART: Duration = Duration::from_millis(10);

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

/// One browser's share: which call it was told of, and when.
struct Told {
    call: String,
    at: Instant,
}

/// The rows of the table for one database.
pub fn measure(place: &Place) -> anyhow::Result<Vec<Row>> {
    let add = ["user", "add", "admin", "--role", "admin", "--password", PASSWORD];
    output(place.command(&add))?;
    let server = Server::start_with(place, &[("TRUSTCART_TRUSTED_PROXIES", "127.0.0.1")])?;
    let sockets = browsers(&server)?;
    let (told, heard) = mpsc::channel();
    for socket in sockets {
        let told = told.clone();
        std::thread::spawn(move || listen(socket, &told));
    }
    drop(told);
    let sent = ring(&server)?;
    let mut took: Vec<f64> = Vec::new();
    let mut browsers_told = 0;
    // Each call is told to its agent and to the agent's team leader.
    while browsers_told < 2 * CALLS {
        let told = heard.recv_timeout(Duration::from_secs(10)).with_context(|| {
            format!("{browsers_told} of {} browsers were told of their calls", 2 * CALLS)
        })?;
        let Some(sent) = sent.get(&told.call) else { bail!("a call nobody made: {}", told.call) };
        took.push(told.at.duration_since(*sent).as_secs_f64() * 1000.0);
        browsers_told += 1;
    }
    server.stop()?;
    took.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() as f64 * share) as usize).min(took.len() - 1)];
    let value = format!("p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms", at(0.5), at(0.99), at(1.0));
    eprintln!("  {value}");
    let what = format!(
        "an incoming call's webhook to the screen, {} sockets, {} a second",
        AGENTS + LEADERS,
        Duration::from_secs(1).as_millis() / APART.as_millis()
    );
    Ok(vec![(what, value)])
}

fn extension(agent: usize) -> String {
    (1000 + agent).to_string()
}

/// Everybody's socket.
fn browsers(server: &Server) -> anyhow::Result<Vec<Socket>> {
    let admin = server.login("admin")?;
    let mut logins = Vec::new();
    let mut leaders = Vec::new();
    for n in 0..LEADERS {
        let login = format!("leader{n}");
        let user =
            json!({"login": login, "name": login, "password": PASSWORD, "role": "team_leader"});
        leaders.push(server.post(&admin, "/api/users", &user)?["id"].clone());
        logins.push(login);
    }
    for n in 0..AGENTS {
        let login = format!("agent{n}");
        let user = json!({
            "login": login, "name": login, "password": PASSWORD, "role": "agent",
            "teamLeaderId": leaders[n % LEADERS], "extension": extension(n),
        });
        server.post(&admin, "/api/users", &user)?;
        logins.push(login);
    }
    let address = server.url.replacen("http", "ws", 1);
    logins
        .iter()
        .enumerate()
        .map(|(n, login)| {
            let session = server.login_from(login, &format!("10.0.0.{}", n / 15))?;
            let ticket = server.post(&session, "/api/realtime/ticket", &json!({}))?;
            let ticket = ticket["ticket"].as_str().context("a ticket")?.to_owned();
            let (socket, _) =
                tungstenite::connect(format!("{address}/api/realtime?ticket={ticket}"))?;
            Ok(socket)
        })
        .collect()
}

/// Notes the calls a browser is told of until the server goes.
fn listen(mut socket: Socket, told: &mpsc::Sender<Told>) {
    while let Ok(message) = socket.read() {
        let at = Instant::now();
        let Message::Text(text) = message else { continue };
        let Ok(event) = serde_json::from_str::<Value>(&text) else { continue };
        if event["type"] != "call.incoming" {
            continue;
        }
        let call = event["data"]["call"]["externalCallId"].as_str().unwrap_or_default().to_owned();
        if told.send(Told { call, at }).is_err() {
            return;
        }
    }
}

/// Rings one agent after the other; when each webhook was sent.
fn ring(server: &Server) -> anyhow::Result<HashMap<String, Instant>> {
    let url = format!("{}/api/telephony/webhook/bracknet", server.url);
    let agent = ureq::Agent::new_with_defaults();
    let mut sent = HashMap::new();
    let begun = Instant::now();
    for n in 0..CALLS {
        let due = begun + APART * u32::try_from(n)?;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let call = format!("LIVE-{n}");
        let event = json!({
            "event": "incoming_call", "bracknet_call_id": call, "from": format!("017{n:08}"),
            "to_extension": extension(n % AGENTS),
        });
        sent.insert(call, Instant::now());
        agent.post(&url).send_json(&event)?.body_mut().read_to_vec()?;
    }
    Ok(sent)
}
