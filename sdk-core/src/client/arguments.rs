//! What a call hands in, before it becomes a command: ids that are checked, and the key of the operation.

use fulmar_engine::{CommandError, Field, FieldRule};
use fulmar_protocol::{OperationKey, UserId};

use crate::clock;

pub(super) fn parse_user(text: &str) -> Result<UserId, CommandError> {
    UserId::new(text).map_err(|error| CommandError::Invalid {
        field: Field::Id,
        rule: FieldRule::Malformed {
            reason: error.to_string(),
        },
    })
}

/// Made before anything else happens: the identity of what the user just did.
pub(super) fn new_operation_key() -> Result<OperationKey, CommandError> {
    let random = clock::random().ok_or_else(|| CommandError::Store {
        reason: "the system has no randomness".to_owned(),
    })?;
    Ok(OperationKey::from_parts(clock::wall(), random))
}
