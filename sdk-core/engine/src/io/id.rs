//! Names of what is under way between the engine and its driver.

use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// Names a command until its reply.
    CommandId
}
number! {
    /// Names a socket; answers from any but the current one are dropped.
    SocketId
}
number! {
    /// Names an HTTP request; answers that nobody waits for are dropped.
    RequestId
}

number! {
    /// Names a wish for a file, until it is answered or withdrawn.
    DownloadId
}
