//! TLS towards the directory: our own configuration, nothing taken from the process.

use std::{fs, sync::Arc};

use base64ct::{Base64, Encoding as _};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::config::{LdapConfig, Problems};

/// Builds the TLS settings, TLS 1.2 and 1.3 only.
pub(crate) fn client_config(
    config: &LdapConfig,
    problems: &mut Problems,
) -> Option<Arc<ClientConfig>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions();
    let builder = match builder {
        Ok(builder) => builder,
        Err(error) => {
            problems.add("host", format!("TLS cannot be set up: {error}"));
            return None;
        }
    };
    let builder = if config.insecure_skip_verify {
        builder
            .dangerous()
            .with_custom_certificate_verifier(dangerous::any_certificate(provider))
    } else {
        builder.with_root_certificates(roots(config, problems)?)
    };
    let identity = match (&config.client_cert, &config.client_key) {
        (Some(cert), Some(key)) => Some(client_identity(cert, key, problems)?),
        (None, None) => None,
        _ => {
            problems.add(
                "clientCert",
                "give clientCert and clientKey together".to_owned(),
            );
            return None;
        }
    };
    let built = match identity {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key),
        None => Ok(builder.with_no_client_auth()),
    };
    match built {
        Ok(built) => Some(Arc::new(built)),
        Err(error) => {
            problems.add("clientCert", format!("not usable with clientKey: {error}"));
            None
        }
    }
}

/// The roots given, which replace those of the system; otherwise those of the system.
fn roots(config: &LdapConfig, problems: &mut Problems) -> Option<RootCertStore> {
    let (key, pem) = match (&config.root_ca, &config.root_ca_data) {
        (Some(_), Some(_)) => {
            problems.add("rootCA", "give rootCA or rootCAData, not both".to_owned());
            return None;
        }
        (Some(path), None) => (
            "rootCA",
            fs::read(path).map_err(|error| format!("cannot read {path}: {error}")),
        ),
        (None, Some(data)) => (
            "rootCAData",
            Base64::decode_vec(&data.split_ascii_whitespace().collect::<String>())
                .map_err(|_| "write the PEM file in base64".to_owned()),
        ),
        (None, None) => return system_roots(problems),
    };
    let mut roots = RootCertStore::empty();
    let added = pem.and_then(|pem| {
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| format!("not a PEM file: {error:?}"))?;
            roots
                .add(certificate)
                .map_err(|error| format!("not a certificate: {error}"))?;
        }
        Ok(())
    });
    match added {
        Ok(()) if roots.is_empty() => {
            problems.add(key, "holds no certificate in PEM".to_owned());
            None
        }
        Ok(()) => Some(roots),
        Err(problem) => {
            problems.add(key, problem);
            None
        }
    }
}

fn system_roots(problems: &mut Problems) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let problem = "the system has no root certificates; set rootCA";
        problems.add("rootCA", problem.to_owned());
        return None;
    }
    Some(roots)
}

type ClientIdentity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn client_identity(cert: &str, key: &str, problems: &mut Problems) -> Option<ClientIdentity> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
    if let Err(error) = &chain {
        problems.add("clientCert", format!("cannot read {cert}: {error:?}"));
    }
    let private = PrivateKeyDer::from_pem_file(key);
    if private.is_err() {
        // The error itself is left out: it could quote the file.
        problems.add("clientKey", format!("cannot read a private key from {key}"));
    }
    Some((chain.ok()?, private.ok()?))
}

/// What takes the protection of TLS away. Only `insecureSkipVerify` leads here.
mod dangerous {
    use std::sync::Arc;

    use rustls::{
        DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime},
    };

    #[derive(Debug)]
    struct AnyCertificate(Arc<CryptoProvider>);

    /// Accepts whatever certificate the server shows.
    pub(super) fn any_certificate(provider: Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
        Arc::new(AnyCertificate(provider))
    }

    impl ServerCertVerifier for AnyCertificate {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            verify_tls12_signature(message, cert, signature, algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            verify_tls13_signature(message, cert, signature, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}
