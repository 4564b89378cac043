//! FZ-39, R-20: replicas with different clocks, crashes and outages, verifiers with stale key
//! sets: every token verifies everywhere while it is valid.

use std::{collections::VecDeque, time::Duration};

use super::*;

const ALGORITHM: SigningAlgorithm = SigningAlgorithm::EdDsa;
const STEP: Duration = Duration::from_secs(37);
const ROTATIONS: u64 = 40;

/// A verifier that fetches the key set from some replica when its copy is `max_age` old.
struct Verifier {
    max_age: Duration,
    fetched_at: UnixTime,
    kids: Vec<KeyId>,
}

impl Verifier {
    async fn knows(&mut self, kid: &KeyId, replica: &Replica, now: UnixTime) -> bool {
        if self.kids.is_empty() || now.since(self.fetched_at) >= self.max_age {
            // A replica that is cut off answers 503; the verifier keeps what it has.
            if let Some(kids) = replica.published().await {
                self.kids = kids;
                self.fetched_at = now;
            }
        }
        self.kids.contains(kid)
    }
}

struct Replica {
    clock: Arc<TestClock>,
    /// Seconds behind the true time, up to the skew.
    behind: u64,
    storage: Arc<TestStorage>,
    signer: LocalSigner,
}

impl Replica {
    async fn start(storage: &Arc<TestStorage>, behind: u64, now: UnixTime) -> Self {
        let clock = TestClock::at(now - Duration::from_secs(behind));
        let signer = open(storage, &clock).await;
        Self {
            clock,
            behind,
            storage: Arc::clone(storage),
            signer,
        }
    }

    async fn restart(&mut self) {
        self.signer = open(&self.storage, &self.clock).await;
    }

    fn tick(&self, now: UnixTime) -> UnixTime {
        let own = now - Duration::from_secs(self.behind);
        self.clock.set(own);
        own
    }

    async fn published(&self) -> Option<Vec<KeyId>> {
        let keys = self.signer.keys().await.ok()?;
        let now = self.clock.now();
        Some(
            keys.iter()
                .filter(|key| key.state(now).is_some())
                .filter_map(|key| key.jwk.kid().cloned())
                .collect(),
        )
    }

    /// The key that a new token is signed with; `None` while the store is away for long.
    async fn sign(&self) -> Option<KeyId> {
        let keys = self.signer.keys().await.ok()?;
        let set = KeySet::new(keys, &KeySet::default(), &AwsLcBackend).unwrap();
        let kid = set.signing(ALGORITHM, self.clock.now()).unwrap().kid();
        self.signer.sign(kid, b"token").await.unwrap();
        Some(kid.clone())
    }
}

async fn open(storage: &Arc<TestStorage>, clock: &Arc<TestClock>) -> LocalSigner {
    let parts = LocalSignerParts::new(
        Arc::clone(storage) as Arc<dyn Storage>,
        sealer(1),
        Arc::new(AwsLcBackend),
        Arc::clone(clock) as Arc<dyn Clock>,
        TAG,
    );
    LocalSigner::open(parts.with_algorithms(vec![ALGORITHM]).with_policy(policy()))
        .await
        .unwrap()
}

fn policy() -> RotationPolicy {
    RotationPolicy {
        rotate_every: Duration::from_secs(3 * 3600),
        max_token_lifetime: Duration::from_secs(3600),
        ..RotationPolicy::default()
    }
}

fn verifiers() -> Vec<Verifier> {
    [0, 1, 300, 600]
        .into_iter()
        .map(|age| Verifier {
            max_age: Duration::from_secs(age),
            fetched_at: NOW,
            kids: Vec::new(),
        })
        .collect()
}

#[tokio::test]
async fn every_token_verifies_everywhere_while_it_is_valid() {
    let storage = Arc::<TestStorage>::default();
    let mut replicas = Vec::new();
    for behind in [0, 30, 60] {
        replicas.push(Replica::start(&storage, behind, NOW).await);
    }
    let mut verifiers = verifiers();
    let mut alive: VecDeque<(KeyId, UnixTime)> = VecDeque::new();
    let steps = ROTATIONS * policy().rotate_every.as_secs() / STEP.as_secs();
    let mut now = NOW;
    let (mut signed, mut used) = (0, std::collections::BTreeSet::new());
    for step in 0..steps {
        now = now + STEP;
        // Every now and then the store is away for 14 steps: longer than keys may be stale.
        let down = step % 97 >= 83;
        storage.down.store(down, Ordering::SeqCst);
        for (index, replica) in replicas.iter_mut().enumerate() {
            let own = replica.tick(now);
            let outcome = replica.signer.maintain(own).await;
            assert_eq!(outcome.is_err(), down);
            if !down && step % 61 == index as u64 {
                replica.restart().await;
            }
        }
        for replica in &replicas {
            let Some(kid) = replica.sign().await else {
                assert!(down, "no key without an outage");
                continue;
            };
            signed += 1;
            used.insert(kid.clone());
            alive.push_back((kid, now + policy().max_token_lifetime));
        }
        while alive.front().is_some_and(|(_, expiry)| *expiry < now) {
            alive.pop_front();
        }
        for (at, verifier) in verifiers.iter_mut().enumerate() {
            let source = &replicas[(step as usize + at) % replicas.len()];
            // The oldest tokens and the newest ones; those between have the same keys.
            for (kid, _) in alive.iter().take(3).chain(alive.iter().rev().take(3)) {
                assert!(
                    verifier.knows(kid, source, now).await,
                    "step {step}: verifier {at} does not know {kid}"
                );
            }
        }
    }
    assert!(signed > steps * 2, "{signed} tokens in {steps} steps");
    assert!(used.len() as u64 >= ROTATIONS - 2, "{} keys", used.len());
}
