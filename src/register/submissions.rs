//! Proposals (提议): what somebody would like the library to say. A trainer decides; the library changes then and not before.

use super::{Register, RegisterError};
use crate::journal::now_ms;
use crate::review::{Kind, State};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

/// Its tables.
pub(super) const SCHEMA: &[&str] = &[
    "CREATE TABLE submissions (
        id TEXT PRIMARY KEY NOT NULL,
        kind TEXT NOT NULL,
        entry_id TEXT,
        title TEXT NOT NULL,
        base_etag TEXT,
        markdown TEXT,
        text TEXT,
        note TEXT NOT NULL,
        query_id TEXT,
        author TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        state TEXT NOT NULL,
        decided_by TEXT,
        decided_at_ms BIGINT,
        reason TEXT,
        result_etag TEXT
    )",
    "CREATE INDEX submissions_by_state ON submissions (state, at_ms)",
    "CREATE INDEX submissions_by_author ON submissions (author, at_ms)",
    "CREATE TABLE submission_comments (
        id TEXT PRIMARY KEY NOT NULL,
        submission_id TEXT NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
        author TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        text TEXT NOT NULL
    )",
    "CREATE INDEX submission_comments_by_submission ON submission_comments (submission_id, at_ms)",
];

/// The columns that [`read`] reads, in its order.
const COLUMNS: &str = "id, kind, entry_id, title, base_etag, markdown, text, note, query_id, author, at_ms, state, decided_by, decided_at_ms, \
     reason, result_etag";

/// A proposal to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubmission {
    /// What it asks for.
    pub kind: Kind,
    /// Of which entry; absent with a new one.
    pub entry_id: Option<String>,
    /// What the queue shows.
    pub title: String,
    /// The version of the entry that its author looked at.
    pub base_etag: Option<String>,
    /// The whole file as proposed.
    pub markdown: Option<String>,
    /// The words of a phrasing, a case or a correction, masked.
    pub text: Option<String>,
    /// Why, masked.
    pub note: String,
    /// The search from which it came.
    pub query_id: Option<String>,
    /// Who proposes.
    pub author: String,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// UUIDv7.
    pub id: String,
    /// What was proposed. The entry of a new one is known once it is approved.
    pub new: NewSubmission,
    /// When, in milliseconds.
    pub at_ms: i64,
    /// Where it stands.
    pub state: State,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at_ms: Option<i64>,
    /// Why it was sent back, or what the trainer said with the approval.
    pub reason: Option<String>,
    /// The version that its approval made.
    pub result_etag: Option<String>,
}

/// A word about a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Who.
    pub author: String,
    /// When, in milliseconds.
    pub at_ms: i64,
    /// What, masked.
    pub text: String,
}

/// Which proposals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// In this state.
    pub state: Option<State>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// By this author.
    pub author: Option<String>,
    /// About this entry.
    pub entry_id: Option<String>,
}

/// What a decision writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'d> {
    /// Where the proposal stands from now on.
    pub state: State,
    /// Who decided.
    pub by: &'d str,
    /// In which words.
    pub reason: Option<&'d str>,
    /// With an approval: the entry, and its version.
    pub result: Option<(&'d str, &'d str)>,
}

impl Register {
    /// Keeps a proposal; gives it as it is kept.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn add_submission(&self, new: NewSubmission) -> Result<Submission, RegisterError> {
        let (id, at_ms) = (Uuid::now_v7().to_string(), now_ms());
        sqlx::query(
            "INSERT INTO submissions (id, kind, entry_id, title, base_etag, markdown, text, note, query_id, author, at_ms, state)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(&id)
        .bind(new.kind.as_str())
        .bind(&new.entry_id)
        .bind(&new.title)
        .bind(&new.base_etag)
        .bind(&new.markdown)
        .bind(&new.text)
        .bind(&new.note)
        .bind(&new.query_id)
        .bind(&new.author)
        .bind(at_ms)
        .bind(State::Open.as_str())
        .execute(&self.pool)
        .await?;
        let (decided_by, decided_at_ms, reason, result_etag) = (None, None, None, None);
        Ok(Submission { id, new, at_ms, state: State::Open, decided_by, decided_at_ms, reason, result_etag })
    }

    /// One proposal.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn submission(&self, id: &str) -> Result<Option<Submission>, RegisterError> {
        let one = format!("SELECT {COLUMNS} FROM submissions WHERE id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(one)).bind(id).fetch_optional(&self.pool).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// All that are wanted: open ones oldest first, as a queue; others latest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn submissions(&self, wanted: &Wanted, limit: usize) -> Result<Vec<Submission>, RegisterError> {
        let order = if wanted.state == Some(State::Open) { "at_ms, id" } else { "at_ms DESC, id DESC" };
        let page = format!(
            "SELECT {COLUMNS} FROM submissions WHERE ($1 IS NULL OR state = $1) AND ($2 IS NULL OR kind = $2)
             AND ($3 IS NULL OR author = $3) AND ($4 IS NULL OR entry_id = $4) ORDER BY {order} LIMIT $5"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(page))
            .bind(wanted.state.map(State::as_str))
            .bind(wanted.kind.map(Kind::as_str))
            .bind(&wanted.author)
            .bind(&wanted.entry_id)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// How many open ones somebody has.
    ///
    /// # Errors
    /// Where they cannot be counted.
    pub async fn open_submissions_of(&self, author: &str) -> Result<usize, RegisterError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM submissions WHERE author = $1 AND state = 'open'")
            .bind(author)
            .fetch_one(&self.pool)
            .await?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Decides an open proposal. `false` where somebody else was first: nothing is written then.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn decide_submission(&self, id: &str, decision: &Decision<'_>) -> Result<bool, RegisterError> {
        let done = sqlx::query(
            "UPDATE submissions SET state = $2, decided_by = $3, decided_at_ms = $4, reason = $5, entry_id = coalesce($6, entry_id), result_etag = $7
             WHERE id = $1 AND state = 'open'",
        )
        .bind(id)
        .bind(decision.state.as_str())
        .bind(decision.by)
        .bind(now_ms())
        .bind(decision.reason)
        .bind(decision.result.map(|(entry_id, _)| entry_id))
        .bind(decision.result.map(|(_, etag)| etag))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Adds a word about a proposal.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn add_comment(&self, submission_id: &str, author: &str, text: &str) -> Result<Comment, RegisterError> {
        let comment = Comment { author: author.to_owned(), at_ms: now_ms(), text: text.to_owned() };
        sqlx::query("INSERT INTO submission_comments (id, submission_id, author, at_ms, text) VALUES ($1, $2, $3, $4, $5)")
            .bind(Uuid::now_v7().to_string())
            .bind(submission_id)
            .bind(author)
            .bind(comment.at_ms)
            .bind(text)
            .execute(&self.pool)
            .await?;
        Ok(comment)
    }

    /// What was said about a proposal, first words first.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn comments(&self, submission_id: &str, limit: usize) -> Result<Vec<Comment>, RegisterError> {
        let rows = sqlx::query("SELECT author, at_ms, text FROM submission_comments WHERE submission_id = $1 ORDER BY at_ms, id LIMIT $2")
            .bind(submission_id)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        let comments = rows.iter().map(|row| Ok(Comment { author: row.try_get(0)?, at_ms: row.try_get(1)?, text: row.try_get(2)? }));
        Ok(comments.collect::<Result<_, sqlx::Error>>()?)
    }
}

fn read(row: &SqliteRow) -> Result<Submission, sqlx::Error> {
    let unknown = |what: &str| sqlx::Error::Decode(format!("an unknown {what} of a proposal").into());
    let (kind, state): (String, String) = (row.try_get(1)?, row.try_get(11)?);
    Ok(Submission {
        id: row.try_get(0)?,
        new: NewSubmission {
            kind: Kind::parse(&kind).ok_or_else(|| unknown("kind"))?,
            entry_id: row.try_get(2)?,
            title: row.try_get(3)?,
            base_etag: row.try_get(4)?,
            markdown: row.try_get(5)?,
            text: row.try_get(6)?,
            note: row.try_get(7)?,
            query_id: row.try_get(8)?,
            author: row.try_get(9)?,
        },
        at_ms: row.try_get(10)?,
        state: State::parse(&state).ok_or_else(|| unknown("state"))?,
        decided_by: row.try_get(12)?,
        decided_at_ms: row.try_get(13)?,
        reason: row.try_get(14)?,
        result_etag: row.try_get(15)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrasing(author: &str, text: &str) -> NewSubmission {
        NewSubmission {
            kind: Kind::Phrasing,
            entry_id: Some("催发货".to_owned()),
            title: text.to_owned(),
            base_etag: None,
            markdown: None,
            text: Some(text.to_owned()),
            note: String::new(),
            query_id: None,
            author: author.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_proposal_is_decided_once_and_found_by_author_and_state() {
        let dir = tempfile::tempdir().unwrap();
        let register = Register::open(dir.path()).await.unwrap();
        let first = register.add_submission(phrasing("小李", "货呢")).await.unwrap();
        register.add_submission(phrasing("小王", "几时发")).await.unwrap();
        let approve = Decision { state: State::Approved, by: "培训", reason: None, result: Some(("催发货", "abc")) };
        assert!(register.decide_submission(&first.id, &approve).await.unwrap());
        let back = Decision { state: State::Returned, by: "另一个", reason: Some("不对"), result: None };
        assert!(!register.decide_submission(&first.id, &back).await.unwrap(), "the second decision changes nothing");
        let kept = register.submission(&first.id).await.unwrap().unwrap();
        assert_eq!((kept.state, kept.decided_by.as_deref(), kept.result_etag.as_deref()), (State::Approved, Some("培训"), Some("abc")));
        let check = async |wanted: Wanted, expect: &[&str]| {
            let found = register.submissions(&wanted, 9).await.unwrap();
            assert_eq!(found.iter().map(|found| found.new.title.as_str()).collect::<Vec<_>>(), expect, "{wanted:?}");
        };
        check(Wanted { state: Some(State::Open), ..Wanted::default() }, &["几时发"]).await;
        check(Wanted { author: Some("小李".to_owned()), ..Wanted::default() }, &["货呢"]).await;
        check(Wanted { kind: Some(Kind::New), ..Wanted::default() }, &[]).await;
        check(Wanted::default(), &["几时发", "货呢"]).await;
        register.add_comment(&first.id, "质检", "这句好").await.unwrap();
        assert_eq!(register.comments(&first.id, 9).await.unwrap()[0].text, "这句好");
    }
}
