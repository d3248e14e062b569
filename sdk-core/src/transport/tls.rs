//! TLS: rustls with ring, and the certificates that the platform trusts.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring;

/// Why there is no TLS.
#[derive(Debug, Clone, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub(crate) struct TlsError(pub(crate) String);

pub(crate) fn config() -> Result<Arc<ClientConfig>, TlsError> {
    let failed = |error: rustls::Error| TlsError(error.to_string());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let config = trusting(builder).map_err(failed)?.with_no_client_auth();
    Ok(Arc::new(config))
}

type Builder<State> = rustls::ConfigBuilder<ClientConfig, State>;

/// Whoever the platform trusts.
#[cfg(not(target_os = "android"))]
fn trusting(
    builder: Builder<rustls::WantsVerifier>,
) -> Result<Builder<rustls::client::WantsClientCert>, rustls::Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;

    builder.with_platform_verifier()
}

/// The authorities that browsers trust. Android's own verifier can only be asked through Java, with a
/// context that a library does not have; so authorities that a company or a person installed on the
/// device are not trusted.
#[cfg(target_os = "android")]
fn trusting(
    builder: Builder<rustls::WantsVerifier>,
) -> Result<Builder<rustls::client::WantsClientCert>, rustls::Error> {
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    Ok(builder.with_root_certificates(roots))
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
