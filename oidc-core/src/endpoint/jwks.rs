//! The JWK Set ([RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).

use crate::{issuer::Issuer, signer::SignerError};

/// For how many seconds the JWK Set may be kept; a key is published longer before it signs.
pub(crate) const MAX_AGE: u32 = 600;

/// The keys to publish now, as JSON.
pub(crate) async fn jwks(issuer: &Issuer) -> Result<String, SignerError> {
    let set = issuer.parts().keys.set().await?;
    Ok(set.jwks(issuer.now()).to_json())
}
