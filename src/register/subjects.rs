//! Who at an OpenID provider is which user here.

use super::{Register, RegisterError};

/// Their table.
pub(super) const SCHEMA: &[&str] = &["CREATE TABLE subjects (
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        user_name TEXT NOT NULL REFERENCES users (name),
        PRIMARY KEY (issuer, subject)
    )"];

impl Register {
    /// The user of a subject.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn user_of_subject(&self, issuer: &str, subject: &str) -> Result<Option<String>, RegisterError> {
        let select = sqlx::query_scalar("SELECT user_name FROM subjects WHERE issuer = $1 AND subject = $2");
        Ok(select.bind(issuer).bind(subject).fetch_optional(&self.pool).await?)
    }

    /// Binds a subject to a user, for ever.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn bind_subject(&self, issuer: &str, subject: &str, user: &str) -> Result<(), RegisterError> {
        let insert = sqlx::query("INSERT INTO subjects (issuer, subject, user_name) VALUES ($1, $2, $3)");
        insert.bind(issuer).bind(subject).bind(user).execute(&self.pool).await?;
        Ok(())
    }
}
