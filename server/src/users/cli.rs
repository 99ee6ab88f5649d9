//! `trustcart user add`: the first administrator of an installation without demo data, or anybody.

use std::io::BufRead as _;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{MAX_CAPACITY, Seniority, User, rules, store};
use crate::audit;
use crate::auth::rules::check_password;
use crate::auth::{Role, hash_password, new_secret};
use crate::clock::Clock;
use crate::db::{Db, UserId};
use crate::error::Error;

/// Manage users.
#[derive(Args, Debug)]
pub struct UserCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a user.
    Add(Add),
}

#[derive(Args, Debug)]
struct Add {
    /// Login name.
    login: String,
    /// Display name; without it the login.
    #[arg(long)]
    name: Option<String>,
    /// admin, sales_manager, team_leader, agent, support or delivery_coordinator.
    #[arg(long, default_value = "admin", value_parser = parse_role)]
    role: Role,
    /// PBX extension.
    #[arg(long)]
    extension: Option<String>,
    /// The password. Other people on this machine may see it in the list of processes: better
    /// `--password-stdin`, or neither.
    #[arg(long, conflicts_with = "password_stdin")]
    password: Option<String>,
    /// Read the password from the first line of the standard input; without it a random one is made and printed.
    #[arg(long)]
    password_stdin: bool,
}

fn parse_role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|()| {
        let all: Vec<&str> = Role::ALL.iter().map(|r| r.as_str()).collect();
        format!("a role is one of {}", all.join(", "))
    })
}

/// A problem's sentence instead of its wire form.
fn plain(error: Error) -> anyhow::Error {
    match error {
        Error::Problem(problem) => anyhow::anyhow!("{}", problem.detail),
        other => other.into(),
    }
}

/// Runs the sub-command on an open database.
pub async fn run(db: &Db, clock: &Clock, command: UserCommand) -> anyhow::Result<()> {
    let Action::Add(add) = command.action;
    let (password, made_up) = if let Some(password) = add.password {
        (password, false)
    } else if add.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("reading the password")?;
        (line.trim_end_matches(['\r', '\n']).to_owned(), false)
    } else {
        (new_secret()[..20].to_owned(), true)
    };
    check_password(&password, "password", &add.login).map_err(plain)?;
    let user = User {
        id: UserId(0),
        login: rules::login(&add.login).map_err(plain)?,
        name: rules::name(add.name.as_deref().unwrap_or(&add.login)).map_err(plain)?,
        role: add.role,
        phone: None,
        extension: rules::extension(add.extension.as_deref().unwrap_or_default()).map_err(plain)?,
        team_id: None,
        team_code: None,
        team_leader_id: None,
        seniority: Seniority::Regular,
        capacity: MAX_CAPACITY,
        districts: Vec::new(),
        active: true,
        absent_on: Vec::new(),
    };
    let hash = hash_password(&password)?;
    let now = clock.now();
    let mut tx = db.begin().await?;
    let id = store::insert(&mut tx, now, &user, &hash).await.map_err(plain)?;
    let Some(made) = store::find(&mut tx, crate::auth::Scope::All, id, clock.today()).await? else {
        bail!("the user vanished");
    };
    let state = audit::state(&made);
    audit::record(&mut tx, now, None, "user.created", "user", Some(id.0), None, state).await?;
    tx.commit().await?;
    println!("Added {} ({}) as user {id}.", made.login, made.role);
    if made_up {
        println!("Password: {password}");
    }
    Ok(())
}
