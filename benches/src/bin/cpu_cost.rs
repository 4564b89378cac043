//! The CPU time of a code exchange and of a refresh, in units of the two signatures that each of
//! them must make.
//!
//! All runs on one thread, and only the time that this thread spent on a processor counts, so
//! neighbours on the machine disturb little. Bare signatures, exchanges and refreshes take turns,
//! so a change of clock rate meets all of them alike. Ends with 1 if a bound is missed.

#![forbid(unsafe_code)]

use std::{process::ExitCode, sync::Arc, time::Duration};

use oidc_benches::{Error, Scene};
use oidc_core::{
    crypto::{AwsLcBackend, CryptoBackend, SigningKey},
    jose::SigningAlgorithm,
};
use oidc_token_store::MemoryStorage;
use rustix::time::{ClockId, clock_gettime};

/// What an operation may cost in units of two bare signatures.
const BOUNDS: [(SigningAlgorithm, f64, u32); 2] = [
    (SigningAlgorithm::Rs256, 1.25, 500),
    (SigningAlgorithm::Es256, 3.0, 4_000),
];
/// Rounds that warm caches and are not counted.
const WARM_UP: u32 = 50;
/// Bytes that a bare signature covers: about the header and claims of a token.
const INPUT: usize = 512;

/// CPU time by what it was spent on.
#[derive(Debug, Default)]
struct Spent {
    signatures: Duration,
    exchanges: Duration,
    refreshes: Duration,
}

/// The CPU time of this thread so far.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let secs = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(secs, nanos)
}

async fn round(scene: &Scene, key: &dyn SigningKey, spent: &mut Spent) -> Result<(), Error> {
    let inputs = [[b'a'; INPUT], [b'b'; INPUT]];
    let exchange = scene.exchange().await?;

    let start = thread_time();
    for input in &inputs {
        std::hint::black_box(key.sign(std::hint::black_box(input))?);
    }
    spent.signatures += thread_time() - start;

    let start = thread_time();
    let exchanged = scene.send(exchange).await;
    spent.exchanges += thread_time() - start;

    let refresh = scene.refresh(&exchanged)?;
    let start = thread_time();
    let refreshed = scene.send(refresh).await;
    spent.refreshes += thread_time() - start;
    if refreshed.json().get("id_token").is_none() {
        return Err(format!("not refreshed: {}", refreshed.body).into());
    }
    Ok(())
}

async fn measure(algorithm: SigningAlgorithm, bound: f64, rounds: u32) -> Result<bool, Error> {
    let storage = Arc::new(MemoryStorage::new());
    let scene = Scene::open(storage, algorithm, "openid offline_access").await?;
    let key = AwsLcBackend.signing_key(algorithm, &AwsLcBackend.generate(algorithm)?)?;
    for _ in 0..WARM_UP {
        round(&scene, &*key, &mut Spent::default()).await?;
    }
    let mut spent = Spent::default();
    for _ in 0..rounds {
        round(&scene, &*key, &mut spent).await?;
    }
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(rounds);
    println!(
        "{algorithm}: two bare signatures {:.1} us, {rounds} rounds",
        micros(spent.signatures)
    );
    let mut kept = true;
    for (what, time) in [("exchange", spent.exchanges), ("refresh", spent.refreshes)] {
        let ratio = time.as_secs_f64() / spent.signatures.as_secs_f64();
        let verdict = if ratio <= bound { "kept" } else { "MISSED" };
        println!(
            "{algorithm}: {what} {:.1} us, ratio {ratio:.3}, bound {bound}: {verdict}",
            micros(time)
        );
        kept &= ratio <= bound;
    }
    Ok(kept)
}

fn main() -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut kept = true;
    for (algorithm, bound, rounds) in BOUNDS {
        kept &= runtime.block_on(measure(algorithm, bound, rounds))?;
    }
    Ok(if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
