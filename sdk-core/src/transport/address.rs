//! Where the backend is, and whether it is safe to talk to it.

use url::{Host, Url};

/// Why a server address is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("not a URL: {0}")]
    NotAUrl(String),
    #[error("the scheme is {0}, expected https or http")]
    Scheme(String),
    #[error("{0} is not this machine, and http is not encrypted")]
    Plaintext(String),
}

/// The base URL of a backend.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    base: String,
    encrypted: bool,
}

impl Address {
    /// Accepts https anywhere; http only to this very machine, unless the app opted out.
    pub(crate) fn parse(text: &str, plaintext_allowed: bool) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(|error| AddressError::NotAUrl(error.to_string()))?;
        let encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(AddressError::Scheme(other.to_owned())),
        };
        let loopback = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return Err(AddressError::NotAUrl("no host".to_owned())),
        };
        if !encrypted && !loopback && !plaintext_allowed {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(AddressError::Plaintext(host));
        }
        let mut bare = url;
        bare.set_query(None);
        bare.set_fragment(None);
        Ok(Self {
            base: bare.as_str().trim_end_matches('/').to_owned(),
            encrypted,
        })
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// The URL of a request, from its path and query.
    pub(crate) fn http(&self, target: &str) -> String {
        format!("{}{target}", self.base)
    }

    /// The URL of the WebSocket.
    pub(crate) fn socket(&self) -> String {
        // The scheme was checked: it begins with http.
        format!("ws{}/v1/socket", &self.base["http".len()..])
    }
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::{ApiRequest, HistoryPage, Position};
    use url::Url;

    use super::{Address, AddressError};

    #[test]
    fn plaintext_is_for_this_machine() {
        for good in [
            "http://127.0.0.1:4000",
            "http://localhost/",
            "http://[::1]:9",
            "https://chat.example",
        ] {
            assert!(Address::parse(good, false).is_ok(), "{good}");
        }
        assert_eq!(
            Address::parse("http://chat.example", false).map(|_| ()),
            Err(AddressError::Plaintext("chat.example".to_owned()))
        );
        assert!(Address::parse("http://chat.example", true).is_ok());
        for bad in ["", "chat.example", "ftp://chat.example", "file:///etc"] {
            assert!(Address::parse(bad, true).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_base_path_is_kept() {
        let address = Address::parse("https://example.org/chat/?x=1", false).unwrap();
        assert_eq!(address.http("/v1/me"), "https://example.org/chat/v1/me");
        assert_eq!(address.socket(), "wss://example.org/chat/v1/socket");
    }

    /// What a client asks, with this id in each path that has one.
    fn with(id: &str) -> Option<Vec<ApiRequest>> {
        Some(vec![
            ApiRequest::Messages {
                conversation_id: id.parse().ok()?,
                thread: None,
                page: HistoryPage::Before(Position(7)),
                limit: 50,
            },
            ApiRequest::Versions {
                message_id: id.parse().ok()?,
            },
            ApiRequest::FindUpload(id.parse().ok()?),
            ApiRequest::EndUpload(id.parse().ok()?),
            ApiRequest::FetchChunk {
                file_id: id.parse().ok()?,
                offset: 0,
                length: 1,
            },
            ApiRequest::Unblock(id.parse().ok()?),
            ApiRequest::EndSession(id.parse().ok()?),
            ApiRequest::RemovePushToken {
                device_id: id.parse().ok()?,
            },
        ])
    }

    #[test]
    fn no_id_leads_a_request_to_another_path() {
        let address = Address::parse("https://example.org/chat", false).unwrap();
        for id in [
            ".", "..", "a/../b", "../..", "%2e%2e", "%2E.", ".%2e", "a?b", "a#b", "\\..", " ",
        ] {
            for request in with(id).into_iter().flatten() {
                let target = request.to_call().target;
                let url = Url::parse(&address.http(&target)).unwrap();
                let asked = match url.query() {
                    Some(query) => format!("{}?{query}", url.path()),
                    None => url.path().to_owned(),
                };
                assert_eq!(asked, format!("/chat{target}"), "{id:?}");
            }
        }
    }
}
