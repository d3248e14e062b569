//! The network: real HTTP and real WebSockets, and nothing else.
//!
//! It turns canonical requests and frames into bytes and back. It decides nothing: no retry, no
//! time-out that the engine does not know of, no meaning. A backend that speaks another dialect is
//! translated here.

mod address;
mod bounds;
mod http;
mod resolve;
mod socket;
mod tls;

pub(crate) use address::{Address, AddressError};
pub(crate) use http::Http;
pub(crate) use resolve::Resolver;
pub(crate) use socket::{Outbound, SocketTask};
pub(crate) use tls::TlsError;

/// A way to the backend, for HTTP and for sockets.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    pub(crate) address: Address,
    pub(crate) http: Http,
    pub(crate) tls: Option<std::sync::Arc<rustls::ClientConfig>>,
    resolver: Resolver,
}

impl Transport {
    /// `certificates`, as PEM, are trusted beside those that the platform trusts.
    pub(crate) fn new(address: Address, certificates: &[String]) -> Result<Self, TlsError> {
        Self::with(address, certificates, Resolver::system())
    }

    /// The same with another place where addresses come from.
    pub(crate) fn with(
        address: Address,
        certificates: &[String],
        resolver: Resolver,
    ) -> Result<Self, TlsError> {
        let tls = match address.is_encrypted() {
            true => Some(tls::config(certificates)?),
            false => None,
        };
        let http = Http::new(&address, tls.clone(), resolver.clone())?;
        Ok(Self {
            address,
            http,
            tls,
            resolver,
        })
    }
}
