//! Signing and verifying by each algorithm.

use std::hint::black_box;

use criterion::Criterion;
use oidc_benches::Error;
use oidc_core::{
    crypto::{AwsLcBackend, CryptoBackend},
    jose::SigningAlgorithm,
};

/// About the header and claims of a token.
const INPUT: [u8; 512] = [b'a'; 512];

fn signatures(criterion: &mut Criterion, algorithm: SigningAlgorithm) -> Result<(), Error> {
    let crypto = AwsLcBackend;
    let signing = crypto.signing_key(algorithm, &crypto.generate(algorithm)?)?;
    let verifying = crypto.verifying_key(algorithm, &signing.public_jwk())?;
    let signature = signing.sign(&INPUT)?;
    let mut group = criterion.benchmark_group(algorithm.as_str());
    group.bench_function("sign", |bencher| {
        bencher.iter(|| signing.sign(black_box(&INPUT)));
    });
    group.bench_function("verify", |bencher| {
        bencher.iter(|| verifying.verify(black_box(&INPUT), black_box(&signature.0)));
    });
    group.finish();
    Ok(())
}

fn main() -> Result<(), Error> {
    let mut criterion = Criterion::default().configure_from_args();
    for algorithm in SigningAlgorithm::ALL {
        signatures(&mut criterion, algorithm)?;
    }
    criterion.final_summary();
    Ok(())
}
