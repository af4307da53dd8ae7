//! Who saw and changed what. Rows are added and aged out, never changed.

use super::{Register, RegisterError};
use crate::journal::now_ms;
use sqlx::Row;
use uuid::Uuid;

/// Its tables.
pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE audit (
        id TEXT PRIMARY KEY NOT NULL,
        at_ms BIGINT NOT NULL,
        who TEXT NOT NULL,
        action TEXT NOT NULL,
        what TEXT NOT NULL,
        detail TEXT NOT NULL
    )",
    "CREATE INDEX audit_by_time ON audit (at_ms)",
];

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// UUIDv7.
    pub id: String,
    /// When, in milliseconds.
    pub at_ms: i64,
    /// The caller's identity.
    pub who: String,
    /// A stable word, `noun.verb`: `entry.save`, `user.create`.
    pub action: String,
    /// Of what: an id or a path.
    pub what: String,
    /// More, for people. No customer's text.
    pub detail: String,
}

impl Register {
    /// Adds a line.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn audit(&self, who: &str, action: &str, what: &str, detail: &str) -> Result<(), RegisterError> {
        sqlx::query("INSERT INTO audit (id, at_ms, who, action, what, detail) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(Uuid::now_v7().to_string())
            .bind(now_ms())
            .bind(who)
            .bind(action)
            .bind(what)
            .bind(detail)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// A page of the list, latest first, and how many lines there are: of one person, or of one thing, where asked.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn audit_list(
        &self,
        who: Option<&str>,
        what: Option<&str>,
        limit: usize,
        offset: usize,
    ) -> Result<(Vec<AuditRow>, usize), RegisterError> {
        let wanted = "($1 IS NULL OR who = $1) AND ($2 IS NULL OR what = $2)";
        let total: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM audit WHERE {wanted}")))
            .bind(who)
            .bind(what)
            .fetch_one(&self.pool)
            .await?;
        let page = format!(
            "SELECT id, at_ms, who, action, what, detail FROM audit WHERE {wanted} ORDER BY at_ms DESC, id DESC LIMIT $3 OFFSET $4"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(page))
            .bind(who)
            .bind(what)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(i64::try_from(offset).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        let rows = rows.into_iter().map(|row| {
            Ok(AuditRow {
                id: row.try_get(0)?,
                at_ms: row.try_get(1)?,
                who: row.try_get(2)?,
                action: row.try_get(3)?,
                what: row.try_get(4)?,
                detail: row.try_get(5)?,
            })
        });
        Ok((rows.collect::<Result<_, sqlx::Error>>()?, usize::try_from(total).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_listed_latest_first_by_person_and_thing() {
        let dir = tempfile::tempdir().unwrap();
        let register = Register::open(dir.path()).await.unwrap();
        for (who, what) in [("小李", "催发货"), ("小王", "催发货"), ("小李", "改地址")] {
            register.audit(who, "entry.save", what, "").await.unwrap();
        }
        let check = async |who: Option<&str>, what: Option<&str>, limit: usize, expect: (&[&str], usize)| {
            let (rows, total) = register.audit_list(who, what, limit, 0).await.unwrap();
            let found: Vec<String> = rows.iter().map(|row| format!("{} {}", row.who, row.what)).collect();
            assert_eq!((found.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), total), expect);
        };
        check(None, None, 2, (&["小李 改地址", "小王 催发货"], 3)).await;
        check(Some("小李"), None, 9, (&["小李 改地址", "小李 催发货"], 2)).await;
        check(Some("小李"), Some("催发货"), 9, (&["小李 催发货"], 1)).await;
    }
}
