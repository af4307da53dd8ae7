//! `docs/permissions.md` is what the service does: every route of the API asked as everybody.

use crate::team::{PEOPLE, Team, read};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// One row of the table.
#[derive(Debug)]
struct Row {
    method: String,
    /// As in the OpenAPI document.
    path: String,
    /// What nobody and each of [`PEOPLE`] get: a status, or `may`.
    expected: Vec<String>,
    /// What is asked: the path with its parts filled in.
    asked: String,
    body: Option<String>,
}

fn rows() -> Vec<Row> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/permissions.md");
    let text = fs::read_to_string(file).unwrap();
    // Without the feature there is no way to sign in by a provider.
    let lines = text.lines().filter(|line| cfg!(feature = "oidc") || !line.contains("/v1/oidc/"));
    let rows = lines.filter(|line| line.starts_with("| GET ") || line.starts_with("| P") || line.starts_with("| DELETE "));
    let read = |line: &str| {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 3 + 1 + PEOPLE.len(), "{line}");
        let code: Vec<&str> = cells[cells.len() - 1].split('`').skip(1).step_by(2).collect();
        let path = cells[1].trim_matches('`').to_owned();
        let asked = code.iter().find(|code| code.starts_with('/')).map_or_else(|| path.clone(), ToString::to_string);
        assert!(!asked.contains('{'), "the last cell must say what is asked for {path}");
        let body = code.iter().find(|code| code.starts_with(['{', '['])).map(ToString::to_string);
        let expected = cells[2..cells.len() - 1].iter().map(|cell| (*cell).to_owned()).collect();
        Row { method: cells[0].to_owned(), path, expected, asked, body }
    };
    rows.map(read).collect()
}

#[test]
fn every_route_is_in_the_table_and_nothing_else() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_, description) = runtime.block_on(async { read(Team::new().await.ask(None, "GET", "/openapi.json", None).await).await });
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys().filter(|key| ["get", "post", "put", "delete", "patch"].contains(&key.as_str()));
        described.extend(methods.map(|method| (path.clone(), method.to_uppercase())));
    }
    let listed: BTreeSet<(String, String)> = rows().into_iter().map(|row| (row.path, row.method)).collect();
    let missing: Vec<_> = described.difference(&listed).collect();
    assert!(missing.is_empty(), "docs/permissions.md lacks {missing:?}");
    let surplus: Vec<_> = listed.difference(&described).collect();
    assert!(surplus.is_empty(), "docs/permissions.md has routes that the service has not: {surplus:?}");
}

#[tokio::test]
async fn everybody_gets_what_the_table_says() {
    let team = Team::new().await;
    let mut wrong = Vec::new();
    for row in rows() {
        let people = std::iter::once(None).chain(PEOPLE.iter().map(|(name, _)| Some(*name)));
        for (name, expected) in people.zip(&row.expected) {
            let response = team.ask(name, &row.method, &row.asked, row.body.as_deref()).await;
            let status = response.status().as_u16();
            let fits = match expected.as_str() {
                "may" => !matches!(status, 401 | 403 | 405 | 415 | 421) && status < 500,
                number => number.parse() == Ok(status),
            };
            if !fits {
                let said = if status < 300 { Value::Null } else { read(response).await.1 };
                wrong.push(format!("{} {} as {name:?}: expected {expected}, got {status} {}", row.method, row.asked, said["detail"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
