//! TLS with a certificate that the server makes for itself, so that clients can be tested over https. Nobody
//! trusts it who was not told to.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
#[error("a certificate cannot be made: {0}")]
pub struct TlsError(String);

/// A certificate, and what takes connections with it.
#[derive(Clone)]
pub(crate) struct SelfMade {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) certificate: String,
}

impl std::fmt::Debug for SelfMade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SelfMade").finish_non_exhaustive()
    }
}

impl SelfMade {
    /// For this machine, by every name that it has for itself, and for an address that it listens on.
    pub(crate) fn new(host: IpAddr) -> Result<Self, TlsError> {
        let mut names = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "::1".to_owned(),
        ];
        let host = host.to_string();
        if !names.contains(&host) {
            names.push(host);
        }
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(names).map_err(|error| TlsError(error.to_string()))?;
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![cert.der().clone()], key)
            })
            .map_err(|error| TlsError(error.to_string()))?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate: cert.pem(),
        })
    }
}
