//! Who there is, in memory: users, their tokens and sessions. Every request asks here, so that none waits for SQL.
//!
//! Every change of this process swaps the table at once; what another process changed (the command line) is noticed within a second, by a
//! counter that each change raises.

use super::sessions::Term;
use super::{Register, RegisterError, Token, User, fold};
use crate::access::{Caller, Proof, Role, Scope};
use crate::journal::now_ms;
use crate::secret::{SecretDigest, digest};
use sqlx::SqliteConnection;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Its table: one row, raised by each change.
pub(super) const SCHEMA: &[&str] =
    &["CREATE TABLE people_changes (changes BIGINT NOT NULL)", "INSERT INTO people_changes (changes) VALUES (0)"];

/// How often changes of other processes are looked for: a revoked token is refused within a second.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// How often the times of last use are written: they are for people to look at.
const SEEN_INTERVAL: Duration = Duration::from_secs(60);

/// Everybody, as of one moment.
#[derive(Debug, Default)]
pub struct People {
    changes: i64,
    /// By folded name.
    users: HashMap<String, Arc<User>>,
    tokens: HashMap<SecretDigest, KnownToken>,
    sessions: HashMap<SecretDigest, KnownSession>,
    /// Of users by folded name and of tokens by id: when they were last seen, where that is not written yet.
    seen: HashMap<String, Arc<AtomicI64>>,
}

#[derive(Debug)]
struct KnownToken {
    token: Token,
    user: Arc<User>,
}

#[derive(Debug)]
struct KnownSession {
    user: Arc<User>,
    term: Term,
}

impl People {
    /// Whether there are no accounts at all.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// A user by name, compared case-folded.
    pub fn user(&self, name: &str) -> Option<&Arc<User>> {
        self.users.get(&fold(name))
    }

    /// All users, by name.
    pub fn users(&self) -> Vec<&Arc<User>> {
        let mut users: Vec<&Arc<User>> = self.users.values().collect();
        users.sort_by(|a, b| a.name.cmp(&b.name));
        users
    }

    /// Whether nobody would be left to administer without this one.
    pub fn is_last_admin(&self, user: &User) -> bool {
        let is_admin = |user: &User| user.role == Role::Admin && user.is_active() && user.scope.is_everything();
        is_admin(user) && !self.users.values().any(|other| other.name != user.name && is_admin(other))
    }

    /// Whether somebody may administer.
    pub fn has_admin(&self) -> bool {
        self.users.values().any(|user| user.role == Role::Admin && user.is_active())
    }

    /// Who has a token that is in force.
    pub fn by_token(&self, token: &str, now: i64) -> Option<Caller> {
        let KnownToken { token, user } = self.tokens.get(&digest(token))?;
        if token.expires_at.is_some_and(|end| end <= now) || !user.is_active() {
            return None;
        }
        self.see(&token.id, now);
        self.see(&fold(&user.name), now);
        Some(caller(user, Proof::Token, user.scope.and(&token.scope), now))
    }

    /// Whose session this is, where it is in force.
    pub fn by_session(&self, secret: &str, now: i64) -> Option<Caller> {
        let KnownSession { user, term } = self.sessions.get(&digest(secret))?;
        if !term.holds(now) || !user.is_active() {
            return None;
        }
        self.see(&fold(&user.name), now);
        Some(caller(user, Proof::User, user.scope.clone(), now))
    }

    /// When a user (folded name) or a token (id) was seen last, as far as this process knows.
    pub fn last_seen(&self, key: &str) -> Option<i64> {
        self.seen.get(key).map(|at| at.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }

    fn see(&self, key: &str, now: i64) {
        if let Some(at) = self.seen.get(key) {
            at.store(now, Ordering::Relaxed);
        }
    }
}

fn caller(user: &User, by: Proof, scope: Scope, now: i64) -> Caller {
    Caller {
        identity: Arc::from(user.name.as_str()),
        by,
        role: user.role,
        authority: Some(user.authority_at(now).as_str().to_owned()),
        scope,
    }
}

impl Register {
    /// Everybody, as of now.
    pub fn people(&self) -> Arc<People> {
        self.people.load_full()
    }

    /// Says in a transaction that people changed.
    pub(super) async fn raise(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE people_changes SET changes = changes + 1").execute(connection).await?;
        Ok(())
    }

    /// Reads everybody anew.
    ///
    /// # Errors
    /// Where the register cannot be read.
    pub async fn read_people(&self) -> Result<(), RegisterError> {
        // One at a time, or the earlier state might be put over the later one.
        let _turn = self.reading.lock().await;
        let mut transaction = self.pool.begin().await?;
        let changes: i64 = sqlx::query_scalar("SELECT changes FROM people_changes").fetch_one(&mut *transaction).await?;
        let users = super::users::all(&mut transaction).await?;
        let tokens = super::tokens::all(&mut transaction).await?;
        let sessions = super::sessions::all(&mut transaction, now_ms()).await?;
        drop(transaction);
        let before = self.people.load_full();
        let users: HashMap<String, Arc<User>> = users.into_iter().map(|user| (fold(&user.name), Arc::new(user))).collect();
        let kept = |key: &String| (key.clone(), before.seen.get(key).cloned().unwrap_or_default());
        let seen = users.keys().chain(tokens.iter().map(|(_, token)| &token.id)).map(kept).collect();
        let of = |name: &str| users.get(&fold(name)).cloned();
        let tokens = tokens.into_iter().filter_map(|(key, token)| Some((key, KnownToken { user: of(&token.user)?, token }))).collect();
        let sessions = sessions.into_iter().filter_map(|(key, name, term)| Some((key, KnownSession { user: of(&name)?, term })));
        let sessions = sessions.collect();
        self.people.store(Arc::new(People { changes, users, tokens, sessions, seen }));
        Ok(())
    }

    /// Notices what other processes change and that the clock was set back, and writes now and then when people were last seen; never ends.
    pub async fn follow_people(&self) {
        let mut seen_at = Instant::now();
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            if let Err(error) = self.look().await {
                tracing::error!(%error, "changes of accounts by others cannot be read");
            }
            if seen_at.elapsed() >= SEEN_INTERVAL {
                seen_at = Instant::now();
                if let Err(error) = self.write_seen().await {
                    tracing::error!(%error, "when people were last seen cannot be written");
                }
            }
        }
    }

    async fn look(&self) -> Result<(), RegisterError> {
        let changes: i64 = sqlx::query_scalar("SELECT changes FROM people_changes").fetch_one(&self.pool).await?;
        if changes != self.people.load().changes {
            self.read_people().await?;
        }
        let now = now_ms();
        let is_one_ahead = self.people.load().sessions.values().any(|session| session.term.is_ahead(now));
        if is_one_ahead { self.end_sessions_ahead().await } else { Ok(()) }
    }

    /// Writes when people and tokens were last seen.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn write_seen(&self) -> Result<(), RegisterError> {
        let people = self.people();
        let mut transaction = self.pool.begin().await?;
        for (key, user) in &people.users {
            let Some(at) = people.last_seen(key) else { continue };
            let update = "UPDATE users SET last_seen_at = $1 WHERE name = $2 AND (last_seen_at IS NULL OR last_seen_at < $1)";
            sqlx::query(update).bind(at).bind(&user.name).execute(&mut *transaction).await?;
        }
        for KnownToken { token, .. } in people.tokens.values() {
            let Some(at) = people.last_seen(&token.id) else { continue };
            let update = "UPDATE tokens SET last_used_at = $1 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $1)";
            sqlx::query(update).bind(at).bind(&token.id).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
