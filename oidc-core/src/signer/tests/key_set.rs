//! Which key signs, which are published, and tokens from signers that cannot be trusted blindly.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::jose::{ExpectedType, JwsRefusal, verify};

/// A signer outside of this process, as far as the caller can tell.
#[derive(Debug)]
struct RemoteSigner {
    keys: Mutex<Vec<PublishedKey>>,
    signing: Arc<dyn SigningKey>,
    /// What it does to its signatures.
    flip: AtomicBool,
}

impl RemoteSigner {
    fn new(algorithm: SigningAlgorithm) -> Self {
        let signing = new_key(algorithm);
        let jwk = signing.public_jwk().with_kid(KeyId("remote".to_owned()));
        Self {
            keys: Mutex::new(vec![PublishedKey::new(jwk, algorithm, NOW)]),
            signing,
            flip: AtomicBool::new(false),
        }
    }
}

#[async_trait]
impl Signer for RemoteSigner {
    async fn sign(&self, _: &KeyId, input: &[u8]) -> Result<Signature, SignerError> {
        let mut signature = self.signing.sign(input).unwrap();
        if self.flip.load(Ordering::SeqCst) {
            signature.0[5] ^= 1;
        }
        Ok(signature)
    }

    async fn keys(&self) -> Result<Vec<PublishedKey>, SignerError> {
        Ok(self.keys.lock().unwrap().clone())
    }
}

fn published(kid: &str, algorithm: SigningAlgorithm, from: u64) -> PublishedKey {
    let jwk = new_key(algorithm)
        .public_jwk()
        .with_kid(KeyId(kid.to_owned()));
    PublishedKey::new(jwk, algorithm, NOW + Duration::from_secs(from))
}

fn set(keys: Vec<PublishedKey>) -> Result<KeySet, SignerError> {
    KeySet::new(keys, &KeySet::default(), &AwsLcBackend)
}

fn cache() -> KeyCache {
    KeyCache::new(Arc::new(AwsLcBackend))
}

#[test]
fn the_current_key_that_began_last_signs() {
    let es256 = SigningAlgorithm::Es256;
    let mut next = published("next", es256, 100);
    next.publish_from = NOW;
    let mut late = published("late", es256, 10);
    late.publish_from = NOW + Duration::from_secs(10);
    let keys = set(vec![published("first", es256, 0), next, late]).unwrap();
    let signing = |secs: u64| {
        keys.signing(es256, NOW + Duration::from_secs(secs))
            .map(|key| key.kid().as_str())
            .ok()
    };
    assert_eq!(signing(0), Some("first"));
    assert_eq!(signing(9), Some("first"));
    assert_eq!(signing(10), Some("late"));
    assert_eq!(signing(99), Some("late"));
    assert_eq!(signing(100), Some("next"));
    assert!(matches!(
        keys.signing(SigningAlgorithm::Rs256, NOW),
        Err(SignerError::NoKey(SigningAlgorithm::Rs256))
    ));
    assert!(keys.signing(es256, NOW - Duration::from_secs(1)).is_err());
}

/// OA-80: published are keys that sign next, now and no more; they verify, and no others do.
#[test]
fn published_keys_are_those_that_verify() {
    let es256 = SigningAlgorithm::Es256;
    let mut gone = published("gone", es256, 0);
    gone.sign_until = Some(NOW + Duration::from_secs(1));
    gone.publish_until = Some(NOW + Duration::from_secs(5));
    let later = published("later", es256, 50);
    let keys = set(vec![gone, published("now", es256, 0), later]).unwrap();
    for (secs, kids) in [
        (0, ["gone", "now"].as_slice()),
        (4, &["gone", "now"]),
        (5, &["now"]),
        (50, &["now", "later"]),
    ] {
        let now = NOW + Duration::from_secs(secs);
        let jwks = keys.jwks(now);
        let published: Vec<&str> = jwks
            .keys()
            .iter()
            .filter_map(|key| key.kid().map(KeyId::as_str))
            .collect();
        assert_eq!(published, kids);
        assert!(jwks.keys().iter().all(|key| key.algorithm() == Some(es256)));
        let verifying = keys.verification_keys(now);
        assert_eq!(verifying.len(), kids.len());
        assert!(kids.iter().all(|kid| verifying.select(Some(kid)).is_ok()));
    }
}

#[test]
fn key_sets_without_distinct_names_are_refused() {
    let es256 = SigningAlgorithm::Es256;
    let nameless = PublishedKey::new(new_key(es256).public_jwk(), es256, NOW);
    assert!(matches!(
        set(vec![nameless]),
        Err(SignerError::Misconfigured(_))
    ));
    assert!(matches!(
        set(vec![published("a", es256, 0), published("a", es256, 0)]),
        Err(SignerError::Misconfigured(_))
    ));
    let mut confused = published("a", es256, 0);
    confused.algorithm = SigningAlgorithm::Rs256;
    assert!(matches!(
        set(vec![confused]),
        Err(SignerError::Misconfigured(_))
    ));
}

#[tokio::test]
async fn keys_are_parsed_once() {
    let signer = RemoteSigner::new(SigningAlgorithm::Es256);
    let cache = cache();
    let first = cache.load(&signer).await.unwrap();
    let second = cache.load(&signer).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));

    let more = published("more", SigningAlgorithm::Es256, 0);
    signer.keys.lock().unwrap().push(more);
    let third = cache.load(&signer).await.unwrap();
    let parsed = |set: &KeySet| {
        let entry = set.signing(SigningAlgorithm::Es256, NOW).unwrap();
        std::ptr::from_ref(entry.verifying()).cast::<()>()
    };
    assert_eq!(third.jwks(NOW).keys().len(), 2);
    assert!(first.signing(SigningAlgorithm::Es256, NOW).is_ok());
    let kept = third.verification_keys(NOW);
    let kept = kept.select(Some("remote")).unwrap();
    assert_eq!(std::ptr::from_ref(kept).cast::<()>(), parsed(&first));
}

#[tokio::test]
async fn signed_tokens_verify_with_the_published_keys() {
    for algorithm in SigningAlgorithm::ALL {
        let signer = RemoteSigner::new(algorithm);
        let keys = cache().load(&signer).await.unwrap();
        let key = keys.signing(algorithm, NOW).unwrap();
        let claims = json!({"sub": "alice"});
        let token = sign_jwt(&signer, key, "at+jwt", &claims).await.unwrap();
        let verified = verify(
            &token,
            ExpectedType::Exactly("at+jwt"),
            &keys.verification_keys(NOW),
        )
        .unwrap();
        assert_eq!(verified.payload(), claims.to_string().as_bytes());
        assert_eq!(
            verify(
                &token,
                ExpectedType::JwtOrAbsent,
                &keys.verification_keys(NOW)
            )
            .unwrap_err(),
            JwsRefusal::Type
        );
    }
}

/// ST-24: a wrong signature of a remote signer never leaves; the next right one does.
#[tokio::test]
async fn a_wrong_remote_signature_never_leaves() {
    for algorithm in SigningAlgorithm::ALL {
        let signer = RemoteSigner::new(algorithm);
        let keys = cache().load(&signer).await.unwrap();
        let key = keys.signing(algorithm, NOW).unwrap();
        signer.flip.store(true, Ordering::SeqCst);
        let answer = sign_jwt(&signer, key, "JWT", &json!({})).await;
        assert!(matches!(answer, Err(SignerError::WrongSignature(kid)) if kid == *key.kid()));
        signer.flip.store(false, Ordering::SeqCst);
        assert!(sign_jwt(&signer, key, "JWT", &json!({})).await.is_ok());
    }
}
