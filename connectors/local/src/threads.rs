//! Password hashing off the async runtime: a fixed number of threads, a bounded queue.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use oidc_core::{connector::ConnectorError, secret::Secret};
use tokio::sync::oneshot;

use crate::password::PasswordHash;

/// Most threads a pool may have.
const MAX_THREADS: usize = 64;
/// Most logins a pool may let wait.
const MAX_QUEUE: usize = 4096;

/// One comparison that waits for a thread.
struct Comparison {
    hash: PasswordHash,
    password: Secret,
    answer: oneshot::Sender<bool>,
}

/// Threads that compare passwords with hashes.
///
/// The threads end when the last clone is dropped and the queue is empty. A comparison that nobody
/// waits for any more is skipped.
#[derive(Clone)]
pub struct PasswordThreads {
    queue: SyncSender<Comparison>,
}

impl PasswordThreads {
    /// Starts `threads` threads (1 to 64) with room for `queue` waiting comparisons (1 to 4,096);
    /// numbers outside are moved to the nearest bound.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the operating system gives no thread.
    pub fn start(threads: usize, queue: usize) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(queue.clamp(1, MAX_QUEUE));
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads.clamp(1, MAX_THREADS) {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || work(&receiver))?;
        }
        Ok(Self { queue: sender })
    }

    /// Whether `password` is what was hashed.
    ///
    /// # Errors
    ///
    /// [`ConnectorError::Unavailable`] if the queue is full: too many logins at once.
    pub async fn verify(
        &self,
        hash: PasswordHash,
        password: Secret,
    ) -> Result<bool, ConnectorError> {
        let (answer, answered) = oneshot::channel();
        let comparison = Comparison {
            hash,
            password,
            answer,
        };
        self.queue.try_send(comparison).map_err(|error| {
            unavailable(match error {
                TrySendError::Full(_) => "too many logins wait for a password comparison",
                TrySendError::Disconnected(_) => "the password threads have ended",
            })
        })?;
        answered
            .await
            .map_err(|_| unavailable("the password comparison was given up"))
    }
}

impl fmt::Debug for PasswordThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordThreads")
    }
}

fn unavailable(why: &str) -> ConnectorError {
    ConnectorError::Unavailable(why.to_owned())
}

fn work(receiver: &Mutex<Receiver<Comparison>>) {
    loop {
        // The lock is held while waiting: whoever holds it is the next to work.
        let next = receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(comparison) = next else { return };
        if comparison.answer.is_closed() {
            continue;
        }
        let compare = AssertUnwindSafe(|| comparison.hash.verify(&comparison.password));
        // A panic in a hash function must not cost a thread for good; nobody is signed in.
        if let Ok(matches) = catch_unwind(compare) {
            let _ = comparison.answer.send(matches);
        }
    }
}
