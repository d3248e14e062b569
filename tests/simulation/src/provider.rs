//! The app's own backend, which gives tokens to the devices that do not sign in with a password (PROTOCOL.md §7.2).

use std::time::Duration;

use fulmar_backend::HttpRequest;
use fulmar_engine::{Input, ProvidedToken, RequestId, TokenFailure};
use fulmar_protocol::Session;

use crate::deployment::LONG_LIFE;
use crate::network::Process;
use crate::outage::Outage;
use crate::population::password;
use crate::storm::Fault;
use crate::world::{Step, World};

impl World {
    /// It answers at once, or says that it cannot.
    pub(crate) fn provide_token(&mut self, process: Process, request: RequestId) -> Step {
        if !self.is_alive(process) {
            return Ok(());
        }
        let result = match self.outage() {
            Some(Outage::Unreachable | Outage::Unavailable | Outage::SocketsOnly) => None,
            Some(Outage::HangsUp | Outage::RefusesTokens | Outage::HttpOnly) | None
                if self.happens(Fault::Lose) =>
            {
                None
            }
            Some(Outage::HangsUp | Outage::RefusesTokens | Outage::HttpOnly) | None => {
                self.token_for(process)
            }
        };
        let result = match result {
            Some(token) => {
                let life = token.expires_in.unwrap_or(Duration::from_secs(3600));
                let life_ms = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
                let device = &mut self.devices[process.device];
                if !device.signing_in {
                    let access = token.access_token.clone();
                    device.efforts.provided(request, access, life_ms, self.time);
                }
                Ok(token)
            }
            None => Err(TokenFailure::Unavailable {
                reason: "not at this moment".to_owned(),
            }),
        };
        self.handle(process.device, vec![Input::Token { request, result }])
    }

    /// The next token of the device's session, or the first of another one.
    fn token_for(&mut self, process: Process) -> Option<ProvidedToken> {
        let device = &mut self.devices[process.device];
        let login = serde_json::json!({
            "userId": device.user, "password": password(&device.user), "deviceId": device.name,
        });
        let kept = device.kept_elsewhere.take();
        let refresh = kept.map(|kept| serde_json::json!({"refreshToken": kept.expose()}));
        let next = refresh.and_then(|refresh| self.session_by("/v1/auth/refresh", &refresh));
        let session = match next {
            Some(session) => session,
            None => self.session_by("/v1/auth/login", &login)?,
        };
        self.devices[process.device].kept_elsewhere = Some(session.refresh_token);
        let life = Duration::from_millis(session.expires_in_ms);
        // One of which that is not said is used until it is refused.
        let is_said = life < LONG_LIFE || self.rng.bool();
        Some(ProvidedToken {
            access_token: session.access_token,
            expires_in: is_said.then_some(life),
        })
    }

    fn session_by(&mut self, path: &str, body: &serde_json::Value) -> Option<Session> {
        let body = body.to_string().into_bytes();
        let request = HttpRequest {
            method: "POST",
            path,
            body: &body,
            ..HttpRequest::default()
        };
        let now = self.server_now();
        let (response, outgoing) = self.backend.http(&request, now);
        self.carry(outgoing);
        serde_json::from_slice(&response.body).ok()
    }
}
