//! How typed records become bodies: JSON with a major version, unknown fields kept.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{StorageError, Stored, Version};

/// A record that has a place in storage.
pub(crate) trait Body: Serialize + DeserializeOwned {
    /// The major version. It rises when a field is added that restricts, so that an older replica
    /// refuses the record rather than dropping the restriction.
    const MAJOR: u32;
}

/// A record as read: its value, what a newer minor version added, and the version to swap on.
#[derive(Clone, Debug)]
pub(crate) struct Loaded<T> {
    pub(crate) value: T,
    extra: Map<String, Value>,
    version: Version,
}

impl<T> Loaded<T> {
    /// The version to swap on.
    pub(crate) const fn version(&self) -> &Version {
        &self.version
    }
}

#[derive(Serialize)]
struct Outgoing<'a, T> {
    v: u32,
    #[serde(flatten)]
    value: &'a T,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

#[derive(Deserialize)]
struct Incoming<T> {
    v: u32,
    #[serde(flatten)]
    value: T,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Deserialize)]
struct Major {
    v: u32,
}

/// The body of a record that is new.
pub(crate) fn encode<T: Body>(value: &T) -> Result<Vec<u8>, StorageError> {
    encode_with(value, &Map::new())
}

/// The body of a record that replaces `loaded`: what a newer version added is written back.
pub(crate) fn encode_over<T: Body>(value: &T, loaded: &Loaded<T>) -> Result<Vec<u8>, StorageError> {
    encode_with(value, &loaded.extra)
}

fn encode_with<T: Body>(value: &T, extra: &Map<String, Value>) -> Result<Vec<u8>, StorageError> {
    let v = T::MAJOR;
    serde_json::to_vec(&Outgoing { v, value, extra })
        .map_err(|error| StorageError::Corrupt(format!("cannot be encoded: {error}")))
}

/// Reads a body back.
///
/// # Errors
///
/// [`StorageError::Corrupt`] if it is damaged or of a newer major version.
pub(crate) fn decode<T: Body>(stored: Stored) -> Result<Loaded<T>, StorageError> {
    let corrupt = |error: serde_json::Error| StorageError::Corrupt(error.to_string());
    let Incoming { v, value, extra } = serde_json::from_slice::<Incoming<T>>(&stored.body)
        .or_else(|error| {
            // A newer record may well not fit our fields: say the true reason.
            let Major { v } = serde_json::from_slice(&stored.body).map_err(corrupt)?;
            Err(newer::<T>(v).unwrap_or_else(|| corrupt(error)))
        })?;
    if let Some(error) = newer::<T>(v) {
        return Err(error);
    }
    Ok(Loaded {
        value,
        extra,
        version: stored.version,
    })
}

fn newer<T: Body>(v: u32) -> Option<StorageError> {
    (v > T::MAJOR).then(|| {
        StorageError::Corrupt(format!(
            "written by a newer release (record version {v}, this release knows {})",
            T::MAJOR
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        name: String,
    }

    impl Body for Sample {
        const MAJOR: u32 = 2;
    }

    fn stored(body: &str) -> Stored {
        Stored {
            body: body.into(),
            version: Version::from_bytes(*b"1"),
        }
    }

    #[test]
    fn unknown_fields_are_written_back() {
        let loaded: Loaded<Sample> = decode(stored(r#"{"v":2,"name":"a","later":[1]}"#)).unwrap();
        let body = encode_over(&Sample { name: "b".into() }, &loaded).unwrap();
        let json: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(json, serde_json::json!({"v": 2, "name": "b", "later": [1]}));
    }

    #[test]
    fn a_higher_major_version_is_refused_even_if_it_would_fit() {
        for body in [r#"{"v":3,"name":"a"}"#, r#"{"v":3,"names":["a"]}"#] {
            let error = decode::<Sample>(stored(body)).unwrap_err();
            assert!(error.to_string().contains("newer release"), "{error}");
        }
    }

    #[test]
    fn damage_is_corrupt() {
        for body in ["", "{", r#"{"name":"a"}"#, r#"{"v":2,"name":1}"#, "[]"] {
            let error = decode::<Sample>(stored(body)).unwrap_err();
            assert!(matches!(error, StorageError::Corrupt(_)), "{body}");
        }
    }
}
