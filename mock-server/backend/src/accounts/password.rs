//! Passwords, stored as hashes.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, Params};
use fulmar_protocol::Secret;

use crate::error::{Error, Result};

/// Argon2id at its smallest: a test server's passwords are no secrets, and its sign-ins many.
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(64, 1, 1, None).map_err(internal)?;
    Ok(Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        params,
    ))
}

pub(super) fn hash(password: &Secret, salt: [u8; 16]) -> Result<String> {
    let hash = argon2()?
        .hash_password_with_salt(password.expose().as_bytes(), &salt)
        .map_err(internal)?;
    Ok(hash.to_string())
}

pub(super) fn fits(password: &Secret, hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash).map_err(internal)?;
    Ok(argon2()?
        .verify_password(password.expose().as_bytes(), &hash)
        .is_ok())
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}
