//! The first start: an empty database becomes a usable installation.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};

use crate::auth::new_secret;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, DbError, Sql};
use crate::{demo, districts, products};

/// Creates the data directory with mode 0700, or sets that mode: it holds customers, recordings and the
/// key that signs logins.
pub fn own_data_dir(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    let mut make = std::fs::DirBuilder::new();
    make.recursive(true).mode(0o700);
    make.create(dir).with_context(|| format!("creating {}", dir.display()))?;
    let mode = std::fs::metadata(dir)?.permissions().mode();
    if mode & 0o077 != 0
        && let Err(error) = std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
    {
        tracing::warn!(%error, dir = %dir.display(), "setting the mode of the data directory failed; other users can read it");
    }
    Ok(())
}

/// Where the demo password is kept, so that every start can print it.
const DEMO_PASSWORD_FILE: &str = "demo-password";

/// What to tell the person who started the server.
#[derive(Debug)]
pub enum Welcome {
    /// Demo data, with its password where it is still known.
    Demo {
        /// Everybody's password.
        password: Option<String>,
    },
    /// A real installation without a single user yet.
    NoUsers,
    /// A real installation.
    Ready,
}

/// Fills a fresh database (demo data, or the catalogue's defaults) and refuses an unsafe set-up.
pub async fn prepare(db: &Db, clock: &Clock, config: &Config) -> anyhow::Result<Welcome> {
    if demo::store::is_fresh(db).await? && config.wants_demo() {
        refuse_demo_beyond_loopback(config.listen.ip())?;
        let password =
            config.demo_password.clone().unwrap_or_else(|| new_secret()[..12].to_owned());
        println!("Fresh start: loading the demo shop");
        let loaded = demo::store::load(db, clock, &password, |step| println!("  {step}")).await?;
        keep_demo_password(&config.data_dir, &password)?;
        println!(
            "  ready: {} customers, {} orders, {} order lines",
            loaded.customers, loaded.orders, loaded.lines
        );
        return Ok(Welcome::Demo { password: Some(password) });
    }
    if demo::store::is_demo(db).await? {
        let mut tx = db.begin().await?;
        districts::rename_free_text(&mut tx, clock.now()).await?;
        tx.commit().await?;
        refuse_demo_beyond_loopback(config.listen.ip())?;
        let password = std::fs::read_to_string(config.data_dir.join(DEMO_PASSWORD_FILE)).ok();
        return Ok(Welcome::Demo { password });
    }
    let mut tx = db.begin().await?;
    districts::rename_free_text(&mut tx, clock.now()).await?;
    products::defaults::ensure(&mut tx, clock.now()).await?;
    let users: i64 = tx.scalar("SELECT COUNT(*) FROM users").await?;
    tx.commit().await?;
    Ok(if users == 0 { Welcome::NoUsers } else { Welcome::Ready })
}

/// Demo passwords are printed on a terminal: such a server must not be reachable from outside.
fn refuse_demo_beyond_loopback(listen: IpAddr) -> anyhow::Result<()> {
    if !listen.is_loopback() {
        bail!(
            "this database holds demo data with a printed password, so the server only listens on \
             loopback, not on {listen}; set TRUSTCART_LISTEN=127.0.0.1:3000, or start on an empty \
             database with TRUSTCART_DEMO=false"
        );
    }
    Ok(())
}

fn keep_demo_password(dir: &Path, password: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = dir.join(DEMO_PASSWORD_FILE);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&path).with_context(|| format!("writing {}", path.display()))?;
    file.write_all(password.as_bytes())?;
    Ok(())
}

/// When this installation was made: jobs are not caught up from before.
pub async fn installed_at(db: &Db, clock: &Clock) -> Result<DateTime<Utc>, DbError> {
    let mut tx = db.begin().await?;
    tx.execute(
        Sql::new(
            "INSERT INTO settings (key, value, updated_at) VALUES ('installed_at', $1, $2)
             ON CONFLICT (key) DO NOTHING",
        )
        .bind(serde_json::json!({}))
        .bind(clock.now()),
    )
    .await?;
    let at = tx.scalar("SELECT updated_at FROM settings WHERE key = 'installed_at'").await?;
    tx.commit().await?;
    Ok(at)
}

impl Welcome {
    /// Prints where to go and how to get in.
    pub fn print(&self, address: std::net::SocketAddr) {
        println!("\nTrustCart CRM is at http://{address}\n");
        match self {
            Self::Demo { password } => {
                println!(
                    "Demo logins: tl (team leader), agent1 … agent10, manager, admin, support, delivery"
                );
                match password {
                    Some(password) => println!("Password:    {password}"),
                    None => println!("Password:    set when the data was loaded"),
                }
            }
            Self::NoUsers => {
                println!(
                    "There is no user yet. In another terminal: trustcart user add admin --role admin"
                );
            }
            Self::Ready => {}
        }
    }
}
