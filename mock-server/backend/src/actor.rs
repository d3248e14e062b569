//! Who asks.

use fulmar_protocol::{DeviceId, OperationKey, Timestamp, UserId};

/// A caller whose access token was checked.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user_id: UserId,
    pub(crate) device_id: DeviceId,
    pub(crate) session_id: String,
    /// When the access token runs out.
    pub(crate) expires_at: Timestamp,
}

/// Whose operation it is, and under which key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) key: OperationKey,
}
