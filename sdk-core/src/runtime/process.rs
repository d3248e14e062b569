//! What the clients of a process share. It must be no more than this.

use std::sync::LazyLock;

use super::running::Drivers;

pub(super) static DRIVERS: LazyLock<Drivers> = LazyLock::new(Drivers::new);

/// Ends every client of this process, also those that were dropped or are just being built, and returns when none of
/// their threads calls anybody any more. Blocks. No client can be built afterwards: that fails with
/// [`OpenError::Unusable`]. Does not wait for the network.
///
/// For the very end of a process, where a language's own runtime goes away and must not be called any more.
///
/// [`OpenError::Unusable`]: crate::OpenError::Unusable
pub fn end_all_clients() {
    DRIVERS.end_all();
}
