//! Load as tests make it: open, so that arrivals are fixed in advance and a latency counts from the moment a request was due (a server that
//! stands still is asked all the same), or closed, to see how much the service can bear.

use super::line::Line;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Until all connections are open.
const HEAD_START: Duration = Duration::from_millis(500);

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Answers 200.
    pub(crate) good: usize,
    /// Answers 503 with `Retry-After`.
    pub(crate) refused: usize,
    /// All others, and requests without an answer.
    pub(crate) bad: Vec<String>,
    /// From due to answered, of the good ones, ascending.
    latencies: Vec<Duration>,
    /// From the first request due to the last answer.
    took: Duration,
}

impl Figures {
    /// Good answers a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.good as f64 / self.took.as_secs_f64()
    }

    /// A quantile of the latency, in milliseconds.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (last as f64 * quantile).round() as usize;
        self.latencies.get(at).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    }

    fn note(&mut self, answer: Option<&super::line::Answer>, due: Instant) {
        match answer {
            Some(answer) if answer.status == 200 => {
                self.good += 1;
                self.latencies.push(due.elapsed());
            }
            Some(answer) if answer.status == 503 && answer.header("retry-after").is_some() => self.refused += 1,
            Some(answer) => self.bad.push(format!("{} {}", answer.status, answer.json())),
            None => self.bad.push("no answer".to_owned()),
        }
    }

    fn add(&mut self, other: Figures) {
        self.good += other.good;
        self.refused += other.refused;
        self.bad.extend(other.bad);
        self.latencies.extend(other.latencies);
    }
}

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// So many a second, whatever becomes of them.
    Open(f64),
    /// Each connection asks again once it was answered.
    Closed,
}

/// Asks one of `requests` after the other over so many connections, for so long.
pub(crate) async fn load(address: &str, requests: &Arc<Vec<Vec<u8>>>, connections: usize, pace: Pace, length: Duration) -> Figures {
    let start = Instant::now() + HEAD_START;
    let mut clients = Vec::new();
    for client in 0..connections {
        let (address, requests) = (address.to_owned(), Arc::clone(requests));
        clients.push(tokio::spawn(async move {
            let mut figures = Figures::default();
            let mut line = Line::connect(&address).await;
            for turn in 0.. {
                let number = client + turn * connections;
                let due = match pace {
                    Pace::Open(rate) => start + Duration::from_secs_f64(number as f64 / rate),
                    Pace::Closed => Instant::now().max(start),
                };
                if due >= start + length {
                    break;
                }
                sleep_until(due).await;
                if line.is_none() {
                    line = Line::connect(&address).await;
                }
                let answer = match &mut line {
                    Some(line) => line.ask(&requests[number % requests.len()]).await,
                    None => None,
                };
                figures.note(answer.as_ref(), due);
                line = line.filter(|_| answer.is_some_and(|answer| !answer.is_last));
            }
            figures
        }));
    }
    let mut all = Figures::default();
    for client in clients {
        all.add(client.await.unwrap());
    }
    all.took = start.elapsed();
    all.latencies.sort_unstable();
    all
}
