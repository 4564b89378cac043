//! The threads that own the connections, and group commit.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::error::EngineError;

/// Work that may wait for a thread. More waits in the callers' futures.
const QUEUE: usize = 1024;

/// Most writes in one transaction: what one rollback can undo, and one commit delay.
const MAX_BATCH: usize = 256;

/// Threads that take work from one queue; each owns a connection.
pub(super) struct Worker {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    threads: Vec<JoinHandle<()>>,
}

/// A piece of work with somebody waiting for its answer.
trait Job: Send {
    /// Does the work and keeps its result.
    fn run(&mut self, connection: &Connection) -> Result<(), EngineError>;
    /// Answers: the kept result, or the error that undid it.
    fn answer(self: Box<Self>, outcome: Result<(), EngineError>);
    /// Whether nobody waits any more.
    fn is_abandoned(&self) -> bool;
}

struct Task<T, F> {
    work: Option<F>,
    result: Option<T>,
    waiter: oneshot::Sender<Result<T, EngineError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, EngineError> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), EngineError> {
        if let Some(work) = self.work.take() {
            self.result = Some(work(connection)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), EngineError>) {
        let Self { result, waiter, .. } = *self;
        let answer = outcome.and_then(|()| result.ok_or(EngineError::Closed));
        // An error here means that the waiter's future was dropped; the work stays done.
        let _ = waiter.send(answer);
    }

    fn is_abandoned(&self) -> bool {
        self.waiter.is_closed()
    }
}

impl Worker {
    /// One thread that commits in groups.
    pub(super) fn writing(connection: Connection) -> std::io::Result<Self> {
        let (queue, work) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write_all(connection, work))?;
        Ok(Self {
            queue: Some(queue),
            threads: vec![thread],
        })
    }

    /// One thread per connection, each taking the next read.
    pub(super) fn reading(connections: Vec<Connection>) -> std::io::Result<Self> {
        let (queue, work) = mpsc::channel(QUEUE);
        let work = Arc::new(Mutex::new(work));
        let mut worker = Self {
            queue: Some(queue),
            threads: Vec::new(),
        };
        for connection in connections {
            let work = Arc::clone(&work);
            let thread = thread::Builder::new()
                .name("sqlite-reader".to_owned())
                .spawn(move || read_all(&connection, &work))?;
            worker.threads.push(thread);
        }
        Ok(worker)
    }

    /// Has a thread do `work`, and waits for the result.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let (waiter, answer) = oneshot::channel();
        let task = Box::new(Task {
            work: Some(work),
            result: None,
            waiter,
        });
        let queue = self.queue.as_ref().ok_or(EngineError::Closed)?;
        queue.send(task).await.map_err(|_| EngineError::Closed)?;
        answer.await.unwrap_or(Err(EngineError::Closed))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The threads finish what is queued, then find the queue closed.
        self.queue = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn read_all(connection: &Connection, work: &Mutex<mpsc::Receiver<Box<dyn Job>>>) {
    loop {
        let next = work
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(mut job) = next else { return };
        if job.is_abandoned() {
            continue;
        }
        let outcome = job.run(connection);
        job.answer(outcome);
    }
}

fn write_all(mut connection: Connection, mut work: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = work.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH
            && let Ok(next) = work.try_recv()
        {
            batch.push(next);
        }
        let outcome = commit(&mut connection, &mut batch);
        for job in batch {
            job.answer(outcome.clone());
        }
    }
}

/// Runs the batch in one transaction. On any error nothing of it remains.
fn commit(connection: &mut Connection, batch: &mut [Box<dyn Job>]) -> Result<(), EngineError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in batch {
        job.run(&transaction)?;
    }
    transaction.commit()?;
    Ok(())
}
