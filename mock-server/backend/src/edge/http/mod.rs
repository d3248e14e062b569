//! HTTP: requests in, answers out (PROTOCOL.md §7).

mod body;
mod exchange;
mod files;
mod rest;
mod routes;
mod url;

use fulmar_protocol::{Code, Problem, Timestamp};

pub use exchange::{HttpRequest, HttpResponse};

use super::notify::notify;
use super::sockets::{Outgoing, Sockets};
use crate::defects::{Defect, active};
use crate::service::Service;

/// Handles a request.
pub(crate) fn http(
    service: &mut Service,
    sockets: &mut Sockets,
    request: &HttpRequest<'_>,
    now: Timestamp,
) -> (HttpResponse, Vec<Outgoing>) {
    let limits = service.config().limits;
    let limit = if request.is_about_files() {
        limits.chunk_bytes
    } else {
        limits.frame_bytes
    };
    if request.body.len() > limit as usize && !active(Defect::AnyBody) {
        let problem = Problem::new(Code::RequestTooLarge, "The body is too large");
        return (HttpResponse::problem(&problem), Vec::new());
    }
    let connections = sockets.len();
    let answered = service.run(now, |rooms, tx| {
        routes::answer(rooms, tx, request, connections)
    });
    match answered {
        Ok((response, pending)) => (response, notify(service, sockets, pending, now)),
        Err(error) => (HttpResponse::problem(&error.into_problem()), Vec::new()),
    }
}
