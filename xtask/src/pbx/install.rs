//! An Asterisk in a folder of its own: Debian's packages, unpacked, with their own C library, so
//! that nothing of the machine is touched and no root is needed.
//!
//! Debian 12 and 13 have no Asterisk; testing and unstable have. The mirror is the one this machine
//! installs from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use crate::browser::target_dir;
use crate::shell::{command, find, output};

/// Where Asterisk is taken from.
const SUITE: &str = "forky";

/// Packages that are needed at run time; the many databases and directories Asterisk can also speak
/// with are not.
const WANTED: &[&str] = &[
    "asterisk",
    "asterisk-modules",
    "asterisk-core-sounds-en-gsm",
    "libc6",
    "libbsd0",
    "libcap2",
    "libcrypt1",
    "libedit2",
    "libgcc-s1",
    "libgsm1",
    "libjansson",
    "libmd0",
    "libnspr4",
    "libnss3",
    "libopus0",
    "libsqlite3-0",
    "libsrtp2",
    "libstdc++6",
    "libsystemd0",
    "libtinfo6",
    "liburiparser1",
    "libuuid1",
    "libxml2",
    "libxslt1",
    "libssl3",
    "zlib1g",
    "libzstd1",
];

/// Modules that work with the packages above and that a call centre needs; all others are removed,
/// so that nothing half-installed is loaded.
const MODULES: &[&str] = &[
    "app_chanspy",
    "app_dial",
    "app_echo",
    "app_milliwatt",
    "app_mixmonitor",
    "app_playback",
    "app_playtones",
    "app_read",
    "app_stack",
    "app_stasis",
    "app_system",
    "app_verbose",
    "bridge_builtin_features",
    "bridge_builtin_interval_features",
    "bridge_holding",
    "bridge_native_rtp",
    "bridge_simple",
    "bridge_softmix",
    "chan_bridge_media",
    "chan_pjsip",
    "codec_a_mu",
    "codec_alaw",
    "codec_g722",
    "codec_gsm",
    "codec_opus_open_source",
    "codec_resample",
    "codec_ulaw",
    "format_gsm",
    "format_pcm",
    "format_sln",
    "format_wav",
    "func_callerid",
    "func_channel",
    "func_cut",
    "func_db",
    "func_global",
    "func_groupcount",
    "func_hangupcause",
    "func_logic",
    "func_periodic_hook",
    "func_pjsip_aor",
    "func_pjsip_contact",
    "func_pjsip_endpoint",
    "func_strings",
    "func_uri",
    "pbx_config",
    "res_ari",
    "res_ari_applications",
    "res_ari_asterisk",
    "res_ari_bridges",
    "res_ari_channels",
    "res_ari_device_states",
    "res_ari_endpoints",
    "res_ari_events",
    "res_ari_model",
    "res_ari_playbacks",
    "res_ari_recordings",
    "res_ari_sounds",
    "res_clioriginate",
    "res_crypto",
    "res_format_attr_opus",
    "res_http_websocket",
    "res_musiconhold",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_acl",
    "res_pjsip_authenticator_digest",
    "res_pjsip_caller_id",
    "res_pjsip_diversion",
    "res_pjsip_dlg_options",
    "res_pjsip_dtmf_info",
    "res_pjsip_empty_info",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_header_funcs",
    "res_pjsip_messaging",
    "res_pjsip_nat",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_outbound_registration",
    "res_pjsip_path",
    "res_pjsip_pubsub",
    "res_pjsip_refer",
    "res_pjsip_registrar",
    "res_pjsip_rfc3326",
    "res_pjsip_sdp_rtp",
    "res_pjsip_session",
    "res_pjsip_sips_contact",
    "res_pjsip_transport_websocket",
    "res_rtp_asterisk",
    "res_sorcery_astdb",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_srtp",
    "res_stasis",
    "res_stasis_answer",
    "res_stasis_device_state",
    "res_stasis_playback",
    "res_stasis_recording",
    "res_stasis_snoop",
    "res_timing_timerfd",
    "res_websocket_client",
];

/// An unpacked Asterisk.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Holds `usr/…`.
    pub root: PathBuf,
    /// Its libraries.
    pub lib: PathBuf,
}

impl Installed {
    /// Its modules.
    pub fn modules(&self) -> PathBuf {
        self.lib.join("asterisk/modules")
    }

    /// The words that run its `program`: with its own loader and libraries.
    pub fn run_with(&self, program: &str) -> Vec<String> {
        vec![
            self.lib.join("ld-linux-x86-64.so.2").display().to_string(),
            "--inhibit-cache".to_owned(),
            "--library-path".to_owned(),
            self.lib.display().to_string(),
            self.root.join(program).display().to_string(),
        ]
    }

    fn at(root: PathBuf) -> Self {
        let lib = root.join("usr/lib/x86_64-linux-gnu");
        Self { root, lib }
    }
}

/// Why Asterisk cannot be installed here, if it cannot.
pub fn obstacle() -> Option<&'static str> {
    if std::env::consts::ARCH != "x86_64" {
        return Some("the lab's Asterisk is for x86-64");
    }
    let programs = ["apt-get", "dpkg-deb"];
    let missing = programs.iter().any(|program| find(&[program]).is_none());
    missing.then_some("needs a Debian with apt-get and dpkg-deb")
}

/// The Asterisk under `target/asterisk`, installed the first time (20 s, 54 MB).
pub fn installed() -> anyhow::Result<Installed> {
    let home = target_dir().join("asterisk");
    let done = home.join("installed");
    let asterisk = Installed::at(home.join("fs"));
    let contents = format!("{SUITE} {}\n", MODULES.join(" "));
    if std::fs::read_to_string(&done).is_ok_and(|installed| installed == contents) {
        return Ok(asterisk);
    }
    // Half an installation, or another one, is of no use.
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    std::fs::create_dir_all(&home)?;
    let home = home.canonicalize()?;
    let asterisk = Installed::at(home.join("fs"));
    download(&home, &asterisk.root).context("installing Asterisk")?;
    keep_modules(&asterisk)?;
    let sounds = asterisk.root.join("usr/share/asterisk/sounds");
    // What the packages' own scripts would link.
    std::os::unix::fs::symlink("en_US_f_Allison", sounds.join("en"))?;
    std::os::unix::fs::symlink("sounds/en", asterisk.root.join("usr/share/asterisk/moh"))?;
    let words = asterisk.run_with("usr/sbin/asterisk");
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["-V"]).collect();
    let version = output(command(words[0], &words[1..]))?;
    std::fs::remove_dir_all(home.join("apt"))?;
    std::fs::write(&done, contents)?;
    eprintln!("installed {}", version.trim());
    Ok(asterisk)
}

/// The mirror this machine's own packages come from.
fn mirror() -> anyhow::Result<String> {
    let targets = output(command(
        "apt-get",
        &["indextargets", "--format", "$(SITE)|$(ORIGIN)|$(CODENAME)", "Created-By: Packages"],
    ))?;
    let mirror = targets.lines().find_map(|line| {
        let mut parts = line.split('|');
        let (site, origin, codename) = (parts.next()?, parts.next()?, parts.next()?);
        (origin == "Debian" && !codename.contains('-')).then(|| site.to_owned())
    });
    mirror.context("this machine installs no Debian packages")
}

fn download(home: &Path, root: &Path) -> anyhow::Result<()> {
    let apt = home.join("apt");
    for folder in ["lists/partial", "cache/archives/partial", "parts", "debs"] {
        std::fs::create_dir_all(apt.join(folder))?;
    }
    std::fs::write(apt.join("status"), "")?;
    std::fs::write(
        apt.join("parts/lab.sources"),
        format!(
            "Types: deb\nURIs: {}\nSuites: {SUITE}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
            mirror()?
        ),
    )?;
    let state = apt.display();
    let options: Vec<String> = [
        format!("Dir::State={state}"),
        format!("Dir::State::lists={state}/lists"),
        format!("Dir::State::status={state}/status"),
        format!("Dir::Cache={state}/cache"),
        "Dir::Etc::sourcelist=/dev/null".to_owned(),
        format!("Dir::Etc::sourceparts={state}/parts"),
        "APT::Sandbox::User=root".to_owned(),
        "Acquire::Languages=none".to_owned(),
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".to_owned(),
        "Acquire::Retries=3".to_owned(),
    ]
    .into_iter()
    .flat_map(|option| ["-o".to_owned(), option])
    .collect();
    let apt_get = |words: &[&str]| {
        let mut all: Vec<&str> = vec!["-q"];
        all.extend(options.iter().map(String::as_str));
        all.extend(words);
        command("apt-get", &all)
    };
    output(apt_get(&["update"]))?;
    let plan = output(apt_get(&[
        "install",
        "--no-install-recommends",
        "-s",
        "asterisk",
        "asterisk-core-sounds-en-gsm",
    ]))?;
    let packages: Vec<&str> = plan
        .lines()
        .filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next())
        .filter(|name| wanted(name))
        .collect();
    ensure!(packages.contains(&"asterisk"), "{SUITE} has no Asterisk");
    let debs = apt.join("debs");
    let mut fetch = apt_get(&["download"]);
    fetch.args(&packages).current_dir(&debs);
    output(fetch)?;
    std::fs::create_dir_all(root)?;
    for deb in std::fs::read_dir(&debs)? {
        let deb = deb?.path();
        let (deb, root) = (deb.display().to_string(), root.display().to_string());
        output(command("dpkg-deb", &["-x", &deb, &root]))?;
    }
    Ok(())
}

/// Names may carry the version of their interface: `libjansson4`, `libxml2-16`, `libssl3t64`.
fn wanted(package: &str) -> bool {
    WANTED.iter().any(|name| {
        package.strip_prefix(name).is_some_and(|rest| {
            rest.is_empty()
                || (name.starts_with("lib")
                    && rest
                        .trim_start_matches('-')
                        .starts_with(|c: char| c.is_ascii_digit() || c == 't'))
        })
    })
}

fn keep_modules(asterisk: &Installed) -> anyhow::Result<()> {
    for module in std::fs::read_dir(asterisk.modules())? {
        let module = module?.path();
        let name = module.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if !MODULES.contains(&name) {
            std::fs::remove_file(&module)?;
        }
    }
    for module in MODULES {
        let file = asterisk.modules().join(format!("{module}.so"));
        if !file.exists() {
            bail!("Asterisk has no module {module} any more");
        }
        let mut words = asterisk.run_with("usr/sbin/asterisk");
        words.pop();
        words.extend(["--list".to_owned(), file.display().to_string()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let libraries = output(command(words[0], &words[1..]))?;
        ensure!(!libraries.contains("not found"), "{module} needs more packages:\n{libraries}");
    }
    Ok(())
}
