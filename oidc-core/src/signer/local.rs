//! Keys held by the issuer itself: sealed in its store, rotated by compare-and-swap.

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;

use super::{
    PublishedKey, RotationPolicy, Signature, Signer, SignerError,
    rotation::{self, KeyTimes, Step},
};
use crate::{
    clock::{Clock, UnixTime},
    crypto::{CryptoBackend, SigningKey},
    jose::{KeyId, SigningAlgorithm},
    seal::{Purpose, SealError, Sealer},
    storage::{
        IssuerTag, Storage, StorageError,
        keys::{Kept, KeyRecord, Keys, KeysRecord},
    },
};

/// How long keys stay in use beyond the reload interval while the store cannot be read.
///
/// Part of [`RotationPolicy::lead`], so that a cut-off replica never publishes too little.
pub const MAX_STALE: Duration = Duration::from_secs(300);

/// How long after a failed reload the next one is tried.
const RETRY_RELOAD: Duration = Duration::from_secs(5);

/// How often a rotation is decided anew after losing against other replicas.
const MAX_TRIES: u32 = 5;

/// What a [`LocalSigner`] is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LocalSignerParts {
    /// Where the sealed keys are kept.
    pub storage: Arc<dyn Storage>,
    /// Seals them; of the same issuer.
    pub sealer: Arc<Sealer>,
    /// Makes and parses keys.
    pub crypto: Arc<dyn CryptoBackend>,
    /// Says whether a key may sign, and when to reload.
    pub clock: Arc<dyn Clock>,
    /// Whose keys.
    pub issuer: IssuerTag,
    /// The algorithms in use, each with its own chain of keys. Default: RS256.
    pub algorithms: Vec<SigningAlgorithm>,
    /// How long keys live.
    pub policy: RotationPolicy,
}

impl LocalSignerParts {
    /// These parts, RS256, and the default rotation.
    #[must_use]
    pub fn new(
        storage: Arc<dyn Storage>,
        sealer: Arc<Sealer>,
        crypto: Arc<dyn CryptoBackend>,
        clock: Arc<dyn Clock>,
        issuer: IssuerTag,
    ) -> Self {
        Self {
            storage,
            sealer,
            crypto,
            clock,
            issuer,
            algorithms: vec![SigningAlgorithm::Rs256],
            policy: RotationPolicy::default(),
        }
    }

    /// The same with these algorithms.
    #[must_use]
    pub fn with_algorithms(mut self, algorithms: Vec<SigningAlgorithm>) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// The same with another rotation.
    #[must_use]
    pub const fn with_policy(mut self, policy: RotationPolicy) -> Self {
        self.policy = policy;
        self
    }
}

/// A [`Signer`] with its own keys.
///
/// Private keys are sealed under [`Purpose::SigningKeys`] and parsed once. All replicas share
/// one record and follow the times in it; any of them may rotate, and exactly one does.
pub struct LocalSigner {
    keys: Keys,
    sealer: Arc<Sealer>,
    crypto: Arc<dyn CryptoBackend>,
    clock: Arc<dyn Clock>,
    algorithms: Vec<SigningAlgorithm>,
    policy: RotationPolicy,
    loaded: RwLock<Arc<Loaded>>,
    /// Seconds: the task that moves it on is the one that reloads.
    next_reload: AtomicU64,
}

/// The keys as last read.
#[derive(Default)]
struct Loaded {
    at: UnixTime,
    keys: Vec<LoadedKey>,
}

#[derive(Clone)]
struct LoadedKey {
    published: PublishedKey,
    kid: KeyId,
    signing: Arc<dyn SigningKey>,
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSigner")
            .field("algorithms", &self.algorithms)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl LocalSigner {
    /// Opens the keys of an issuer, and makes those that are missing.
    ///
    /// # Concurrency
    ///
    /// However many replicas open an empty store at once, one set of keys is made.
    ///
    /// # Errors
    ///
    /// [`SignerError::Unavailable`] if the store cannot be used, [`SignerError::Misconfigured`] if
    /// the kept keys do not open with these sealing keys; they are never replaced then.
    pub async fn open(parts: LocalSignerParts) -> Result<Self, SignerError> {
        if let Some(missing) = parts
            .algorithms
            .iter()
            .find(|one| !parts.crypto.algorithms().contains(one))
        {
            return Err(SignerError::Misconfigured(format!(
                "the cryptographic back end has no {missing}"
            )));
        }
        let now = parts.clock.now();
        let signer = Self {
            keys: Keys::new(parts.storage, parts.issuer),
            sealer: parts.sealer,
            crypto: parts.crypto,
            clock: parts.clock,
            algorithms: parts.algorithms,
            policy: parts.policy,
            loaded: RwLock::default(),
            next_reload: AtomicU64::new(0),
        };
        signer.rotate(now).await?;
        Ok(signer)
    }

    /// Rotates what is due, and loads the outcome.
    async fn rotate(&self, now: UnixTime) -> Result<(), SignerError> {
        let mut last = None;
        for _ in 0..MAX_TRIES {
            let read = self.keys.read().await.map_err(from_storage)?;
            let (mut record, version) = read.map_or_else(
                || (KeysRecord::default(), None),
                |(record, version)| (record, Some(version)),
            );
            // Keys that this process cannot open must not be followed by ones that others cannot.
            let loaded = self.unseal(&record, now)?;
            if !self.advance(&mut record, now)? {
                self.remember(loaded);
                return Ok(());
            }
            match self.keys.keep(&record, version.as_ref()).await {
                Ok(Kept::Yes) => {
                    self.remember(self.unseal(&record, now)?);
                    return Ok(());
                }
                Ok(Kept::Stale) => {}
                // The outcome is unknown; what is there now tells.
                Err(error) => last = Some(from_storage(error)),
            }
        }
        Err(last.unwrap_or_else(|| {
            SignerError::Unavailable("the signing keys kept changing under the rotation".into())
        }))
    }

    /// Brings the record to what it should be at `now`; false if it already is.
    fn advance(&self, record: &mut KeysRecord, now: UnixTime) -> Result<bool, SignerError> {
        let before = record.keys.len();
        record
            .keys
            .retain(|key| !rotation::is_gone(&key.times(), &self.policy, now));
        let mut changed = record.keys.len() != before;
        for algorithm in &self.algorithms {
            let name = algorithm.as_str();
            let chain: Vec<KeyTimes> = record
                .keys
                .iter()
                .filter(|key| key.alg == name)
                .map(KeyRecord::times)
                .collect();
            let Step::Add { new, predecessor } = rotation::next_step(&chain, &self.policy, now)
            else {
                continue;
            };
            if let Some((sign_until, publish_until)) = predecessor {
                record
                    .keys
                    .iter_mut()
                    .filter(|key| key.alg == name)
                    .max_by_key(|key| key.times().sign_from)
                    .into_iter()
                    .for_each(|key| key.end(sign_until, publish_until));
            }
            record.keys.push(self.make(*algorithm, new)?);
            changed = true;
        }
        Ok(changed)
    }

    fn make(&self, algorithm: SigningAlgorithm, times: KeyTimes) -> Result<KeyRecord, SignerError> {
        let unavailable = |error: SealError| SignerError::Unavailable(error.into());
        let private = self
            .crypto
            .generate(algorithm)
            .map_err(|error| SignerError::Unavailable(error.into()))?;
        let signing = self
            .crypto
            .signing_key(algorithm, &private)
            .map_err(|error| SignerError::Misconfigured(error.to_string()))?;
        let kid = KeyId(signing.public_jwk().thumbprint().to_text());
        let context = context(algorithm.as_str(), &kid);
        let sealed = self
            .sealer
            .seal(Purpose::SigningKeys, &context, None, private.expose())
            .map_err(unavailable)?;
        Ok(KeyRecord::new(
            kid,
            algorithm.as_str().to_owned(),
            times,
            sealed,
        ))
    }

    /// Opens and parses the keys of a record, taking over what is parsed already.
    fn unseal(&self, record: &KeysRecord, now: UnixTime) -> Result<Loaded, SignerError> {
        let known = self.current();
        let mut keys = Vec::with_capacity(record.keys.len());
        for kept in &record.keys {
            // An algorithm that only a newer replica knows is that replica's business.
            let Some(algorithm) = SigningAlgorithm::parse(&kept.alg) else {
                continue;
            };
            let signing = match known.keys.iter().find(|key| key.kid == kept.kid) {
                Some(key) => Arc::clone(&key.signing),
                None => self.unseal_key(algorithm, kept, now)?,
            };
            let times = kept.times();
            keys.push(LoadedKey {
                published: PublishedKey {
                    jwk: signing.public_jwk().with_kid(kept.kid.clone()),
                    algorithm,
                    publish_from: times.publish_from,
                    sign_from: times.sign_from,
                    sign_until: times.sign_until,
                    publish_until: times.publish_until,
                },
                kid: kept.kid.clone(),
                signing,
            });
        }
        Ok(Loaded { at: now, keys })
    }

    fn unseal_key(
        &self,
        algorithm: SigningAlgorithm,
        kept: &KeyRecord,
        now: UnixTime,
    ) -> Result<Arc<dyn SigningKey>, SignerError> {
        let unusable =
            |why: String| SignerError::Misconfigured(format!("signing key {}: {why}", kept.kid));
        let opened = self
            .sealer
            .open(
                Purpose::SigningKeys,
                &context(&kept.alg, &kept.kid),
                &kept.sealed,
                now,
            )
            .map_err(|refusal| unusable(refusal.to_string()))?;
        let signing = self
            .crypto
            .signing_key(algorithm, &opened.plaintext)
            .map_err(|refusal| unusable(refusal.to_string()))?;
        Ok(signing)
    }

    fn current(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn remember(&self, loaded: Loaded) {
        let next = loaded.at + self.policy.reload_interval;
        self.next_reload.store(next.as_secs(), Ordering::Relaxed);
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
    }

    /// The keys, read again when they are older than the reload interval.
    ///
    /// One task reloads, the others go on with what is there; keys older than [`MAX_STALE`]
    /// beyond the interval are not used.
    async fn fresh(&self) -> Result<Arc<Loaded>, SignerError> {
        let now = self.clock.now();
        let loaded = self.current();
        let stale = is_stale(&loaded, &self.policy, now);
        if !stale && !self.claim_reload(&loaded, now) {
            return Ok(loaded);
        }
        match self.reload(now).await {
            Ok(()) => Ok(self.current()),
            Err(SignerError::Unavailable(_)) if !stale => Ok(loaded),
            Err(error) => Err(error),
        }
    }

    /// Whether a reload is due and this task is the one to do it.
    fn claim_reload(&self, loaded: &Loaded, now: UnixTime) -> bool {
        let due = self.next_reload.load(Ordering::Relaxed);
        // A clock that went back would otherwise put the next reload off.
        if now.as_secs() < due && now >= loaded.at {
            return false;
        }
        let retry = (now + RETRY_RELOAD).as_secs();
        self.next_reload
            .compare_exchange(due, retry, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    async fn reload(&self, now: UnixTime) -> Result<(), SignerError> {
        let (record, _) = self
            .keys
            .read()
            .await
            .map_err(from_storage)?
            .ok_or_else(|| SignerError::Misconfigured("the signing keys are gone".to_owned()))?;
        self.remember(self.unseal(&record, now)?);
        Ok(())
    }
}

#[async_trait]
impl Signer for LocalSigner {
    async fn sign(&self, key: &KeyId, input: &[u8]) -> Result<Signature, SignerError> {
        let loaded = self.fresh().await?;
        let found = loaded
            .keys
            .iter()
            .find(|known| known.kid == *key)
            .ok_or_else(|| SignerError::UnknownKey(key.clone()))?;
        if !may_sign(&found.published, &self.policy, self.clock.now()) {
            return Err(SignerError::NotNow(key.clone()));
        }
        found
            .signing
            .sign(input)
            .map_err(|error| SignerError::Unavailable(error.into()))
    }

    async fn keys(&self) -> Result<Vec<PublishedKey>, SignerError> {
        let loaded = self.fresh().await?;
        Ok(loaded
            .keys
            .iter()
            .map(|key| key.published.clone())
            .collect())
    }

    fn remote(&self) -> bool {
        false
    }

    async fn maintain(&self, now: UnixTime) -> Result<(), SignerError> {
        self.rotate(now).await
    }
}

/// A key signs from its first second on; it was published long before. A request that began
/// before its last second may finish within the skew, for which it stays published.
fn may_sign(key: &PublishedKey, policy: &RotationPolicy, now: UnixTime) -> bool {
    now >= key.publish_from
        && now >= key.sign_from
        && key.sign_until.is_none_or(|end| now < end + policy.skew)
}

fn is_stale(loaded: &Loaded, policy: &RotationPolicy, now: UnixTime) -> bool {
    now.since(loaded.at) > policy.reload_interval + MAX_STALE
}

/// Ties a sealed key to its id and algorithm, so that records cannot be mixed.
fn context(alg: &str, kid: &KeyId) -> Vec<u8> {
    [alg.as_bytes(), b"\0", kid.as_str().as_bytes()].concat()
}

fn from_storage(error: StorageError) -> SignerError {
    match error {
        StorageError::Corrupt(what) => SignerError::Misconfigured(format!("{what} is damaged")),
        StorageError::Unavailable(_) | StorageError::TooLarge { .. } => {
            SignerError::Unavailable(error.into())
        }
    }
}
