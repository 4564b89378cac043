//! The signing keys of one issuer: one record, changed by compare-and-swap.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Inserted, IssuerTag, Key, Kind, Record, Replaced, Storage, StorageError, Version};
use crate::{clock::UnixTime, jose::KeyId, signer::rotation::KeyTimes};

/// The version of the record that is written; a higher one is refused.
const MAJOR: u32 = 1;

/// The record's id: each issuer has one.
const ID: &str = "signing";

/// One key as it is kept: times in clear, the private key sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(crate) kid: KeyId,
    /// The registered name; text, because a newer replica may know more than this one.
    pub(crate) alg: String,
    publish_from: UnixTime,
    sign_from: UnixTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sign_until: Option<UnixTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publish_until: Option<UnixTime>,
    pub(crate) sealed: String,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl KeyRecord {
    pub(crate) fn new(kid: KeyId, alg: String, times: KeyTimes, sealed: String) -> Self {
        Self {
            kid,
            alg,
            publish_from: times.publish_from,
            sign_from: times.sign_from,
            sign_until: times.sign_until,
            publish_until: times.publish_until,
            sealed,
            unknown: Map::new(),
        }
    }

    pub(crate) const fn times(&self) -> KeyTimes {
        KeyTimes {
            publish_from: self.publish_from,
            sign_from: self.sign_from,
            sign_until: self.sign_until,
            publish_until: self.publish_until,
        }
    }

    pub(crate) const fn end(&mut self, sign_until: UnixTime, publish_until: UnixTime) {
        self.sign_until = Some(sign_until);
        self.publish_until = Some(publish_until);
    }
}

/// All keys of an issuer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeysRecord {
    major: u32,
    pub(crate) keys: Vec<KeyRecord>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Default for KeysRecord {
    fn default() -> Self {
        Self {
            major: MAJOR,
            keys: Vec::new(),
            unknown: Map::new(),
        }
    }
}

/// Whether a change of the keys was written.
#[must_use]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kept {
    Yes,
    /// Another replica was first: read again.
    Stale,
}

/// The typed store of signing keys.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    storage: Arc<dyn Storage>,
    key: Key,
}

impl Keys {
    pub(crate) fn new(storage: Arc<dyn Storage>, issuer: IssuerTag) -> Self {
        Self {
            storage,
            key: Key::new(issuer, Kind::Keys, ID),
        }
    }

    /// The keys and the version to replace them by; nothing before the first keys were made.
    pub(crate) async fn read(&self) -> Result<Option<(KeysRecord, Version)>, StorageError> {
        let found = self.storage.get(std::slice::from_ref(&self.key)).await?;
        let Some(stored) = found.into_iter().next().flatten() else {
            return Ok(None);
        };
        let corrupt = || StorageError::Corrupt("the record of signing keys".to_owned());
        // The major version is read first: a newer record may have any shape.
        let body: Value = serde_json::from_slice(&stored.body).map_err(|_| corrupt())?;
        if body.get("major").and_then(Value::as_u64) != Some(u64::from(MAJOR)) {
            return Err(corrupt());
        }
        let record = serde_json::from_value(body).map_err(|_| corrupt())?;
        Ok(Some((record, stored.version)))
    }

    /// Writes the keys if nobody has since they were read.
    pub(crate) async fn keep(
        &self,
        keys: &KeysRecord,
        expected: Option<&Version>,
    ) -> Result<Kept, StorageError> {
        let body = serde_json::to_vec(keys)
            .map_err(|_| StorageError::Corrupt("the record of signing keys".to_owned()))?;
        let record = Record::new(body);
        match expected {
            None => match self.storage.insert(&self.key, &record).await? {
                Inserted::Yes(_) => Ok(Kept::Yes),
                Inserted::Taken => Ok(Kept::Stale),
            },
            Some(version) => match self.storage.replace(&self.key, version, &record).await? {
                Replaced::Yes(_) => Ok(Kept::Yes),
                Replaced::Stale | Replaced::Missing => Ok(Kept::Stale),
            },
        }
    }
}
