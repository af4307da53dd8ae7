//! Work that steps behind the searches: it gets what they leave of the machine, and a quarter of a core where they leave nothing.
//!
//! A refresh computes for a tenth of a second. At the same priority it takes half a core from the searches that come meanwhile, more than a busy
//! service has to spare.

use std::thread;

/// How nice such a thread is: a third of the weight of one that searches. With less an edit would not be found within a second.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Lets this thread, and those that it starts from now on, step behind. There is no way back: a thread that others use too calls [`aside`].
pub(crate) fn step_behind() {
    // On Linux the priority is the thread's own, elsewhere the whole program's. Without the right to it nothing changes.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}

/// Does the work on a thread of its own that steps behind, and waits for it.
pub(crate) fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let stepped = move || {
        step_behind();
        work()
    };
    thread::scope(|scope| scope.spawn(stepped).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;

    #[test]
    fn work_aside_steps_behind_with_what_it_starts_and_whoever_waits_does_not() {
        let before = getpriority_process(None).unwrap();
        let started = aside(|| thread::spawn(|| getpriority_process(None).unwrap()).join().unwrap());
        assert_eq!(started, NICE.max(before));
        assert_eq!(getpriority_process(None).unwrap(), before);
    }

    #[test]
    fn a_panic_reaches_who_waits() {
        assert!(std::panic::catch_unwind(|| aside(|| panic!("broken"))).is_err());
    }
}
