//! HTTP requests.

use std::sync::Arc;

use fulmar_engine::RequestFailure;
use fulmar_protocol::{Answer, AnswerError, ApiRequest, HttpAnswer, HttpMethod, Secret};
use reqwest::Method;
use reqwest::redirect::Policy;

use super::bounds::{CONNECT_TIMEOUT, LARGEST_ANSWER};
use super::{Address, Resolver, TlsError};

#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    address: Address,
}

impl Http {
    pub(crate) fn new(
        address: &Address,
        tls: Option<Arc<rustls::ClientConfig>>,
        resolver: Resolver,
    ) -> Result<Self, TlsError> {
        let builder = reqwest::Client::builder()
            // A captive portal answers with redirects; a token must not follow them.
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(resolver))
            .connect_timeout(CONNECT_TIMEOUT);
        let builder = match tls {
            Some(config) => builder.tls_backend_preconfigured(config.as_ref().clone()),
            None => builder.tls_backend_preconfigured(super::tls::no_trust()?),
        };
        let client = builder
            .build()
            .map_err(|error| TlsError(error.to_string()))?;
        Ok(Self {
            client,
            address: address.clone(),
        })
    }

    /// Asks once, and reads what comes back. How long an answer may take is the engine's business: dropping
    /// this future ends the exchange.
    pub(crate) async fn ask(
        &self,
        call: &ApiRequest,
        token: Option<&Secret>,
    ) -> Result<Answer, RequestFailure> {
        let form = call.to_call();
        let url = self.address.http(&form.target);
        let method = match form.method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Head => Method::HEAD,
            HttpMethod::Post => Method::POST,
            HttpMethod::Patch => Method::PATCH,
            HttpMethod::Delete => Method::DELETE,
        };
        let mut request = self.client.request(method, url);
        for (name, value) in form.headers {
            request = request.header(name, value);
        }
        if let Some(body) = form.body {
            request = request.body(body);
        }
        if let Some(token) = token.filter(|_| form.authorized) {
            request = request.bearer_auth(token.expose());
        }
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        // A header that is no text says nothing here.
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                // Somebody answered, and it is none of the protocol: the next one may be no better.
                return Err(AnswerError::Foreign { status }.into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(call.read_answer(&HttpAnswer {
            status,
            headers,
            body,
        })?)
    }
}

/// The innermost cause says what happened; the URL in front of it says nothing new.
fn unreachable(error: reqwest::Error) -> RequestFailure {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    RequestFailure::Unreachable(cause.to_string())
}
