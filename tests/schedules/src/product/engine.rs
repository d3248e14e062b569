//! An engine's words, and a reader that tells the world of itself.

use std::path::Path;

use crate::world;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConversationKey(pub(crate) u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Conversations,
    Timeline(ConversationKey),
}

#[derive(Debug)]
pub(crate) enum Command {
    Write(u64),
}

#[derive(Debug)]
pub(crate) struct Reply;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CommandError {
    Closed,
    Store { reason: String },
}

#[derive(Debug)]
pub(crate) enum Input {
    Network(u64),
    Typing { begins: bool },
}

#[derive(Debug)]
pub(crate) enum OpenError {
    Unusable { reason: String },
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FailurePolicy;

#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    pub(crate) failure_policy: FailurePolicy,
    pub(crate) file_cache_bytes: u64,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ConnectionState;

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SessionState;

#[derive(Debug, Clone)]
pub(crate) enum StoreError {
    DiskFull,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the disk is full")
    }
}

impl StoreError {
    pub(crate) fn is_disk_full(&self) -> bool {
        match self {
            Self::DiskFull => true,
        }
    }
}

/// A connection that is open as long as it lives.
#[derive(Debug)]
pub(crate) struct Reader {
    alone: bool,
}

impl Reader {
    pub(crate) fn open(_path: &Path) -> Result<Self, StoreError> {
        // Opening is not one step.
        shuttle::thread::yield_now();
        if world::disk_is_full() {
            return Err(StoreError::DiskFull);
        }
        world::reader_opened(false);
        Ok(Self { alone: false })
    }

    pub(crate) fn open_alone(_path: &Path) -> Result<Self, StoreError> {
        shuttle::thread::yield_now();
        world::reader_opened(true);
        Ok(Self { alone: true })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        world::reader_closed(self.alone);
    }
}

pub(crate) mod query {
    use super::{Reader, StoreError};

    pub(crate) fn files_in_use(_reader: &Reader) -> Result<(), StoreError> {
        crate::world::work();
        Ok(())
    }
}
