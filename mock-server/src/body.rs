//! Bodies of answers: whole, slow, or cut in the middle.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use crate::clock::Clock;
use fulmar_backend::HttpResponse;

/// A slow body arrives in so many pieces a second.
const PIECES_A_SECOND: u32 = 20;

/// A fault wants the connection to end without an answer, or in the middle of one.
#[derive(Debug, thiserror::Error)]
#[error("cut by a fault")]
pub(crate) struct CutByFault;

pub(crate) type Body = UnsyncBoxBody<Bytes, CutByFault>;
pub(crate) type Answer = Response<Body>;

/// All of it at once.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// The first half of it, and then the end of the connection.
pub(crate) fn cut_in_the_middle(mut answer: Answer, bytes: &[u8]) -> Answer {
    let half = Bytes::copy_from_slice(&bytes[..bytes.len() / 2]);
    let pieces = stream::iter([Ok(Frame::data(half)), Err(CutByFault)]);
    // It is announced whole.
    let length = HeaderValue::from(bytes.len());
    answer.headers_mut().insert(CONTENT_LENGTH, length);
    *answer.body_mut() = StreamBody::new(pieces).boxed_unsync();
    answer
}

/// So many bytes a second, by the clock of the world.
pub(crate) fn slow(bytes: Bytes, bytes_per_second: u32, clock: Arc<Clock>) -> Body {
    let piece = (bytes_per_second / PIECES_A_SECOND).max(1) as usize;
    let pause = Duration::from_secs_f64(piece as f64 / f64::from(bytes_per_second.max(1)));
    let pieces = stream::unfold(bytes, move |mut left| {
        let clock = Arc::clone(&clock);
        async move {
            if left.is_empty() {
                return None;
            }
            clock.sleep(pause).await;
            let piece = left.split_to(piece.min(left.len()));
            Some((Ok(Frame::data(piece)), left))
        }
    });
    StreamBody::new(pieces).boxed_unsync()
}

pub(crate) fn respond(response: HttpResponse) -> Answer {
    let mut answer = Response::new(whole(response.body));
    *answer.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static(response.content_type),
    );
    for (name, value) in response.headers {
        // What the backend says in headers is numbers, ids and dates.
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    answer
}

/// What a proxy or a captive portal says.
pub(crate) fn html(status: u16) -> Answer {
    let page = format!("<html><body><h1>{status}</h1><p>Sign in to the network</p></body></html>");
    respond(HttpResponse {
        status,
        content_type: "text/html",
        headers: Vec::new(),
        body: page.into_bytes(),
    })
}
