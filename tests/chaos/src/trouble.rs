//! What can go wrong, by whose fault it is.

#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// This machine, or the chaos itself, could not do what was wanted.
    #[error("the chaos itself failed: {0}")]
    Machine(String),
    /// A process is over that nobody ended.
    #[error("ended by itself: {0}")]
    Ended(String),
    #[error("silence: {0}")]
    Silence(String),
    /// A driver or the server answered with an error.
    #[error("refused: {0}")]
    Refused(String),
    #[error("A PROMISE IS BROKEN: {0}")]
    Broken(String),
    /// One of the above, in a world.
    #[error("{0}")]
    Failed(String),
}

pub(crate) type Outcome<T = ()> = Result<T, Trouble>;

pub(crate) fn machine(error: impl std::fmt::Display) -> Trouble {
    Trouble::Machine(error.to_string())
}
