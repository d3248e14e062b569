//! Errors of opening and rebuilding a store, by what a caller can do about them.

use fulmar::UserId;

use crate::Count;

/// Why a client could not be opened. The store is as it was, whatever the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum OpenError {
    /// The server's address is not one.
    #[error("the server address {address}: {reason}")]
    Address {
        /// The address that was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address is not encrypted, and not of this machine.
    #[error("{host} is not this machine, and http is not encrypted: use https")]
    Plaintext {
        /// The host that would be spoken to without TLS.
        host: String,
    },
    /// TLS could not be set up.
    #[error("{reason}")]
    Tls {
        /// What is wrong with the TLS settings, for logs.
        reason: String,
    },
    /// The platform's place for secrets cannot be used at this moment.
    #[error("the platform's secrets: {reason}")]
    Secrets {
        /// What the storage said.
        reason: String,
    },
    /// Another client has the store open, in this process or another.
    #[error("{path} is already open: close the other client first")]
    AlreadyOpen {
        /// The path of the store.
        path: String,
    },
    /// A newer version of the SDK wrote the store.
    #[error("the store is of a newer version: update the app")]
    NewerVersion {
        /// The version of the file.
        found: Count,
        /// The newest version that this SDK knows.
        known: Count,
    },
    /// The store belongs to somebody else.
    #[error("the store belongs to {owner}, not to {expected}: use another path")]
    OtherUser {
        /// Whose store it is.
        owner: UserId,
        /// Whose it should be.
        expected: UserId,
    },
    /// The file is a database, but not a store of Fulmar's.
    #[error("the file is a database of another program")]
    NotAStore,
    /// The store is damaged. Rebuild it to save what can be read of the outbox.
    #[error("the store is damaged ({reason}); rebuild it to salvage what is unsent")]
    Corrupt {
        /// What SQLite said.
        reason: String,
    },
    /// There is no space left. A store that is there and of this version can be read all the same; this one is new,
    /// or has to be brought to this version first.
    #[error("the disk is full: free some space, and open the store again")]
    DiskFull,
    /// The file system has blocks so small that SQLite would end the process when the disk is full.
    #[error("the file system has blocks of {} bytes, {} are needed: use another place", .found.0, .needed.0)]
    SmallBlocks {
        /// How many bytes a block has.
        found: Count,
        /// How many it must have.
        needed: Count,
    },
    /// The file has a second name, a hard link: two clients could open it and would damage it.
    #[error("{path} has a second name (a hard link): remove that, or copy the file")]
    HardLinked {
        /// The path of the store.
        path: String,
    },
    /// The store went back in time: its log was deleted, it was emptied, or an older copy is in its place.
    /// Rebuild it to go on with what is left.
    #[error("{} unsent operations are lost with a part of the store; rebuild it to go on", .count.0)]
    LostUnsent {
        /// How many unsent operations are missing, at most.
        count: Count,
    },
    /// The file or its folder cannot be used: permissions, a missing folder.
    #[error("the store cannot be opened: {reason}")]
    Unusable {
        /// What the system said.
        reason: String,
    },
    /// A setting that the rules forbid.
    #[error("{what} {rule}")]
    Invalid {
        /// The name of the setting.
        what: String,
        /// What the setting may be.
        rule: String,
    },
    /// The caller gave up waiting.
    #[error("the caller gave up waiting")]
    Cancelled,
    /// The SDK made a mistake, which ended this call alone. What was stored is kept; please report it.
    #[error("a mistake inside the SDK: {reason}")]
    Bug {
        /// What is known of it.
        reason: String,
    },
}

impl From<fulmar::BuildError> for OpenError {
    fn from(error: fulmar::BuildError) -> Self {
        use fulmar::BuildError as E;
        match error {
            E::Address { address, reason } => Self::Address { address, reason },
            E::Plaintext { host } => Self::Plaintext { host },
            E::Tls { reason } => Self::Tls { reason },
            E::Secrets { reason } => Self::Secrets { reason },
            E::Store(error) => error.into(),
        }
    }
}

impl From<fulmar::OpenError> for OpenError {
    fn from(error: fulmar::OpenError) -> Self {
        use fulmar::OpenError as E;
        let version = |number: i64| Count(u64::try_from(number).unwrap_or_default());
        match error {
            E::AlreadyOpen { path } => Self::AlreadyOpen {
                path: path.display().to_string(),
            },
            E::NewerVersion { found, known } => Self::NewerVersion {
                found: version(found),
                known: version(known),
            },
            E::OtherUser { owner, expected } => Self::OtherUser { owner, expected },
            E::NotAStore => Self::NotAStore,
            E::Corrupt { reason } => Self::Corrupt { reason },
            E::Unusable { reason } => Self::Unusable { reason },
            E::DiskFull => Self::DiskFull,
            E::SmallBlocks { found, needed } => Self::SmallBlocks {
                found: Count(found),
                needed: Count(needed),
            },
            E::HardLinked { path } => Self::HardLinked {
                path: path.display().to_string(),
            },
            E::LostUnsent { count } => Self::LostUnsent {
                count: count.into(),
            },
        }
    }
}

/// Why a damaged store could not be rebuilt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum RebuildError {
    /// The files could not be moved; they are where they were.
    #[error("the damaged store could not be set aside: {reason}")]
    SetAside {
        /// What the system said.
        reason: String,
    },
    /// The new store could not be made; the damaged one is at `set_aside`.
    #[error("the new store could not be made ({reason}); the old one is {set_aside}")]
    New {
        /// Where the damaged file is now.
        set_aside: String,
        /// Why the new store could not be made.
        reason: String,
    },
    /// Somebody has the store open.
    #[error("the store is open: {reason}")]
    Open {
        /// What was wrong with the old store.
        reason: String,
    },
    /// The SDK made a mistake, which ended this call alone. What was stored is kept; please report it.
    #[error("a mistake inside the SDK: {reason}")]
    Bug {
        /// What is known of it.
        reason: String,
    },
}

impl From<fulmar::SalvageError> for RebuildError {
    fn from(error: fulmar::SalvageError) -> Self {
        use fulmar::SalvageError as E;
        match error {
            E::SetAside(error) => Self::SetAside {
                reason: error.to_string(),
            },
            E::New { set_aside, error } => Self::New {
                set_aside: set_aside.display().to_string(),
                reason: error.to_string(),
            },
            E::Open(error) => Self::Open {
                reason: error.to_string(),
            },
        }
    }
}
