//! CPU time of this thread, and of another process.

use crate::Outcome;
use std::fs;
use std::time::Instant;

/// Linux counts the time of processes in hundredths of a second.
const TICK_MS: f64 = 10.0;

/// Milliseconds for which this thread has run.
pub(crate) fn thread_ms() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let ran_ns: f64 = text.split(' ').next().ok_or("no time")?.parse()?;
    Ok(ran_ns / 1e6)
}

/// Milliseconds for which all threads of a process have run, for the program and in the kernel.
pub(crate) fn process_ms(process: &str) -> Outcome<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in brackets, may hold anything; the times are the 12th and 13th field after it.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let times: Vec<f64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(times.iter().sum::<f64>() * TICK_MS)
}

/// Milliseconds that something takes by the clock on the wall.
pub(crate) fn wall_ms<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(f64, T)> {
    let begin = Instant::now();
    let done = work()?;
    Ok((begin.elapsed().as_secs_f64() * 1e3, done))
}
