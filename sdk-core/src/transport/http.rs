//! HTTP requests.

use std::sync::Arc;

use fulmar_engine::RequestFailure;
use fulmar_protocol::{Answer, ApiRequest, HttpMethod, Secret};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;

use super::{Address, CONNECT_TIMEOUT, LARGEST_ANSWER, TlsError};

/// The engine gives up on an answer before this; it only keeps lost requests from piling up.
const TOTAL_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    address: Address,
}

impl Http {
    pub(crate) fn new(
        address: &Address,
        tls: Option<Arc<rustls::ClientConfig>>,
    ) -> Result<Self, TlsError> {
        let builder = reqwest::Client::builder()
            // A captive portal answers with redirects; a token must not follow them.
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT);
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

    /// Asks once, and reads what comes back.
    pub(crate) async fn ask(
        &self,
        call: &ApiRequest,
        token: Option<&Secret>,
    ) -> Result<Answer, RequestFailure> {
        let form = call.to_call();
        let url = self.address.http(&form.target);
        let mut request = match form.method {
            HttpMethod::Get => self.client.get(url),
            HttpMethod::Post => self.client.post(url),
        };
        if let Some(body) = form.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        if let Some(token) = token.filter(|_| form.authorized) {
            request = request.bearer_auth(token.expose());
        }
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(RequestFailure::Unreachable("an endless answer".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(call.read_answer(status, &body)?)
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
