//! Bodies of requests: bounded in size, and in how long nothing of them comes. Must never take what came of a body
//! for the whole.

use std::time::Duration;

use fulmar_protocol::{Code, Problem};
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};

/// A client that sends nothing for so long is gone, or wants to keep the server busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a body of at most so many bytes.
///
/// # Errors
/// `request.tooLarge` beyond that, which is permanent; `server.unavailable` when it breaks off or stops coming: the
/// same request may be whole the next time.
pub(crate) async fn read(mut body: Incoming, most: usize) -> Result<Bytes, Problem> {
    let mut bytes = Vec::new();
    loop {
        let broken = || Problem::new(Code::ServerUnavailable, "The body broke off");
        let frame = tokio::time::timeout(PATIENCE, body.frame());
        let frame = match frame.await.map_err(|_| broken())? {
            None => return Ok(bytes.into()),
            Some(frame) => frame.map_err(|_| broken())?,
        };
        // Trailers say nothing here.
        let piece = frame.into_data().unwrap_or_default();
        if bytes.len() + piece.len() > most {
            return Err(Problem::new(Code::RequestTooLarge, "The body is too large"));
        }
        bytes.extend_from_slice(&piece);
    }
}
