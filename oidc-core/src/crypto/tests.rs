//! Tests of the back end by what its trait promises.

use super::*;
use crate::jose::PublicKey;

fn key() -> Secret32 {
    Secret32::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()))
}

#[test]
fn generated_keys_sign_and_their_public_half_verifies() {
    for algorithm in AwsLcBackend.algorithms() {
        let pkcs8 = AwsLcBackend.generate(*algorithm).unwrap();
        let signing = AwsLcBackend.signing_key(*algorithm, &pkcs8).unwrap();
        let jwk = signing.public_jwk();
        assert_eq!(jwk.algorithm(), Some(*algorithm));
        let verifying = AwsLcBackend.verifying_key(*algorithm, &jwk).unwrap();
        assert_eq!(verifying.algorithm(), *algorithm);
        let signature = signing.sign(b"input").unwrap();
        assert_eq!(verifying.verify(b"input", &signature.0), Ok(()));
        assert_eq!(
            verifying.verify(b"inpuu", &signature.0),
            Err(InvalidSignature)
        );
    }
}

#[test]
fn generated_rsa_keys_have_2048_bits() {
    let pkcs8 = AwsLcBackend.generate(SigningAlgorithm::Rs256).unwrap();
    let signing = AwsLcBackend
        .signing_key(SigningAlgorithm::Rs256, &pkcs8)
        .unwrap();
    let PublicKey::Rsa { n, e } = signing.public_jwk().key().clone() else {
        panic!("an RSA key");
    };
    assert_eq!((n.len(), n[0] >= 0x80), (256, true));
    assert_eq!(e, [1, 0, 1]);
}

#[test]
fn a_key_serves_its_own_algorithm_only() {
    for own in SigningAlgorithm::ALL {
        let pkcs8 = AwsLcBackend.generate(own).unwrap();
        let jwk = AwsLcBackend.signing_key(own, &pkcs8).unwrap().public_jwk();
        for other in SigningAlgorithm::ALL.into_iter().filter(|one| *one != own) {
            assert_eq!(
                AwsLcBackend.verifying_key(other, &jwk).unwrap_err(),
                KeyRefusal::Algorithm(other)
            );
            assert_eq!(
                AwsLcBackend.signing_key(other, &pkcs8).unwrap_err(),
                KeyRefusal::Rejected
            );
        }
    }
}

#[test]
fn what_is_not_pkcs8_is_refused() {
    for algorithm in SigningAlgorithm::ALL {
        let mut cut = AwsLcBackend.generate(algorithm).unwrap().expose().to_vec();
        cut.pop();
        for der in [Vec::new(), vec![0x30], vec![0; 100], cut] {
            assert_eq!(
                AwsLcBackend
                    .signing_key(algorithm, &Secret::new(der))
                    .unwrap_err(),
                KeyRefusal::Rejected
            );
        }
    }
}

#[test]
fn debug_of_a_signing_key_shows_no_key() {
    for algorithm in SigningAlgorithm::ALL {
        let pkcs8 = AwsLcBackend.generate(algorithm).unwrap();
        let signing = AwsLcBackend.signing_key(algorithm, &pkcs8).unwrap();
        let shown = format!("{signing:?}");
        assert!(shown.len() < 80, "{shown}");
    }
}

#[test]
fn aead_opens_what_it_sealed_and_nothing_else() {
    let nonce = [7; AEAD_NONCE];
    let mut sealed = b"plaintext".to_vec();
    AwsLcBackend
        .aead_seal(&key(), nonce, b"context", &mut sealed)
        .unwrap();
    assert_eq!(sealed.len(), 9 + AEAD_TAG);

    let open = |nonce, associated: &[u8], sealed: &[u8]| {
        let mut buffer = sealed.to_vec();
        AwsLcBackend
            .aead_open(&key(), nonce, associated, &mut buffer)
            .map(|()| buffer)
    };
    assert_eq!(open(nonce, b"context", &sealed), Ok(b"plaintext".to_vec()));
    assert_eq!(open([8; AEAD_NONCE], b"context", &sealed), Err(CryptoError));
    assert_eq!(open(nonce, b"contexu", &sealed), Err(CryptoError));
    assert_eq!(open(nonce, b"context", &sealed[1..]), Err(CryptoError));
    assert_eq!(open(nonce, b"context", b""), Err(CryptoError));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(open(nonce, b"context", &changed), Err(CryptoError));
    }
}
