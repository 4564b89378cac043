//! Tokens from any signer.

use serde::Serialize;

use super::{KeyEntry, Signer, SignerError};
use crate::jose::{Header, assemble, signing_input};

/// Signs `claims` as a JSON Web Token of class `typ` with one key of `signer`.
///
/// What a remote signer returns is verified before it leaves. What a local one returns is not:
/// its library checks RSA signatures itself, and verifying ES256 costs three signatures.
///
/// # Errors
///
/// [`SignerError`]; no token exists then.
pub async fn sign_jwt<T: Serialize + Sync + ?Sized>(
    signer: &dyn Signer,
    key: &KeyEntry,
    typ: &str,
    claims: &T,
) -> Result<String, SignerError> {
    let payload = serde_json::to_vec(claims)
        .map_err(|error| SignerError::Misconfigured(format!("claims are not JSON: {error}")))?;
    let header = Header::new(key.algorithm(), typ, key.kid());
    let input = signing_input(&header, &payload);
    let signature = signer.sign(key.kid(), input.as_bytes()).await?;
    if signer.remote() {
        key.verifying()
            .verify(input.as_bytes(), &signature.0)
            .map_err(|_| SignerError::WrongSignature(key.kid().clone()))?;
    }
    Ok(assemble(input, &signature.0))
}
