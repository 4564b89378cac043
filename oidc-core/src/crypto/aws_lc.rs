//! The back end over aws-lc-rs.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
        RsaKeyPair, RsaPublicKeyComponents,
    },
};

use super::{
    AEAD_NONCE, CryptoBackend, CryptoError, InvalidSignature, KeyRefusal, SigningKey, VerifyingKey,
    der,
};
use crate::{
    jose::{InvalidJwk, Jwk, PublicKey, SigningAlgorithm},
    secret::{Secret, Secret32},
    signer::Signature,
};

/// Cryptography by aws-lc: RS256, ES256, EdDSA (Ed25519), AES-256-GCM.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLcBackend;

impl CryptoBackend for AwsLcBackend {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        &SigningAlgorithm::ALL
    }

    fn verifying_key(
        &self,
        algorithm: SigningAlgorithm,
        jwk: &Jwk,
    ) -> Result<Arc<dyn VerifyingKey>, KeyRefusal> {
        if !jwk.key().fits(algorithm) || jwk.algorithm().is_some_and(|alg| alg != algorithm) {
            return Err(KeyRefusal::Algorithm(algorithm));
        }
        let key = match jwk.key() {
            PublicKey::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            }
            PublicKey::P256 { x, y } => {
                let mut point = [4; 65];
                point[1..33].copy_from_slice(x);
                point[33..].copy_from_slice(y);
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            }
            PublicKey::Ed25519 { x } => ParsedPublicKey::new(&ED25519, x),
        }
        .map_err(|_| KeyRefusal::Rejected)?;
        Ok(Arc::new(AwsLcVerifyingKey { algorithm, key }))
    }

    fn signing_key(
        &self,
        algorithm: SigningAlgorithm,
        pkcs8: &Secret,
    ) -> Result<Arc<dyn SigningKey>, KeyRefusal> {
        let der = pkcs8.expose();
        let rejected = |_| KeyRefusal::Rejected;
        let pair = match algorithm {
            SigningAlgorithm::Rs256 => Pair::Rsa(RsaKeyPair::from_pkcs8(der).map_err(rejected)?),
            SigningAlgorithm::Es256 => Pair::P256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
                    .map_err(rejected)?,
            ),
            SigningAlgorithm::EdDsa => {
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8(der).map_err(rejected)?)
            }
        };
        let jwk = Jwk::new(pair.public_key()?).with_algorithm(algorithm);
        Ok(Arc::new(AwsLcSigningKey {
            algorithm,
            pair,
            jwk,
        }))
    }

    fn generate(&self, algorithm: SigningAlgorithm) -> Result<Secret, CryptoError> {
        let rng = SystemRandom::new();
        let der = match algorithm {
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| CryptoError)?;
                let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| CryptoError)?;
                Secret::new(der.as_ref())
            }
            SigningAlgorithm::Es256 => Secret::new(
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng)
                    .map_err(|_| CryptoError)?
                    .as_ref(),
            ),
            SigningAlgorithm::EdDsa => Secret::new(
                Ed25519KeyPair::generate_pkcs8v1(&rng)
                    .map_err(|_| CryptoError)?
                    .as_ref(),
            ),
        };
        Ok(der)
    }

    fn aead_seal(
        &self,
        key: &Secret32,
        nonce: [u8; AEAD_NONCE],
        associated: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), CryptoError> {
        aead_key(key)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated),
                buffer,
            )
            .map_err(|_| CryptoError)
    }

    fn aead_open(
        &self,
        key: &Secret32,
        nonce: [u8; AEAD_NONCE],
        associated: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), CryptoError> {
        let length = aead_key(key)?
            .open_in_place(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated),
                buffer,
            )
            .map_err(|_| CryptoError)?
            .len();
        buffer.truncate(length);
        Ok(())
    }
}

fn aead_key(key: &Secret32) -> Result<LessSafeKey, CryptoError> {
    UnboundKey::new(&AES_256_GCM, key.expose())
        .map(LessSafeKey::new)
        .map_err(|_| CryptoError)
}

#[derive(Debug)]
struct AwsLcVerifyingKey {
    algorithm: SigningAlgorithm,
    key: ParsedPublicKey,
}

impl VerifyingKey for AwsLcVerifyingKey {
    fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    fn verify(&self, input: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.key
            .verify_sig(input, signature)
            .map_err(|_| InvalidSignature)
    }
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Pair {
    fn public_key(&self) -> Result<PublicKey, KeyRefusal> {
        match self {
            Self::Rsa(pair) => {
                let (n, e) =
                    der::rsa_public_key(pair.public_key().as_ref()).ok_or(KeyRefusal::Rejected)?;
                Ok(PublicKey::rsa(n, e)?)
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point
                    .strip_prefix(&[4])
                    .and_then(|rest| rest.split_first_chunk::<32>())
                    .and_then(|(x, y)| Some((*x, <[u8; 32]>::try_from(y).ok()?)))
                    .ok_or(KeyRefusal::Rejected)?;
                Ok(PublicKey::p256(x, y))
            }
            Self::Ed25519(pair) => {
                let x = <[u8; 32]>::try_from(pair.public_key().as_ref())
                    .map_err(|_| InvalidJwk::Member("x"))?;
                Ok(PublicKey::ed25519(x)?)
            }
        }
    }
}

struct AwsLcSigningKey {
    algorithm: SigningAlgorithm,
    pair: Pair,
    jwk: Jwk,
}

impl fmt::Debug for AwsLcSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsLcSigningKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl SigningKey for AwsLcSigningKey {
    fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    fn sign(&self, input: &[u8]) -> Result<Signature, CryptoError> {
        let rng = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &rng, input, &mut signature)
                    .map_err(|_| CryptoError)?;
                Ok(Signature(signature))
            }
            Pair::P256(pair) => pair
                .sign(&rng, input)
                .map(|signature| Signature(signature.as_ref().to_vec()))
                .map_err(|_| CryptoError),
            Pair::Ed25519(pair) => pair
                .try_sign(input)
                .map(|signature| Signature(signature.as_ref().to_vec()))
                .map_err(|_| CryptoError),
        }
    }

    fn public_jwk(&self) -> Jwk {
        self.jwk.clone()
    }
}
