//! STORAGE: six operations, each atomic on one record, and the typed stores on top of them.
//!
//! Back ends implement [`Storage`] and know nothing about OAuth. Everything single-use hangs on
//! exactly one [`insert`](Storage::insert) or [`replace`](Storage::replace); no decision needs two
//! records to change together.

use std::fmt;

use async_trait::async_trait;

use crate::clock::UnixTime;

pub(crate) mod codec;
pub(crate) mod consents;
mod error;
pub(crate) mod grants;
pub(crate) mod keys;
mod records;
pub(crate) mod seen;
pub(crate) mod sessions;
pub(crate) mod standings;
pub(crate) mod store;
pub(crate) mod users;

pub use error::StorageError;
pub use records::{SessionRecord, UserRecord};

/// Largest body a back end must take, in bytes: a grant with 2,000 groups of 256 bytes, twice.
pub const MAX_BODY: usize = 1024 * 1024;

/// The contract of a back end.
///
/// # Contract
///
/// * Each operation is atomic and linearizable per key: reads come from the primary or a quorum,
///   never from a cache.
/// * Back ends **never judge expiry**. A record whose `delete_after` has passed is still returned
///   by [`get`](Self::get) until [`sweep`](Self::sweep) drops it.
/// * A [`Version`] never repeats for a key, not even after removal and re-creation.
/// * A future that is dropped midway leaves the operation done or not done, never half done.
#[async_trait]
pub trait Storage: fmt::Debug + Send + Sync {
    /// Reads several keys in one round trip; the answers stand in the order of the keys.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if any of the keys could not be read.
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, StorageError>;

    /// Writes a record under a key that has none. The first writer wins.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unavailable`]: the record may or may not have been written.
    async fn insert(&self, key: &Key, record: &Record) -> Result<Inserted, StorageError>;

    /// Compare-and-swap: writes only if the stored version still is `expected`.
    ///
    /// Index values of `record` are added to those the key already has; none is dropped.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unavailable`]: the record may or may not have been written.
    async fn replace(
        &self,
        key: &Key,
        expected: &Version,
        record: &Record,
    ) -> Result<Replaced, StorageError>;

    /// Removes the record only if the stored version still is `expected`.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unavailable`]: the record may or may not have been removed.
    async fn remove(&self, key: &Key, expected: &Version) -> Result<Removed, StorageError>;

    /// One page of a kind, or of one index value.
    ///
    /// The order is any stable one; what existed during the whole walk appears at least once.
    /// Never on the path of a login or of a token request.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the page could not be read.
    async fn scan(&self, scan: &Scan) -> Result<Page, StorageError>;

    /// Drops up to `limit` records whose `delete_after` lies before both `now` and the engine's
    /// own time, where it has one.
    ///
    /// # Errors
    ///
    /// [`StorageError`] if the round could not be finished; dropped records stay dropped.
    async fn sweep(&self, now: UnixTime, limit: u32) -> Result<Swept, StorageError>;
}

/// Eight bytes that tell issuers sharing a store apart: the start of SHA-256 of the issuer URL.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IssuerTag([u8; 8]);

impl IssuerTag {
    /// The tag with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The tag's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for IssuerTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for IssuerTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuerTag({self})")
    }
}

/// What a record is. Kinds are namespaces: the same id in two kinds names two records.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Kind {
    /// A registered client.
    Client,
    /// A configured connector.
    Connector,
    /// What an end user, or a client for itself, allowed a client.
    Grant,
    /// A user code of the device flow.
    UserCode,
    /// An end user's login at the issuer.
    Session,
    /// An end user as last vouched for.
    User,
    /// A remembered consent.
    Consent,
    /// Signing keys, sealed.
    Keys,
    /// A one-time id that was used.
    Seen,
    /// Counted tries.
    Attempts,
    /// A message to be delivered.
    Delivery,
    /// A password of a user kept by the issuer itself.
    Password,
}

impl Kind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 12] = [
        Self::Client,
        Self::Connector,
        Self::Grant,
        Self::UserCode,
        Self::Session,
        Self::User,
        Self::Consent,
        Self::Keys,
        Self::Seen,
        Self::Attempts,
        Self::Delivery,
        Self::Password,
    ];

    /// The stored spelling: lower case, one word, never changed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Connector => "connector",
            Self::Grant => "grant",
            Self::UserCode => "usercode",
            Self::Session => "session",
            Self::User => "user",
            Self::Consent => "consent",
            Self::Keys => "keys",
            Self::Seen => "seen",
            Self::Attempts => "attempts",
            Self::Delivery => "delivery",
            Self::Password => "password",
        }
    }
}

/// The name of a record: issuer, kind and id. Nothing exists without its issuer.
///
/// Ids are text of 1 to 512 bytes; back ends must keep them byte for byte.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key {
    issuer: IssuerTag,
    kind: Kind,
    id: String,
}

impl Key {
    /// The key of `id` among the records of `kind` of one issuer.
    #[must_use]
    pub fn new(issuer: IssuerTag, kind: Kind, id: impl Into<String>) -> Self {
        Self {
            issuer,
            kind,
            id: id.into(),
        }
    }

    /// The issuer the record belongs to.
    #[must_use]
    pub const fn issuer(&self) -> IssuerTag {
        self.issuer
    }

    /// The kind of the record.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The record's id within its kind.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// A back end's opaque mark of one state of a record; never repeats for a key.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Version(Vec<u8>);

impl Version {
    /// A version with these bytes; made by back ends only.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The version's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A 32-byte value by which records can be scanned; made by core, once set never changed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IndexValue(pub [u8; 32]);

/// What is written under a key.
#[derive(Clone, Eq, PartialEq)]
pub struct Record {
    /// Versioned JSON; opaque to back ends. At most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
    /// When the record may be dropped; `None` keeps it until it is removed.
    pub delete_after: Option<UnixTime>,
    /// Values by which [`Storage::scan`] finds the record.
    pub index: Vec<IndexValue>,
}

impl Record {
    /// A record that is kept until removed and has no index values.
    #[must_use]
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            delete_after: None,
            index: Vec::new(),
        }
    }

    /// The same record, to be dropped some time after `time`.
    #[must_use]
    pub fn with_delete_after(mut self, time: UnixTime) -> Self {
        self.delete_after = Some(time);
        self
    }

    /// The same record with one more index value.
    #[must_use]
    pub fn with_index(mut self, value: IndexValue) -> Self {
        self.index.push(value);
        self
    }
}

impl fmt::Debug for Record {
    // Bodies hold what end users and clients are; they stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("delete_after", &self.delete_after)
            .field("index", &self.index.len())
            .finish()
    }
}

/// What a read returned.
#[derive(Clone, Eq, PartialEq)]
pub struct Stored {
    /// The body as written.
    pub body: Vec<u8>,
    /// The version that [`Storage::replace`] and [`Storage::remove`] expect.
    pub version: Version,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("version", &self.version)
            .finish()
    }
}

/// The outcome of [`Storage::insert`].
#[must_use]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Inserted {
    /// The record was written; its version.
    Yes(Version),
    /// The key has a record; nothing was written.
    Taken,
}

/// The outcome of [`Storage::replace`].
#[must_use]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Replaced {
    /// The record was written; its new version.
    Yes(Version),
    /// The record has another version; nothing was written.
    Stale,
    /// The key has no record; nothing was written.
    Missing,
}

/// The outcome of [`Storage::remove`].
#[must_use]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Removed {
    /// The record is gone.
    Yes,
    /// The record has another version; nothing was removed.
    Stale,
    /// The key has no record.
    Missing,
}

/// What to list: one kind of one issuer, or those of its records with one index value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scan {
    /// Whose records.
    pub issuer: IssuerTag,
    /// Which kind.
    pub kind: Kind,
    /// Only records with this index value.
    pub index: Option<IndexValue>,
    /// Where the previous page ended; `None` for the first page.
    pub after: Option<Cursor>,
    /// At most this many records; at least 1 is assumed.
    pub limit: u32,
}

impl Scan {
    /// The first page of a kind, 100 records.
    #[must_use]
    pub const fn new(issuer: IssuerTag, kind: Kind) -> Self {
        Self {
            issuer,
            kind,
            index: None,
            after: None,
            limit: 100,
        }
    }

    /// Only records with this index value.
    #[must_use]
    pub const fn with_index(mut self, value: IndexValue) -> Self {
        self.index = Some(value);
        self
    }

    /// Pages of at most `limit` records.
    #[must_use]
    pub const fn with_limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// The page that follows `cursor`.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }
}

/// A back end's opaque mark of where a page ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cursor(pub Vec<u8>);

/// One page of a scan.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records of the page.
    pub records: Vec<(Key, Stored)>,
    /// Where the next page starts; `None` if this was the last.
    pub next: Option<Cursor>,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Swept {
    /// How many records were dropped.
    pub dropped: u32,
    /// The engine's own time, where it has one; core warns if it is far from the clock's.
    pub engine_time: Option<UnixTime>,
}

impl Swept {
    /// A sweep that dropped this many records on an engine without a clock of its own.
    #[must_use]
    pub const fn new(dropped: u32) -> Self {
        Self {
            dropped,
            engine_time: None,
        }
    }
}
