//! Configuration of an Asterisk for the agents of this installation: `trustcart pbx config`.
//! Pure: settings in, texts out.

use std::fmt::Write as _;

use super::legs::auth_of;
use super::{APP, DOMAIN, vars};

/// What the files are written for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Extensions with a telephone in the browser, and whose they are.
    pub agents: Vec<(String, String)>,
    /// User and password of the REST interface.
    pub ari: (String, String),
    /// Where Asterisk's HTTP server listens, `address:port`.
    pub http: (String, u16),
    /// Certificate and key for `wss://`; without them browsers connect through a proxy, or from this
    /// machine.
    pub tls: Option<(String, String)>,
    /// Where SIP over UDP listens, `address:port`.
    pub sip: (String, u16),
    /// The carrier's SIP server, `host` or `host:port`.
    pub trunk: String,
    /// Login at the carrier, if it wants one.
    pub trunk_login: Option<(String, String)>,
    /// Name of the trunk's endpoint.
    pub trunk_name: String,
    /// Numbers of the carrier that begin so and end in an extension ring at that extension first.
    pub did_prefix: Option<String>,
    /// First and last port for audio.
    pub rtp: (u16, u16),
    /// Address that browsers and the carrier send audio to, where it is not the machine's own.
    pub media_address: Option<String>,
}

/// Names and contents of the files.
pub fn files(settings: &Settings) -> Vec<(&'static str, String)> {
    vec![
        ("ari.conf", ari(settings)),
        ("extensions.conf", extensions(settings)),
        ("http.conf", http(settings)),
        ("musiconhold.conf", music()),
        ("pjsip.conf", pjsip(settings)),
        ("rtp.conf", rtp(settings)),
        ("sorcery.conf", sorcery()),
    ]
}

const HEAD: &str =
    "; Written by `trustcart pbx config`. Run it again when agents or extensions change,
; then `asterisk -rx 'core reload'`.\n\n";

fn ari(settings: &Settings) -> String {
    let (user, password) = &settings.ari;
    format!(
        "{HEAD}[general]
enabled = yes
pretty = no
websocket_write_timeout = 500
; In every event of a channel: what a caller dialled, and who hung up.
channelvars = {line},{ended_by}

[{user}]
type = user
read_only = no
password_format = plain
password = {password}
",
        line = vars::LINE,
        ended_by = vars::ENDED_BY
    )
}

fn http(settings: &Settings) -> String {
    let (address, port) = &settings.http;
    let mut text = format!(
        "{HEAD}[general]
servername = pbx
enabled = yes
bindaddr = {address}
bindport = {port}
sessionlimit = 1000
session_keep_alive = 15000
"
    );
    if let Some((certificate, key)) = &settings.tls {
        let _ = write!(
            text,
            "; Browsers take their telephones to wss://THIS-HOST:8089/ws
tlsenable = yes
tlsbindaddr = 0.0.0.0:8089
tlscertfile = {certificate}
tlsprivatekey = {key}
"
        );
    }
    text
}

fn rtp(settings: &Settings) -> String {
    let (first, last) = settings.rtp;
    format!(
        "{HEAD}[general]
rtpstart = {first}
rtpend = {last}
icesupport = yes
; A browser may move from one address to another in mid-call.
strictrtp = no
"
    )
}

fn music() -> String {
    // `moh` is where Asterisk's packages put their music.
    format!("{HEAD}[general]\n\n[default]\nmode = files\ndirectory = moh\n")
}

fn sorcery() -> String {
    format!(
        "{HEAD}; Passwords of the telephones in browsers are set by the CRM for a shift at a time
; and kept in Asterisk's own database; all else comes from pjsip.conf.
[res_pjsip]
auth = config,pjsip.conf,criteria=type=auth
auth = astdb,trustcart_auth
"
    )
}

fn pjsip(settings: &Settings) -> String {
    let (address, port) = &settings.sip;
    let media = settings.media_address.as_ref().map_or_else(String::new, |address| {
        format!("media_address = {address}\nbind_rtp_to_media_address = yes\n")
    });
    let browser = if settings.tls.is_some() { "wss" } else { "ws" };
    let mut text = format!(
        "{HEAD}[global]
type = global
user_agent = trustcart-pbx
endpoint_identifier_order = username,ip,anonymous

[udp]
type = transport
protocol = udp
bind = {address}:{port}

; The port is http.conf's.
[browser]
type = transport
protocol = {browser}
bind = {address}

; --- agents: a telephone in the browser
[agent](!)
type = endpoint
transport = browser
context = from-agent
webrtc = yes
disallow = all
allow = opus,ulaw
direct_media = no
dtmf_mode = rfc4733
; A telephone that fell silent is let go; the CRM keeps the customer and rings the agent again.
rtp_timeout = 30
rtp_timeout_hold = 0
from_domain = {DOMAIN}
{media}
[agent-aor](!)
type = aor
max_contacts = 1
; A page that is loaded again takes the place of the one before.
remove_existing = yes
qualify_frequency = 0

"
    );
    for (extension, name) in &settings.agents {
        let auth = auth_of(extension);
        let name: String =
            name.chars().filter(|c| !matches!(c, '"' | '<' | '>' | ';' | '\\')).collect();
        let name = name.trim();
        let _ = write!(
            text,
            "[{extension}](agent)
aors = {extension}
auth = {auth}
callerid = \"{name}\" <{extension}>
[{extension}](agent-aor)

"
        );
    }
    let trunk = &settings.trunk_name;
    let host = &settings.trunk;
    let bare = host.rsplit_once(':').map_or(host.as_str(), |(host, _)| host);
    let _ = write!(
        text,
        "; --- the carrier
[{trunk}]
type = endpoint
transport = udp
context = from-trunk
disallow = all
allow = ulaw,alaw
direct_media = no
dtmf_mode = rfc4733
aors = {trunk}
rtp_timeout = 60
rtp_timeout_hold = 0
{media}"
    );
    if settings.trunk_login.is_some() {
        let _ = writeln!(text, "outbound_auth = {trunk}");
    }
    let _ = write!(
        text,
        "
[{trunk}]
type = aor
contact = sip:{host}
qualify_frequency = 30

[{trunk}]
type = identify
endpoint = {trunk}
match = {bare}
"
    );
    if let Some((user, password)) = &settings.trunk_login {
        let _ = write!(
            text,
            "
[{trunk}]
type = auth
auth_type = userpass
username = {user}
password = {password}

[{trunk}]
type = registration
transport = udp
outbound_auth = {trunk}
server_uri = sip:{host}
client_uri = sip:{user}@{bare}
"
        );
    }
    text
}

fn extensions(settings: &Settings) -> String {
    let everybody = settings
        .agents
        .iter()
        .map(|(extension, _)| format!("PJSIP/{extension}"))
        .collect::<Vec<_>>();
    let everybody = everybody.join("&");
    let trunk = &settings.trunk_name;
    let mut text = format!(
        "{HEAD}[general]
static = yes
writeprotect = yes

; What agents dial by hand. Customers are called at the desk, where it is on record; while the CRM is
; away they can be dialled here.
[from-agent]
"
    );
    for (extension, _) in &settings.agents {
        let _ = writeln!(
            text,
            "exten => {extension},1,Dial(PJSIP/{extension},30)\n same => n,Hangup(${{HANGUPCAUSE}})"
        );
    }
    let _ = write!(
        text,
        "exten => _[+0]X!,1,Stasis({APP},dialled,${{EXTEN}})
 same => n,GotoIf($[\"${{STASISSTATUS}}\" = \"FAILED\"]?away)
 same => n,Hangup()
 same => n(away),Dial(PJSIP/${{EXTEN}}@{trunk},45)
 same => n,Hangup(${{HANGUPCAUSE}})

; Customers who call. The CRM knows whose they are and who is free; while it is away everybody rings.
[from-trunk]
"
    );
    if let Some(prefix) = &settings.did_prefix {
        for (extension, _) in &settings.agents {
            let _ = writeln!(text, "exten => {prefix}{extension},1,Goto(line,{extension},1)");
        }
    }
    let _ = write!(
        text,
        "exten => _X!,1,Goto(line,${{EXTEN}},1)
exten => _+X!,1,Goto(line,${{EXTEN}},1)
exten => s,1,Goto(line,s,1)

[line]
exten => _[+0-9s]!,1,Set({line}=${{EXTEN}})
 same => n,Stasis({APP},inbound)
 same => n,GotoIf($[\"${{STASISSTATUS}}\" = \"FAILED\"]?away)
 same => n,Hangup()
 same => n(away),Dial({everybody},60)
 same => n,Hangup(${{HANGUPCAUSE}})
",
        line = vars::LINE
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            agents: vec![
                ("201".to_owned(), "রহিমা \"R\" <x>".to_owned()),
                ("202".to_owned(), "Karim".to_owned()),
            ],
            ari: ("trustcart".to_owned(), "secret".to_owned()),
            http: ("127.0.0.1".to_owned(), 8088),
            tls: None,
            sip: ("0.0.0.0".to_owned(), 5060),
            trunk: "sip.example.net:5070".to_owned(),
            trunk_login: None,
            trunk_name: "trunk".to_owned(),
            did_prefix: Some("0222220".to_owned()),
            rtp: (20_000, 20_999),
            media_address: None,
        }
    }

    fn text(name: &str, settings: &Settings) -> String {
        files(settings).into_iter().find(|(file, _)| *file == name).expect("written").1
    }

    #[test]
    fn an_agent_has_an_endpoint_without_a_password_in_the_file() {
        let pjsip = text("pjsip.conf", &settings());
        assert!(pjsip.contains("[201](agent)\naors = 201\nauth = browser-201\n"));
        assert!(pjsip.contains("callerid = \"রহিমা R x\" <201>"), "no quote closes the name early");
        assert!(!pjsip.contains("password"));
        assert!(pjsip.contains("match = sip.example.net\n"));
    }

    #[test]
    fn a_carrier_that_wants_a_login_is_registered_at() {
        let login = Some(("shop".to_owned(), "trunk-secret".to_owned()));
        let pjsip = text("pjsip.conf", &Settings { trunk_login: login, ..settings() });
        assert!(pjsip.contains("type = registration"));
        assert!(pjsip.contains("outbound_auth = trunk\n"));
        assert!(pjsip.contains("password = trunk-secret"));
    }

    #[test]
    fn calls_go_on_while_the_crm_is_away() {
        let dialplan = text("extensions.conf", &settings());
        assert!(dialplan.contains("Dial(PJSIP/201&PJSIP/202,60)"));
        assert!(dialplan.contains("exten => 0222220201,1,Goto(line,201,1)"));
    }
}
