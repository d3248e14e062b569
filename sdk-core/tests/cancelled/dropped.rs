//! A future that is dropped after so many polls.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// When a future is dropped, if it has not come to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fate {
    pub(crate) polls: usize,
    pub(crate) moment: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// As soon as it waits.
    AtOnce,
    /// When it could go on: what it waited for is there, and nobody takes it.
    WhenWoken,
}

impl Fate {
    /// What the future gives, unless it is dropped before.
    pub(crate) async fn of<T>(self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let mut polls = 0;
        poll_fn(|context| {
            if polls == self.polls {
                return Poll::Ready(None);
            }
            polls += 1;
            match future.as_mut().poll(context) {
                Poll::Ready(value) => Poll::Ready(Some(value)),
                Poll::Pending if polls == self.polls && self.moment == Moment::AtOnce => {
                    Poll::Ready(None)
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }
}
