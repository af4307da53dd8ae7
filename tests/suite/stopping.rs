//! The program is told to stop while many ask and edit: what was taken is answered, what is not answered was not done.

#![cfg(unix)]

use super::line::{Answer, Asker, Line};
use super::service::{PATIENCE, Service, put};
use serde_json::json;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Clients that search.
const SEARCHING: usize = 40;

/// Clients that edit, each an entry of its own.
const EDITING: usize = 10;

fn entry(number: usize, version: usize) -> String {
    format!("---\ntitle: 怎么申请第{number}种退款\n---\n> 亲，这是第{version}版的回复。\n")
}

/// What the clients have in common.
struct Desk {
    asker: Asker,
    /// Answers that came whole.
    answered: AtomicUsize,
    is_stopping: AtomicBool,
}

impl Desk {
    /// Asks until nobody takes a request any more; each step of `client` makes the next request from the answer before.
    async fn keep_asking(&self, mut client: impl FnMut(Option<Answer>) -> Vec<u8>) {
        let mut last = None;
        while let Some(mut line) = Line::connect(&self.asker.address).await {
            loop {
                let Some(answer) = line.ask(&client(last.take())).await else { break };
                self.answered.fetch_add(1, Ordering::Relaxed);
                let is_last = answer.is_last;
                last = Some(answer);
                if is_last {
                    break;
                }
            }
            assert!(self.is_stopping.load(Ordering::Relaxed), "a connection ended while nobody had asked for it");
        }
        // The last answer tells what was done.
        if last.is_some() {
            client(last);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_under_load_it_answers_what_it_took_and_does_nothing_unanswered() {
    let desk = tempfile::tempdir().unwrap();
    for number in 0..EDITING {
        put(desk.path(), &format!("kb/条目{number}.md"), entry(number, 0));
    }
    let mut service = Service::start(desk.path());
    let asker = Asker { address: service.address.clone(), token: service.said["token"].as_str().unwrap().to_owned() };
    let shared = Arc::new(Desk { asker, answered: AtomicUsize::new(0), is_stopping: AtomicBool::new(false) });

    let mut searching = Vec::new();
    for number in 0..SEARCHING {
        let shared = Arc::clone(&shared);
        searching.push(tokio::spawn(async move {
            let ask = shared.asker.request("GET", &format!("/v1/search?q=怎么申请第{}种退款", number % EDITING), None, "");
            let client = |answer: Option<Answer>| {
                if let Some(answer) = answer {
                    assert_eq!(answer.status, 200, "{}", answer.json());
                }
                ask.clone()
            };
            shared.keep_asking(client).await;
        }));
    }
    let mut editing = Vec::new();
    for number in 0..EDITING {
        let shared = Arc::clone(&shared);
        editing.push(tokio::spawn(async move {
            let path = format!("/v1/entries/条目{number}");
            let (mut acknowledged, mut etag) = (0, None);
            let client = |answer: Option<Answer>| {
                if let Some(answer) = answer {
                    assert_eq!(answer.status, 200, "{}", answer.json());
                    // The first answer is that of a reading, all others are of what was saved.
                    acknowledged += usize::from(etag.is_some());
                    let said = answer.json();
                    etag = Some(format!("\"{}\"", said.get("content_hash").unwrap_or(&said["etag"]).as_str().unwrap()));
                }
                let Some(etag) = &etag else { return shared.asker.request("GET", &path, None, "") };
                let body = json!({"markdown": entry(number, acknowledged + 1)}).to_string();
                shared.asker.request("PUT", &path, Some(etag), &body)
            };
            shared.keep_asking(client).await;
            acknowledged
        }));
    }

    // Until every client has been answered several times.
    let begin = Instant::now();
    while shared.answered.load(Ordering::Relaxed) < 5 * (SEARCHING + EDITING) {
        assert!(begin.elapsed() < PATIENCE, "{} answers: {}", shared.answered.load(Ordering::Relaxed), service.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    shared.is_stopping.store(true, Ordering::Relaxed);
    let pid = service.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());

    for client in searching {
        client.await.unwrap();
    }
    let mut acknowledged = Vec::new();
    for client in editing {
        acknowledged.push(client.await.unwrap());
    }
    let status = tokio::task::spawn_blocking(move || {
        let status = service.child.wait().unwrap();
        (status, service)
    });
    let (status, service) = status.await.unwrap();
    assert_eq!(status.code(), Some(0), "{}", service.log());
    for (number, version) in acknowledged.iter().enumerate() {
        let text = fs::read_to_string(desk.path().join(format!("kb/条目{number}.md"))).unwrap();
        assert_eq!(text, entry(number, *version), "what stands is what was acknowledged last");
    }
    assert!(acknowledged.iter().sum::<usize>() > 0, "nothing was edited");
    // The service says of each request that it answered it: to as many as clients have heard it.
    let answers = shared.answered.load(Ordering::Relaxed);
    let told = || service.log().lines().filter(|line| line.contains("answered")).count();
    let begin = Instant::now();
    while told() < answers && begin.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(told(), answers);
    assert!(!service.log().contains("given up"), "{}", service.log());
}
