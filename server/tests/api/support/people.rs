//! People to act as. They are written straight into the database with a ready token, because a
//! test about orders should not pay for password hashing.

use std::sync::LazyLock;

use trustcart::auth::{Role, hash_password, sessions};
use trustcart::db::{SessionId, Sql, TeamId, UserId};

use super::TestApp;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

static HASH: LazyLock<String> = LazyLock::new(|| hash_password(PASSWORD).expect("hashes"));

#[derive(Clone, Debug)]
pub struct Person {
    pub id: UserId,
    pub login: String,
    pub role: Role,
    pub token: String,
    pub extension: Option<String>,
    pub session: SessionId,
}

impl TestApp {
    /// A person of a role; an agent without team.
    pub async fn person(&self, role: Role, login: &str) -> Person {
        self.insert_person(role, login, None, None, None).await
    }

    /// A team of a team leader.
    pub async fn team(&self, code: &str, leader: &Person) -> TeamId {
        let mut tx = self.state.db.begin().await.expect("begins");
        let id = tx
            .scalar(
                Sql::new(
                    "INSERT INTO sales_teams (code, name, team_leader_id, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $4) RETURNING id",
                )
                .bind(code)
                .bind(format!("Team {code}"))
                .bind(leader.id)
                .bind(self.state.clock.now()),
            )
            .await
            .expect("a team");
        tx.commit().await.expect("commits");
        id
    }

    /// An agent in a team, with an extension.
    pub async fn agent(&self, login: &str, team: TeamId, leader: &Person, ext: &str) -> Person {
        self.insert_person(Role::Agent, login, Some(team), Some(leader.id), Some(ext)).await
    }

    /// A person made before, logged in once more.
    pub async fn login_as(&self, login: &str) -> Person {
        let now = self.state.clock.now();
        let mut tx = self.state.db.begin().await.expect("begins");
        let sql = "SELECT id, role, team_leader_id, extension FROM users WHERE login = $1";
        let (id, role, leader, extension): (UserId, Role, Option<UserId>, Option<String>) =
            tx.one(Sql::new(sql).bind(login)).await.expect("the user");
        let (session, _) = sessions::begin(&mut tx, id, "", now).await.expect("a session");
        tx.commit().await.expect("commits");
        let token = self.state.keys.issue(id, role, leader, session, now).expect("a token");
        Person { id, login: login.to_owned(), role, token, extension, session }
    }

    /// The same person logged in now: the clock was moved. (Agents' leaders are not looked up.)
    pub fn renewed(&self, who: &Person) -> Person {
        let now = self.state.clock.now();
        let token =
            self.state.keys.issue(who.id, who.role, None, who.session, now).expect("a token");
        Person { token, ..who.clone() }
    }

    async fn insert_person(
        &self,
        role: Role,
        login: &str,
        team: Option<TeamId>,
        leader: Option<UserId>,
        extension: Option<&str>,
    ) -> Person {
        let now = self.state.clock.now();
        let mut tx = self.state.db.begin().await.expect("begins");
        let id: UserId = tx
            .scalar(
                Sql::new(
                    "INSERT INTO users (login, name, role, password_hash, team_id, team_leader_id,
                                        extension, created_at, updated_at)
                     VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $7) RETURNING id",
                )
                .bind(login)
                .bind(role)
                .bind(HASH.as_str())
                .bind(team)
                .bind(leader)
                .bind(extension)
                .bind(now),
            )
            .await
            .expect("a user");
        let (session, _) = sessions::begin(&mut tx, id, "", now).await.expect("a session");
        tx.commit().await.expect("commits");
        let token = self.state.keys.issue(id, role, leader, session, now).expect("a token");
        Person {
            id,
            login: login.to_owned(),
            role,
            token,
            extension: extension.map(ToOwned::to_owned),
            session,
        }
    }
}
