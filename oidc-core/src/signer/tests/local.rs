//! The local signer: one record, many replicas, crashes, clocks.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;

use super::*;
use crate::jose::{ExpectedType, verify};

const ES256: SigningAlgorithm = SigningAlgorithm::Es256;

/// A store and a clock that replicas share.
struct World {
    storage: Arc<TestStorage>,
    clock: Arc<TestClock>,
}

impl World {
    fn new() -> Self {
        Self {
            storage: Arc::default(),
            clock: TestClock::at(NOW),
        }
    }

    fn parts(&self) -> LocalSignerParts {
        LocalSignerParts::new(
            Arc::clone(&self.storage) as Arc<dyn Storage>,
            sealer(1),
            Arc::new(AwsLcBackend),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
            TAG,
        )
        .with_algorithms(vec![ES256])
    }

    async fn replica(&self) -> LocalSigner {
        LocalSigner::open(self.parts()).await.unwrap()
    }

    fn pass(&self, time: Duration) -> UnixTime {
        let now = self.clock.now() + time;
        self.clock.set(now);
        now
    }

    fn writes(&self) -> u64 {
        self.storage.writes.load(Ordering::SeqCst)
    }
}

async fn kids(signer: &LocalSigner) -> BTreeSet<String> {
    let keys = signer.keys().await.unwrap();
    keys.iter()
        .filter_map(|key| key.jwk.kid())
        .map(KeyId::to_string)
        .collect()
}

async fn current(signer: &LocalSigner, now: UnixTime) -> KeyId {
    let keys = KeyCache::new(Arc::new(AwsLcBackend))
        .load(signer)
        .await
        .unwrap();
    keys.signing(ES256, now).unwrap().kid().clone()
}

#[tokio::test]
async fn the_first_key_signs_at_once_and_is_named_by_its_thumbprint() {
    let world = World::new();
    let signer = world.replica().await;
    let keys = signer.keys().await.unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].state(NOW), Some(KeyState::Current));
    let kid = keys[0].jwk.kid().unwrap().clone();
    assert_eq!(kid.as_str(), keys[0].jwk.thumbprint().to_text());
    assert!(!signer.remote());

    let set = KeyCache::new(Arc::new(AwsLcBackend))
        .load(&signer)
        .await
        .unwrap();
    let key = set.signing(ES256, NOW).unwrap();
    let token = sign_jwt(&signer, key, "JWT", &json!({"a":1}))
        .await
        .unwrap();
    let verifying = set.verification_keys(NOW);
    assert!(verify(&token, ExpectedType::Exactly("JWT"), &verifying).is_ok());
    assert!(matches!(
        signer.sign(&KeyId("other".to_owned()), b"x").await,
        Err(SignerError::UnknownKey(_))
    ));
}

#[tokio::test]
async fn rs256_is_the_default_and_each_algorithm_has_its_chain() {
    let world = World::new();
    let parts = world.parts();
    let default = LocalSignerParts::new(
        Arc::clone(&parts.storage),
        parts.sealer,
        parts.crypto,
        parts.clock,
        TAG,
    );
    let signer = LocalSigner::open(default).await.unwrap();
    let first = signer.keys().await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].algorithm, SigningAlgorithm::Rs256);

    let all = world
        .parts()
        .with_algorithms(SigningAlgorithm::ALL.to_vec());
    let signer = LocalSigner::open(all).await.unwrap();
    let algorithms: BTreeSet<SigningAlgorithm> = signer
        .keys()
        .await
        .unwrap()
        .iter()
        .map(|key| key.algorithm)
        .collect();
    assert_eq!(algorithms, SigningAlgorithm::ALL.into_iter().collect());
    assert!(
        kids(&signer)
            .await
            .contains(first[0].jwk.kid().unwrap().as_str())
    );
}

/// ten replicas on an empty store make one set of keys.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_open_an_empty_store_at_once_share_one_key() {
    for _ in 0..20 {
        let world = Arc::new(World::new());
        let mut opening = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let world = Arc::clone(&world);
            opening.spawn(async move { kids(&world.replica().await).await });
        }
        let seen: BTreeSet<BTreeSet<String>> = opening.join_all().await.into_iter().collect();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen.iter().next().unwrap().len(), 1);
        assert_eq!(world.writes(), 1);
    }
}

/// ST-07: replicas that reach the rotation together make one successor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_rotate_at_once_make_one_successor() {
    for _ in 0..20 {
        let world = World::new();
        let mut replicas = Vec::new();
        for _ in 0..10 {
            replicas.push(Arc::new(world.replica().await));
        }
        let now = world.pass(Duration::from_secs(30 * 24 * 3600));
        let mut rotating = tokio::task::JoinSet::new();
        for replica in &replicas {
            let replica = Arc::clone(replica);
            rotating.spawn(async move { replica.maintain(now).await.unwrap() });
        }
        rotating.join_all().await;
        assert_eq!(world.writes(), 2);
        let seen: BTreeSet<BTreeSet<String>> = {
            let mut seen = BTreeSet::new();
            for replica in &replicas {
                seen.insert(kids(replica).await);
            }
            seen
        };
        assert_eq!(seen.len(), 1);
        assert_eq!(seen.iter().next().unwrap().len(), 2);
    }
}

/// ST-09: a whole rotation: published, waiting, signing, retired, gone.
#[tokio::test]
async fn a_rotation_runs_through_all_states() {
    let world = World::new();
    let policy = RotationPolicy::default();
    let signer = world.replica().await;
    let first = current(&signer, NOW).await;

    let created = NOW - policy.skew;
    world
        .clock
        .set(created + policy.rotate_every - policy.lead() - Duration::from_secs(1));
    signer.maintain(world.clock.now()).await.unwrap();
    assert_eq!(world.writes(), 1);
    let now = world.pass(Duration::from_secs(1));
    signer.maintain(now).await.unwrap();
    assert_eq!(world.writes(), 2);

    let keys = signer.keys().await.unwrap();
    let second = keys[1].jwk.kid().unwrap().clone();
    assert_eq!(keys[1].state(now), Some(KeyState::Next));
    assert_eq!(current(&signer, now).await, first);
    assert!(matches!(
        signer.sign(&second, b"x").await,
        Err(SignerError::NotNow(kid)) if kid == second
    ));
    assert!(signer.sign(&first, b"x").await.is_ok());

    let before = world.pass(policy.lead() - Duration::from_secs(1));
    assert_eq!(current(&signer, before).await, first);
    let switch = world.pass(Duration::from_secs(1));
    assert_eq!(current(&signer, switch).await, second);
    assert!(signer.sign(&second, b"x").await.is_ok());
    // A request that chose its key a moment ago may finish.
    assert!(signer.sign(&first, b"x").await.is_ok());
    world.pass(policy.skew);
    assert!(matches!(
        signer.sign(&first, b"x").await,
        Err(SignerError::NotNow(_))
    ));

    let last = world.pass(policy.max_token_lifetime - Duration::from_secs(1));
    let keys = signer.keys().await.unwrap();
    assert_eq!(keys[0].state(last), Some(KeyState::Retired));
    let gone = world.pass(Duration::from_secs(1));
    assert_eq!(signer.keys().await.unwrap()[0].state(gone), None);
    let forgotten = world.pass(policy.skew);
    signer.maintain(forgotten).await.unwrap();
    assert_eq!(kids(&signer).await, BTreeSet::from([second.to_string()]));
}

#[tokio::test]
async fn maintaining_without_need_writes_nothing() {
    let world = World::new();
    let signer = world.replica().await;
    for _ in 0..5 {
        signer
            .maintain(world.pass(Duration::from_secs(30)))
            .await
            .unwrap();
    }
    assert_eq!(world.writes(), 1);
}

/// ST-08: a write whose answer is lost counts once, at opening and at rotation.
#[tokio::test]
async fn a_lost_answer_makes_no_second_key() {
    let world = World::new();
    world.storage.lose_answer.store(true, Ordering::SeqCst);
    let signer = world.replica().await;
    assert_eq!(kids(&signer).await.len(), 1);
    let now = world.pass(Duration::from_secs(30 * 24 * 3600));
    world.storage.lose_answer.store(true, Ordering::SeqCst);
    signer.maintain(now).await.unwrap();
    assert_eq!(kids(&signer).await.len(), 2);
    assert_eq!(world.writes(), 2);
}

#[tokio::test]
async fn keys_are_read_again_after_the_reload_interval() {
    let world = World::new();
    let (one, other) = (world.replica().await, world.replica().await);
    let now = world.pass(Duration::from_secs(30 * 24 * 3600));
    one.maintain(now).await.unwrap();
    assert_eq!(kids(&other).await, kids(&one).await);

    let reads = || world.storage.reads.load(Ordering::SeqCst);
    let before = reads();
    for _ in 0..100 {
        other.keys().await.unwrap();
        world.clock.set(now + Duration::from_secs(59));
    }
    assert_eq!(reads(), before);
    world.clock.set(now + Duration::from_secs(60));
    for _ in 0..100 {
        other.keys().await.unwrap();
    }
    assert_eq!(reads(), before + 1);
    // A clock that goes back does not put the next reload off.
    world.clock.set(now - Duration::from_secs(3600));
    other.keys().await.unwrap();
    assert_eq!(reads(), before + 2);
}

/// ST-20, R-14: through an outage of the store, signing and publishing go on, but not for ever.
#[tokio::test]
async fn an_outage_is_bridged_for_a_bounded_time() {
    let world = World::new();
    let signer = world.replica().await;
    let key = current(&signer, NOW).await;
    world.storage.down.store(true, Ordering::SeqCst);
    for secs in [0, 61, 100, 200, 360] {
        world.clock.set(NOW + Duration::from_secs(secs));
        assert!(signer.sign(&key, b"x").await.is_ok(), "{secs}");
        assert_eq!(signer.keys().await.unwrap().len(), 1);
    }
    world.clock.set(NOW + Duration::from_secs(361));
    assert!(matches!(
        signer.sign(&key, b"x").await,
        Err(SignerError::Unavailable(_))
    ));
    assert!(signer.keys().await.is_err());
    world.storage.down.store(false, Ordering::SeqCst);
    assert!(signer.sign(&key, b"x").await.is_ok());
}

/// ST-12: private keys stand in the store sealed only.
#[tokio::test]
async fn private_keys_are_sealed_in_the_store() {
    let world = World::new();
    world.replica().await;
    let body = world.storage.body();
    let key = &body["keys"][0];
    let members: BTreeSet<&str> = key
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        members,
        BTreeSet::from(["kid", "alg", "publish_from", "sign_from", "sealed"])
    );
    assert_eq!(body["major"], 1);
}

#[tokio::test]
async fn keys_that_do_not_open_are_never_replaced() {
    let world = World::new();
    world.replica().await;
    let mut parts = world.parts();
    parts.sealer = sealer(2);
    assert!(matches!(
        LocalSigner::open(parts).await,
        Err(SignerError::Misconfigured(_))
    ));
    let honest = world.storage.body();
    for (name, value) in [
        ("sealed", json!("AAAA")),
        ("kid", json!("another")),
        ("alg", json!("RS256")),
        ("sign_from", json!("soon")),
    ] {
        let mut body = honest.clone();
        body["keys"][0][name] = value;
        world.storage.set_body(&body);
        assert!(
            matches!(
                LocalSigner::open(world.parts()).await,
                Err(SignerError::Misconfigured(_))
            ),
            "{name}"
        );
    }
    let mut newer = honest.clone();
    newer["major"] = json!(2);
    world.storage.set_body(&newer);
    assert!(LocalSigner::open(world.parts()).await.is_err());
    assert_eq!(world.writes(), 1);

    world.storage.set_body(&honest);
    assert!(LocalSigner::open(world.parts()).await.is_ok());
}

/// What a newer replica wrote is kept by an older one.
#[tokio::test]
async fn unknown_algorithms_and_members_are_kept() {
    let world = World::new();
    let signer = world.replica().await;
    let mut body = world.storage.body();
    let mut unknown = body["keys"][0].clone();
    unknown["alg"] = json!("ML-DSA-65");
    unknown["kid"] = json!("future");
    unknown["extra"] = json!({"a": 1});
    body["keys"].as_array_mut().unwrap().push(unknown.clone());
    body["note"] = json!("kept");
    world.storage.set_body(&body);

    let now = world.pass(Duration::from_secs(30 * 24 * 3600));
    signer.maintain(now).await.unwrap();
    let written = world.storage.body();
    assert_eq!(written["note"], "kept");
    assert_eq!(written["keys"][1], unknown);
    assert_eq!(written["keys"].as_array().unwrap().len(), 3);
    assert_eq!(kids(&signer).await.len(), 2);
}

#[tokio::test]
async fn a_back_end_without_the_algorithm_is_refused() {
    #[derive(Debug)]
    struct Ed25519Only;
    impl CryptoBackend for Ed25519Only {
        fn algorithms(&self) -> &[SigningAlgorithm] {
            &[SigningAlgorithm::EdDsa]
        }
        fn verifying_key(
            &self,
            _: SigningAlgorithm,
            _: &Jwk,
        ) -> Result<Arc<dyn crate::crypto::VerifyingKey>, crate::crypto::KeyRefusal> {
            unreachable!()
        }
        fn signing_key(
            &self,
            _: SigningAlgorithm,
            _: &crate::secret::Secret,
        ) -> Result<Arc<dyn SigningKey>, crate::crypto::KeyRefusal> {
            unreachable!()
        }
        fn generate(
            &self,
            _: SigningAlgorithm,
        ) -> Result<crate::secret::Secret, crate::crypto::CryptoError> {
            unreachable!()
        }
        fn aead_seal(
            &self,
            _: &Secret32,
            _: [u8; 12],
            _: &[u8],
            _: &mut Vec<u8>,
        ) -> Result<(), crate::crypto::CryptoError> {
            unreachable!()
        }
        fn aead_open(
            &self,
            _: &Secret32,
            _: [u8; 12],
            _: &[u8],
            _: &mut Vec<u8>,
        ) -> Result<(), crate::crypto::CryptoError> {
            unreachable!()
        }
    }

    let world = World::new();
    let mut parts = world.parts();
    parts.crypto = Arc::new(Ed25519Only);
    assert!(matches!(
        LocalSigner::open(parts).await,
        Err(SignerError::Misconfigured(_))
    ));
    assert_eq!(world.writes(), 0);
}
