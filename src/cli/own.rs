//! The personal set of an account, for `import` and `export`: what somebody keeps for themselves is never mixed with the library.

use super::place::Place;
use super::runtime;
use crate::register::{PrivateEntry, Register};
use crate::sheets::import::RowOutcome;
use crate::sheets::personal;
use crate::sheets::table::Table;
use anyhow::Context;

/// Who `who` is in the audit list where a command acts.
const SIGNED: &str = "local";

/// Which set a table is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// The library.
    Team,
    /// What one person keeps.
    Personal,
}

pub(super) fn set(text: &str) -> Result<Set, String> {
    match text {
        "team" => Ok(Set::Team),
        "personal" => Ok(Set::Personal),
        _ => Err("应是 team 或 personal".to_owned()),
    }
}

/// Imports a table into what somebody keeps.
pub(super) fn import(place: &Place, user: &str, table: &Table, overwrite: bool, dry_run: bool) -> anyhow::Result<Vec<RowOutcome>> {
    runtime()?.block_on(async {
        let (register, user) = open(place, user).await?;
        let plan = personal::plan(table, &register.private_entries(&user).await?, overwrite)?;
        if !dry_run && !plan.kept.is_empty() {
            register.keep_private(&user, &plan.kept).await?;
            register.audit(SIGNED, "private.import", &user, &format!("{} entries", plan.kept.len())).await?;
        }
        Ok(plan.rows)
    })
}

/// What somebody keeps.
pub(super) fn entries(place: &Place, user: &str) -> anyhow::Result<Vec<PrivateEntry>> {
    runtime()?.block_on(async {
        let (register, user) = open(place, user).await?;
        register.audit(SIGNED, "private.export", &user, "").await?;
        Ok(register.private_entries(&user).await?)
    })
}

/// The register, and the account by its own name.
async fn open(place: &Place, user: &str) -> anyhow::Result<(Register, String)> {
    let register = Register::open(&place.data).await?;
    let known = register.people().user(user).map(|user| user.name.clone());
    let name = known.with_context(|| format!("没有账号 {user}；huashu user list 列出所有账号"))?;
    Ok((register, name))
}
