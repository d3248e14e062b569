//! Access tokens: JWTs signed with HS256.
//!
//! The JWT format is the library's; this module gives it the one signature that is needed, so that
//! RSA and curve crates stay out of the build.

use std::time::Duration;

use fulmar_protocol::{Code, DeviceId, Secret, Timestamp, UserId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::defects::{Defect, active};
use crate::entropy::{hex, unhex};
use crate::error::{Error, Result};

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    #[serde(rename = "sub")]
    pub(super) user_id: UserId,
    #[serde(rename = "did")]
    pub(super) device_id: DeviceId,
    #[serde(rename = "sid")]
    pub(super) session_id: String,
    /// Seconds since the epoch, as JWTs have it.
    pub(super) exp: i64,
    pub(super) iat: i64,
}

impl Claims {
    pub(super) fn expires_at(&self) -> Timestamp {
        Timestamp(self.exp.saturating_mul(1000))
    }
}

pub(super) struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    secret: Vec<u8>,
}

impl Keys {
    pub(super) fn new(secret: &[u8]) -> Self {
        static PROVIDER: CryptoProvider = CryptoProvider {
            signer_factory: sign_with,
            verifier_factory: verify_with,
            key_utils: KeyUtils::new_unimplemented(),
        };
        // Fails where another provider is installed in this process; that has HS256 as well.
        let _ = PROVIDER.install_default();
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            secret: secret.to_vec(),
        }
    }

    pub(super) fn issue(
        &self,
        user_id: &UserId,
        device_id: &DeviceId,
        session_id: &str,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<(Secret, Claims)> {
        let claims = Claims {
            user_id: user_id.clone(),
            device_id: device_id.clone(),
            session_id: session_id.to_owned(),
            exp: now.plus(lifetime).0.div_euclid(1000),
            iat: now.0.div_euclid(1000),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|error| Error::Internal(error.to_string()))?;
        Ok((Secret::new(token), claims))
    }

    /// The first refresh token of a session.
    pub(super) fn first(&self, session_id: &str, random: [u8; 32]) -> Result<Secret> {
        self.sealed(session_id, &random)
    }

    /// The one refresh token that follows another: computed from it, so that asking twice gives the
    /// same answer and nothing has to be stored in clear.
    pub(super) fn successor(&self, session_id: &str, token: &Secret) -> Result<Secret> {
        let next = self
            .mac()?
            .chain_update(b"refresh:")
            .chain_update(token.expose().as_bytes());
        self.sealed(session_id, &next.finalize().into_bytes())
    }

    /// `session.secret.seal`: the seal says that it was given here, whether or not it is remembered.
    fn sealed(&self, session_id: &str, secret: &[u8]) -> Result<Secret> {
        let body = format!("{session_id}.{}", hex(secret));
        let seal = self.seal(&body)?.finalize().into_bytes();
        Ok(Secret::new(format!("{body}.{}", hex(&seal))))
    }

    /// Whether a refresh token was ever given here.
    pub(super) fn has_given(&self, token: &Secret) -> Result<bool> {
        let Some((body, seal)) = token.expose().rsplit_once('.') else {
            return Ok(false);
        };
        let Some(seal) = unhex(seal) else {
            return Ok(false);
        };
        // Compares in constant time.
        Ok(self.seal(body)?.verify_slice(&seal).is_ok())
    }

    fn seal(&self, body: &str) -> Result<Hmac<Sha256>> {
        Ok(self
            .mac()?
            .chain_update(b"seal:")
            .chain_update(body.as_bytes()))
    }

    fn mac(&self) -> Result<Hmac<Sha256>> {
        Hmac::new_from_slice(&self.secret).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Checks signature and expiry. The time is the caller's: a mock server's clock can be moved.
    pub(super) fn check(&self, token: &str, now: Timestamp) -> Result<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_| {
                let code = if active(Defect::BadIsExpired) {
                    Code::TokenExpired
                } else {
                    Code::TokenInvalid
                };
                Error::refused(code, "The access token is not valid")
            })?
            .claims;
        if claims.expires_at() <= now {
            return Err(Error::refused(
                Code::TokenExpired,
                "The access token has run out",
            ));
        }
        Ok(claims)
    }
}

struct Hs256(Hmac<Sha256>);

fn hs256(algorithm: Algorithm, secret: &[u8]) -> std::result::Result<Hs256, JwtError> {
    if algorithm != Algorithm::HS256 {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    Hmac::new_from_slice(secret)
        .map(Hs256)
        .map_err(|_| ErrorKind::InvalidKeyFormat.into())
}

fn sign_with(
    algorithm: &Algorithm,
    key: &EncodingKey,
) -> std::result::Result<Box<dyn JwtSigner>, JwtError> {
    Ok(Box::new(hs256(*algorithm, key.as_bytes())?))
}

fn verify_with(
    algorithm: &Algorithm,
    key: &DecodingKey,
) -> std::result::Result<Box<dyn JwtVerifier>, JwtError> {
    Ok(Box::new(hs256(*algorithm, key.try_get_as_bytes()?)?))
}

impl signature::Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        let mac = self.0.clone().chain_update(message);
        Ok(mac.finalize().into_bytes().to_vec())
    }
}

impl signature::Verifier<Vec<u8>> for Hs256 {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        // Compares in constant time.
        let mac = self.0.clone().chain_update(message);
        mac.verify_slice(signature)
            .map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
