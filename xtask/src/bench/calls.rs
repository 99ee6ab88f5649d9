//! A hundred calls at once through a real Asterisk: sipp plays the customers who ring and the agents'
//! telephones, and the CRM follows each call from its ringing to its end.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::server::{PASSWORD, Server, Session};
use super::webhooks::shell;
use super::{Place, Row, seconds};
use crate::pbx::{self, Lab};
use crate::shell::{command, output};

/// Calls at once; as many agents.
const CALLS: usize = 100;
/// Calls that begin in a second.
const RATE: usize = 10;
/// How long each is talked, seconds.
const TALK: u64 = 40;
/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_mins(1);

/// The rows of the table for one database.
pub fn measure(place: &Place) -> anyhow::Result<Vec<Row>> {
    if let Some(why) = pbx::obstacle() {
        bail!("{why}");
    }
    output(command("sipp", &["-v"])).or_else(|_| {
        // It says its version and fails.
        output(command("which", &["sipp"])).context("Debian's package sip-tester is missing")
    })?;
    staff(place)?;
    let phones = free_udp()?;
    let lab = pbx::start_with(place.command(&[]), &place.data.join("pbx"), |etc| {
        plain_telephones(&etc.join("pjsip.conf"), phones)
    })?;
    let server = Server::start_with(
        place,
        &[
            ("TELEPHONY_PROVIDER", "asterisk"),
            ("ASTERISK_URL", &lab.url),
            ("ASTERISK_PASSWORD", pbx::PASSWORD),
        ],
    )?;
    let admin = server.login("admin")?;
    let mut agents = telephones(phones)?;
    let outcome = play(place, &lab, &server, &admin);
    agents.kill()?;
    agents.wait()?;
    server.stop()?;
    outcome
}

fn play(place: &Place, lab: &Lab, server: &Server, admin: &Session) -> anyhow::Result<Vec<Row>> {
    let begun = Instant::now();
    let mut customers = customers(place, lab)?;
    wait(|| Ok(count(server, admin, "answered")? == CALLS))
        .with_context(|| format!("{CALLS} calls answered at once"))?;
    let at_once = begun.elapsed();
    let channels = channels(lab)?;
    let status = customers.wait()?;
    if !status.success() {
        bail!("sipp: some calls failed ({status})");
    }
    let settled = wait(|| {
        let open = ["initiated", "ringing", "answered"];
        Ok(open.iter().map(|s| count(server, admin, s)).sum::<anyhow::Result<usize>>()? == 0)
    })
    .context("no call stays open")?;
    let calls = calls(server, admin, "completed")?;
    if calls.len() != CALLS {
        bail!("{} of {CALLS} calls are completed", calls.len());
    }
    let talked = calls.iter().filter_map(|call| call["durationSeconds"].as_i64());
    let (shortest, longest) =
        (talked.clone().min().unwrap_or_default(), talked.max().unwrap_or_default());
    if shortest < TALK as i64 - 1 || longest > TALK as i64 + 2 {
        bail!("talked {shortest} to {longest} s instead of {TALK} s");
    }
    let left = self::channels(lab)?;
    if left != 0 {
        bail!("{left} channels stay in the Asterisk");
    }
    let row = |what: &str, value: String| {
        eprintln!("  {what}: {value}");
        (what.to_owned(), value)
    };
    Ok(vec![
        row("calls through Asterisk, answered at once", format!("{CALLS} ({channels} channels)")),
        row(
            &format!("all of them answered in the CRM after the first rang ({RATE} ring a second)"),
            seconds(at_once),
        ),
        row("their talk as the CRM has it", format!("{shortest}-{longest} s of {TALK} s")),
        row("all completed after the last hung up", seconds(settled)),
        row("lost, stuck, channels left", "0, 0, 0".to_owned()),
    ])
}

/// Agents who are online, each with an extension.
fn staff(place: &Place) -> anyhow::Result<()> {
    let add = ["user", "add", "admin", "--role", "admin", "--password", PASSWORD];
    output(place.command(&add))?;
    for n in 0..CALLS {
        let extension = (1000 + n).to_string();
        let login = format!("agent{extension}");
        let role = ["--role", "agent", "--extension", &extension, "--password", PASSWORD];
        output(place.command(&[&["user", "add", &login], &role[..]].concat()))?;
    }
    shell(
        place,
        "INSERT INTO agent_status (user_id, status, since, break_after_call) \
         SELECT id, 'online', '2026-01-01T00:00:00.000Z', FALSE FROM users WHERE role = 'agent';",
    )
}

/// The agents' telephones are sipp's, not browsers.
fn plain_telephones(file: &Path, port: u16) -> anyhow::Result<()> {
    let mut text = std::fs::read_to_string(file)?;
    for (browser, plain) in [
        (
            "transport = browser\ncontext = from-agent\nwebrtc = yes",
            "transport = udp\ncontext = from-agent",
        ),
        ("rtp_timeout = 30\n", ""),
    ] {
        if !text.contains(browser) {
            bail!("{} has no `{browser}`", file.display());
        }
        text = text.replace(browser, plain);
    }
    for n in 0..CALLS {
        let extension = 1000 + n;
        let aor = format!("[{extension}](agent-aor)\n");
        let contact = format!("{aor}contact = sip:{extension}@127.0.0.1:{port}\n");
        text = text.replace(&aor, &contact);
    }
    std::fs::write(file, text)?;
    Ok(())
}

fn free_udp() -> anyhow::Result<u16> {
    Ok(std::net::UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn sipp(arguments: &[&str]) -> anyhow::Result<Child> {
    Command::new("sipp")
        .args(["-nostdin", "-i", "127.0.0.1"])
        .args(arguments)
        .env("TERM", "dumb")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting sipp")
}

/// Rings and answers whatever comes.
fn telephones(port: u16) -> anyhow::Result<Child> {
    sipp(&["-sn", "uas", "-p", &port.to_string()])
}

/// Each rings from a number of their own, waits for an agent, talks and hangs up.
fn customers(place: &Place, lab: &Lab) -> anyhow::Result<Child> {
    let folder = place.data.join("sipp");
    std::fs::create_dir_all(&folder)?;
    let mut numbers = String::from("SEQUENTIAL\n");
    for n in 0..CALLS {
        // Writing to a String cannot fail.
        let _ = writeln!(numbers, "0171{:07}", n + 1);
    }
    let (callers, scenario) = (folder.join("callers.csv"), folder.join("caller.xml"));
    std::fs::write(&callers, numbers)?;
    std::fs::write(&scenario, CALLER)?;
    let (calls, rate) = (CALLS.to_string(), RATE.to_string());
    let (talk, did) = ((TALK * 1000).to_string(), format!("{}9", pbx::DID_PREFIX));
    let (callers, scenario) = (callers.display().to_string(), scenario.display().to_string());
    sipp(&[
        &format!("127.0.0.1:{}", lab.sip),
        "-sf",
        &scenario,
        "-inf",
        &callers,
        "-s",
        &did,
        "-p",
        &free_udp()?.to_string(),
        "-m",
        &calls,
        "-l",
        &calls,
        "-r",
        &rate,
        "-d",
        &talk,
    ])
}

/// sipp's own caller, with a number that differs.
const CALLER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<scenario name="customer">
  <send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:[field0]@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=customer 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200"/>
  <send><![CDATA[
ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
  <pause/>
  <send retrans="500"><![CDATA[
BYE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
  <recv response="200"/>
</scenario>
"#;

fn calls(server: &Server, who: &Session, status: &str) -> anyhow::Result<Vec<Value>> {
    let page = server.get(who, &format!("/api/telephony/calls?status={status}&limit=200"))?;
    Ok(page["items"].as_array().context("items")?.clone())
}

fn count(server: &Server, who: &Session, status: &str) -> anyhow::Result<usize> {
    Ok(calls(server, who, status)?.len())
}

/// Channels in the Asterisk now.
fn channels(lab: &Lab) -> anyhow::Result<usize> {
    let cli = lab.dir.join("pbx/cli").display().to_string();
    let said = output(command(&cli, &["core show channels count"]))?;
    let line = said.lines().find(|line| line.contains("active channel")).context("a count")?;
    Ok(line.split_whitespace().next().context("a number")?.parse()?)
}

/// Asks until it is so; how long that took.
fn wait(mut so: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    while !so()? {
        if begun.elapsed() > PATIENCE {
            bail!("not after {}", seconds(begun.elapsed()));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(begun.elapsed())
}
