//! Two Asterisks on this machine: the PBX, configured by `trustcart pbx config`, and a carrier, the
//! telephone network with its customers.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::install::Installed;
use crate::shell::{command, output};

/// Password of the PBX's REST interface.
pub const PASSWORD: &str = "lab-password";
/// What the lab's numbers begin with; an extension follows.
pub const DID_PREFIX: &str = "0222220";

/// A running lab; dropping it stops it.
pub struct Lab {
    /// Folder with everything.
    pub dir: PathBuf,
    /// Address of the PBX's REST interface.
    pub url: String,
    /// UDP port on which the PBX takes calls of the carrier, who is anybody on this machine.
    pub sip: u16,
    carrier: Child,
}

/// Ports of a lab.
struct Ports {
    http: u16,
    sip: u16,
    carrier: u16,
}

fn free_tcp() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn free_udp() -> anyhow::Result<u16> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Lab {
    /// Starts both in `dir`; `configure` writes the PBX's configuration into the folder it is given,
    /// with these arguments of `trustcart pbx config`.
    pub fn start(
        asterisk: &Installed,
        dir: &Path,
        configure: impl FnOnce(&[String]) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        let ports = Ports { http: free_tcp()?, sip: free_udp()?, carrier: free_udp()? };
        let pbx = home(asterisk, &dir, "pbx")?;
        let carrier = home(asterisk, &dir, "carrier")?;
        configure(&[
            "--out".to_owned(),
            pbx.join("etc").display().to_string(),
            "--carrier".to_owned(),
            format!("127.0.0.1:{}", ports.carrier),
            "--http".to_owned(),
            format!("127.0.0.1:{}", ports.http),
            "--sip".to_owned(),
            format!("127.0.0.1:{}", ports.sip),
            "--did-prefix".to_owned(),
            DID_PREFIX.to_owned(),
            "--rtp-first".to_owned(),
            "20000".to_owned(),
            "--rtp-last".to_owned(),
            "22999".to_owned(),
            "--media-address".to_owned(),
            "127.0.0.1".to_owned(),
        ])?;
        configure_carrier(&carrier.join("etc"), &ports)?;
        let url = format!("http://127.0.0.1:{}", ports.http);
        // For tests: how to act for the telephone network, and how to pull the plug.
        let about = json!({
            "url": url,
            "password": PASSWORD,
            "didPrefix": DID_PREFIX,
            "pbx": pbx.join("run-it"),
            "pbxPid": pbx.join("pid"),
            "pbxCli": pbx.join("cli"),
            "carrierCli": carrier.join("cli"),
            "carrierSpool": carrier.join("spool"),
        });
        std::fs::write(dir.join("lab.json"), serde_json::to_string_pretty(&about)?)?;
        // The PBX asks at once whether the carrier is there.
        let carrier_process = boot(&carrier)?;
        let lab = Self { dir, url, sip: ports.sip, carrier: carrier_process };
        boot(&pbx)?;
        Ok(lab)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // A test may have started the PBX anew: the file says which process it is.
        let pid = std::fs::read_to_string(self.dir.join("pbx/pid")).unwrap_or_default();
        let pid = pid.trim();
        let own = std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| {
            let home = self.dir.join("pbx").display().to_string();
            String::from_utf8_lossy(&line).contains(&home)
        });
        if own && let Err(error) = output(command("kill", &[pid])) {
            eprintln!("stopping the PBX: {error:#}");
        }
        if let Err(error) = self.carrier.kill().and_then(|()| self.carrier.wait()) {
            eprintln!("stopping the carrier: {error}");
        }
    }
}

/// Folders and the configuration every Asterisk needs, and two commands: `run-it` and `cli`.
fn home(asterisk: &Installed, dir: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let home = dir.join(name);
    for folder in
        ["etc", "run", "log", "spool/recording", "spool/monitor", "spool/tmp", "lib/keys", "db"]
    {
        std::fs::create_dir_all(home.join(folder))?;
    }
    let (here, root) = (home.display(), asterisk.root.display());
    let write = |file: &str, text: &str| std::fs::write(home.join("etc").join(file), text);
    write(
        "asterisk.conf",
        &format!(
            "[directories](!)
[directories]
astetcdir => {here}/etc
astmoddir => {modules}
astvarlibdir => {here}/lib
astdbdir => {here}/db
astkeydir => {here}/lib
astdatadir => {root}/usr/share/asterisk
astagidir => {here}/lib/agi-bin
astspooldir => {here}/spool
astrundir => {here}/run
astlogdir => {here}/log
astsbindir => {root}/usr/sbin
[options]
verbose = 3
documentation_language = en_US
systemname = {name}
",
            modules = asterisk.modules().display()
        ),
    )?;
    write("modules.conf", "[modules]\nautoload = yes\n")?;
    write(
        "logger.conf",
        "[general]\ndateformat = %F %T.%3q\n[logfiles]\nfull => notice,warning,error,verbose(3)\n",
    )?;
    write(
        "indications.conf",
        "[general]\ncountry = bd\n[bd]\ndescription = Bangladesh\nringcadence = 400,200,400,2000\ndial = 400\nbusy = 400/500,0/500\nring = 400/400,0/200,400/400,0/2000\ncongestion = 400/250,0/250\n",
    )?;
    for empty in [
        "ccss",
        "cdr",
        "cel",
        "cli",
        "codecs",
        "dnsmgr",
        "extconfig",
        "features",
        "manager",
        "pjproject",
        "stasis",
        "udptl",
        "websocket_client",
    ] {
        write(&format!("{empty}.conf"), "[general]\n")?;
    }
    let words = asterisk.run_with("usr/sbin/asterisk").join("' '");
    for (file, end) in [("run-it", "-f"), ("cli", "-rx \"$*\"")] {
        let path = home.join(file);
        let text = format!(
            "#!/bin/sh\ncd '{here}' && exec '{words}' -C '{here}/etc/asterisk.conf' {end}\n"
        );
        std::fs::write(&path, text)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(home)
}

/// Customers act by the last digit of their number.
fn configure_carrier(etc: &Path, ports: &Ports) -> anyhow::Result<()> {
    let Ports { sip, carrier, .. } = ports;
    std::fs::write(etc.join("http.conf"), "[general]\nenabled = no\n")?;
    std::fs::write(etc.join("ari.conf"), "[general]\nenabled = no\n")?;
    std::fs::write(etc.join("sorcery.conf"), "[general]\n")?;
    std::fs::write(
        etc.join("musiconhold.conf"),
        "[general]\n[default]\nmode = files\ndirectory = moh\n",
    )?;
    std::fs::write(
        etc.join("rtp.conf"),
        "[general]\nrtpstart = 23000\nrtpend = 25999\nicesupport = no\nstrictrtp = no\n",
    )?;
    std::fs::write(
        etc.join("pjsip.conf"),
        format!(
            "[global]
type = global
user_agent = carrier
[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{carrier}
[pbx]
type = endpoint
transport = udp
context = from-pbx
disallow = all
allow = ulaw,alaw
direct_media = no
dtmf_mode = rfc4733
aors = pbx
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
[pbx]
type = aor
contact = sip:127.0.0.1:{sip}
[pbx]
type = identify
endpoint = pbx
match = 127.0.0.1
"
        ),
    )?;
    std::fs::write(
        etc.join("extensions.conf"),
        "[from-pbx]
; 1 busy, 2 rings for ever, 3 declines, 4 there is no such number, 5 the network is full,
; 6 hangs up after three seconds, 7 plays a tone of 1004 Hz, 8 writes down four DTMF digits,
; any other answers after a second and echoes. What 7 and the others hear is recorded.
exten => _01XXXXXXXX1,1,Progress()
 same => n,Hangup(17)
exten => _01XXXXXXXX2,1,Ringing()
 same => n,Wait(300)
exten => _01XXXXXXXX3,1,Ringing()
 same => n,Wait(0.5)
 same => n,Hangup(21)
exten => _01XXXXXXXX4,1,Hangup(1)
exten => _01XXXXXXXX5,1,Hangup(34)
exten => _01XXXXXXXX6,1,Ringing()
 same => n,Wait(0.5)
 same => n,Answer()
 same => n,Wait(3)
 same => n,Hangup(16)
exten => _01XXXXXXXX7,1,Ringing()
 same => n,Wait(0.5)
 same => n,Answer()
 same => n,MixMonitor(customer-${EXTEN}.wav,r(heard-${EXTEN}.wav))
 same => n,Milliwatt()
exten => _01XXXXXXXX8,1,Answer()
 same => n,Read(DIGITS,,4,,1,20)
 same => n,System(echo ${DIGITS} > ${ASTSPOOLDIR}/dtmf-${EXTEN})
 same => n,Wait(60)
exten => _01XXXXXXXXX,1,Ringing()
 same => n,Wait(1)
 same => n,Answer()
 same => n,MixMonitor(customer-${EXTEN}.wav,r(heard-${EXTEN}.wav))
 same => n,Echo()
; A customer who calls in: `channel originate Local/CALLER*NUMBER@call-in application Milliwatt`.
[call-in]
exten => _X.,1,Set(CALLERID(num)=${CUT(EXTEN,*,1)})
 same => n,Dial(PJSIP/${CUT(EXTEN,*,2)}@pbx,120)
 same => n,Hangup()
",
    )?;
    Ok(())
}

/// Starts the Asterisk of a folder and waits until it is up.
fn boot(home: &Path) -> anyhow::Result<Child> {
    let log = std::fs::File::create(home.join("log/console"))?;
    let mut start = Command::new(home.join("run-it"));
    start.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("LANG", "C.UTF-8");
    start.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
    let mut child = start.spawn().context("starting Asterisk")?;
    std::fs::write(home.join("pid"), child.id().to_string())?;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        let cli = home.join("cli").display().to_string();
        if output(command(&cli, &["core", "waitfullybooted"])).is_ok() {
            return Ok(child);
        }
        if child.try_wait()?.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let _ = child.kill();
    let console = std::fs::read_to_string(home.join("log/console")).unwrap_or_default();
    bail!("{} did not start:\n{console}", home.display());
}
