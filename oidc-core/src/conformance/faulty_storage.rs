//! A store that fails on purpose.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    storage::{
        Inserted, Key, Kind, Page, Record, Removed, Replaced, Scan, Storage, StorageError, Stored,
        Swept, Version,
    },
};

/// Which of the six operations a call is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Operation {
    /// [`Storage::get`].
    Get,
    /// [`Storage::insert`].
    Insert,
    /// [`Storage::replace`].
    Replace,
    /// [`Storage::remove`].
    Remove,
    /// [`Storage::scan`].
    Scan,
    /// [`Storage::sweep`].
    Sweep,
}

impl Operation {
    /// Whether the call writes one record.
    #[must_use]
    pub const fn is_write(self) -> bool {
        matches!(self, Self::Insert | Self::Replace | Self::Remove)
    }
}

/// What happens to one call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The call goes through.
    Pass,
    /// The call fails with [`StorageError::Unavailable`]; nothing was done.
    FailBefore,
    /// The call is done, then fails with [`StorageError::Unavailable`]: a lost answer.
    FailAfter,
    /// The call waits, then goes through.
    Delay(Duration),
}

/// A call as a plan sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Call<'a> {
    /// Which operation.
    pub operation: Operation,
    /// The key of a write; the first key of a read; `None` for scan, sweep and empty reads.
    pub key: Option<&'a Key>,
    /// How many calls came before, counted from zero over all operations.
    pub number: u64,
}

impl Call<'_> {
    /// The kind of the call's key.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.key.map(Key::kind)
    }
}

/// The error inside [`StorageError::Unavailable`] of a call that failed on purpose.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("failed on purpose")]
#[non_exhaustive]
pub struct InjectedFault;

type Plan = Box<dyn FnMut(Call<'_>) -> Fault + Send>;

/// Wraps a store; a plan decides for each call whether it passes, fails, or waits.
///
/// Without a plan every call passes.
pub struct FaultyStorage {
    inner: Arc<dyn Storage>,
    state: Mutex<State>,
}

struct State {
    calls: u64,
    plan: Plan,
}

impl FaultyStorage {
    /// A store that passes every call on to `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Storage>) -> Self {
        Self {
            inner,
            state: Mutex::new(State {
                calls: 0,
                plan: Box::new(|_| Fault::Pass),
            }),
        }
    }

    /// From now on `plan` decides. It is called once per call, in the order of the calls.
    pub fn plan(&self, plan: impl FnMut(Call<'_>) -> Fault + Send + 'static) {
        self.state().plan = Box::new(plan);
    }

    /// The next calls meet these faults, one each; all later calls pass.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        let mut faults: VecDeque<_> = faults.into_iter().collect();
        self.plan(move |_| faults.pop_front().unwrap_or(Fault::Pass));
    }

    /// The next writes meet these faults, one each; reads and all later calls pass.
    pub fn script_writes(&self, faults: impl IntoIterator<Item = Fault>) {
        let mut faults: VecDeque<_> = faults.into_iter().collect();
        self.plan(move |call| {
            if call.operation.is_write() {
                faults.pop_front().unwrap_or(Fault::Pass)
            } else {
                Fault::Pass
            }
        });
    }

    /// How many calls were made so far, failed ones included.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decide(&self, operation: Operation, key: Option<&Key>) -> Fault {
        let mut state = self.state();
        let number = state.calls;
        state.calls += 1;
        (state.plan)(Call {
            operation,
            key,
            number,
        })
    }

    async fn meet<T>(
        &self,
        operation: Operation,
        key: Option<&Key>,
        call: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        match self.decide(operation, key) {
            Fault::Pass => call.await,
            Fault::FailBefore => Err(StorageError::unavailable(InjectedFault)),
            Fault::FailAfter => {
                call.await?;
                Err(StorageError::unavailable(InjectedFault))
            }
            Fault::Delay(by) => {
                tokio::time::sleep(by).await;
                call.await
            }
        }
    }
}

impl fmt::Debug for FaultyStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStorage")
            .field("inner", &self.inner)
            .field("calls", &self.calls())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Storage for FaultyStorage {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, StorageError> {
        self.meet(Operation::Get, keys.first(), self.inner.get(keys))
            .await
    }

    async fn insert(&self, key: &Key, record: &Record) -> Result<Inserted, StorageError> {
        self.meet(Operation::Insert, Some(key), self.inner.insert(key, record))
            .await
    }

    async fn replace(
        &self,
        key: &Key,
        expected: &Version,
        record: &Record,
    ) -> Result<Replaced, StorageError> {
        let call = self.inner.replace(key, expected, record);
        self.meet(Operation::Replace, Some(key), call).await
    }

    async fn remove(&self, key: &Key, expected: &Version) -> Result<Removed, StorageError> {
        let call = self.inner.remove(key, expected);
        self.meet(Operation::Remove, Some(key), call).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, StorageError> {
        self.meet(Operation::Scan, None, self.inner.scan(scan))
            .await
    }

    async fn sweep(&self, now: UnixTime, limit: u32) -> Result<Swept, StorageError> {
        self.meet(Operation::Sweep, None, self.inner.sweep(now, limit))
            .await
    }
}
