//! TLS settings from PEM files.

use std::{path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// Certificate or key cannot be used. The text names the file's role, never its content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificate file holds no certificate.
    #[error("the certificate file holds no PEM certificate")]
    Certificate,
    /// The key file holds no private key.
    #[error("the key file holds no PEM private key")]
    Key,
    /// Both can be read but do not go together, or are of a kind that is not supported.
    #[error("certificate and key do not fit: {0}")]
    Mismatch(#[from] rustls::Error),
}

/// TLS 1.2 and 1.3 by aws-lc-rs, HTTP/2 and HTTP/1.1.
///
/// # Errors
///
/// [`TlsError`] if the files hold no certificate and key that fit.
pub fn server_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .map_err(|_| TlsError::Certificate)?
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::Certificate)?;
    if chain.is_empty() {
        return Err(TlsError::Certificate);
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| TlsError::Key)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
