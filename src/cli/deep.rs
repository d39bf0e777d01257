//! A thread with a large stack, for work that goes as deep as what others wrote is nested.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder};

/// Schemas and templates are followed to the depths that `check` and `page` allow. What is not used of it takes no memory.
const STACK: usize = 64 << 20;

/// Does the work on a thread of its own, and waits for it. A panic there goes on here. Where the system has no room for another thread,
/// the work is done on this one, as deep as it can.
pub(super) fn deep<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let work = Mutex::new(Some(work));
    let take = || work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let done = thread::scope(|scope| {
        let there = || take().map(|work| work());
        let thread = Builder::new().name("configuration".to_owned()).stack_size(STACK).spawn_scoped(scope, there);
        thread.ok()?.join().unwrap_or_else(|panic| resume_unwind(panic))
    });
    done.unwrap_or_else(|| take().expect("no thread has taken it")())
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::panic::catch_unwind;

    use super::*;

    /// Takes this many times 4 KiB of the stack.
    fn descend(depth: usize) -> usize {
        let page = black_box([1_u8; 4096]);
        if depth == 0 { 0 } else { descend(depth - 1) + usize::from(page[depth % 4096]) }
    }

    #[test]
    fn work_may_go_deeper_than_an_ordinary_thread_can() {
        assert_eq!(deep(|| descend(3000)), 3000);
    }

    #[test]
    fn a_panic_goes_on_where_the_work_is_waited_for() {
        let caught = catch_unwind(|| deep::<()>(|| panic!("at the bottom"))).unwrap_err();
        assert_eq!(crate::base::panic::message(&*caught), "at the bottom");
    }
}
