//! Settings of the connector.

use serde::Deserialize;

/// What the login form calls the login name unless configured.
const DEFAULT_PROMPT: &str = "E-mail address or user name";

/// Hashing threads unless configured: each holds 19 MiB while it works.
const DEFAULT_THREADS: usize = 2;

/// Logins that may wait for a hashing thread unless configured: under two seconds of work.
const DEFAULT_QUEUE: usize = 64;

/// Settings of a [`LocalConnector`](crate::LocalConnector).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct LocalConfig {
    /// What the login form calls the login name; default "E-mail address or user name".
    pub prompt: String,
    /// Threads that hash passwords, 1 to 64; default 2. Each needs 19 MiB while it works.
    pub hashing_threads: usize,
    /// Logins that may wait for a thread, 1 to 4,096; default 64. One more is told to try later.
    pub hashing_queue: usize,
}

impl Default for LocalConfig {
    fn default() -> Self {
        Self {
            prompt: DEFAULT_PROMPT.to_owned(),
            hashing_threads: DEFAULT_THREADS,
            hashing_queue: DEFAULT_QUEUE,
        }
    }
}

impl LocalConfig {
    /// The same with another name for the login name.
    #[must_use]
    pub fn with_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = prompt.into();
        self
    }

    /// The same with this many hashing threads, and this many logins waiting for one.
    #[must_use]
    pub const fn with_hashing(mut self, threads: usize, queue: usize) -> Self {
        self.hashing_threads = threads;
        self.hashing_queue = queue;
        self
    }
}
