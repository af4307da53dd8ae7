//! Users: what they may, what they may see, whether they are in. Never deleted, since history names them: disabled.

use super::fold;
use super::{Register, RegisterError};
use crate::access::{Role, Scope};
use crate::entry::Authority;
use crate::journal::now_ms;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

/// Their table.
pub(super) const SCHEMA: &[&str] = &["CREATE TABLE users (
        name TEXT PRIMARY KEY NOT NULL,
        folded TEXT NOT NULL UNIQUE,
        display TEXT NOT NULL,
        role TEXT NOT NULL,
        authority TEXT NOT NULL,
        lent_authority TEXT,
        lent_until BIGINT,
        lent_by TEXT,
        shops TEXT,
        categories TEXT,
        password TEXT,
        state TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        last_seen_at BIGINT
    )"];

/// Longest name, in characters: it stands on the screen and in the history.
pub const MAX_NAME_CHARS: usize = 40;

/// Names that the program itself signs with.
const OWN_NAMES: [&str; 5] = ["local", "file", "cli", "nobody", "system"];

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Signs what they do; never changes.
    pub name: String,
    /// For people.
    pub display: String,
    /// What they do in the team.
    pub role: Role,
    /// What they may promise.
    pub authority: Authority,
    /// What they may promise for a time.
    pub lent: Option<Lent>,
    /// What they may see.
    pub scope: Scope,
    /// Hash of the password; absent: they sign in otherwise or not at all.
    pub password: Option<String>,
    /// Whether they may come in.
    pub state: UserState,
    /// In milliseconds.
    pub created_at: i64,
    /// In milliseconds, as it was last written.
    pub last_seen_at: Option<i64>,
}

/// Authority for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lent {
    /// What.
    pub authority: Authority,
    /// Until when, exclusive, in milliseconds.
    pub until: i64,
    /// By whom.
    pub by: String,
}

/// Whether a user may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    /// They may.
    Active,
    /// They may not, by no way.
    Disabled,
}

impl UserState {
    /// As written in the API and the register.
    pub fn as_str(self) -> &'static str {
        match self {
            UserState::Active => "active",
            UserState::Disabled => "disabled",
        }
    }

    /// Reads it.
    pub fn parse(name: &str) -> Option<UserState> {
        [UserState::Active, UserState::Disabled].into_iter().find(|state| state.as_str() == name)
    }
}

impl User {
    /// A new one without a password.
    pub fn new(name: &str, role: Role) -> User {
        User {
            name: name.to_owned(),
            display: name.to_owned(),
            role,
            authority: authority_of(role),
            lent: None,
            scope: Scope::default(),
            password: None,
            state: UserState::Active,
            created_at: now_ms(),
            last_seen_at: None,
        }
    }

    /// Whether they may come in.
    pub fn is_active(&self) -> bool {
        self.state == UserState::Active
    }

    /// What they may promise at a moment: what was lent counts until its end, where it is more.
    pub fn authority_at(&self, now: i64) -> Authority {
        let lent = self.lent.as_ref().filter(|lent| now < lent.until).map(|lent| lent.authority);
        lent.map_or(self.authority, |lent| lent.max(self.authority))
    }
}

/// What a role may promise where nothing is said.
pub fn authority_of(role: Role) -> Authority {
    match role {
        Role::Agent | Role::Qa => Authority::Agent,
        Role::Trainer => Authority::Lead,
        Role::Lead | Role::Admin => Authority::Manager,
    }
}

/// A name as it is kept, where it can be one: no white space, slash or control character, and none that the program signs with.
pub fn read_name(name: &str) -> Option<String> {
    use unicode_normalization::UnicodeNormalization;
    let name: String = name.trim().nfc().collect();
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"/\\\"<>?#%;,".contains(c);
    let fits = (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.starts_with('.') && name.chars().all(is_plain);
    (fits && !OWN_NAMES.contains(&fold(&name).as_str())).then_some(name)
}

impl Register {
    /// Adds a user; false where the name is taken.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn add_user(&self, user: &User) -> Result<bool, RegisterError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let insert = "INSERT INTO users (name, folded, display, role, authority, shops, categories, password, state, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
        let added = sqlx::query(insert)
            .bind(&user.name)
            .bind(fold(&user.name))
            .bind(&user.display)
            .bind(user.role.as_str())
            .bind(user.authority.as_str())
            .bind(super::list_text(user.scope.shops.as_deref()))
            .bind(super::list_text(user.scope.categories.as_deref()))
            .bind(&user.password)
            .bind(user.state.as_str())
            .bind(user.created_at)
            .execute(&mut *transaction)
            .await?;
        Register::raise(&mut transaction).await?;
        transaction.commit().await?;
        self.read_people().await?;
        Ok(added.rows_affected() == 1)
    }

    /// Changes a user, in what the caller sets on the one that is kept now; false where there is none. Whoever is disabled loses all
    /// sessions.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn change_user(&self, name: &str, change: impl FnOnce(&mut User) + Send) -> Result<bool, RegisterError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query("SELECT * FROM users WHERE folded = $1").bind(fold(name)).fetch_optional(&mut *transaction).await?;
        let Some(mut user) = row.map(|row| read(&row)).transpose()? else { return Ok(false) };
        let had_password = user.password.clone();
        change(&mut user);
        let update =
            "UPDATE users SET display = $2, role = $3, authority = $4, lent_authority = $5, lent_until = $6, lent_by = $7, shops = $8,
            categories = $9, password = $10, state = $11 WHERE name = $1";
        sqlx::query(update)
            .bind(&user.name)
            .bind(&user.display)
            .bind(user.role.as_str())
            .bind(user.authority.as_str())
            .bind(user.lent.as_ref().map(|lent| lent.authority.as_str()))
            .bind(user.lent.as_ref().map(|lent| lent.until))
            .bind(user.lent.as_ref().map(|lent| lent.by.as_str()))
            .bind(super::list_text(user.scope.shops.as_deref()))
            .bind(super::list_text(user.scope.categories.as_deref()))
            .bind(&user.password)
            .bind(user.state.as_str())
            .execute(&mut *transaction)
            .await?;
        if !user.is_active() || user.password != had_password {
            sqlx::query("DELETE FROM sessions WHERE user_name = $1").bind(&user.name).execute(&mut *transaction).await?;
        }
        Register::raise(&mut transaction).await?;
        transaction.commit().await?;
        self.read_people().await?;
        Ok(true)
    }
}

/// Everybody.
pub(super) async fn all(connection: &mut SqliteConnection) -> Result<Vec<User>, RegisterError> {
    let rows = sqlx::query("SELECT * FROM users").fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<User, RegisterError> {
    let unknown = |what: &str, found: &str| RegisterError::Value(format!("a user's {what} is {found:?}"));
    let authority = |name: &str| Authority::parse(name).ok_or_else(|| unknown("authority", name));
    let (role, level, state): (String, String, String) = (row.try_get("role")?, row.try_get("authority")?, row.try_get("state")?);
    let lent: (Option<String>, Option<i64>, Option<String>) =
        (row.try_get("lent_authority")?, row.try_get("lent_until")?, row.try_get("lent_by")?);
    let lent = match lent {
        (Some(level), Some(until), by) => Some(Lent { authority: authority(&level)?, until, by: by.unwrap_or_default() }),
        _ => None,
    };
    Ok(User {
        name: row.try_get("name")?,
        display: row.try_get("display")?,
        role: Role::parse(&role).ok_or_else(|| unknown("role", &role))?,
        authority: authority(&level)?,
        lent,
        scope: Scope { shops: super::read_list(row.try_get("shops")?)?, categories: super::read_list(row.try_get("categories")?)? },
        password: row.try_get("password")?,
        state: UserState::parse(&state).ok_or_else(|| unknown("state", &state))?,
        created_at: row.try_get("created_at")?,
        last_seen_at: row.try_get("last_seen_at")?,
    })
}
