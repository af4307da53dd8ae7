//! What the register keeps of people, and for how long: given out, erased, and deleted when its time is over.

use super::{Register, RegisterError};
use crate::journal::now_ms;
use crate::library::rules::Retention;
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, Row, TypeInfo, ValueRef};
use std::collections::BTreeMap;

/// Stands for a person whose records were erased: what they wrote stays, by nobody.
pub const ERASED: &str = "已抹去";

/// Most rows of one kind in an export: years of one person's work.
const MAX_EXPORTED: i64 = 100_000;

/// How a person is taken out of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Erasure {
    /// The rows go.
    Delete,
    /// The rows stay, by [`ERASED`].
    Rename,
    /// The column is emptied.
    Empty,
}

/// A column that names a person.
struct Named {
    table: &'static str,
    column: &'static str,
    /// What is given out; secrets are not.
    shown: &'static str,
    erasure: Erasure,
}

/// Every column that names a person. Rows that refer to users come before the users.
const PEOPLE: &[Named] = &[
    Named { table: "audit", column: "who", shown: "at_ms, action, what, detail", erasure: Erasure::Rename },
    Named { table: "versions", column: "who", shown: "at_us, entry_id, path, action, way, why", erasure: Erasure::Rename },
    Named {
        table: "submissions",
        column: "author",
        shown: "at_ms, kind, entry_id, title, markdown, text, note, state, reason",
        erasure: Erasure::Rename,
    },
    Named {
        table: "submissions",
        column: "decided_by",
        shown: "decided_at_ms, kind, entry_id, title, state, reason",
        erasure: Erasure::Rename,
    },
    Named { table: "submission_comments", column: "author", shown: "at_ms, submission_id, text", erasure: Erasure::Rename },
    Named { table: "notices", column: "author", shown: "from_ms, until_ms, text", erasure: Erasure::Rename },
    Named { table: "notices", column: "reviewed_by", shown: "reviewed_ms, text, review", erasure: Erasure::Rename },
    Named { table: "acknowledgements", column: "who", shown: "at_ms, notice_id", erasure: Erasure::Delete },
    Named { table: "messages", column: "who", shown: "at_ms, entry_id, path, version", erasure: Erasure::Delete },
    Named { table: "points", column: "who", shown: "at_ms, points, reason, entry_id, counted_ms", erasure: Erasure::Delete },
    Named { table: "private_entries", column: "owner", shown: "title, shortcut, text, updated_at", erasure: Erasure::Delete },
    Named { table: "promised", column: "user_name", shown: "at_ms, shop, day, fen, entry_id", erasure: Erasure::Delete },
    Named { table: "subjects", column: "user_name", shown: "issuer, subject", erasure: Erasure::Delete },
    Named { table: "sessions", column: "user_name", shown: "created_at, expires_at", erasure: Erasure::Delete },
    Named { table: "tokens", column: "user_name", shown: "id, label, created_at, expires_at, last_used_at", erasure: Erasure::Delete },
    Named { table: "users", column: "lent_by", shown: "lent_authority, lent_until", erasure: Erasure::Empty },
    Named {
        table: "users",
        column: "name",
        shown: "name, display, role, authority, shops, categories, state, created_at, last_seen_at",
        erasure: Erasure::Delete,
    },
];

impl Register {
    /// Everything that is kept of one person, by `table.column`; kinds of which there is nothing are absent.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn records_of(&self, who: &str) -> Result<BTreeMap<String, Vec<Value>>, RegisterError> {
        let mut records = BTreeMap::new();
        for Named { table, column, shown, .. } in PEOPLE {
            let query = format!("SELECT {shown} FROM {table} WHERE {column} = $1 LIMIT $2");
            let rows = sqlx::query(sqlx::AssertSqlSafe(query)).bind(who).bind(MAX_EXPORTED).fetch_all(&self.pool).await?;
            if !rows.is_empty() {
                records.insert(format!("{table}.{column}"), rows.iter().map(to_json).collect::<Result<_, _>>()?);
            }
        }
        Ok(records)
    }

    /// Erases one person in one transaction; gives the number of rows by table. What they wrote stays, by [`ERASED`].
    ///
    /// # Errors
    /// Where it cannot be written: nothing is erased then.
    pub async fn erase(&self, who: &str) -> Result<BTreeMap<String, u64>, RegisterError> {
        let mut erased: BTreeMap<String, u64> = BTreeMap::new();
        let mut transaction = self.pool.begin().await?;
        for Named { table, column, erasure, .. } in PEOPLE {
            let statement = match erasure {
                Erasure::Delete => format!("DELETE FROM {table} WHERE {column} = $1"),
                Erasure::Rename => format!("UPDATE {table} SET {column} = '{ERASED}' WHERE {column} = $1"),
                Erasure::Empty => format!("UPDATE {table} SET {column} = NULL WHERE {column} = $1"),
            };
            let done = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(who).execute(&mut *transaction).await?;
            if done.rows_affected() > 0 {
                *erased.entry((*table).to_owned()).or_default() += done.rows_affected();
            }
        }
        // Lines of the audit list and reasons for changes name whom they are about.
        sqlx::query("UPDATE audit SET what = $2 WHERE what = $1").bind(who).bind(ERASED).execute(&mut *transaction).await?;
        let quoted = format!("（{who}）");
        sqlx::query("UPDATE versions SET why = replace(why, $1, $2) WHERE instr(why, $1) > 0")
            .bind(&quoted)
            .bind(format!("（{ERASED}）"))
            .execute(&mut *transaction)
            .await?;
        Register::raise(&mut transaction).await?;
        transaction.commit().await?;
        self.read_people().await?;
        Ok(erased)
    }

    /// How many rows there are of each kind that has a retention, and when the oldest was made, in milliseconds.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn kept(&self) -> Result<Vec<(&'static str, i64, Option<i64>)>, RegisterError> {
        let mut kept = Vec::new();
        for (kind, table, time, _) in AGING {
            let query = format!("SELECT count(*), min({time}) FROM {table}");
            let row = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_one(&self.pool).await?;
            kept.push((kind, row.try_get(0)?, row.try_get(1)?));
        }
        Ok(kept)
    }

    /// Deletes what is older than it is kept; gives the number of rows by kind.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn age(&self, retention: &Retention) -> Result<BTreeMap<&'static str, u64>, RegisterError> {
        let mut deleted = BTreeMap::new();
        for (kind, days) in retention.kinds() {
            let Some((_, table, time, but)) = AGING.into_iter().find(|(known, ..)| *known == kind) else { continue };
            let before = now_ms() - i64::from(days) * 24 * 60 * 60 * 1000;
            let statement = format!("DELETE FROM {table} WHERE {time} < $1 AND {but}");
            let done = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(before).execute(&self.pool).await?;
            if done.rows_affected() > 0 {
                deleted.insert(kind, done.rows_affected());
            }
        }
        Ok(deleted)
    }
}

/// Kinds of records with their table, the time that counts, and what must be so that a row may go.
const AGING: [(&str, &str, &str, &str); 4] = [
    ("audit", "audit", "at_ms", "1 = 1"),
    ("submissions", "submissions", "at_ms", "state <> 'open'"),
    ("notices", "notices", "until_ms", "1 = 1"),
    ("points", "points", "at_ms", "1 = 1"),
];

fn to_json(row: &SqliteRow) -> Result<Value, sqlx::Error> {
    let mut shown = Map::new();
    for (at, column) in row.columns().iter().enumerate() {
        let raw = row.try_get_raw(at)?;
        let value = match raw.type_info().name() {
            _ if raw.is_null() => Value::Null,
            "INTEGER" | "BIGINT" => row.try_get::<i64, _>(at)?.into(),
            _ => row.try_get::<String, _>(at)?.into(),
        };
        shown.insert(column.name().to_owned(), value);
    }
    Ok(Value::Object(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns whose names say that a person stands there, and in which none does.
    const NO_PERSON: [&str; 1] = ["messages.replaced_by"];

    #[tokio::test]
    async fn every_column_that_names_a_person_is_exported_and_erased() {
        let dir = tempfile::tempdir().unwrap();
        let register = Register::open(dir.path()).await.unwrap();
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, 2",
        )
        .fetch_all(&register.pool)
        .await
        .unwrap();
        let is_person = |name: &str| {
            matches!(name, "who" | "author" | "identity" | "user" | "owner" | "person")
                || name.starts_with("user_")
                || name.ends_with("_by")
                || name.ends_with("_who")
        };
        for (table, column) in columns {
            let known = PEOPLE.iter().any(|named| named.table == table && named.column == column);
            let place = format!("{table}.{column}");
            assert!(!is_person(&column) || known || NO_PERSON.contains(&place.as_str()), "{place} names a person: add it to PEOPLE");
        }
    }

    #[tokio::test]
    async fn an_erased_person_is_gone_and_what_they_wrote_stays() {
        let dir = tempfile::tempdir().unwrap();
        let register = Register::open(dir.path()).await.unwrap();
        register.audit("小李", "entry.save", "催发货", "").await.unwrap();
        register.audit("管理员", "user.create", "小李", "").await.unwrap();
        register.acknowledge("none", "小李").await.unwrap_err();
        let records = register.records_of("小李").await.unwrap();
        assert_eq!(records.keys().collect::<Vec<_>>(), ["audit.who"]);
        assert_eq!(records["audit.who"][0]["what"], "催发货");
        assert_eq!(register.erase("小李").await.unwrap(), BTreeMap::from([("audit".to_owned(), 1)]));
        let (lines, _) = register.audit_list(None, None, 9, 0).await.unwrap();
        let left: Vec<_> = lines.iter().map(|line| (line.who.as_str(), line.what.as_str())).collect();
        assert_eq!(left, [("管理员", ERASED), (ERASED, "催发货")]);
        assert!(register.records_of("小李").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_is_older_than_it_is_kept_is_deleted_and_open_proposals_stay() {
        let dir = tempfile::tempdir().unwrap();
        let register = Register::open(dir.path()).await.unwrap();
        register.audit("小李", "entry.save", "催发货", "").await.unwrap();
        register.audit("小李", "entry.save", "改地址", "").await.unwrap();
        let old = now_ms() - 31 * 24 * 60 * 60 * 1000;
        sqlx::query("UPDATE audit SET at_ms = $1 WHERE what = '催发货'").bind(old).execute(&register.pool).await.unwrap();
        for (id, state) in [("a", "open"), ("b", "approved")] {
            sqlx::query("INSERT INTO submissions (id, kind, title, note, author, at_ms, state) VALUES ($1, 'new', '', '', '', $2, $3)")
                .bind(id)
                .bind(old)
                .bind(state)
                .execute(&register.pool)
                .await
                .unwrap();
        }
        let retention = Retention { audit: 30, submissions: 30, ..Retention::default() };
        assert_eq!(register.age(&retention).await.unwrap(), BTreeMap::from([("audit", 1), ("submissions", 1)]));
        assert!(register.age(&retention).await.unwrap().is_empty());
        let kept: Vec<_> = register.kept().await.unwrap().into_iter().map(|(kind, rows, _)| (kind, rows)).collect();
        assert_eq!(kept, [("audit", 1), ("submissions", 1), ("notices", 0), ("points", 0)]);
    }
}
