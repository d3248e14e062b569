//! Defects that are planted on purpose, to prove that the simulation finds them.
//!
//! They exist only with the feature `defects`, which the simulation turns on and nothing that an app is made
//! of; without it `active` is a constant `false` and the compiler removes them. With it none is planted until
//! `plant` is called.

/// `Name "what is done wrong";`
macro_rules! defects {
    ($($name:ident $doc:literal;)*) => {
        /// A known way of getting it wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(not(feature = "defects"), allow(dead_code))]
        pub enum Defect {
            $(#[doc = $doc] $name,)*
        }

        impl Defect {
            /// Every defect that can be planted.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What a command line calls it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

defects! {
    ApplyTwice "Events are applied again after a reconnect, and count again.";
    IgnoreGaps "A hole in the event log is not fetched.";
    ForgetAtOutcome "A sent message is dropped at the outcome, to come back with the event.";
    NoRecovery "Operations that were in flight at a crash stay in flight for ever.";
    FreshKeys "Every try has a new operation key.";
    Overtake "Later messages of a lane overtake one that waits.";
    TrustUploads "A part of a file counts as sent when it is handed to the network.";
    Restless "Nothing that is tried takes from a budget, and every wait is as short as the first.";
    ReadyIsProgress "A socket is a success as soon as the server says `ready`.";
    FreshIsProgress "A fresh token is worth its refresh before it was accepted anywhere.";
    SkippedIsDone "An operation that was skipped counts as done.";
    RefusedIsGone "A message that was refused is dropped without a word.";
    LeavesFlights "What was in flight on a socket that ended stays in flight.";
    DiscardForgets "What may be at the server is given up as if it had never gone out.";
    OldOverNew "An older telling of a message takes the place of a newer one.";
    KeepsPages "After messages have changed unheard, the pages of before stay.";
    WaitsForEver "An outcome that does not come is waited for without end.";
    CountsOwn "One's own messages are unread.";
    TellsOnce "What came in while nobody could be told of it is never said to be delivered.";
    KeepsDeleted "What was deleted stays on the screen.";
    SettingsUnheard "Settings of another device are not taken over.";
    RolesUnheard "The roles of others are not taken over.";
    RemovedStays "A conversation from which one was removed stays in the list.";
    KeepsToken "A token that was refused is used again.";
    LazyDisk "Nothing is flushed to the disk before it is promised.";
    SnapshotWins "A snapshot takes away what an outcome told of behind it.";
    PutsPongOff "Each ping puts off what the one before it waits for.";
    ThreadsUncounted "Messages of a thread are not counted under its root.";
    IgnoresReset "A log that was cut is followed as if nothing were missing.";
    BetweenLogs "What is written goes out before the snapshot of another log has come, and the answer of any log counts.";
    BlocksUnheard "The users who are blocked on another device are not taken over.";
    DraftsForgotten "A draft is not kept.";
    SignOutLeaves "Signing out leaves what was on the screen.";
    TrustsClock "The clock of this device says when something was tried at the server.";
    LostStays "What a server lost when a backup took its place stays here.";
    HoldsForEver "A lane that waited goes on waiting.";
    PushIsTruth "A push counts, however old it is.";
    NeverSyncs "What must survive a power cut is committed like the cache.";
    TrustsCommits "A commit that failed is taken for one that succeeded.";
    DropsLate "A timer that comes a minute late is taken for one that came to nothing.";
    TellsOfOne "Of several conversations that changed at once, watchers are told of one.";
    SelfAmongOthers "Who wrote a message is among those that it may reach.";
    ForgetsAskers "What the app asked is not answered when the server did not answer it.";
    EditsUnfound "A text that was edited is not found.";
    EditsDropCards "A message that was edited has lost what the app defined.";
    RemembersFiles "What was known of a file stays in memory when its message is done.";
    WaitsOn "A lane that waits for nothing still says until when it waits.";
    ShallowDelete "What is deleted stays in the file, where no row is.";
    KeepsWords "The words of what was deleted stay in the index of the search.";
    KeepsLog "What is deleted stays in the write-ahead log.";
    NoticesUnread "What was not read here counts with its notices, until the server knows how far was read.";
}

#[cfg(feature = "defects")]
mod switch {
    use super::Defect;
    use std::cell::Cell;

    thread_local! {
        static ACTIVE: Cell<Option<Defect>> = const { Cell::new(None) };
    }

    /// Plants a defect in every engine of this thread, or none.
    pub fn plant(defect: Option<Defect>) {
        ACTIVE.set(defect);
    }

    pub(crate) fn active(defect: Defect) -> bool {
        ACTIVE.get() == Some(defect)
    }
}

#[cfg(feature = "defects")]
pub(crate) use switch::active;
#[cfg(feature = "defects")]
pub use switch::plant;

#[cfg(not(feature = "defects"))]
pub(crate) const fn active(_: Defect) -> bool {
    false
}
