//! What several targets share: a device without a network, and JSON that is almost that of the protocol.

pub mod device;
pub mod shapes;
