//! TLS: rustls with ring, and the certificates that the platform trusts.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Why there is no TLS.
#[derive(Debug, Clone, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub(crate) struct TlsError(pub(crate) String);

/// Trusts the certificates that the platform trusts, and these (PEM).
pub(crate) fn config(certificates: &[String]) -> Result<Arc<ClientConfig>, TlsError> {
    let failed = |error: rustls::Error| TlsError(error.to_string());
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let config = match certificates {
        [] => trusting(builder).map_err(failed)?.with_no_client_auth(),
        certificates => builder
            .dangerous()
            .with_custom_certificate_verifier(also_trusting(read(certificates)?, provider)?)
            .with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

fn read(certificates: &[String]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut read = Vec::new();
    for text in certificates {
        let before = read.len();
        for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
            read.push(certificate.map_err(|error| TlsError(format!("a certificate: {error}")))?);
        }
        if read.len() == before {
            return Err(TlsError("a text without a certificate in it".to_owned()));
        }
    }
    Ok(read)
}

type Builder<State> = rustls::ConfigBuilder<ClientConfig, State>;

/// Trusts the certificates that the platform trusts.
#[cfg(not(target_os = "android"))]
fn trusting(
    builder: Builder<rustls::WantsVerifier>,
) -> Result<Builder<rustls::client::WantsClientCert>, rustls::Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;

    builder.with_platform_verifier()
}

/// Trusts the certificates that the platform trusts, and these.
#[cfg(not(target_os = "android"))]
fn also_trusting(
    certificates: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    rustls_platform_verifier::Verifier::new_with_extra_roots(certificates, provider)
        .map(|verifier| Arc::new(verifier) as Arc<dyn ServerCertVerifier>)
        .map_err(|error| TlsError(error.to_string()))
}

/// The authorities that browsers trust. Android's own verifier can only be asked through Java, with a
/// context that a library does not have; so authorities that a company or a person installed on the
/// device are not trusted.
#[cfg(target_os = "android")]
fn trusting(
    builder: Builder<rustls::WantsVerifier>,
) -> Result<Builder<rustls::client::WantsClientCert>, rustls::Error> {
    Ok(builder.with_root_certificates(browsers_trust()))
}

/// The authorities that browsers trust, and these.
#[cfg(target_os = "android")]
fn also_trusting(
    certificates: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let mut roots = browsers_trust();
    roots.add_parsable_certificates(certificates);
    rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map(|verifier| verifier as Arc<dyn ServerCertVerifier>)
        .map_err(|error| TlsError(error.to_string()))
}

#[cfg(target_os = "android")]
fn browsers_trust() -> rustls::RootCertStore {
    rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
}

/// For plaintext addresses: a configuration that trusts nobody, so that nothing has to be loaded.
pub(crate) fn no_trust() -> Result<ClientConfig, TlsError> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError(error.to_string()))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(config)
}
